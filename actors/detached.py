"""The dispatcher as a detached Ray actor: Ray starts it again, wherever there is room, when it or its node dies."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Mapping
from typing import Any

from actors.dispatcher import Dispatcher
from actors.node import drain_deadline_ms
from videoclip.logs import log_to_stderr
from videoclip.settings import Settings

__all__ = ["NAME", "NAMESPACE", "start_dispatcher"]

_LOOK_S = 2.0
_GIVE_BACK_S = 15.0
"""Before the node's end."""
NAME, NAMESPACE = "dispatcher", "videoclip"


class DispatcherActor:
    """Runs the loop in a thread of its own, so that it answers meanwhile.

    Args:
        settings: of the dispatcher.
        environment: of the runners. It travels as an argument, since Ray shows runtime environments to everybody.
    """

    def __init__(self, settings: Settings, environment: Mapping[str, str]) -> None:
        log_to_stderr(settings.observe)
        self._loop = asyncio.new_event_loop()
        self._dispatcher = Dispatcher(settings, environment)
        self._thread = threading.Thread(target=self._work, name="videoclip-dispatcher", daemon=True)
        self._thread.start()

    def _work(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._until_drained())

    async def _until_drained(self) -> None:
        notice = asyncio.create_task(self._mind_the_node())
        try:
            await self._dispatcher.run()
        finally:
            notice.cancel()

    async def _mind_the_node(self) -> None:
        """Drain when Ray gives notice of this node's end; give jobs back while there is time for it."""
        while (deadline_ms := await asyncio.to_thread(drain_deadline_ms)) is None:  # noqa: ASYNC110 - Ray must be asked
            await asyncio.sleep(_LOOK_S)
        self._dispatcher.drain()
        if deadline_ms:
            await asyncio.sleep(max(0.0, deadline_ms / 1000 - time.time() - _GIVE_BACK_S))
            self._dispatcher.drain()

    def owner(self) -> str:
        """Under which name it holds jobs."""
        return self._dispatcher.owner

    def works(self) -> bool:
        """Whether the loop goes on."""
        return self._thread.is_alive()

    def wait(self, seconds: float) -> bool:
        """Wait until the loop has ended after a drain; whether it has."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def drain(self) -> None:
        """Take no more jobs; the second time, give back those at work."""
        self._loop.call_soon_threadsafe(self._dispatcher.drain)


def start_dispatcher(settings: Settings, environment: Mapping[str, str]) -> Any:
    """The dispatcher of this Ray, started if there is none; Ray is connected to already."""
    import ray

    remote: Any = ray.remote(DispatcherActor)
    return remote.options(
        name=NAME,
        namespace=NAMESPACE,
        lifetime="detached",
        get_if_exists=True,
        max_restarts=-1,
        num_cpus=0,
    ).remote(settings, dict(environment))
