# Made from ../_async/presets.py by `make docs`; do not edit.
"""Brand kits."""

from __future__ import annotations

from typing import Literal

from videoclip.client._sync.resource import Listing, Resource, segment
from videoclip.client.bodies import dumped, read, valid
from videoclip.client.operations import operation
from videoclip.client.problems import WaitEnded
from videoclip.client.retry import retry_after_s
from videoclip.client.waiting import sleep
from videoclip.schemas import RenderOptions
from videoclip.schemas.api.presets import PresetChange, PresetIn, PresetOut, PresetPage, PreviewIn

__all__ = ["Presets"]


class Presets(Resource):
    """Brand kits of the workspace, to render clips with."""

    @operation("POST /presets")
    def create(self, name: str, render: RenderOptions, *, description: str = "") -> PresetOut:
        """Make one.

        Raises:
            Conflict: the name is taken.
        """
        body = dumped(valid(PresetIn, name=name, render=render, description=description))
        return self._transport.post("/presets", PresetOut, body)

    @operation("GET /presets")
    def page(self, *, cursor: str | None = None, limit: int = 50) -> PresetPage:
        """Some of them, oldest first."""
        query = {"cursor": cursor, "limit": limit}
        return self._transport.get("/presets", PresetPage, query)

    def list(self) -> Listing[PresetPage, PresetOut]:
        """All of them, oldest first."""
        return Listing(
            lambda cursor: self.page(cursor=cursor, limit=200),
            lambda page: page.presets,
            lambda page: page.next_cursor,
        )

    @operation("GET /presets/{preset_id}")
    def get(self, preset_id: str) -> PresetOut:
        """One of them."""
        return self._transport.get(f"/presets/{segment(preset_id)}", PresetOut)

    @operation("PUT /presets/{preset_id}")
    def replace(
        self, preset_id: str, version: int, name: str, render: RenderOptions, *,
        description: str = "",
    ) -> PresetOut:  # fmt: skip
        """Write one anew, if it is still at the version that was read.

        Raises:
            Conflict: it was changed since; nothing is overwritten.
        """
        wanted = valid(
            PresetChange, version=version, name=name, render=render, description=description
        )
        path = f"/presets/{segment(preset_id)}"
        # A second one would be told that the version is no longer the newest: its own doing.
        answer = self._transport.send("PUT", path, json=dumped(wanted), safe=False)
        return read(PresetOut, answer.content)

    @operation("DELETE /presets/{preset_id}")
    def delete(self, preset_id: str) -> None:
        """Delete one; clips made with it stay."""
        self._transport.send("DELETE", f"/presets/{segment(preset_id)}")

    @operation("POST /presets/preview")
    def preview(
        self, render: RenderOptions, *, asset_id: str | None = None, at_ms: int = 0, text: str = "",
        title: str = "", show: Literal["clip", "title"] = "clip", wait_s: float = 60.0,
    ) -> bytes:  # fmt: skip
        """One frame (JPEG) as a clip in this style would have it; nothing is kept on the server.

        Args:
            render: the style.
            asset_id: the video; None: a plain ground.
            at_ms: which moment of the video.
            text: what captions say.
            title: of the title card.
            show: a frame of the clip, or of its title card.
            wait_s: for how long it may be made, seconds.

        Raises:
            WaitEnded: it took longer.
        """
        body = dumped(
            valid(
                PreviewIn, render=render, asset_id=asset_id, at_ms=at_ms, text=text, title=title,
                show=show,
            )
        )  # fmt: skip
        waited = 0.0
        while True:
            answer = self._transport.send("POST", "/presets/preview", json=body, safe=True)
            if answer.status_code != 202:
                return answer.content
            pause = min(10.0, max(0.5, retry_after_s(answer.headers)))
            if waited + pause > wait_s:
                raise WaitEnded(
                    f"it was not made in {wait_s:.0f} seconds", "Ask again; it is being made"
                )
            sleep(pause)
            waited += pause
