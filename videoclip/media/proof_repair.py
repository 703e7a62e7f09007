"""Proves a file, and mends by copying what copying can mend: the order of its boxes and foreign metadata."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import ffmpeg

from videoclip.errors import MediaToolFailed
from videoclip.media.bench import CONTAINER, Bench
from videoclip.media.proof import Expectation, prove
from videoclip.schemas import Proof

__all__ = ["prove_and_mend"]

_MENDABLE = frozenset({"faststart", "metadata"})
_MENDED = "mended"


def prove_and_mend(bench: Bench, out: Path, expect: Expectation) -> Proof:
    """As ``prove``; a file that copying can mend is replaced, once, and a notice says so."""
    proof = prove(out, expect=expect, limits=bench.limits, threads=bench.threads)
    wrong = [check.name for check in proof.checks if not check.ok and check.name in _MENDABLE]
    if not wrong:
        return proof
    part = out.with_name(_MENDED + out.suffix)
    source = ffmpeg.input(out.name, f="mov")
    options: dict[str, Any] = {"map": 0, "c": "copy", **CONTAINER}
    try:
        bench.run(
            ffmpeg.output(source, part.name, **options).get_args(),
            Fraction(proof.duration_ms or 0, 1000),
        )
    except MediaToolFailed:
        part.unlink(missing_ok=True)
        return proof
    again = prove(part, expect=expect, limits=bench.limits, threads=bench.threads)
    failed = {check.name for check in proof.checks if not check.ok}
    if {check.name for check in again.checks if not check.ok} < failed:
        part.replace(out)
        bench.repaired(wrong, again)
        return again
    part.unlink(missing_ok=True)
    return proof
