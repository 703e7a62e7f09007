"""What a job has spent on a language model, kept where all its workers see it, and its limits."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

__all__ = ["BudgetSpent", "Ledger", "Spent"]


class BudgetSpent(Exception):
    """The next request might go over a limit of the job. Its text says which."""


@dataclass(frozen=True, slots=True)
class Spent:
    """Sums over requests; failed ones count with what is known of them."""

    requests: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    seconds: float = 0.0
    estimated: bool = False

    def plus(self, other: Spent) -> Spent:
        """Both together."""
        return Spent(
            self.requests + other.requests,
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
            self.seconds + other.seconds,
            self.estimated or other.estimated,
        )


@dataclass(frozen=True, slots=True)
class Ledger:
    """A file that several processes of one machine (or shared file system) write to under a lock.

    A request reserves what it may cost before it is sent, so that requests in flight together cannot go over
    the limit of tokens; the reservation gives way to the real cost. Seconds are known only afterwards: the
    last request may go over by its own time-out.
    """

    path: Path
    max_tokens: int | None = None
    max_seconds: float | None = None

    def reserve(self, tokens: int) -> None:
        """Set tokens aside for a request.

        Raises:
            BudgetSpent: they, or another second, are more than the job may spend.
        """
        with self._locked() as (file, spent, reserved):
            used = spent.prompt_tokens + spent.completion_tokens + reserved
            if self.max_tokens is not None and used + tokens > self.max_tokens:
                raise BudgetSpent(
                    f"the job has used {used} of its {self.max_tokens} language model tokens, and the next "
                    f"request may take {tokens}"
                )
            if self.max_seconds is not None and spent.seconds >= self.max_seconds:
                raise BudgetSpent(
                    f"the job has waited {spent.seconds:.0f} of its {self.max_seconds:.0f} seconds for the "
                    "language model"
                )
            file.write(json.dumps({"reserved": tokens}) + "\n")

    def settle(self, tokens: int, spent: Spent) -> None:
        """Put the real cost in the place of a reservation."""
        with self._locked() as (file, _, _):
            row = {
                "reserved": -tokens,
                "requests": spent.requests,
                "prompt": spent.prompt_tokens,
                "completion": spent.completion_tokens,
                "seconds": round(spent.seconds, 3),
                "estimated": spent.estimated,
            }
            file.write(json.dumps(row) + "\n")

    def total(self) -> Spent:
        """What has been spent so far."""
        with self._locked() as (_, spent, _):
            return spent

    @contextmanager
    def _locked(self) -> Iterator[tuple[IO[str], Spent, int]]:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a+", encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.seek(0)
            spent, reserved = Spent(), 0
            for line in file:
                row = json.loads(line)
                reserved += row["reserved"]
                spent = spent.plus(
                    Spent(
                        row.get("requests", 0),
                        row.get("prompt", 0),
                        row.get("completion", 0),
                        row.get("seconds", 0.0),
                        row.get("estimated", False),
                    )
                )
            yield file, spent, reserved
