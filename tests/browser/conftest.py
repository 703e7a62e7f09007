"""Shared by the browser tests: one Chromium for each module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.support.browser import TIMEOUT_MS, open_browser

expect.set_options(timeout=TIMEOUT_MS)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless Chromium. Where there is none, the tests fail and say what to do."""
    with open_browser() as opened:
        yield opened
