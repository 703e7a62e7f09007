# Made from ../_async/resource.py by `make docs`; do not edit.
"""What all resources share: their transport, and lists that are read page by page."""

from __future__ import annotations

from collections.abc import Iterator, Callable, Sequence
from typing import Any, Generic, TypeVar
from urllib.parse import quote

from videoclip.client._sync.transport import Transport

__all__ = ["Listing", "Resource", "segment"]

T = TypeVar("T")
P = TypeVar("P")


class Resource:
    """A part of the API."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._transport.config.base_url}>"


class Listing(Generic[P, T]):
    """A long list: entries by iterating, pages by `pages`; asked for as it is read."""

    def __init__(
        self,
        page: Callable[[Any], P],
        entries: Callable[[P], Sequence[T]],
        after: Callable[[P], Any],
    ) -> None:
        self._page = page
        self._entries = entries
        self._after = after

    def __iter__(self) -> Iterator[T]:
        for page in self.pages():
            for entry in self._entries(page):
                yield entry

    def pages(self) -> Iterator[P]:
        """The pages as the server tells them."""
        cursor: Any = None
        while True:
            page = self._page(cursor)
            yield page
            cursor = self._after(page)
            if cursor is None:
                return


def segment(text: str, *, folders: bool = False) -> str:
    """A word as a part of a path; ``folders``: its slashes stay."""
    return quote(text, safe="/" if folders else "")
