"""The commands of a guide, run as they stand there, so that guide and test cannot differ."""

from __future__ import annotations

import re
from pathlib import Path

__all__ = ["commands"]

_BLOCK = re.compile(r"^( *)```sh\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)


def commands(guide: Path, part: str) -> str:
    """All shell blocks below one heading of the second level, as one script."""
    text = guide.read_text(encoding="utf-8")
    _, _, rest = text.partition(f"\n## {part}\n")
    rest = rest.partition("\n## ")[0]
    blocks = [
        "".join(line.removeprefix(found[1]) for line in found[2].splitlines(keepends=True))
        for found in _BLOCK.finditer(rest)
    ]
    if not blocks:
        message = f"{guide.name} has no commands below {part}"
        raise ValueError(message)
    return "\n".join(blocks)
