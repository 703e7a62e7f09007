"""What a simulated video is, and what its engines cost: recorded once, in `recorded.json`, with the machine."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

__all__ = ["HOUR_MS", "SHARD_MS", "Shape", "recorded", "sentences"]

HOUR_MS = 3_600_000
SHARD_MS = 30_000
_ROOT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True, slots=True)
class Shape:
    """A video, and what is made of it."""

    minutes: float = 3.0
    clips: int = 1

    @property
    def duration_ms(self) -> int:
        """Length of the video."""
        return round(self.minutes * 60_000)

    @property
    def shards(self) -> int:
        """Pieces that are recognised."""
        return -(-self.duration_ms // SHARD_MS)

    @property
    def hours(self) -> float:
        """Length of the video."""
        return self.duration_ms / HOUR_MS

    @property
    def engine_s(self) -> float:
        """What the engines of a job would work, processor seconds."""
        cost = recorded()
        work = (
            self.shards * SHARD_MS / 1000 * cost["recognise_s_per_audio_s"]
            + cost["highlight_s_per_window"]
            + self.clips * cost["render_s_per_clip"]
        )
        return float(work)

    def to_json(self) -> str:
        """As it is written into a simulated source."""
        return json.dumps(asdict(self))


@cache
def recorded() -> dict[str, Any]:
    """Costs of the real engines, and a real proof of a clip."""
    found: dict[str, Any] = json.loads(Path(__file__).with_name("recorded.json").read_text("utf-8"))
    return found


@cache
def sentences() -> tuple[str, ...]:
    """What is said in simulated videos: the sample's sentences."""
    truth = json.loads((_ROOT / "assets" / "sample" / "truth.json").read_text("utf-8"))
    return tuple(sentence["text"] for sentence in truth["sentences"])
