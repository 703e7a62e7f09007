"""Another shape keeps proportions, whatever the source's rotation and pixels; a crop can follow a face."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.support.clips import LIMITS, clip_of, ffmpeg
from tests.support.media import set_rotation
from videoclip.media.captions import Cue
from videoclip.media.faces import FaceFinder
from videoclip.media.probe import probe
from videoclip.schemas import Aspect, Captions, Framing

FACE = Path(__file__).parent.parent / "data" / "face.jpg"


def pictures(path: Path) -> list[NDArray[np.uint8]]:
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def disk_video(path: Path, size: str, sar: str, rotation: int = 0) -> Path:
    """A white disk, round as shown, in the middle of black."""
    squeeze = sar.replace(":", "/")
    ffmpeg(
        "-f", "lavfi", "-i", f"color=black:s={size}:r=25:d=0.4", "-vf",
        f"geq=lum='if(lt(hypot((X-W/2)*{squeeze},Y-H/2),40),235,16)':cb=128:cr=128,setsar={squeeze}",
        "-c:v", "libx264", "-preset", "ultrafast", path,
    )  # fmt: skip
    if rotation:
        set_rotation(path, rotation)
    return path


def roundness(picture: NDArray[np.uint8]) -> float:
    """Width by height of the disk around the middle, whatever is blurred behind."""
    bright = picture.mean(axis=2) > 200
    height, width = bright.shape
    across, down = (
        int(np.cumprod(line[middle:]).sum() + np.cumprod(line[:middle][::-1]).sum())
        for line, middle in (
            (bright[height // 2], width // 2),
            (bright[:, width // 2], height // 2),
        )
    )
    assert down > 10
    return across / down


@pytest.mark.parametrize(
    ("framing", "aspect", "source"),
    [
        (Framing.AUTO, Aspect.TALL, ("320x180", "1:1", 0)),
        (Framing.CENTRE, Aspect.TALL, ("240x180", "4:3", 0)),
        (Framing.BLUR, Aspect.SQUARE, ("240x180", "4:3", 0)),
        (Framing.FACE, Aspect.TALL, ("320x180", "1:1", 0)),
        (Framing.CENTRE, Aspect.WIDE, ("320x180", "1:1", 90)),
    ],
)  # fmt: skip
def test_nothing_is_squashed(
    framing: Framing, aspect: Aspect, source: tuple[str, str, int], tmp_path: Path
) -> None:
    video = disk_video(tmp_path / "s.mp4", *source)
    done = clip_of(video, [(0, 400)], tmp_path / "w", aspect=aspect, framing=framing, loudness=None)
    made = probe(done.video, LIMITS).video
    assert made is not None
    across, down = map(int, aspect.value.split(":"))
    assert made.width / made.height == pytest.approx(across / down, rel=0.03)
    assert made.width % 2 == made.height % 2 == 0
    assert made.sample_aspect == "1/1"
    assert roundness(pictures(done.video)[3]) == pytest.approx(1, abs=0.08)
    if framing is Framing.FACE:  # a disk is no face
        assert [notice.code for notice in done.notices if notice.code == "no_face"] == ["no_face"]


@pytest.mark.slow
def test_the_crop_follows_a_face_across_the_picture(tmp_path: Path) -> None:
    pytest.importorskip("cv2")
    source = tmp_path / "s.mp4"
    ffmpeg(
        "-f", "lavfi", "-i", "color=0x6688aa:s=640x360:r=25:d=5", "-loop", "1", "-framerate", "25", "-i", FACE,
        "-filter_complex", "[0][1]overlay=x='if(lt(t,1),20,if(lt(t,3.5),20+(t-1)*160,420))':y=60:shortest=1,format=yuv420p",
        "-t", "5", "-c:v", "libx264", "-preset", "ultrafast", source,
    )  # fmt: skip
    done = clip_of(
        source,
        [(0, 5_000)],
        tmp_path / "w",
        aspect=Aspect.TALL,
        framing=Framing.FACE,
        loudness=None,
    )
    assert done.proof.frames == 125
    assert not [notice for notice in done.notices if notice.code == "no_face"]
    finder = FaceFinder()
    shown = pictures(done.video)
    for number in (0, 10, 40, 60, 80, 100, 124):
        faces = finder.find(np.ascontiguousarray(shown[number].mean(axis=2).astype(np.uint8)))
        assert faces, number
        assert 0.28 < faces[0].x < 0.72, number


@pytest.mark.slow
def test_a_title_card_comes_before_the_clip_and_is_gone_then(tmp_path: Path) -> None:
    source = tmp_path / "s.mp4"
    ffmpeg(
        "-f", "lavfi", "-i", "testsrc2=s=320x180:r=25:d=2", "-f", "lavfi", "-i", "sine=d=2", "-shortest",
        "-c:v", "libx264", "-preset", "ultrafast", source,
    )  # fmt: skip
    cue = (Cue(0, 900, "你好"),)
    plain = clip_of(
        source, [(0, 1_000)], tmp_path / "p", cue, captions=Captions.BURN, loudness=None
    )
    done = clip_of(
        source, [(0, 1_000)], tmp_path / "w", cue, captions=Captions.BURN, title_card_ms=800, loudness=None
    )  # fmt: skip
    assert done.proof.ok, done.proof
    assert done.proof.frames == 20 + 25
    assert done.srt is not None
    assert "00:00:00,800 --> 00:00:01,700" in done.srt.read_text()
    with_card, without = pictures(done.video), pictures(plain.video)
    card = with_card[10].astype(int)
    assert np.median(card) < 90  # calm and dark
    assert card[60:120].max() > 200  # with white letters
    for number in (0, 10, 24):
        assert np.abs(with_card[20 + number].astype(int) - without[number]).mean() < 3
