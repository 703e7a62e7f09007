"""What all that is sent to the API shares."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator

__all__ = ["Incoming"]


class Incoming(BaseModel):
    """Base of what is sent: unknown fields are refused, and text that is none in any encoding."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _is_text(cls, given: Any) -> Any:
        r"""JSON may hold half a pair such as ``\ud83d``, which no answer could tell again."""
        waiting = [given]
        while waiting:
            part = waiting.pop()
            if isinstance(part, str):
                try:
                    part.encode()
                except UnicodeEncodeError:
                    raise ValueError("half a surrogate pair is no text") from None
            elif isinstance(part, dict):
                waiting += [*part, *part.values()]
            elif isinstance(part, list):
                waiting += part
        return given
