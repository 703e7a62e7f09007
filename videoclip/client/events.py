"""Server-sent events, read line by line (HTML Living Standard, 9.2.6)."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["EventReader", "Frame"]


@dataclass(frozen=True, slots=True)
class Frame:
    """One event as it was sent."""

    event: str
    data: str


@dataclass(slots=True)
class EventReader:
    """Makes events of lines; remembers what is needed to go on after a break."""

    last_id: str = ""
    """Id of the last event that was complete."""
    retry_s: float | None = None
    """Pause before connecting again, as the server says."""
    _id: str = ""
    _event: str = ""
    _data: list[str] = field(default_factory=list)

    def feed(self, line: str) -> Frame | None:
        """Take a line without its end; the event that it completes, if it does."""
        if not line:
            return self._complete()
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            self._data.append(value)
        elif name == "event":
            self._event = value
        elif name == "id" and "\0" not in value:
            self._id = value
        elif name == "retry" and value.isascii() and value.isdecimal():
            self.retry_s = min(int(value[:9]) / 1000, 60.0)
        return None

    def begin(self) -> None:
        """Forget half an event: a new connection begins."""
        self._id, self._event = self.last_id, ""
        self._data.clear()

    def _complete(self) -> Frame | None:
        self.last_id = self._id
        frame = Frame(self._event or "message", "\n".join(self._data)) if self._data else None
        self._event = ""
        self._data.clear()
        return frame
