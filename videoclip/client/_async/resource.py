"""What all resources share: their transport, and lists that are read page by page."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, Generic, TypeVar
from urllib.parse import quote

from videoclip.client._async.transport import AsyncTransport

__all__ = ["AsyncListing", "AsyncResource", "segment"]

T = TypeVar("T")
P = TypeVar("P")


class AsyncResource:
    """A part of the API."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._transport.config.base_url}>"


class AsyncListing(Generic[P, T]):
    """A long list: entries by iterating, pages by `pages`; asked for as it is read."""

    def __init__(
        self,
        page: Callable[[Any], Awaitable[P]],
        entries: Callable[[P], Sequence[T]],
        after: Callable[[P], Any],
    ) -> None:
        self._page = page
        self._entries = entries
        self._after = after

    async def __aiter__(self) -> AsyncIterator[T]:
        async for page in self.pages():
            for entry in self._entries(page):
                yield entry

    async def pages(self) -> AsyncIterator[P]:
        """The pages as the server tells them."""
        cursor: Any = None
        while True:
            page = await self._page(cursor)
            yield page
            cursor = self._after(page)
            if cursor is None:
                return


def segment(text: str, *, folders: bool = False) -> str:
    """A word as a part of a path; ``folders``: its slashes stay."""
    return quote(text, safe="/" if folders else "")
