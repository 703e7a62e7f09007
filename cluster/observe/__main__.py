"""`python -m cluster.observe`: write dashboards and rules."""

from __future__ import annotations

import sys

from cluster.observe.files import FOLDER, documents

if __name__ == "__main__":
    for name, text in documents().items():
        (FOLDER / name).parent.mkdir(exist_ok=True)
        (FOLDER / name).write_text(text, encoding="utf-8")
        sys.stdout.write(f"wrote {FOLDER / name}\n")
