"""Sign-ins of browsers: refresh tokens become access tokens, each only once however many tabs ask.

A refresh token works once, and one that comes twice ends the sign-in. Tabs of one browser share the cookie, so they
ask with the same token at the same time, and an answer may be lost on the way. For a while the answer to a token is
therefore remembered: in memory, because there is one UI.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

import httpx

__all__ = ["Ask", "Grant", "Refused", "Sessions"]

Ask = Callable[[str, dict[str, Any], str], Awaitable[httpx.Response]]
"""Posts JSON to a path of the API, for a client with that IP address."""

_AGAIN_S = 60.0
"""How long a used token gets the answer that it got before."""
_SPARE_S = 90.0
"""An access token with less left than this is not given out again."""
_MOST = 10_000


class Refused(Exception):
    """The API's own answer, to be passed on."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        super().__init__(problem.get("title", ""))
        self.status = status
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Grant:
    """What the API gave for a refresh token."""

    told: dict[str, Any]
    """What the browser's page is told: everything but the refresh token."""
    refresh_token: str
    until: float
    """When the access token ends, by the clock of `Sessions`."""
    used: float
    """When the token that it was given for was used up."""


class Sessions:
    """Refreshes sign-ins through the API.

    Args:
        ask: sends a request to the API.
        clock: seconds that only go forward.
    """

    def __init__(self, ask: Ask, clock: Callable[[], float] = time.monotonic) -> None:
        self._ask_api = ask
        self._clock = clock
        self._given: OrderedDict[str, Grant] = OrderedDict()
        """The answer to a token, by the token's hash."""
        self._current: OrderedDict[str, Grant] = OrderedDict()
        """What a token that was not used yet came with, by its hash."""
        self._locks: dict[str, tuple[asyncio.Lock, int]] = {}

    async def refresh(
        self, token: str, ip: str, workspace_id: str | None = None, *, refused: bool = False
    ) -> Grant:
        """An access token with some life left, and the refresh token to keep.

        Args:
            token: the refresh token that the browser has.
            ip: of the browser.
            workspace_id: go on in this workspace.
            refused: the API does not take the access token that the page has, so the sign-in may have ended.

        Raises:
            Refused: the API did not give one.
        """
        name = _hash(token)
        lock, waiting = self._locks.get(name, (asyncio.Lock(), 0))
        self._locks[name] = (lock, waiting + 1)
        try:
            async with lock:
                return await self._refresh(token, name, ip, workspace_id, refused=refused)
        finally:
            lock, waiting = self._locks[name]
            if waiting == 1:
                del self._locks[name]
            else:
                self._locks[name] = (lock, waiting - 1)

    async def _refresh(
        self, token: str, name: str, ip: str, workspace_id: str | None, *, refused: bool
    ) -> Grant:
        now = self._clock()
        given = self._given.get(name)
        if given is not None and now - given.used < _AGAIN_S:
            # Another tab, or an answer that was lost: go on from what that request was given.
            return await self.refresh(given.refresh_token, ip, workspace_id, refused=refused)
        current = self._current.get(name)
        elsewhere = workspace_id not in (None, current and current.told["workspace_id"])
        if current is not None and not (elsewhere or refused) and current.until - now > _SPARE_S:
            left = int(current.until - now)
            return replace(current, told={**current.told, "expires_in": left})
        body = {"refresh_token": token, **({"workspace_id": workspace_id} if workspace_id else {})}
        grant = self._grant(await self._ask("/auth/refresh", body, ip))
        self._current.pop(name, None)
        _put(self._given, name, grant)
        _put(self._current, _hash(grant.refresh_token), grant)
        return grant

    async def end(self, token: str, ip: str) -> None:
        """Sign out; an API that is away is told nothing, and the sign-in ends by its age."""
        given = self._given.get(_hash(token))
        self._current.pop(_hash(token), None)
        if given is not None and self._clock() - given.used < _AGAIN_S:
            await self.end(given.refresh_token, ip)
            return
        try:
            await self._ask("/auth/sign-out", {"refresh_token": token}, ip)
        except Refused:
            return

    def _grant(self, answer: dict[str, Any]) -> Grant:
        now = self._clock()
        told = {key: value for key, value in answer.items() if key != "refresh_token"}
        return Grant(told, answer["refresh_token"], now + answer["expires_in"], now)

    async def _ask(self, path: str, body: dict[str, Any], ip: str) -> dict[str, Any]:
        try:
            answer = await self._ask_api(path, body, ip)
            told = answer.json() if answer.content else {}
        except (httpx.HTTPError, ValueError) as error:
            raise Refused(
                503,
                {
                    "title": "the API does not answer", "code": "api_away", "status": 503,
                    "detail": "Try again in a moment; an administrator finds the cause in its log",
                },
            ) from error  # fmt: skip
        if answer.is_error:
            raise Refused(answer.status_code, told if isinstance(told, dict) else {})
        return dict(told)


def _put(kept: OrderedDict[str, Grant], name: str, grant: Grant) -> None:
    kept[name] = grant
    while len(kept) > _MOST:
        kept.popitem(last=False)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
