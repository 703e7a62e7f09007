"""What the platform outlives: scenarios that break something on purpose. `python -m tests.chaos` runs them (docs/chaos.md).

A scenario is a module of this package that defines ``SCENARIO``. Its function gets an empty folder, does the
damage, asserts what must hold, and returns what it measured.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Facts", "Scenario", "scenarios"]

Facts = dict[str, str | int | float]


@dataclass(frozen=True)
class Scenario:
    """Something that is broken, and what must hold nevertheless."""

    name: str
    broken: str
    """What is done to the platform, in a few words."""
    promise: str
    """One line."""
    limit_s: float
    """After that it is killed, with all that it started, and counts as failed."""
    run: Callable[[Path], Facts]
    root: bool = False
    """Whether it makes network namespaces; without the right to, it is left out, and the summary says so."""


def scenarios() -> dict[str, Scenario]:
    """All scenarios by name."""
    found = (
        importlib.import_module(f"{__name__}.{module.name}").SCENARIO
        for module in pkgutil.iter_modules(__path__)
        if module.name != "__main__" and not module.name.startswith("_")
    )
    return {one.name: one for one in sorted(found, key=lambda one: one.name)}
