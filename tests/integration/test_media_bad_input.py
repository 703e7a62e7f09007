"""Hostile and odd sources: each works, or ends with an error that names the cause."""

from __future__ import annotations

import contextlib
import os
import struct
from pathlib import Path

import pytest

from tests.support.clips import LIMITS, clip_of, ffmpeg
from tests.support.frames import frame_numbers
from tests.support.media import make_numbered_video
from videoclip.errors import (
    SourceEmpty,
    SourceError,
    SourceMissing,
    SourceNotMedia,
    SourceOverLimit,
    SourceProtected,
)
from videoclip.media.captions import Cue
from videoclip.media.probe import probe
from videoclip.schemas import Captions, CutMode
from videoclip.settings import MediaLimits

CUES = (Cue(0, 800, "hello"),)


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four seconds, 25 frames a second, with sound; the index stands at the end."""
    return make_numbered_video(tmp_path_factory.mktemp("v") / "v.mp4", frames=100)


# ---------------------------------------------------------------------- refused


def test_what_is_not_a_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp4")
    (tmp_path / "dangling.mp4").symlink_to(tmp_path / "nothing")
    (tmp_path / "empty.mp4").touch()
    cases: list[tuple[str, type[SourceError], str]] = [
        ("none.mp4", SourceMissing, "does not exist"),
        ("dangling.mp4", SourceMissing, "does not exist"),
        ("pipe.mp4", SourceNotMedia, "pipe"),
        (".", SourceNotMedia, "folder"),
        ("empty.mp4", SourceEmpty, "empty"),
    ]
    for name, kind, cause in cases:
        with pytest.raises(kind, match=cause):
            probe(tmp_path / name, LIMITS)
    with pytest.raises(SourceNotMedia, match="device"):
        probe(Path("/dev/zero"), LIMITS)


@pytest.mark.parametrize(
    "content",
    [
        "this is a text\n" * 50,
        "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\nv.ts\n#EXT-X-ENDLIST\n",
        "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\nhttp://127.0.0.1:9/v.ts\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile v.ts\n",
        "1\n00:00:00,000 --> 00:00:02,000\nsubtitle\n",
        "[Script Info]\nScriptType: v4.00+\n[Events]\n",
        '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"></MPD>',
        "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nm=video 9 RTP/AVP 96\n",
    ],
    ids=["text", "hls", "hls-remote", "ffconcat", "srt", "ass", "dash", "sdp"],
)
@pytest.mark.parametrize("suffix", [".mp4", ".txt", ".m3u8", ".ts"])
def test_playlists_and_texts_are_refused_whatever_their_name(
    tmp_path: Path, video: Path, content: str, suffix: str
) -> None:
    ffmpeg("-i", video, "-c", "copy", tmp_path / "v.ts")
    (tmp_path / f"x{suffix}").write_text(content)
    with pytest.raises(SourceNotMedia, match="not a video or audio file"):
        probe(tmp_path / f"x{suffix}", LIMITS)


def test_a_recording_that_was_cut_off_before_its_index_says_so(tmp_path: Path, video: Path) -> None:
    path = tmp_path / "cut.mp4"
    path.write_bytes(video.read_bytes()[: video.stat().st_size // 2])
    with pytest.raises(SourceNotMedia, match="incomplete"):
        probe(path, LIMITS)


def test_a_codec_outside_the_list_is_named(tmp_path: Path, video: Path) -> None:
    path = tmp_path / "magic.avi"
    ffmpeg("-i", video, "-c:v", "magicyuv", "-pix_fmt", "yuv420p", "-an", path)
    with pytest.raises(SourceNotMedia, match="magicyuv"):
        probe(path, LIMITS)


def test_encrypted_media_is_refused(tmp_path: Path, video: Path) -> None:
    path = tmp_path / "protected.mp4"
    key = "00112233445566778899aabbccddeeff"
    ffmpeg(
        "-i", video, "-c", "copy", "-encryption_scheme", "cenc-aes-ctr",
        "-encryption_key", key, "-encryption_kid", key, path,
    )  # fmt: skip
    with pytest.raises(SourceProtected):
        probe(path, LIMITS)


def test_limits_are_kept(tmp_path: Path, video: Path) -> None:
    with pytest.raises(SourceOverLimit, match="pixels"):
        probe(video, MediaLimits(max_pixels=320 * 179))
    with pytest.raises(SourceOverLimit, match="lasts"):
        probe(video, MediaLimits(max_duration_s=3))
    with pytest.raises(SourceOverLimit, match="streams"):
        probe(video, MediaLimits(max_streams=1))
    with pytest.raises(SourceOverLimit, match="bytes"):
        probe(video, MediaLimits(max_bytes=1_000))


def test_a_header_that_claims_a_huge_picture_is_refused(tmp_path: Path, video: Path) -> None:
    data = bytearray(video.read_bytes())
    place = data.index(b"avc1", data.index(b"stsd"))
    struct.pack_into(">HH", data, place + 4 + 24, 65_535, 65_535)
    path = tmp_path / "huge.mp4"
    path.write_bytes(data)
    # The stream's own header says 320x180: following that or refusing are both fine, allocating is not.
    with contextlib.suppress(SourceOverLimit):
        assert probe(path, LIMITS).video.width == 320  # type: ignore[union-attr]


def test_a_length_that_the_content_cannot_fill_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "gap.mp4"
    ffmpeg(
        "-f", "lavfi", "-i", "color=s=64x64:r=1:d=2", "-vf", "setpts='N*36000/TB'",
        "-fps_mode", "passthrough", path,
    )  # fmt: skip
    with pytest.raises(SourceOverLimit, match="claims"):
        probe(path, LIMITS)


# ---------------------------------------------------------------------- odd, but they work


@pytest.mark.parametrize(
    "name",
    [
        "http:x.mp4", "-i.mp4", "%d%03d.mp4", "a:b,c'd;[e]=\"f\".mp4", "two\nlines.mp4", "'; rm -rf x",
        "concat:a|b", "中文 视频.mp4", os.fsdecode(b"latin\xe9.mp4"), "talk.txt",
    ],
)  # fmt: skip
def test_names_play_no_part(tmp_path: Path, video: Path, name: str) -> None:
    source = tmp_path / name
    source.write_bytes(video.read_bytes())
    done = clip_of(source, [(1_000, 1_400)], tmp_path / "w", loudness=None)
    assert frame_numbers(done.video) == list(range(25, 35))


def test_a_truncated_but_playable_file_lasts_as_long_as_its_data(
    tmp_path: Path, video: Path
) -> None:
    whole, path = tmp_path / "whole.mp4", tmp_path / "half.mp4"
    ffmpeg("-i", video, "-c", "copy", "-movflags", "+faststart", whole)
    path.write_bytes(whole.read_bytes()[: whole.stat().st_size * 6 // 10])
    found = probe(path, LIMITS)
    assert 1_000 < found.duration_ms < 3_500
    assert any("incomplete" in warning for warning in found.warnings)
    clip_of(path, [(200, 800)], tmp_path / "w", loudness=None)


def test_one_pixel_works(tmp_path: Path) -> None:
    path = tmp_path / "dot.mp4"
    ffmpeg(
        "-f", "lavfi", "-i", "color=red:s=16x16:r=25:d=1", "-vf", "scale=1:1", "-c:v", "mpeg4", path
    )
    done = clip_of(path, [(0, 800)], tmp_path / "w", CUES, captions=Captions.BURN)
    assert done.proof.frames == 20


def test_rotation_is_applied_where_pictures_are_encoded(tmp_path: Path) -> None:
    path = make_numbered_video(tmp_path / "turned.mp4", frames=50, rotation=90)
    stream = probe(path, LIMITS).video
    assert stream is not None
    assert (stream.rotation, stream.display_width, stream.display_height) == (90, 180, 320)
    done = clip_of(path, [(0, 1_000)], tmp_path / "w", mode=CutMode.ENCODE, loudness=None)
    made = probe(done.video, LIMITS).video
    assert made is not None
    assert (made.rotation, made.width, made.height) == (0, 180, 320)


def test_odd_sizes_become_even(tmp_path: Path) -> None:
    path = make_numbered_video(tmp_path / "odd.mp4", frames=50, size=(321, 181))
    done = clip_of(path, [(0, 1_000)], tmp_path / "w", loudness=None)
    made = probe(done.video, LIMITS).video
    assert made is not None
    assert (made.width, made.height, made.pixel_format) == (320, 180, "yuv420p")
    assert frame_numbers(done.video) == list(range(25))


def test_no_sound_works(tmp_path: Path) -> None:
    path = make_numbered_video(tmp_path / "mute.mp4", frames=50, audio="none")
    assert probe(path, LIMITS).audio is None
    done = clip_of(path, [(0, 1_000)], tmp_path / "w")
    assert done.proof.ok, done.proof
    assert "no_audio" in [notice.code for notice in done.notices]


def test_sound_only_gives_sound_clips(tmp_path: Path) -> None:
    path = tmp_path / "talk.mp3"
    ffmpeg("-f", "lavfi", "-i", "sine=f=300:d=4", path)
    done = clip_of(path, [(1_000, 3_000)], tmp_path / "w", CUES, captions=Captions.BURN)
    assert done.video.suffix == ".m4a"
    assert done.thumbnail is None
    assert done.srt is not None
    assert done.duration_ms == pytest.approx(2_000, abs=25)
    assert done.proof.ok, done.proof


def test_cover_art_is_not_a_video(tmp_path: Path) -> None:
    path = tmp_path / "song.mp3"
    ffmpeg(
        "-f", "lavfi", "-i", "sine=f=300:d=3", "-f", "lavfi", "-i", "color=s=64x64:d=0.04", "-map", "0",
        "-map", "1", "-c:v", "mjpeg", "-disposition:v", "attached_pic", path,
    )  # fmt: skip
    found = probe(path, LIMITS)
    assert found.video is None
    assert found.audio is not None


def test_content_decides_not_the_suffix(tmp_path: Path, video: Path) -> None:
    path = tmp_path / "really.avi"
    path.write_bytes(video.read_bytes())
    assert probe(path, LIMITS).container == "mov"
