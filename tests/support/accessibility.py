"""What axe-core, the usual checker of accessibility, finds in a page."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import BrowserContext, Page

from tests.support.command import ROOT

__all__ = ["barriers", "let_check"]

_AXE = ROOT / "tests" / "axe" / "node_modules" / "axe-core" / "axe.min.js"
_GRAVE = {"serious", "critical"}


def let_check(context: BrowserContext) -> None:
    """Have the checker in every page of the context from now on.

    Raises:
        RuntimeError: it is not installed.
    """
    if not _AXE.is_file():
        raise RuntimeError("axe-core is not here: run `make setup-test`, which installs it")
    context.add_init_script(path=_AXE)


def barriers(page: Page) -> list[str]:
    """The serious and critical ones of our element, in words; empty: none was found."""
    found: dict[str, Any] = page.evaluate("() => axe.run(document.querySelector('vc-app'))")
    assert len(found["passes"]) > 5, "the checker has looked at the page"
    return [
        f"{one['impact']} {one['id']}: {node['html'][:160]} ({node['failureSummary'][:160]})"
        for one in found["violations"]
        if one["impact"] in _GRAVE
        for node in one["nodes"]
    ]
