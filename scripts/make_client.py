"""Write the client without `async` from the one with: the same files, word by word.

python scripts/make_client.py            write it
python scripts/make_client.py --check    fail if it is not what the other one says
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "videoclip" / "client" / "_async"
TARGET = ROOT / "videoclip" / "client" / "_sync"
MARK = "# Made from ../_async/{name} by `make docs`; do not edit.\n"
RULES = [
    (r"\basync (def|with|for)\b", r"\1"),
    (r"\bawait\s+", ""),
    (r"\bAwaitable\[(\w+)\]", r"\1"),
    (r"\bAsyncGenerator\[(\w+), None\]", r"Generator[\1, None, None]"),
    (r"\b_async\b", "_sync"),
    (r"\basync_(\w+)", r"\1"),
    (r"\b__a(enter|exit|iter|next)__\b", r"__\1__"),
    (r"\ba(iter_bytes|iter_lines|read|close|closing)\b", r"\1"),
    (r"\basynccontextmanager\b", "contextmanager"),
    (r"\bAsync([A-Z]\w*)", r"\1"),
    (r"The asynchronous client\. The one without `async` is made from these files by `make docs`\.",
     "The client without `async`, made from the other one by `make docs`."),
]  # fmt: skip
"""In this order, over code and examples alike."""


def rewritten(text: str, name: str) -> str:
    """A file of the client without `async`, as ruff writes it."""
    for pattern, by in RULES:
        text = re.sub(pattern, by, text)
    text = MARK.format(name=name) + text
    for command in (["check", "--select", "F401", "--fix-only", "-q"], ["format", "-q"]):
        done = subprocess.run(
            [Path(sys.executable).with_name("ruff"), *command, "--stdin-filename", str(TARGET / name), "-"],
            input=text, capture_output=True, text=True, check=True, cwd=ROOT,
        )  # fmt: skip
        text = done.stdout
    return text


def wanted() -> dict[str, str]:
    """The client without `async`, by file names."""
    return {
        path.name: rewritten(path.read_text(encoding="utf-8"), path.name)
        for path in sorted(SOURCE.glob("*.py"))
    }


def there() -> dict[str, str]:
    """What there is of it."""
    return {path.name: path.read_text(encoding="utf-8") for path in TARGET.glob("*.py")}


def current() -> int:
    """0 if it is what the other one says, else 1."""
    right, found = wanted(), there()
    stale = sorted(name for name in right | found if right.get(name) != found.get(name))
    if stale:
        sys.stderr.write(
            f"error: not current in {TARGET.relative_to(ROOT)}: {', '.join(stale)}\n"
            "  what to do: make docs\n"
        )
    return int(bool(stale))


def write() -> int:
    """Write it; 0."""
    right, found = wanted(), there()
    TARGET.mkdir(exist_ok=True)
    for name in found.keys() - right.keys():
        (TARGET / name).unlink()
    for name, text in right.items():
        if found.get(name) != text:
            (TARGET / name).write_text(text, encoding="utf-8")
            print(f"wrote {(TARGET / name).relative_to(ROOT)}")
    return 0


def main() -> int:
    """Write or check."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    return current() if parser.parse_args().check else write()


if __name__ == "__main__":
    sys.exit(main())
