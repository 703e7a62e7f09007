"""Every clip is yuv420p, BT.709, limited range, and shows the colours of its source."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

from tests.support.clips import clip_of, ffmpeg
from videoclip.schemas import Aspect, Quality

SD = ["-color_primaries", "smpte170m", "-color_trc", "smpte170m", "-colorspace", "smpte170m"]
SOURCES: dict[str, list[str]] = {
    "untagged SD": ["-vf", "scale=out_color_matrix=smpte170m:out_range=tv,format=yuv420p"],
    "tagged 525": ["-vf", "scale=out_color_matrix=smpte170m:out_range=tv,format=yuv420p", *SD],
    "full range": ["-vf", "scale=out_color_matrix=bt709:out_range=pc,format=yuvj420p", "-color_range", "pc",
                   "-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709"],
    "full range 601": ["-vf", "scale=out_color_matrix=smpte170m:out_range=pc,format=yuvj420p", "-color_range", "pc", *SD],
    "bt709 10 bit": ["-vf", "scale=out_color_matrix=bt709:out_range=tv,format=yuv420p10", "-profile:v", "high10",
                     "-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709"],
    "4:4:4": ["-vf", "scale=out_color_matrix=smpte170m:out_range=tv,format=yuv444p", "-profile:v", "high444", *SD],
}  # fmt: skip
RGB = (200, 60, 40)


def tags(path: Path) -> dict[str, str]:
    done = subprocess.run(
        ["ffprobe", "-v", "error", "-select_streams", "v", "-of", "json", "-show_entries",
         "stream=pix_fmt,color_range,color_space,color_transfer,color_primaries,width,height,time_base,r_frame_rate",
         str(path)], check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    stream: dict[str, str] = json.loads(done.stdout)["streams"][0]
    return stream


def is_broadcast_clean(path: Path) -> None:
    found = tags(path)
    assert found["pix_fmt"] == "yuv420p"
    assert found["color_range"] == "tv"
    assert found["color_space"] == found["color_transfer"] == found["color_primaries"] == "bt709"
    assert int(found["width"]) % 2 == int(found["height"]) % 2 == 0
    data = path.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


def shown(path: Path) -> np.ndarray:
    """The middle's colour, read as BT.709."""
    done = subprocess.run(
        ["ffmpeg", "-nostdin", "-v", "error", "-i", str(path), "-frames:v", "1", "-vf",
         "scale=in_color_matrix=bt709:in_range=tv,format=rgb24", "-f", "rawvideo", "-"],
        check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    pixels = np.frombuffer(done.stdout, np.uint8).reshape(-1, 3)
    return np.median(pixels, axis=0)


@pytest.mark.parametrize("kind", SOURCES)
def test_colours_survive_and_are_tagged(kind: str, tmp_path: Path) -> None:
    source = tmp_path / "s.mp4"
    colour = "0x" + "".join(f"{part:02x}" for part in RGB)
    ffmpeg(
        "-f", "lavfi", "-i", f"color={colour}:s=321x181:r=25:d=0.2,format=rgb24,crop=320:180", *SOURCES[kind],
        "-c:v", "libx264", "-preset", "ultrafast", "-crf", "10", source,
    )  # fmt: skip
    done = clip_of(source, [(0, 200)], tmp_path / "w", loudness=None, quality=Quality.HIGH)
    is_broadcast_clean(done.video)
    assert np.abs(shown(done.video) - RGB).max() <= 12
    assert not [notice for notice in done.notices if notice.code == "tone_mapped"]


@pytest.mark.parametrize("transfer", ["arib-std-b67", "smpte2084"])
def test_hdr_is_tone_mapped_and_said_so(transfer: str, tmp_path: Path) -> None:
    source = tmp_path / "s.mkv"
    ffmpeg(
        "-f", "lavfi", "-i", "color=gray:s=320x180:r=25:d=0.2", "-vf", "format=yuv420p10", "-c:v", "libx265",
        "-preset", "ultrafast", "-x265-params", "log-level=error", "-color_trc", transfer,
        "-colorspace", "bt2020nc", "-color_primaries", "bt2020", source,
    )  # fmt: skip
    done = clip_of(source, [(0, 200)], tmp_path / "w", loudness=None)
    is_broadcast_clean(done.video)
    assert [notice.code for notice in done.notices if notice.code == "tone_mapped"] == [
        "tone_mapped"
    ]


@pytest.mark.slow
def test_intro_and_outro_of_any_kind_are_conformed(tmp_path: Path) -> None:
    source, intro, outro = tmp_path / "s.mp4", tmp_path / "i.mkv", tmp_path / "o.mp4"
    ffmpeg(
        "-f",
        "lavfi",
        "-i",
        "testsrc2=s=320x180:r=25:d=1",
        "-f",
        "lavfi",
        "-i",
        "sine=d=1",
        "-shortest",
        source,
    )
    ffmpeg(  # HDR, portrait, 30 fps, without sound
        "-f", "lavfi", "-i", "color=white:s=90x160:r=30:d=0.5", "-vf", "format=yuv420p10", "-c:v", "libx265",
        "-preset", "ultrafast", "-x265-params", "log-level=error", "-color_trc", "smpte2084",
        "-colorspace", "bt2020nc", "-color_primaries", "bt2020", intro,
    )  # fmt: skip
    ffmpeg(  # unevenly spaced frames, full range
        "-f", "lavfi", "-i", "testsrc=s=200x200:r=50:d=1", "-vf",
        "select='not(mod(n\\,3))+lt(n\\,10)',scale=out_range=pc,format=yuvj420p", "-fps_mode", "vfr", outro,
    )  # fmt: skip
    done = clip_of(
        source, [(0, 1_000)], tmp_path / "w", intro=str(intro), outro=str(outro), aspect=Aspect.SOURCE
    )  # fmt: skip
    assert done.proof.ok, done.proof
    assert done.proof.duration_ms == pytest.approx(2_500, abs=60)
    is_broadcast_clean(done.video)
    assert tags(done.video)["r_frame_rate"] == "25/1"
    assert "tone_mapped" in {notice.code for notice in done.notices}


def test_a_chip_that_is_not_there_is_replaced_and_said_so(tmp_path: Path) -> None:
    from videoclip.media.encoders import try_encoder
    from videoclip.schemas import Encoder

    if try_encoder(Encoder.VIDEOTOOLBOX).usable:
        pytest.skip("this machine has it")
    source = tmp_path / "s.mp4"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=160x90:r=25:d=0.2", source)
    done = clip_of(source, [(0, 200)], tmp_path / "w", loudness=None, encoder=Encoder.VIDEOTOOLBOX)
    assert "encoder_fallback" in {notice.code for notice in done.notices}
    is_broadcast_clean(done.video)
