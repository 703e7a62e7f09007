"""More than two hundred random cuts over the format matrix, each frame and its time checked."""

from __future__ import annotations

import random
import shutil
import time
from collections import Counter
from pathlib import Path

from tests.support.matrix import MATRIX, check_cut, make_source, random_range
from videoclip.schemas import CutMode

__all__ = ["exact"]

_CUTS = 10
"""For each source; three of four by the smart way."""


def exact(folder: Path) -> None:
    """Print how many cuts were exact, and which were not."""
    chance, ways, wrong, began = random.Random(3), Counter[str](), [], time.monotonic()
    for kind in MATRIX.values():
        source = make_source(kind, folder)
        for number in range(_CUTS):
            piece = random_range(source, chance)
            mode = CutMode.ENCODE if number % 4 == 3 else CutMode.SMART
            work = folder / "work"
            try:
                done = check_cut(kind, source, [piece], work, mode)
                ways[f"{mode.value} asked, {done.mode.value} given"] += 1
            except Exception as error:  # noqa: BLE001 - one that fails must not hide the others
                wrong.append(f"{kind.name} {piece} {mode.value}: {error}"[:400])
            shutil.rmtree(work, ignore_errors=True)
        print(f"{kind.name:20} {sum(ways.values())} exact, {len(wrong)} wrong", flush=True)
    for line in wrong:
        print(line)
    total = sum(ways.values()) + len(wrong)
    print(
        f"{sum(ways.values())} of {total} exact in {time.monotonic() - began:.0f} s: {dict(ways)}"
    )
