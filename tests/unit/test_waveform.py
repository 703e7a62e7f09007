"""Waveform peaks: right to the sample, in the format that players read, whatever the length."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import numpy as np
import pytest

from videoclip.errors import Cancelled
from videoclip.media import waveform
from videoclip.media.waveform import samples_per_pixel, write_waveform


def peaks(tmp_path: Path, samples: np.ndarray) -> dict[str, object]:
    pcm, out = tmp_path / "a.s16le", tmp_path / "a.json"
    samples.astype("<i2").tofile(pcm)
    write_waveform(pcm, out)
    value: dict[str, object] = json.loads(out.read_text())
    return value


def test_the_header_is_audiowaveforms_version_2(tmp_path: Path) -> None:
    value = peaks(tmp_path, np.zeros(1600))
    data = value.pop("data")
    assert value == {
        "version": 2, "channels": 1, "sample_rate": 16000, "samples_per_pixel": 160, "bits": 8, "length": 10,
    }  # fmt: skip
    assert data == [0] * 20


def test_each_pixel_holds_the_extremes_of_its_samples(tmp_path: Path) -> None:
    samples = np.random.default_rng(3).integers(-32768, 32768, 16000)
    value = peaks(tmp_path, samples)
    pixels = samples.reshape(-1, 160)
    expected = np.stack([pixels.min(1) >> 8, pixels.max(1) >> 8], axis=1).ravel()
    assert value["data"] == expected.tolist()


def test_a_last_pixel_may_be_short(tmp_path: Path) -> None:
    samples = np.zeros(165)
    samples[-1] = 25600
    value = peaks(tmp_path, samples)
    assert value["length"] == 2
    assert value["data"] == [0, 0, 0, 100]


def test_blocks_do_not_show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    samples = np.random.default_rng(4).integers(-32768, 32768, 160 * 10 + 7)
    whole = peaks(tmp_path, samples)
    monkeypatch.setattr(waveform, "_BLOCK_PIXELS", 3)
    assert peaks(tmp_path, samples) == whole


def test_a_day_has_no_more_pixels_than_players_bear() -> None:
    day = 24 * 3600 * 16000
    scale = samples_per_pixel(day)
    assert day / scale <= 120_000
    assert scale % 160 == 0
    assert samples_per_pixel(600 * 16000) == 160


def test_silence_of_no_length_is_valid(tmp_path: Path) -> None:
    value = peaks(tmp_path, np.zeros(0))
    assert value["length"] == 0
    assert value["data"] == []


def test_it_stops_when_asked(tmp_path: Path) -> None:
    cancel = threading.Event()
    cancel.set()
    pcm = tmp_path / "a"
    pcm.write_bytes(bytes(3200))
    with pytest.raises(Cancelled):
        write_waveform(pcm, tmp_path / "b", cancel=cancel)
