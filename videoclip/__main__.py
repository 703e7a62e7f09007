"""``python -m videoclip``: the command."""

from __future__ import annotations

from videoclip.cli.main import entry

if __name__ == "__main__":
    entry()
