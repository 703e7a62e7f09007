"""Frames of styles: few at a time, and the last ones are remembered, since whoever tries styles goes back and forth."""

from __future__ import annotations

from collections import OrderedDict

from pipelines.preview import PreviewWish, make_preview
from serve_apps.gateway.background import Background
from videoclip.settings import Settings
from videoclip.store.objects import Objects
from videoclip.store.threads import in_thread

__all__ = ["Previews"]

_AT_ONCE = 2
_KEPT = 100
"""Frames of 30 to 150 kB."""


class Previews:
    """The frames that this process makes."""

    def __init__(self) -> None:
        self._background = Background(_AT_ONCE)
        self._kept: OrderedDict[str, bytes] = OrderedDict()

    async def frame(
        self, key: str, wish: PreviewWish, objects: Objects, settings: Settings, *, wait_s: float
    ) -> bytes | None:
        """A frame as JPEG; None: it is being made, ask again.

        Args:
            key: the wish's.
            wish: what is to be seen.
            objects: where its files are.
            settings: limits.
            wait_s: how long to wait for it.

        Raises:
            VideoClipError: it cannot be made.
        """
        known = self._kept.get(key)
        if known is not None:
            self._kept.move_to_end(key)
            return known

        async def work() -> bytes:
            made = await in_thread(make_preview, wish, objects, settings)
            self._kept[key] = made
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
            return made

        return await self._background.run(key, work, wait_s=wait_s)
