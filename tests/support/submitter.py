"""A client that asks for job after job without a pause for whatever goes on at the server; it counts what fails."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

__all__ = ["Submitter"]

_STOP_S = 60.0


@dataclass
class Submitter:
    """Each request has its own `Idempotency-Key` and is repeated until it is confirmed, as the SDK does."""

    base: str
    headers: dict[str, str]
    request: Callable[[int], dict[str, Any]]
    pause_s: float = 0.2
    most: int = 1_000_000
    """When so many are confirmed it waits; may be raised while it works."""
    confirmed: dict[str, str] = field(default_factory=dict)
    """Job of each key."""
    failed: list[tuple[float, str]] = field(default_factory=list)
    """When an answer was none, and what came instead."""
    longest_gap_s: float = 0.0
    """The longest time from one confirmation to the next."""
    wrong: list[str] = field(default_factory=list)
    """Answers that no repetition mends."""

    def __post_init__(self) -> None:
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)

    def start(self) -> Submitter:
        """Begin."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """Finish the request at hand, and end."""
        self._stopped.set()
        self._thread.join(_STOP_S)
        assert not self._thread.is_alive(), (
            f"the last request is never confirmed: {self.failed[-3:]}"
        )

    def _work(self) -> None:
        last = time.monotonic()
        with httpx.Client(base_url=self.base, headers=self.headers, timeout=30) as client:
            while not self._stopped.is_set():
                if len(self.confirmed) >= self.most:
                    self._stopped.wait(0.05)
                    continue
                key = f"key-{len(self.confirmed)}"
                body = {"request": self.request(len(self.confirmed))}
                while (job_id := self._ask(client, key, body)) is None:
                    if self.wrong:
                        return
                    time.sleep(0.1)
                self.confirmed[key] = job_id
                now = time.monotonic()
                self.longest_gap_s, last = max(self.longest_gap_s, now - last), now
                self._stopped.wait(self.pause_s)

    def _ask(self, client: httpx.Client, key: str, body: dict[str, Any]) -> str | None:
        try:
            answer = client.post("/api/v1/jobs", json=body, headers={"Idempotency-Key": key})
        except httpx.TransportError as error:
            self.failed.append((time.monotonic(), repr(error)))
            return None
        if answer.is_success:
            return str(answer.json()["id"])
        told = f"{answer.status_code} {answer.text[:300]}"
        self.failed.append((time.monotonic(), told))
        if answer.status_code < 500:
            self.wrong.append(told)
        return None
