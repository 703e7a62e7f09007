"""Clients of httpx whose connections fail as a test says: refused, answers lost, bodies cut, servers busy."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator

import httpx

__all__ = ["Faults"]

Fault = int | str | None
BUSY = b'{"title": "busy", "status": 503, "detail": "wait", "code": "database_away"}'
ENOUGH = 300


class Faults:
    """Asks ``fault`` before each request: None passes it on; a status answers it; ``refuse`` does not connect;
    ``lose`` does it and loses the answer; ``cut`` breaks off in the answer."""

    def __init__(self) -> None:
        self.fault: Callable[[httpx.Request], Fault] = lambda request: None
        self.seen: list[httpx.Request] = []

    def calls(self, method: str) -> int:
        return sum(request.method == method for request in self.seen)

    def once(self, method: str, *faults: Fault) -> None:
        """These faults for the next requests of a method, then none."""
        waiting = list(faults)
        self.fault = lambda request: (
            waiting.pop(0) if request.method == method and waiting else None
        )

    def client(self) -> httpx.Client:
        return httpx.Client(transport=_Sync(self))

    def async_client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=_Async(self))

    def before(self, request: httpx.Request) -> tuple[Fault, httpx.Response | None]:
        self.seen.append(request)
        fault = self.fault(request)
        if fault == "refuse":
            raise httpx.ConnectError("refused", request=request)
        if isinstance(fault, int):
            return fault, httpx.Response(fault, headers={"Retry-After": "0"}, content=BUSY)
        return fault, None


class _Sync(httpx.BaseTransport):
    def __init__(self, faults: Faults) -> None:
        self.faults, self.inner = faults, httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        fault, answer = self.faults.before(request)
        if answer is not None:
            return answer
        answer = self.inner.handle_request(request)
        if fault == "lose":
            answer.read()
            answer.close()
            raise httpx.ReadError("lost", request=request)
        if fault == "cut":
            answer.stream = _Cut(answer.stream)
        return answer

    def close(self) -> None:
        self.inner.close()


class _Async(httpx.AsyncBaseTransport):
    def __init__(self, faults: Faults) -> None:
        self.faults, self.inner = faults, httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        fault, answer = self.faults.before(request)
        if answer is not None:
            return answer
        answer = await self.inner.handle_async_request(request)
        if fault == "lose":
            await answer.aread()
            await answer.aclose()
            raise httpx.ReadError("lost", request=request)
        if fault == "cut":
            answer.stream = _Cut(answer.stream)
        return answer

    async def aclose(self) -> None:
        await self.inner.aclose()


class _Cut(httpx.SyncByteStream, httpx.AsyncByteStream):
    """The beginning of a body, then a broken connection."""

    def __init__(self, inner: object) -> None:
        self.inner, self.sent = inner, 0

    def _kept(self, piece: bytes) -> bytes:
        self.sent += len(piece)
        return piece if self.sent <= ENOUGH else piece[: len(piece) // 2]

    def __iter__(self) -> Iterator[bytes]:
        for piece in self.inner:  # type: ignore[attr-defined]
            yield self._kept(piece)
            if self.sent > ENOUGH:
                raise httpx.ReadError("cut")

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self.inner:  # type: ignore[attr-defined]
            yield self._kept(piece)
            if self.sent > ENOUGH:
                raise httpx.ReadError("cut")

    def close(self) -> None:
        self.inner.close()  # type: ignore[attr-defined]

    async def aclose(self) -> None:
        await self.inner.aclose()  # type: ignore[attr-defined]
