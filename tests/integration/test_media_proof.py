"""Each check of the proof sheet fails on a file that has its fault, and passes on one that has not."""

from __future__ import annotations

import dataclasses
import struct
from fractions import Fraction
from pathlib import Path

import pytest

from tests.support.clips import LIMITS, clip_of, ffmpeg
from tests.support.media import make_numbered_video, set_rotation
from videoclip.media.captions import STYLES, Cue
from videoclip.media.proof import Expectation, SourcePictures, prove
from videoclip.media.proof_captions import Layout
from videoclip.media.proof_pictures import Sampling
from videoclip.schemas import Captions, Proof

GOOD = Expectation(4_000, 100, 320, 180, rate=Fraction(25))
STRIPPED = ("-movflags", "+faststart", "-map_metadata", "-1", "-fflags", "+bitexact",
            "-flags:v", "+bitexact", "-flags:a", "+bitexact")  # fmt: skip


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four seconds as we deliver them."""
    folder = tmp_path_factory.mktemp("v")
    source = make_numbered_video(folder / "s.mp4", audio="noise")
    ffmpeg("-i", source, "-c", "copy", *STRIPPED, folder / "clip.mp4")
    return folder / "clip.mp4"


def sheet(path: Path, expect: Expectation = GOOD) -> Proof:
    return prove(path, expect=expect, limits=LIMITS)


def failed(path: Path, expect: Expectation = GOOD) -> set[str]:
    return {check.name for check in sheet(path, expect).checks if not check.ok}


def found(path: Path, expect: Expectation = GOOD) -> list[tuple[str, int | None, int | None]]:
    return [(f.name, f.start_ms, f.end_ms) for f in sheet(path, expect).findings]


def remade(clip: Path, path: Path, *options: str) -> Path:
    """The clip with something done to it; what is not filtered is copied."""
    ffmpeg("-i", clip, *options, *STRIPPED, path)
    return path


def test_a_good_clip_passes_every_check_and_has_nothing_to_look_at(clip: Path) -> None:
    proof = sheet(clip)
    assert proof.ok, proof
    assert {check.name for check in proof.checks} == {
        "decodes", "streams", "duration", "frames", "size", "pixel_format", "start", "sync",
        "faststart", "metadata", "bit_rate", "rotation", "time_stamps", "hidden_frames",
        "time_base", "drift",
    }  # fmt: skip
    assert [finding.name for finding in proof.findings] == ["colour_tags"]


def test_an_index_at_the_end(clip: Path, tmp_path: Path) -> None:
    ffmpeg("-i", clip, "-c", "copy", *STRIPPED[2:], tmp_path / "x.mp4")
    assert failed(tmp_path / "x.mp4") == {"faststart"}


def test_a_picture_whose_reference_is_missing(clip: Path, tmp_path: Path) -> None:
    """The decoder makes one up and goes on; the times are whole again, so nothing else would show it."""
    whole, hole = tmp_path / "whole.mp4", tmp_path / "hole.mp4"
    remade(
        clip, whole, "-c:v", "libx265", "-x265-params", "keyint=25:log-level=error", "-c:a", "copy"
    )
    ffmpeg(
        "-i", whole, "-c", "copy", "-bsf:v", r"noise=drop=eq(n\,27),setts=dts=N*512:pts=PTS-STARTPTS",
        *STRIPPED, hole,
    )  # fmt: skip
    assert failed(whole) == set()
    proof = sheet(hole)
    told = next(check for check in proof.checks if check.name == "decodes")
    assert not told.ok
    assert "ref" in told.measured


def test_a_wrong_number_of_frames(clip: Path, tmp_path: Path) -> None:
    path = remade(clip, tmp_path / "x.mp4", "-c", "copy", "-frames:v", "99")
    assert "frames" in failed(path)


@pytest.mark.parametrize(
    ("options", "names"),
    [
        (("-af", "atempo=0.97", "-c:v", "copy"), {"sync"}),
        (("-af", "asetpts='PTS+if(gt(T,2),0.3/TB,0)'", "-c:v", "copy"), {"sync", "drift"}),
        (("-vf", "setpts='PTS+if(gt(N,50),0.016/TB,0)'", "-c:a", "copy", "-fps_mode", "passthrough",
          "-enc_time_base:v", "1/1000", "-bf", "0"), {"time_base"}),
        (("-pix_fmt", "yuv444p", "-c:a", "copy"), {"pixel_format"}),
        (("-c", "copy", "-an"), {"streams"}),
        (("-vf", "scale=160:90", "-c:a", "copy"), {"size"}),
        (("-c", "copy", "-metadata", "title=holiday"), {"metadata"}),
        (("-c", "copy", "-metadata", "location=+48.1+011.5/"), {"metadata"}),
        (("-c", "copy", "-metadata", "creation_time=2020-01-01T00:00:00"), {"metadata"}),
        (("-c", "copy", "-metadata:s:v", "handler_name=Core Media"), {"metadata"}),
    ],
    ids=["tempo", "hole", "uneven", "444", "mute", "small", "title", "place", "date", "handler"],
)  # fmt: skip
def test_what_was_not_asked_for(
    clip: Path, tmp_path: Path, options: tuple[str, ...], names: set[str]
) -> None:
    assert names <= failed(remade(clip, tmp_path / "x.mp4", *options))


def test_a_picture_that_has_to_be_turned(clip: Path, tmp_path: Path) -> None:
    path = tmp_path / "x.mp4"
    path.write_bytes(clip.read_bytes())
    set_rotation(path, 90)
    assert failed(path) == {"rotation"}
    assert failed(path, dataclasses.replace(GOOD, rotation=90)) == set()


def test_hidden_frames_before_the_start(clip: Path, tmp_path: Path) -> None:
    ffmpeg("-ss", "1.2", "-i", clip, "-t", "2", "-c", "copy", *STRIPPED, tmp_path / "x.mp4")
    expect = Expectation(2_000, None, 320, 180, rate=Fraction(25))
    assert "hidden_frames" in failed(tmp_path / "x.mp4", expect)
    copied = dataclasses.replace(expect, exact=False)
    assert failed(tmp_path / "x.mp4", copied) == set()


def test_decoding_times_that_fall(clip: Path, tmp_path: Path) -> None:
    data = bytearray(clip.read_bytes())
    place = data.index(b"stts") + 12
    struct.pack_into(">II", data, place, 100, 0)
    (tmp_path / "x.mp4").write_bytes(data)
    assert "time_stamps" in failed(tmp_path / "x.mp4")


def test_bytes_that_belong_to_no_stream(clip: Path, tmp_path: Path) -> None:
    junk = struct.pack(">I4s", 400_008, b"free") + bytes(400_000)
    (tmp_path / "x.mp4").write_bytes(clip.read_bytes() + junk)
    assert failed(tmp_path / "x.mp4") == {"bit_rate"}


# ---------------------------------------------------------------------- the source's pictures


def pictures_of(path: Path, sampling: Sampling) -> SourcePictures:
    """What a witness would have kept of an untouched file."""
    out = path.with_suffix(".raw")
    ffmpeg(
        "-i", path, "-vf", f"select='{sampling.expression}',scale=32:18:flags=area,format=gray",
        "-fps_mode", "passthrough", "-f", "rawvideo", out,
    )  # fmt: skip
    return SourcePictures(out.read_bytes(), sampling, covered=False)


@pytest.mark.parametrize(
    ("filters", "first"),
    [
        ("drawbox=c=black:t=fill:enable='gt(n,79)'", 84),
        ("trim=end_frame=60,tpad=stop=40:stop_mode=clone", 66),
        ("tpad=start=2:start_mode=clone,trim=end_frame=100", 6),
        ("negate=enable='eq(n,0)'", 0),
        ("negate=enable='eq(n,99)'", 99),
    ],
    ids=["black tail", "frozen tail", "two frames late", "other first", "other last"],
)
def test_pictures_that_are_not_the_sources(
    clip: Path, tmp_path: Path, filters: str, first: int
) -> None:
    source = pictures_of(clip, Sampling(((0, 100),), 6))
    expect = dataclasses.replace(GOOD, source=source)
    assert failed(clip, expect) == set()
    path = remade(clip, tmp_path / "x.mp4", "-vf", filters, "-c:a", "copy")
    told = {check.name: check for check in sheet(path, expect).checks}["pictures"]
    assert not told.ok
    assert f"first at frame {first}" in told.measured


def test_black_and_frozen_parts_are_told_with_their_places(clip: Path, tmp_path: Path) -> None:
    filters = "drawbox=c=black:t=fill:enable='gt(t,2.99)'"
    path = remade(clip, tmp_path / "x.mp4", "-vf", filters, "-c:a", "copy")
    black = [place for place in found(path) if place[0] == "black"]
    assert len(black) == 1
    assert black[0][1:] == (pytest.approx(3_000, abs=260), pytest.approx(4_000, abs=260))
    filters = "trim=end_frame=40,tpad=stop=60:stop_mode=clone"
    path = remade(clip, tmp_path / "y.mp4", "-vf", filters, "-c:a", "copy")
    frozen = [place for place in found(path) if place[0] == "frozen"]
    assert len(frozen) == 1
    assert frozen[0][1:] == (pytest.approx(1_600, abs=260), 4_000)


def test_what_stands_still_in_the_source_is_no_news(tmp_path: Path) -> None:
    source = tmp_path / "slide.mp4"
    ffmpeg("-f", "lavfi", "-i", "color=gray:s=320x180:r=25:d=5", "-colorspace", "bt709", source)
    done = clip_of(source, [(0, 4_000)], tmp_path / "w")
    assert done.proof.ok
    assert {check.name for check in done.proof.checks} >= {"pictures"}
    assert "frozen" not in [finding.name for finding in done.proof.findings]
    assert "frozen" in [name for name, _, _ in found(done.video)]


def test_silence_at_the_edges_is_told(clip: Path, tmp_path: Path) -> None:
    sound = "volume=0:enable='lt(t,1.5)+gt(t,2.5)'"
    path = remade(clip, tmp_path / "x.mp4", "-af", sound, "-c:v", "copy")
    places = {name: (start, end) for name, start, end in found(path)}
    assert places["silent_start"] == (0, pytest.approx(1_500, abs=50))
    assert places["silent_end"] == (pytest.approx(2_500, abs=50), pytest.approx(4_000, abs=60))


# ---------------------------------------------------------------------- captions


@pytest.mark.parametrize(
    "cues",
    [
        (Cue(0, 2_000, "a"), Cue(3_000, 4_500, "behind the end")),
        (Cue(0, 2_000, "a"), Cue(1_500, 3_000, "over the first")),
        (Cue(2_000, 2_000, "no time"),),
    ],
)
def test_captions_out_of_time(clip: Path, cues: tuple[Cue, ...]) -> None:
    assert failed(clip, dataclasses.replace(GOOD, cues=cues)) == {"captions_in_time"}


def test_captions_that_leave_the_picture(clip: Path) -> None:
    layout = Layout(320, 180, STYLES["clean"], "Noto Sans CJK SC")
    inside = (Cue(0, 1_000, "a short line\nand another"), Cue(1_000, 2_000, "今天的价格是九块钱"))
    assert failed(clip, dataclasses.replace(GOOD, cues=inside, layout=layout)) == set()
    # Lines that are too long are made smaller, so it takes a picture in which no letter can be read.
    layout, outside = dataclasses.replace(layout, width=24, height=16), (Cue(0, 4_000, "W" * 60),)
    assert failed(clip, dataclasses.replace(GOOD, cues=outside, layout=layout)) == {
        "captions_inside"
    }


def test_captions_too_quick_to_read_are_told(clip: Path) -> None:
    cues = (Cue(0, 1_000, "this is far too much to be read at once"), Cue(1_000, 3_900, "fine"))
    assert ("reading_speed", 0, 1_000) in found(clip, dataclasses.replace(GOOD, cues=cues))
    cues = (Cue(0, 1_000, "今天晚上的价格只要九块九毛钱"), Cue(1_000, 3_900, "今天晚上的价格"))
    names = [place for place in found(clip, dataclasses.replace(GOOD, cues=cues)) if place[1] == 0]
    assert names == [("reading_speed", 0, 1_000)]


# ---------------------------------------------------------------------- repairs


def test_what_copying_can_mend_is_mended_once(
    clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from videoclip.media import encode

    spoilt = {"f": "mp4", "metadata": "title=holiday"}
    monkeypatch.setattr(encode, "CONTAINER", spoilt)
    done = clip_of(clip, [(1_000, 3_000)], tmp_path / "w")
    assert done.proof.ok, done.proof
    told = {notice.code: notice.message for notice in done.notices}["repaired"]
    assert "faststart" in told
    assert "metadata" in told
    assert b"holiday" not in done.video.read_bytes()
    assert {path.name for path in done.video.parent.iterdir()} == {"clip.mp4", "clip.jpg"}


def test_captions_in_each_others_way_are_put_right(clip: Path, tmp_path: Path) -> None:
    cues = (Cue(0, 1_500, "first"), Cue(1_000, 9_000, "second"))
    for mode in (Captions.BURN, Captions.SIDECAR):
        done = clip_of(clip, [(0, 3_000)], tmp_path / mode, cues, captions=mode)
        assert done.proof.ok, done.proof
        assert done.srt is not None
        assert "00:00:00,000 --> 00:00:00,920" in done.srt.read_text()
        assert "00:00:01,000 --> 00:00:03,000" in done.srt.read_text()


def test_metadata_of_the_source_is_in_no_clip(clip: Path, tmp_path: Path) -> None:
    source = tmp_path / "holiday.mp4"
    tags = ("title=SECRET", "comment=SECRET", "location=+48.1+011.5/", "artist=SECRET")
    ffmpeg(
        "-i", clip, "-c", "copy", *(part for tag in tags for part in ("-metadata", tag)),
        "-metadata", "creation_time=2020-01-01T00:00:00", "-metadata:s:v", "handler_name=SECRET",
        "-metadata:s:a", "title=SECRET", source,
    )  # fmt: skip
    assert source.read_bytes().count(b"SECRET") >= 4
    for mode in ("encode", "copy"):
        done = clip_of(source, [(1_000, 3_000)], tmp_path / mode, mode=mode)
        data = done.video.read_bytes()
        assert b"SECRET" not in data
        assert b"+48.1" not in data
        assert not [
            check for check in done.proof.checks if check.name == "metadata" and not check.ok
        ]
