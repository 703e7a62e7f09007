"""The pages there are. A new one is a line here, a module below `static/`, and its texts."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

__all__ = ["PAGES", "Page", "table"]


@dataclass(frozen=True, slots=True)
class Page:
    """One page."""

    name: str
    """Also the key of its title: ``page.NAME``."""
    path: str
    """Below the UI's own path; empty: the first page."""
    module: str
    """Below ``static/``; its default export is the element that fills the page."""
    nav: bool = False
    """Whether the bar at the top has it."""
    scope: str = ""
    """What one must be allowed to do to see it; empty: anything."""
    admin: bool = False
    """Only for administrators of the installation."""
    open: bool = False
    """Also for who has not signed in."""
    wide: bool = False
    """It uses the whole width."""


PAGES = (
    Page("library", "", "pages/library.js", nav=True, scope="assets:read"),
    Page("new", "new", "pages/new-job.js", scope="jobs:write"),
    Page("jobs", "jobs", "pages/jobs.js", nav=True, scope="jobs:read"),
    Page("job", "job", "pages/job.js", scope="jobs:read"),
    Page("review", "review", "review/review.js", scope="transcripts:read", wide=True),
    Page("clips", "clips", "pages/clips.js", nav=True, scope="clips:read"),
    Page("ask", "ask", "pages/ask.js", nav=True, scope="search:read"),
    Page("brand", "brand", "pages/brand.js", nav=True, scope="presets:read"),
    Page("admin", "admin", "pages/admin.js", nav=True, admin=True),
    Page("settings", "settings", "pages/settings.js"),
    Page("sign-in", "sign-in", "pages/sign-in.js", open=True),
)


def table() -> list[dict[str, Any]]:
    """The pages as the browser is told of them."""
    return [asdict(page) for page in PAGES]
