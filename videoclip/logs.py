"""The log of programs that stay: one line an event on standard error, as text or as JSON, without secrets."""

from __future__ import annotations

import hashlib
import json
import logging
import signal
import threading
from collections.abc import Callable
from datetime import datetime, timezone
from types import FrameType
from typing import Final

from videoclip.observe import redaction, tracing
from videoclip.settings import ObserveSettings

__all__ = ["hashed", "log_to_stderr", "tell_always"]

_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
_FIELDS: Final = ("request_id", "user", "job", "attempt", "unit", "status", "duration_ms")
"""What records may carry beside their text (``extra=``)."""
_always: dict[str, str | int] = {}


class _Json(logging.Formatter):
    """One object a line: time (UTC), level, logger, message, and what is known of job, user and trace."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, timezone.utc)
        said: dict[str, object] = {
            "time": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **_always,
        }
        said |= {name: record.__dict__[name] for name in _FIELDS if name in record.__dict__}
        if trace := tracing.trace_id():
            said["trace_id"] = trace
        if record.exc_info or record.exc_text:
            said["exception"] = record.exc_text or self.formatException(record.exc_info or ())  # type: ignore[arg-type]
        return json.dumps(said, ensure_ascii=True)


def log_to_stderr(observe: ObserveSettings | None = None) -> None:
    """Set up the root logger, once in a process; migrations tell only what went wrong.

    SIGUSR2 switches between the level of the settings and debug.
    """
    observe = observe or ObserveSettings()
    logging.basicConfig(level=observe.log_level.upper(), format=_FORMAT)
    if observe.log_format == "json":
        for handler in logging.getLogger().handlers:
            handler.setFormatter(_Json())
    redaction.install()
    logging.getLogger("alembic").setLevel(logging.WARNING)
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGUSR2, _switch(logging.getLevelName(observe.log_level.upper())))


def _switch(usual: int) -> Callable[[int, FrameType | None], None]:
    def switch(_number: int, _frame: FrameType | None) -> None:
        root = logging.getLogger()
        root.setLevel(usual if root.level == logging.DEBUG else logging.DEBUG)
        root.log(root.level, "the level of the log is %s now", logging.getLevelName(root.level))

    return switch


def tell_always(**fields: str | int) -> None:
    """Put these into every JSON record of this process: the job of a runner."""
    _always.update(fields)


def hashed(user_id: str | None) -> str | None:
    """A user's id as the log may hold it: the same person is the same word, and the word names nobody."""
    return None if user_id is None else hashlib.sha256(f"log:{user_id}".encode()).hexdigest()[:16]
