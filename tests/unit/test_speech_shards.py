"""Shard planning: every sound is in a shard, cuts fall into pauses, silence costs nothing."""

from __future__ import annotations

import json
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from videoclip.errors import RecognitionFailed
from videoclip.speech.audio import read_pcm, total_samples
from videoclip.speech.protocol import SAMPLE_RATE
from videoclip.speech.shards import ShardPlan, analyse, plan_shards, speech_spans

SECOND = SAMPLE_RATE
TARGET, LIMIT = 30_000, 45_000


def tone(seconds: float, level: float = 0.3, rng: np.random.Generator | None = None) -> np.ndarray:
    """A stand-in for speech: noise with a syllable-like envelope."""
    rng = rng or np.random.default_rng(5)
    count = int(seconds * SECOND)
    envelope = 0.6 + 0.4 * np.sin(2 * np.pi * 4 * np.arange(count) / SECOND)
    return rng.normal(0, level, count) * envelope


def hush(seconds: float, level: float = 0.0) -> np.ndarray:
    return np.random.default_rng(6).normal(0, level, int(seconds * SECOND))


def save(path: Path, *parts: np.ndarray) -> Path:
    samples = np.concatenate(parts)
    (np.clip(samples, -1, 1) * 32767).astype("<i2").tofile(path)
    return path


def talk(
    sentences: int, *, speech: float = 3.0, pause: float = 0.6, floor: float = 0.0
) -> np.ndarray:
    rng = np.random.default_rng(7)
    parts = []
    for _ in range(sentences):
        parts += [tone(speech, rng=rng), np.zeros(int(pause * SECOND))]
    samples = np.concatenate(parts)
    return samples + rng.normal(0, floor, len(samples)) if floor else samples


def check(plan: ShardPlan, limit_ms: int = LIMIT) -> None:
    """What holds for every plan."""
    assert [shard.index for shard in plan.shards] == list(range(len(plan.shards)))
    covered = np.zeros(plan.total_samples, bool)
    end = 0
    for shard in plan.shards:
        assert 0 <= shard.start_sample < shard.end_sample <= plan.total_samples
        assert shard.end_sample - shard.start_sample <= limit_ms * 16
        assert shard.start_sample == end - shard.overlap_samples or (
            not shard.overlap_samples and shard.start_sample >= end
        )
        covered[shard.start_sample : shard.end_sample] = True
        end = shard.end_sample
    for start, stop in plan.speech:
        assert covered[start:stop].all(), "speech outside of every shard"
    silent = np.zeros(plan.total_samples, bool)
    for start, stop in plan.pauses:
        silent[start:stop] = True
    assert (covered | silent).all(), "something is neither in a shard nor in a pause"


def test_reading_takes_only_the_range(tmp_path: Path) -> None:
    path = tmp_path / "a.pcm"
    np.arange(1000, dtype="<i2").tofile(path)
    assert total_samples(path) == 1000
    assert read_pcm(path, 10, 13).tolist() == [10, 11, 12]
    assert read_pcm(path, 998, 2000).tolist() == [998, 999]
    with pytest.raises(ValueError, match="no such range"):
        read_pcm(path, 5, 4)
    with pytest.raises(RecognitionFailed) as caught:
        read_pcm(tmp_path / "none.pcm", 0, 1)
    assert caught.value.remedy


def test_shards_end_in_pauses_near_the_target(tmp_path: Path) -> None:
    plan = plan_shards(
        save(tmp_path / "a.pcm", talk(60, floor=0.001)), target_ms=TARGET, max_ms=LIMIT
    )
    check(plan)
    assert len(plan.shards) in range(6, 10)
    for shard in plan.shards[:-1]:
        assert any(start <= shard.end_sample <= end for start, end in plan.pauses)
        assert 15 * SECOND <= shard.end_sample - shard.start_sample <= 40 * SECOND


def test_long_silence_is_in_no_shard(tmp_path: Path) -> None:
    path = save(
        tmp_path / "a.pcm", hush(30, 0.0005), talk(4), hush(60, 0.0005), talk(4), hush(40, 0.0005)
    )
    plan = plan_shards(path, target_ms=TARGET, max_ms=LIMIT)
    check(plan)
    heard = sum(shard.end_sample - shard.start_sample for shard in plan.shards)
    assert len(plan.shards) == 2
    assert heard < 32 * SECOND


@pytest.mark.parametrize("level", [0.0, 1e-5, 0.0004])
def test_a_recording_without_speech_has_no_shards(tmp_path: Path, level: float) -> None:
    plan = plan_shards(save(tmp_path / "a.pcm", hush(90, level)), target_ms=TARGET, max_ms=LIMIT)
    assert plan.shards == ()
    assert plan.pauses_ms == [(0, 90_000)]


def test_an_empty_recording_has_an_empty_plan(tmp_path: Path) -> None:
    (tmp_path / "a.pcm").write_bytes(b"")
    plan = plan_shards(tmp_path / "a.pcm", target_ms=TARGET, max_ms=LIMIT)
    assert (plan.shards, plan.speech, plan.pauses, plan.total_samples) == ((), (), (), 0)


def test_speech_without_pause_is_cut_at_its_weakest_with_overlap(tmp_path: Path) -> None:
    dip = tone(0.05, level=0.03)
    path = save(tmp_path / "a.pcm", tone(33), dip, tone(60))
    plan = plan_shards(path, target_ms=TARGET, max_ms=LIMIT)
    check(plan)
    assert plan.shards[0].overlap_samples == 0
    assert plan.shards[1].overlap_samples == SECOND * 3 // 2
    middle = (plan.shards[1].start_sample + plan.shards[0].end_sample) / 2 / SECOND
    assert middle == pytest.approx(33.0, abs=0.15)


@pytest.mark.parametrize("seconds", [100, 200])
def test_constant_loud_music_is_still_cut_into_shards(tmp_path: Path, seconds: int) -> None:
    rng = np.random.default_rng(8)
    music = 0.2 * np.sin(2 * np.pi * 440 * np.arange(seconds * SECOND) / SECOND)
    path = save(tmp_path / "a.pcm", music + rng.normal(0, 0.01, len(music)))
    plan = plan_shards(path, target_ms=TARGET, max_ms=LIMIT)
    check(plan)
    assert sum(end - start for start, end in plan.speech) == seconds * SECOND


def test_pauses_are_found_over_background_music(tmp_path: Path) -> None:
    speech = talk(40, speech=3.0, pause=0.6)
    music = 0.02 * np.sin(2 * np.pi * 330 * np.arange(len(speech)) / SECOND)
    plan = plan_shards(save(tmp_path / "a.pcm", speech + music), target_ms=TARGET, max_ms=LIMIT)
    check(plan)
    assert len(plan.pauses) >= 38
    assert all(shard.overlap_samples == 0 for shard in plan.shards)


def test_a_quiet_second_half_is_heard(tmp_path: Path) -> None:
    path = save(tmp_path / "a.pcm", talk(40), talk(40) * 0.05 + hush(40 * 3.6, 0.0002))
    plan = plan_shards(path, target_ms=TARGET, max_ms=LIMIT)
    check(plan)
    late = [span for span in plan.speech if span[0] > 40 * 3.6 * SECOND]
    assert len(late) >= 38


def test_known_pauses_come_back_to_the_frame(tmp_path: Path) -> None:
    path = save(tmp_path / "a.pcm", hush(0.5), tone(2), hush(0.4), tone(2), hush(0.1), tone(2))
    plan = plan_shards(path, target_ms=TARGET, max_ms=LIMIT)
    expected = [(0, 500), (2500, 2900)]  # 100 ms is articulation
    assert len(plan.pauses_ms) == len(expected)
    for found, wanted in zip(plan.pauses_ms, expected, strict=True):
        assert np.allclose(found, wanted, atol=20)


def test_plans_are_deterministic_and_survive_json(tmp_path: Path) -> None:
    path = save(tmp_path / "a.pcm", talk(30, floor=0.002))
    plan = plan_shards(path, target_ms=TARGET, max_ms=LIMIT)
    assert plan_shards(path, target_ms=TARGET, max_ms=LIMIT) == plan
    assert ShardPlan.from_json(json.loads(json.dumps(plan.to_json()))) == plan


@pytest.mark.parametrize("seed", range(8))
def test_every_plan_covers_the_recording(tmp_path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    parts = []
    for _ in range(rng.integers(1, 14)):
        parts.append(tone(rng.uniform(0.05, 12), rng.uniform(0.01, 0.4), rng))
        parts.append(hush(rng.choice([0.05, 0.2, 0.5, 4.0, 15.0]), 0.001))
    path = save(tmp_path / "a.pcm", *parts)
    for target, limit in ((5_000, 10_000), (20_000, 20_000), (TARGET, LIMIT)):
        check(plan_shards(path, target_ms=target, max_ms=limit), limit)


def test_an_hour_is_planned_in_a_second_or_two(tmp_path: Path) -> None:
    minute = save(tmp_path / "m.pcm", talk(17, floor=0.001)).read_bytes()
    path = tmp_path / "hour.pcm"
    with path.open("wb") as stream:
        for _ in range(58):
            stream.write(minute)
    began = time.process_time()
    plan = plan_shards(path, target_ms=TARGET, max_ms=LIMIT)
    assert time.process_time() - began < 4
    assert len(plan.shards) > 100


def test_impossible_lengths_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="max_ms"):
        plan_shards(tmp_path / "a.pcm", target_ms=30_000, max_ms=20_000)


def test_utterances_hold_all_speech_and_respect_the_limit() -> None:
    samples = (np.concatenate([talk(5), tone(40), hush(1), talk(3)]) * 32767).clip(-32767, 32767)
    pcm = samples.astype(np.int16)
    spans = speech_spans(pcm, min_pause_ms=500, margin_ms=150, max_ms=20_000)
    speech, _ = analyse(pcm)
    assert all(end - start <= 20_300 * 16 for start, end in spans)
    assert all(left[1] <= right[0] for left, right in pairwise(spans))
    covered = np.zeros(len(pcm), bool)
    for start, end in spans:
        covered[start:end] = True
    assert all(covered[start:end].all() for start, end in speech)
