"""What is composed into a clip is there, in the right place; the folder holds the results and nothing else."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.support.clips import LIMITS, clip_of, ffmpeg, frames_in
from tests.support.frames import fit_inside, frame_numbers
from tests.support.media import make_numbered_video
from videoclip.errors import SourceError
from videoclip.media.captions import Cue
from videoclip.media.probe import probe
from videoclip.media.proof import Expectation, prove
from videoclip.media.thumbnail import score_picture
from videoclip.schemas import Aspect, Captions, CutMode

CUE = (Cue(0, 900, "HELLO 你好\nsecond line"),)


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_numbered_video(tmp_path_factory.mktemp("v") / "v.mp4", frames=100, size=(640, 360))


def picture_at(path: Path, index: int) -> NDArray[np.uint8]:
    with av.open(str(path)) as container:
        for number, frame in enumerate(container.decode(video=0)):
            if number == index:
                return frame.to_ndarray(format="rgb24")
    raise AssertionError(f"no frame {index}")


def test_burnt_captions_change_the_lower_part_and_only_while_they_last(
    video: Path, tmp_path: Path
) -> None:
    plain = clip_of(video, [(0, 2_000)], tmp_path / "a", mode=CutMode.ENCODE, loudness=None)
    burnt = clip_of(video, [(0, 2_000)], tmp_path / "b", CUE, captions=Captions.BURN, loudness=None)
    during = [picture_at(done.video, 10).astype(int) for done in (plain, burnt)]
    change = np.abs(during[0] - during[1]).max(axis=(1, 2))
    assert change[240:].max() > 80
    assert change[:200].max() < 30
    after = [picture_at(done.video, 40).astype(int) for done in (plain, burnt)]
    assert np.abs(after[0] - after[1]).max() < 30
    assert frame_numbers(burnt.video) == list(range(50))


def test_soft_captions_are_a_stream_and_side_files_are_written(video: Path, tmp_path: Path) -> None:
    done = clip_of(video, [(0, 1_000)], tmp_path / "w", CUE, captions=Captions.SOFT, loudness=None)
    with av.open(str(done.video)) as container:
        assert [stream.type for stream in container.streams] == ["video", "audio", "subtitle"]
    assert done.srt is not None
    assert "HELLO 你好\nsecond line" in done.srt.read_text(encoding="utf-8")
    assert {entry.name for entry in (tmp_path / "w").iterdir()} == {
        "clip.mp4", "clip.srt", "clip.vtt", "clip.jpg"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("aspect", "size"),
    [(Aspect.TALL, (360, 640)), (Aspect.SQUARE, (480, 480)), (Aspect.WIDE, (640, 360))],
)
def test_another_aspect_shows_the_whole_picture_unsquashed(
    video: Path, tmp_path: Path, aspect: Aspect, size: tuple[int, int]
) -> None:
    done = clip_of(video, [(0, 1_000)], tmp_path / "w", aspect=aspect, loudness=None)
    made = probe(done.video, LIMITS).video
    assert made is not None
    assert (made.width, made.height) == size
    # Numbers can be read only where the picture has kept its proportions.
    assert frame_numbers(done.video, fit_inside((640, 360), size)) == list(range(25))


def test_an_image_watermark_is_at_the_top_right(video: Path, tmp_path: Path) -> None:
    logo = tmp_path / "logo.png"
    ffmpeg("-f", "lavfi", "-i", "color=red:s=200x100", "-frames:v", "1", logo)
    done = clip_of(video, [(0, 400)], tmp_path / "w", watermark=str(logo), loudness=None)
    corner = picture_at(done.video, 5)[19:50, 550:610].reshape(-1, 3).mean(axis=0)
    assert corner[0] > 150
    assert corner[1:].max() < 90


def test_a_text_watermark_is_text_whatever_it_says(video: Path, tmp_path: Path) -> None:
    text = "%{pts} {\\an1\\fs200} $(id) 'x' 品牌"
    done = clip_of(video, [(0, 400)], tmp_path / "w", watermark=text, loudness=None)
    plain = clip_of(video, [(0, 400)], tmp_path / "p", loudness=None)
    change = np.abs(picture_at(done.video, 5).astype(int) - picture_at(plain.video, 5)).max(axis=2)
    assert change[:60, 320:].max() > 60
    assert change[120:].max() < 40


def test_intro_and_outro_stand_around_and_captions_move_behind_the_intro(
    video: Path, tmp_path: Path
) -> None:
    intro = tmp_path / "in.webm"  # other size, other rate, no sound
    ffmpeg("-f", "lavfi", "-i", "color=blue:s=100x200:r=10:d=1", "-c:v", "libvpx", intro)
    done = clip_of(
        video, [(1_000, 2_000)], tmp_path / "w", CUE, intro=str(intro), outro=str(video),
        captions=Captions.SIDECAR,
    )  # fmt: skip
    numbers = frame_numbers(done.video)
    assert numbers[25:50] == frames_in(Fraction(25), [(1_000, 2_000)], 100)
    assert numbers[50:] == list(range(100))
    assert done.proof.ok, done.proof
    assert done.srt is not None
    assert "00:00:01,000 --> 00:00:01,900" in done.srt.read_text()


def test_an_intro_that_is_no_video_is_refused_and_leaves_nothing(
    video: Path, tmp_path: Path
) -> None:
    bad = tmp_path / "in.mp4"
    bad.write_text("#EXTM3U\n/etc/hostname\n")
    with pytest.raises(SourceError):
        clip_of(video, [(0, 400)], tmp_path / "w", intro=str(bad))
    assert list((tmp_path / "w").iterdir()) == []


def test_the_same_job_gives_the_same_bytes(video: Path, tmp_path: Path) -> None:
    pair = [
        clip_of(video, [(100, 900)], tmp_path / name, CUE, captions=Captions.BURN) for name in "ab"
    ]
    assert pair[0].video.read_bytes() == pair[1].video.read_bytes()
    assert pair[0].thumbnail is not None
    assert pair[1].thumbnail is not None
    assert pair[0].thumbnail.read_bytes() == pair[1].thumbnail.read_bytes()


def test_metadata_of_the_source_does_not_travel(tmp_path: Path) -> None:
    source = make_numbered_video(
        tmp_path / "s.mp4", frames=30, extra=["-metadata", "title=secret-place", "-metadata", "location=+1+2/"]
    )  # fmt: skip
    done = clip_of(source, [(0, 1_000)], tmp_path / "w", loudness=None)
    data = done.video.read_bytes()
    assert b"secret-place" not in data
    assert b"Lavf" not in data


def test_the_still_is_neither_black_nor_flat(tmp_path: Path) -> None:
    source = tmp_path / "s.mp4"
    ffmpeg(
        "-f", "lavfi", "-i", "color=black:s=320x180:d=3", "-f", "lavfi", "-i", "testsrc2=s=320x180:d=3",
        "-filter_complex", "[0][1]concat", source,
    )  # fmt: skip
    done = clip_of(source, [(0, 6_000)], tmp_path / "w")
    assert done.thumbnail is not None
    assert picture_at(done.thumbnail, 0).mean() > 60


def test_the_score_prefers_detail_and_light() -> None:
    chance = np.random.default_rng(1)
    busy = chance.integers(60, 200, (90, 160, 3)).astype(np.uint8)
    assert score_picture(busy) > score_picture(busy // 8) > score_picture(np.zeros_like(busy))
    assert score_picture(busy) > score_picture(np.full_like(busy, 255))


# ---------------------------------------------------------------------- the proof itself


def test_the_proof_finds_what_is_wrong(video: Path, tmp_path: Path) -> None:
    good = Expectation(4_000, 100, 640, 360, has_audio=True)
    assert prove_all(video, good) == set()
    assert prove_all(video, Expectation(4_000, 99, 640, 360)) == {"frames"}
    assert prove_all(video, Expectation(3_000, 100, 640, 358)) == {"duration", "size"}
    assert prove_all(video, Expectation(4_000, 100, 640, 360, has_audio=False)) == {"streams"}
    assert prove_all(video, Expectation(4_000, 100, 640, 360, loudness=-5.0)) >= {"loudness"}


def test_the_proof_finds_damage_and_drift(video: Path, tmp_path: Path) -> None:
    good = Expectation(4_000, 100, 640, 360)
    late = tmp_path / "late.mp4"
    ffmpeg(
        "-i",
        video,
        "-itsoffset",
        "0.2",
        "-i",
        video,
        "-map",
        "0:v",
        "-map",
        "1:a",
        "-c",
        "copy",
        late,
    )
    assert {"start", "sync"} <= prove_all(late, good)
    data = bytearray(video.read_bytes())
    place = data.index(b"mdat") + 3_000
    data[place : place + 4_000] = bytes(4_000)
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(data)
    assert prove_all(broken, good) & {"decodes", "frames"}
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(video.read_bytes()[:9_000])
    assert prove_all(cut, good) == {"opens"}


def prove_all(path: Path, expect: Expectation) -> set[str]:
    """Names of the checks that failed, the place of the index apart."""
    proof = prove(path, expect=expect, limits=LIMITS)
    return {check.name for check in proof.checks if not check.ok} - {"faststart"}


def test_the_index_stands_first(video: Path, tmp_path: Path) -> None:
    done = clip_of(video, [(0, 400)], tmp_path / "w", loudness=None)
    names = {check.name: check.ok for check in done.proof.checks}
    assert names["faststart"]
    assert not {c.name: c.ok for c in prove(video, expect=Expectation(4_000)).checks}["faststart"]
