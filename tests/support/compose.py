"""Compose files as Docker reads them: variables put in, `<<` merged."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from tests.support.command import ROOT

FOLDER = ROOT / "cluster" / "compose"
_VARIABLE = re.compile(r"\$\{([A-Z_]+)(?:(:-|:\?)((?:[^{}]|\$\{[A-Z_]+\})*))?\}")


def interpolated(text: str, variables: dict[str, str]) -> str:
    """The text with ``${NAME}``, ``${NAME:-default}`` and ``${NAME:?message}`` replaced."""

    def value(found: re.Match[str]) -> str:
        name, kind, rest = found.groups()
        if variables.get(name):
            return variables[name]
        if kind == ":?":
            raise KeyError(f"{name}: {rest}")
        return interpolated(rest or "", variables)

    return _VARIABLE.sub(value, text)


def compose_file(name: str, variables: dict[str, str]) -> dict[str, Any]:
    """A file of `cluster/compose`."""
    content: dict[str, Any] = yaml.safe_load(interpolated((FOLDER / name).read_text(), variables))
    return content


def env_file(path: Path) -> dict[str, str]:
    """A file of NAME=value lines, as Compose reads ours."""
    lines = [line for line in path.read_text().splitlines() if line and not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)
