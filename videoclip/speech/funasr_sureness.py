"""How sure a Paraformer is of each token: FunASR computes it and does not give it away."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

__all__ = ["Sureness"]

_METHOD = "cal_decoder_with_predictor"


class Sureness:
    """Listens to a network's decoder; networks without one (SenseVoice) or with another (SeACo) give nothing.

    Args:
        network: FunASR's model class; its decoder's output is watched from now on.
    """

    def __init__(self, network: Any) -> None:
        self._seen: list[list[float]] = []
        self._special = {getattr(network, name, None) for name in ("sos", "eos", "blank_id")}
        decode = getattr(network, _METHOD, None)
        if decode is None:
            return

        def watched(*given: Any, **named: Any) -> Any:
            output = decode(*given, **named)
            self._keep(output)
            return output

        setattr(network, _METHOD, watched)

    def forget(self) -> None:
        """Before a new batch."""
        self._seen.clear()

    def add_to(self, results: Sequence[dict[str, Any]]) -> None:
        """``confidence`` beside ``timestamp``, from 0 to 1, where there is one for each pair of times."""
        if len(self._seen) != len(results):
            return
        for result, sure in zip(results, self._seen, strict=True):
            if len(sure) == len(result.get("timestamp") or ()):
                result["confidence"] = sure

    def _keep(self, output: Any) -> None:
        scores, counts = output[0], output[1]
        for row, count in zip(scores, counts, strict=True):
            best, tokens = row[: int(count)].float().max(dim=-1)
            self._seen.append(
                [
                    float(value)
                    for value, token in zip(best.exp().tolist(), tokens.tolist(), strict=True)
                    if token not in self._special
                ]
            )
