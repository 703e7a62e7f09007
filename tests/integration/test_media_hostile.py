"""Sources made to do harm: nothing is read, called, opened or filled that was not named by the user."""

from __future__ import annotations

import contextlib
import os
import resource
import socket
import struct
import subprocess
import threading
import time
from pathlib import Path

import pytest

from tests.support.clips import LIMITS, clip_of, ffmpeg
from tests.support.crafted import (
    external_data,
    listening,
    many_streams,
    png,
    with_streams,
)
from tests.support.media import make_numbered_video
from videoclip.cli.sources import targets
from videoclip.errors import (
    SourceError,
    SourceMissing,
    SourceNotMedia,
    SourceOverLimit,
    UsageError,
    VideoClipError,
)
from videoclip.media.audio import extract_audio
from videoclip.media.probe import probe
from videoclip.settings import MediaLimits


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds, 25 frames a second, with sound; the index stands at the end."""
    return make_numbered_video(tmp_path_factory.mktemp("v") / "v.mp4", frames=50)


# ---------------------------------------------------------------------- playlists and protocols

DASH = (
    '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" '
    'mediaPresentationDuration="PT2S" profiles="urn:mpeg:dash:profile:isoff-on-demand:2011">'
    '<Period><AdaptationSet mimeType="video/mp4"><Representation id="1" bandwidth="1">'
    "<BaseURL>{target}</BaseURL></Representation></AdaptationSet></Period></MPD>"
)
HLS = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n{target}\n#EXT-X-ENDLIST\n"
PLAYLISTS = {
    "hls": HLS,
    "hls-key": HLS.replace("#EXTINF", '#EXT-X-KEY:METHOD=AES-128,URI="{target}"\n#EXTINF'),
    "hls-map": HLS.replace("#EXTINF", '#EXT-X-MAP:URI="{target}"\n#EXTINF'),
    "master": "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n{target}\n",
    "dash": DASH,
    "ffconcat": "ffconcat version 1.0\nfile '{target}'\n",
    "asx": '<ASX version="3"><ENTRY><REF HREF="{target}"/></ENTRY></ASX>',
    "smooth": "[Reference]\nRef1={target}\n",
    "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns={target}\nc=IN IP4 127.0.0.1\nm=video 9 RTP/AVP 96\n",
    "svg": '<svg xmlns="http://www.w3.org/2000/svg"><image href="{target}"/></svg>',
    "mvg": "push graphic-context\nimage over 0,0 0,0 '{target}'\npop graphic-context\n",
}


def hooks(folder: Path, port: int) -> list[str]:
    """What a hostile file may want to be read: places of this machine and of others."""
    return [
        f"http://127.0.0.1:{port}/v.ts",
        f"tcp://127.0.0.1:{port}",
        "secret.ts",
        f"file://{folder}/secret.ts",
        f"concat:http://127.0.0.1:{port}/a|{folder}/secret.ts",
        f"subfile,,start,0,end,9999,,:{folder}/secret.ts",
        "data:video/mp2t;base64,R0AAEAAAsA0AAcEAAAABwQA=",
        f"crypto+http://127.0.0.1:{port}/v.ts",
    ]


def test_playlists_reach_neither_files_nor_the_network(tmp_path: Path, video: Path) -> None:
    ffmpeg("-i", video, "-c", "copy", tmp_path / "secret.ts")
    with listening() as listener:
        number = 0
        for name, content in PLAYLISTS.items():
            # Every target once, spread over the kinds and the names that they hide behind.
            for target in hooks(tmp_path, listener.port)[number % 2 :: 2]:
                suffix = (".mp4", ".avi", ".mkv")[number % 3]
                number += 1
                path = tmp_path / f"{name}{number}{suffix}"
                path.write_text(content.replace("{target}", target))
                with pytest.raises(SourceNotMedia, match="not a video or audio file"):
                    probe(path, LIMITS)
        assert listener.calls == 0


def test_the_listener_would_have_noticed(tmp_path: Path) -> None:
    """The same playlist does call out when FFmpeg may do as it likes."""
    with listening() as listener:
        path = tmp_path / "x.m3u8"
        path.write_text(HLS.replace("{target}", f"http://127.0.0.1:{listener.port}/v.ts"))
        subprocess.run(
            ["ffprobe", "-v", "quiet", "-protocol_whitelist", "file,http,tcp", path],
            timeout=30, check=False,
        )  # fmt: skip
        assert listener.calls > 0


def test_a_url_as_a_source_is_a_file_that_does_not_exist() -> None:
    with listening() as listener:
        for target in hooks(Path("/tmp"), listener.port):
            if target != "secret.ts":
                with pytest.raises(SourceMissing):
                    probe(Path(target), LIMITS)
        assert listener.calls == 0


def test_a_playlist_as_intro_is_refused_and_calls_nobody(tmp_path: Path, video: Path) -> None:
    with listening() as listener:
        intro = tmp_path / "intro.mp4"
        intro.write_text(HLS.replace("{target}", f"http://127.0.0.1:{listener.port}/v.ts"))
        with pytest.raises(SourceNotMedia):
            clip_of(video, [(0, 1_000)], tmp_path / "w", intro=str(intro))
        with pytest.raises(SourceNotMedia):
            clip_of(video, [(0, 1_000)], tmp_path / "w", outro=str(intro))
        assert listener.calls == 0
    assert list((tmp_path / "w").iterdir()) == []


def test_data_in_another_file_is_not_followed(tmp_path: Path, video: Path) -> None:
    """The other file is a pipe: who opens it hangs."""
    other = tmp_path / "other.mp4"
    os.mkfifo(other)
    path = tmp_path / "alias.mp4"
    path.write_bytes(external_data(video.read_bytes(), other.name))
    with pytest.raises(subprocess.TimeoutExpired):
        subprocess.run(
            ["ffprobe", "-v", "quiet", "-enable_drefs", "1", path], timeout=3, check=False
        )
    started = time.monotonic()
    with contextlib.suppress(SourceError):  # there is no data of its own to decode
        extract_audio(path, probe(path, LIMITS), tmp_path / "a.pcm", LIMITS)
    assert time.monotonic() - started < 20


# ---------------------------------------------------------------------- sizes that lie


def put_size(data: bytes, old: bytes, new: bytes) -> bytes:
    assert old in data
    return data.replace(old, new)


def test_headers_of_65535_by_65535_allocate_nothing(tmp_path: Path) -> None:
    small = ("-f", "lavfi", "-i", "color=red:s=320x320:r=25:d=0.4")
    avi, mkv, png_mkv = (tmp_path / name for name in ("h.avi", "h.mkv", "p.mkv"))
    ffmpeg(*small, "-c:v", "rawvideo", "-pix_fmt", "yuv420p", avi)
    ffmpeg(*small, "-c:v", "ffv1", mkv)
    ffmpeg(*small, "-c:v", "vp8", png_mkv)
    header = struct.pack("<II", 320, 320)
    avi.write_bytes(put_size(avi.read_bytes(), header, struct.pack("<II", 65_535, 65_535)))
    for path in (mkv, png_mkv):
        data = put_size(path.read_bytes(), b"\xb0\x82\x01\x40", b"\xb0\x82\xff\xff")
        path.write_bytes(put_size(data, b"\xba\x82\x01\x40", b"\xba\x82\xff\xff"))
    for path in (avi, mkv):
        with pytest.raises(SourceError):
            probe(path, LIMITS)
    try:  # VP8 carries its own size in each keyframe
        found = probe(png_mkv, LIMITS).video
        assert found is not None
        assert found.width * found.height <= LIMITS.max_pixels
    except SourceOverLimit:
        pass


def test_a_picture_far_larger_than_its_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "large.avi"
    ffmpeg(
        "-f", "lavfi", "-i", "color=s=8192x8192:r=1:d=1", "-c:v", "mjpeg", "-pix_fmt", "yuvj420p",
        "-q:v", "31", path,
    )  # fmt: skip
    assert path.stat().st_size < 4 * 1024**2
    with pytest.raises(SourceOverLimit, match="pixels"):
        probe(path, LIMITS)


@pytest.mark.parametrize("kind", ["mkv", "mp4"])
def test_ten_thousand_streams_are_refused(tmp_path: Path, video: Path, kind: str) -> None:
    path = tmp_path / f"x.{kind}"
    path.write_bytes(
        many_streams(10_000) if kind == "mkv" else with_streams(video.read_bytes(), 10_000)
    )
    started = time.monotonic()
    with pytest.raises(SourceOverLimit, match="streams"):
        probe(path, LIMITS)
    assert time.monotonic() - started < 30


def test_crafted_streams_are_real_ones(tmp_path: Path, video: Path) -> None:
    """The files of the test above hold what they say: a few of them are counted."""
    for name, data in (("x.mkv", many_streams(7)), ("x.mp4", with_streams(video.read_bytes(), 6))):
        (tmp_path / name).write_bytes(data)
        done = subprocess.run(
            ["ffprobe", "-v", "quiet", "-show_entries", "stream=index", "-of", "csv=p=0", tmp_path / name],
            capture_output=True, text=True, timeout=30, check=False,
        )  # fmt: skip
        assert len(set(done.stdout.split())) == 7


def test_hours_of_gap_with_enough_bytes_become_no_hours_of_work(tmp_path: Path) -> None:
    path = tmp_path / "gap.mkv"
    ffmpeg(
        "-f", "lavfi", "-i", "nullsrc=s=320x180:r=1:d=3,geq=random(1)*255:128:128",
        "-vf", "setpts='N*18000/TB'", "-fps_mode", "passthrough", "-c:v", "ffv1", path,
    )  # fmt: skip
    media = probe(path, LIMITS)
    assert media.duration_ms >= 36_000_000
    started = time.monotonic()
    done = clip_of(path, [(17_999_000, 18_001_000)], tmp_path / "w")
    assert done.proof.frames is not None
    assert done.proof.frames <= 4
    assert time.monotonic() - started < 30
    with pytest.raises(SourceOverLimit, match="lasts"):
        probe(path, MediaLimits(max_duration_s=3_600))


def test_a_cluster_without_end_ends_with_the_file(tmp_path: Path, video: Path) -> None:
    whole, path = tmp_path / "w.mkv", tmp_path / "x.mkv"
    ffmpeg("-i", video, "-c", "copy", whole)
    data = bytearray(whole.read_bytes())
    place = data.index(b"\x1f\x43\xb6\x75") + 4
    length = 9 - data[place].bit_length()
    data[place : place + length] = bytes(
        [(1 << (8 - length)) | ((1 << (8 - length)) - 1)]
    ) + b"\xff" * (length - 1)
    path.write_bytes(data)
    with contextlib.suppress(SourceError):
        assert probe(path, LIMITS).duration_ms <= 2_100


def test_a_file_that_never_stops_growing_ends_at_the_wall(tmp_path: Path, video: Path) -> None:
    path, stop = tmp_path / "live.ts", threading.Event()
    ffmpeg("-i", video, "-c", "copy", path)
    piece = path.read_bytes()

    def grow() -> None:
        with path.open("ab", buffering=0) as stream:
            while not stop.is_set() and path.stat().st_size < 200 * 1024**2:
                stream.write(piece)
                time.sleep(0.001)

    writer = threading.Thread(target=grow)
    writer.start()
    started = time.monotonic()
    try:
        probe(path, MediaLimits(min_wall_s=2, wall_per_media_s=0.01))
    except VideoClipError:
        pass
    finally:
        stop.set()
        writer.join()
    assert time.monotonic() - started < 30


# ---------------------------------------------------------------------- what is no file


def test_links_sockets_and_devices_end_at_once(tmp_path: Path) -> None:
    (tmp_path / "zero.mp4").symlink_to("/dev/zero")
    (tmp_path / "random.mp4").symlink_to("/dev/urandom")
    (tmp_path / "tty.mp4").symlink_to("/dev/tty")
    (tmp_path / "folder.mp4").symlink_to(tmp_path)
    (tmp_path / "loop.mp4").symlink_to(tmp_path / "loop.mp4")
    (tmp_path / "stdin.mp4").symlink_to("/dev/stdin")
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "pipe.mp4").symlink_to(tmp_path / "fifo")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "socket.mp4"))
        started = time.monotonic()
        for path in sorted(tmp_path.glob("*.mp4")):
            if path.name == "stdin.mp4" and path.is_file():
                continue
            with pytest.raises(SourceError):
                probe(path, LIMITS)
        assert time.monotonic() - started < 2


def test_the_memory_of_a_process_is_no_source() -> None:
    for path in ("/proc/self/mem", "/proc/self/environ", "/proc/kcore"):
        with pytest.raises(SourceError):
            probe(Path(path), LIMITS)


def test_a_folder_with_loops_is_walked_once(tmp_path: Path) -> None:
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    (deep / "up").symlink_to(tmp_path)
    (deep / "self").symlink_to(deep)
    (deep / "v.mp4").write_bytes(b"x")
    (deep / "zero.mp4").symlink_to("/dev/zero")
    os.mkfifo(deep / "pipe.mp4")
    found = targets([tmp_path], tmp_path.parent / "out")
    assert [target.source for target in found] == [deep / "v.mp4"]


# ---------------------------------------------------------------------- what else is inside


def test_attachments_and_subtitles_of_the_source_stay_inside(tmp_path: Path, video: Path) -> None:
    plain, loaded = tmp_path / "plain.mkv", tmp_path / "loaded.mkv"
    script = tmp_path / "s.ass"
    script.write_text(
        "[Script Info]\nPlayResX: 320\nPlayResY: 180\n[V4+ Styles]\n"
        "Format: Name, Fontname, Fontsize\nStyle: Default,Evil,90\n[Events]\n"
        "Format: Layer, Start, End, Style, Text\n"
        "Dialogue: 0,0:00:00.00,0:00:09.00,Default,{\\pos(160,90)}EVIL\n"
    )
    (tmp_path / "evil.ttf").write_bytes(os.urandom(4_000))
    ffmpeg("-i", video, "-c", "copy", plain)
    ffmpeg(
        "-i", video, "-i", script, "-c", "copy", "-map", "0", "-map", "1",
        "-attach", tmp_path / "evil.ttf", "-metadata:s:t", "mimetype=font/ttf",
        "-metadata:s:t", "filename=../../evil.ttf", "-disposition:s:0", "forced", loaded,
    )  # fmt: skip
    before = sorted(tmp_path.iterdir())
    clips = [
        clip_of(path, [(500, 1_500)], tmp_path / f"w-{path.stem}", loudness=None)
        for path in (plain, loaded)
    ]
    assert clips[0].video.read_bytes() == clips[1].video.read_bytes()
    assert set(tmp_path.iterdir()) - set(before) == {tmp_path / "w-plain", tmp_path / "w-loaded"}
    assert {path.name for path in (tmp_path / "w-loaded").iterdir()} == {"clip.mp4", "clip.jpg"}


@pytest.mark.parametrize(("suffix", "codec"), [("mkv", "srt"), ("mkv", "ass"), ("mp4", "mov_text")])
def test_a_source_with_subtitles_is_a_source(
    tmp_path: Path, video: Path, suffix: str, codec: str
) -> None:
    (tmp_path / "s.srt").write_text("1\n00:00:00,000 --> 00:00:01,000\nhello\n")
    path = tmp_path / f"x.{suffix}"
    ffmpeg("-i", video, "-i", tmp_path / "s.srt", "-map", "0", "-map", "1", "-c", "copy",
           "-c:s", codec, path)  # fmt: skip
    assert probe(path, LIMITS).video is not None


def test_control_characters_in_metadata_reach_no_message(tmp_path: Path, video: Path) -> None:
    evil = "\x1b]0;owned\x07\x1b[31m\r\nerror: forged"
    path = tmp_path / "x.mkv"
    ffmpeg(
        "-i", video, "-c", "copy", "-metadata", f"title={evil}", "-metadata:s:a", f"language={evil}",
        "-metadata:s:v", f"title={evil}", path,
    )  # fmt: skip
    told = probe(path, LIMITS).model_dump_json()
    assert "owned" not in told
    (tmp_path / f"{evil.replace('/', '')}.mp4").write_text("no video")
    with pytest.raises(SourceNotMedia) as caught:
        probe(tmp_path / f"{evil.replace('/', '')}.mp4", LIMITS)
    assert str(caught.value).isprintable()


# ---------------------------------------------------------------------- pictures to lay over


def test_a_watermark_of_900_million_pixels_is_refused(tmp_path: Path, video: Path) -> None:
    bomb = tmp_path / "bomb.png"
    bomb.write_bytes(png(30_000, 30_000))
    assert bomb.stat().st_size < 200_000
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    started = time.monotonic()
    with pytest.raises(VideoClipError):
        clip_of(video, [(0, 400)], tmp_path / "w", watermark=str(bomb))
    assert time.monotonic() - started < 30
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss - before < 1024**2
    assert list((tmp_path / "w").iterdir()) == []


@pytest.mark.parametrize("name", ["svg", "mvg", "hls", "ffconcat"])
def test_a_script_named_png_is_no_watermark(tmp_path: Path, video: Path, name: str) -> None:
    with listening() as listener:
        path = tmp_path / "logo.png"
        path.write_text(PLAYLISTS[name].replace("{target}", f"http://127.0.0.1:{listener.port}/x"))
        with pytest.raises(UsageError, match="not a PNG"):
            clip_of(video, [(0, 400)], tmp_path / "w", watermark=str(path))
        path.write_bytes(b"\x89PNG\r\n\x1a\n" + path.read_bytes())
        with pytest.raises(VideoClipError):
            clip_of(video, [(0, 400)], tmp_path / "w", watermark=str(path))
        assert listener.calls == 0
