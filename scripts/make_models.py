"""Make the tiny FunASR models that the tests and ``assets/models`` use: ``make models``.

They are real: FunASR's own classes, loaded by its ``AutoModel`` from folders. The recogniser, the speech
detector, the punctuation and the speaker model are trained, on speech of flite's voices and a vocabulary of
some sixty words; SenseVoice and SeACo have random weights, so that their way through the code can be walked.
Three quarters of an hour on one processor.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:  # run as a program, Python has put only scripts/ there
    sys.path.insert(0, str(ROOT))

from scripts import _tiny_paraformer as paraformer  # noqa: E402
from scripts import _tiny_parts as parts  # noqa: E402
from scripts._flite import has_libflite  # noqa: E402

__all__ = ["MODELS", "make_models"]

MODELS = ROOT / "assets" / "models"
UTTERANCES = 1_200
CYCLES = ((10, 2.5e-3, 0.25), (14, 1.5e-3, 0.2), (10, 1e-3, 0.1))
_PARTS = ("paraformer", "fsmn-vad", "ct-punc", "campplus", "seaco", "sensevoice")


def make_models(folder: Path, only: list[str] | None = None) -> None:
    """Write the folders; one thread, so that sums come in the same order each time."""
    import torch

    torch.set_num_threads(1)
    began = time.monotonic()

    def report(text: str) -> None:
        sys.stderr.write(f"{time.monotonic() - began:6.0f} s  {text}\n")

    chosen = only or list(_PARTS)
    make: dict[str, Callable[[Path], object]] = {
        "fsmn-vad": lambda where: parts.speech_detector(where, parts.spoken(45, 77)),
        "ct-punc": parts.punctuation,
        "campplus": lambda where: parts.speakers(where, parts.spoken(300, 78)),
        "seaco": parts.seaco,
        "sensevoice": parts.sensevoice,
        "paraformer": lambda where: paraformer.train(
            where, paraformer.prepare(UTTERANCES, report=report), cycles=CYCLES, report=report
        ),
    }
    for name in chosen:
        make[name](folder / name)
        report(f"{name} made")


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-o", "--out", type=Path, default=MODELS)
    parser.add_argument("--only", nargs="+", choices=_PARTS)
    given = parser.parse_args()
    if not has_libflite():
        sys.stderr.write("flite's library is missing: apt-get install libflite1\n")
        return 1
    make_models(given.out, given.only)
    return 0


if __name__ == "__main__":
    sys.exit(main())
