"""A bounded part of the fuzzing, always the same files; `make fuzz` runs the rest."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzz.harness import Sandbox
from tests.fuzz.mutations import MUTATIONS, mutate
from tests.fuzz.samples import SAMPLES, make_samples

FILES = 30


@pytest.mark.slow
def test_damaged_media_become_clips_or_errors(tmp_path: Path) -> None:
    samples, box = tmp_path / "samples", tmp_path / "box"
    samples.mkdir()
    box.mkdir()
    sandbox = Sandbox(box, make_samples(samples))
    outcomes = [sandbox.run(f"ci:{number}") for number in range(FILES)]
    assert [outcome for outcome in outcomes if outcome.fault] == []
    assert {outcome.sample for outcome in outcomes} == set(SAMPLES)
    results = {outcome.result for outcome in outcomes}
    assert "clip" in results
    assert "probe:source_not_media" in results


def test_a_seed_always_gives_the_same_damage() -> None:
    data = bytes(range(256)) * 64
    assert mutate(data, "a:1") == mutate(data, "a:1")
    changed = [mutate(data, f"a:{number}") for number in range(200)]
    assert {name for names, _ in changed for name in names.split("+")} == set(MUTATIONS)
    assert sum(damaged != data for _, damaged in changed) > 180
