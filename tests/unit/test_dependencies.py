"""Every declared dependency is explained, and nothing is explained that is not declared."""

from __future__ import annotations

import re
from pathlib import Path

import tomllib

ROOT = Path(__file__).resolve().parents[2]
FIXED = (
    "ray", "funasr", "vllm", "torch", "decord", "ffmpeg-python", "sqlalchemy", "asyncpg", "gradio",
)  # fmt: skip
"""What the project is built on, whatever else changes."""


def declared() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = [
        *project["dependencies"],
        *(d for part in project["optional-dependencies"].values() for d in part),
    ]
    names = {re.split(r"[\[<>=!~; ]", line, maxsplit=1)[0].lower() for line in lines}
    return {name for name in names - {"video-clip"} if not name.startswith("types-")}


def test_each_dependency_has_its_place_in_the_document() -> None:
    text = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8").lower()
    told = set(re.findall(r"[a-z0-9][a-z0-9_-]*", text.replace("\u2011", "-")))
    assert sorted(declared() - told) == []


def test_what_the_project_is_built_on_is_declared() -> None:
    assert set(FIXED) <= declared()
