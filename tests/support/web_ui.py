"""A browser that is signed in to the web UI of a running gateway."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page

from tests.support.browser import TIMEOUT_MS
from tests.support.gateway_process import Known

__all__ = ["WITH_UI", "sign_in", "visitor"]

WITH_UI = {"VIDEOCLIP_UI__ENABLED": "true"}
"""For the gateway's environment."""
_FIRST_MS = 240_000
"""The first page waits until the UI is imported: seven processor seconds, of which a busy machine gives a tenth at a time."""
_HARMLESS = ("net::ERR_", "status of 4", "status of 5")
"""What a browser's console says about answers that a test has provoked."""


@contextlib.contextmanager
def visitor(browser: Browser, base: str, **options: Any) -> Iterator[tuple[BrowserContext, Page]]:
    """A browser of its own, English unless ``locale`` says otherwise, on no page yet.

    Leaving it checks that no script failed and that the Content-Security-Policy had nothing to refuse.
    """
    settings = {"locale": "en-US", "base_url": base, "viewport": {"width": 1200, "height": 800}}
    context = browser.new_context(**{**settings, **options})
    context.set_default_timeout(TIMEOUT_MS)
    context.set_default_navigation_timeout(_FIRST_MS)
    faults: list[str] = []
    context.on("weberror", lambda error: faults.append(str(error.error)))
    context.on(
        "console",
        lambda message: (
            faults.append(message.text)
            if message.type == "error" and not any(word in message.text for word in _HARMLESS)
            else None
        ),
    )
    try:
        yield context, context.new_page()
    finally:
        context.close()
    assert not faults, faults


def sign_in(context: BrowserContext, known: Known) -> None:
    """Let the browser be that person; works once for each `Known`, whose refresh token is used up."""
    base = context.new_page()
    base.goto("/ui/sign-in")
    answer = base.evaluate(
        """async (token) => (await fetch('/ui/session', {method: 'PUT',
          headers: {'Content-Type': 'application/json'}, body: JSON.stringify({refresh_token: token})})).status""",
        known.refresh_token,
    )
    base.close()
    assert answer == 200
