"""Sample n of the extracted sound stands at n / 16 ms of the source's time line, and loudness is as asked."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.support.clips import LIMITS, clip_of, ffmpeg
from tests.support.media import make_numbered_video
from videoclip.errors import SourceNotMedia
from videoclip.media.audio import extract_audio, rms_dbfs
from videoclip.media.probe import probe


@pytest.fixture(scope="module")
def beeps(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A beep of 40 ms at each full second, as H.264 and AAC."""
    return make_numbered_video(tmp_path_factory.mktemp("beeps") / "b.mp4", frames=125)


def extracted(path: Path, out: Path) -> np.ndarray:
    count = extract_audio(path, probe(path, LIMITS), out, LIMITS)
    samples = np.fromfile(out, "<i2")
    assert len(samples) == count
    return samples


def beep_ms(samples: np.ndarray) -> list[int]:
    """When the sound becomes loud, ms."""
    loud = np.abs(samples.astype(int)) > 6_000
    starts = [i for i in np.flatnonzero(loud) if not loud[max(0, i - 800) : i].any()]
    return [round(int(i) / 16) for i in starts]


def test_sound_stands_where_it_was(beeps: Path, tmp_path: Path) -> None:
    assert beep_ms(extracted(beeps, tmp_path / "a.pcm")) == pytest.approx(
        [0, 1000, 2000, 3000, 4000], abs=2
    )


@pytest.mark.parametrize(
    ("delay", "wanted"),
    [("0.700", [700, 1700, 2700, 3700, 4700]), ("-0.300", [700, 1700, 2700, 3700])],
)
@pytest.mark.parametrize("suffix", ["mkv", "ts", "mp4"])
def test_start_offsets_are_honoured(
    beeps: Path, tmp_path: Path, delay: str, wanted: list[int], suffix: str
) -> None:
    """The picture's first frame is 0 ms: later sound is preceded by silence, earlier sound is cut."""
    path = tmp_path / f"shifted.{suffix}"
    picture, sound = ("0.300", "0") if delay.startswith("-") else ("0", delay)
    ffmpeg(
        "-itsoffset", picture, "-i", beeps, "-itsoffset", sound, "-i", beeps, "-map", "0:v", "-map", "1:a",
        "-c", "copy", "-copyts", path,
    )  # fmt: skip
    found = beep_ms(extracted(path, tmp_path / "a.pcm"))
    assert found == pytest.approx(wanted, abs=3)


def test_levels_are_measured_per_range(tmp_path: Path) -> None:
    path = tmp_path / "a.pcm"
    tone = np.sin(np.arange(16_000) * 2 * np.pi * 400 / 16_000) * 32_767
    np.concatenate([np.zeros(16_000), tone, tone / 10]).astype("<i2").tofile(path)
    found = rms_dbfs(path, [(0, 1_000), (1_000, 2_000), (2_000, 3_000), (5_000, 6_000)])
    assert found == pytest.approx([-120.0, -3.0, -23.0, -120.0], abs=0.1)


def test_a_source_without_sound_says_so(tmp_path: Path) -> None:
    path = make_numbered_video(tmp_path / "mute.mp4", frames=10, audio="none")
    with pytest.raises(SourceNotMedia, match="no audio"):
        extract_audio(path, probe(path, LIMITS), tmp_path / "a.pcm", LIMITS)


@pytest.mark.parametrize("target", [-14.0, -23.0])
def test_speech_comes_out_as_loud_as_asked_and_never_clips(tmp_path: Path, target: float) -> None:
    path = make_numbered_video(tmp_path / "s.mp4", frames=200, size=(64, 36), audio="speech")
    done = clip_of(path, [(500, 7_500)], tmp_path / "w", loudness=target)
    assert done.proof.loudness_lufs == pytest.approx(target, abs=0.5)
    assert done.proof.true_peak_dbtp is not None
    assert done.proof.true_peak_dbtp <= -1.0


def test_silence_is_left_alone_with_a_notice(tmp_path: Path) -> None:
    path = tmp_path / "silent.mp4"
    ffmpeg(
        "-f", "lavfi", "-i", "testsrc=s=64x36:d=2", "-f", "lavfi", "-i", "anullsrc", "-t", "2", path
    )
    done = clip_of(path, [(0, 1_500)], tmp_path / "w")
    assert "loudness_skipped" in [notice.code for notice in done.notices]
    assert done.proof.ok, done.proof
