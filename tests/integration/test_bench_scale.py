"""The benchmark of scale works, and what it promises of the database holds at small numbers already."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.capacity import SIZES, load, tables
from tests.benchmarks.scale.measure import exponent
from tests.benchmarks.scale.world import TENANTS

ROOT = Path(__file__).resolve().parents[2]
VIDEOS = 40
MOST_STATEMENTS = 400
"""Of a job of two shards and one clip; it takes about 240."""
MOST_ROWS = 60


def test_a_jobs_share_of_the_database_does_not_grow(tmp_path: Path) -> None:
    told = tmp_path / "told.json"
    done = subprocess.run(
        [
            *(sys.executable, "-m", "tests.benchmarks.scale", "growth", "--threads"),
            *("--videos", str(VIDEOS), "--json", told),
        ],
        cwd=ROOT, env={**os.environ, "VIDEOCLIP_JOBS__HEARTBEAT_MS": "60000"},
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert told.exists(), done.stderr
    small, large = json.loads(told.read_text())["growth"]["steps"]
    assert (small["videos"], large["videos"]) == (20, VIDEOS)
    for step in (small, large):
        assert step["statements"] / step["videos"] < MOST_STATEMENTS
        assert step["rows"] / step["videos"] < MOST_ROWS
    later = large["statements"] - small["statements"]
    # Dispatchers that look for work on a busy machine count, too; a square would be three times.
    assert later / (VIDEOS - 20) < 1.5 * small["statements"] / 20
    assert {wait["tenant"] for wait in large["waits"]} == {tenant.name for tenant in TENANTS}
    assert done.returncode in (0, 1), done.stderr  # 1: so few say little of growth


def test_the_exponent_tells_linear_from_square() -> None:
    sizes = [100, 300, 1000]
    assert exponent(sizes, [7.0 * n for n in sizes]) == pytest.approx(1)
    assert exponent(sizes, [0.1 * n * n for n in sizes]) == pytest.approx(2)
    assert exponent(sizes, [5.0] * 3) == pytest.approx(0)


def test_the_capacity_guide_shows_what_the_model_reckons() -> None:
    model = load()
    told = tables(model)
    for name in ("capacity.md", "zh/capacity.md"):
        assert told in (ROOT / "docs" / name).read_text(encoding="utf-8"), "run scripts/capacity.py"
    small, _, large = (model.plan(hours, gpu=False) for hours in SIZES)
    assert large.cores == pytest.approx(small.cores * 10_000)
    assert large.bottleneck[1] > 1 > small.bottleneck[1]
