"""What forms offer: the closed lists and bounds of the API's own requests, so that they cannot fall behind."""

from __future__ import annotations

from functools import cache
from typing import Any

from videoclip.schemas import ClipRequest

__all__ = ["choices"]


@cache
def choices() -> dict[str, list[Any]]:
    """Words to choose from by name, and bounds of numbers as ``[least, most]``."""
    schema = ClipRequest.model_json_schema()
    lists = {
        name[0].lower() + name[1:]: list(found["enum"])
        for name, found in schema["$defs"].items()
        if "enum" in found
    }
    top = schema["properties"]["top"]
    return {**lists, "top": [top["minimum"], top["maximum"]]}
