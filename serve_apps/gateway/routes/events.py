"""What happens to a job, as it happens: server-sent events and a WebSocket, both to be resumed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import ExitStack
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request, Response, WebSocket
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocketDisconnect

from serve_apps.gateway.access import Principal, identify, require
from serve_apps.gateway.fields import PathId
from serve_apps.gateway.problems import problems
from serve_apps.gateway.streams import follow, is_over
from videoclip.errors import NotAllowed, NotSignedIn, VideoClipError
from videoclip.store.jobs import JobEventRecord

__all__ = ["router"]

router = APIRouter(prefix="/jobs", tags=["jobs"])

_LARGEST = 2**63 - 1
_HELLO_S = 10.0
After = Annotated[int, Query(ge=0, le=_LARGEST, description="id of the last event that arrived")]


@router.get(
    "/{job_id}/events",
    summary="Follow a job",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "A stream of events: `id`, `event` (kind) and `data` (JSON). It ends with `event: end` "
            "when the job is over; ends without it: connect again with `Last-Event-ID`.",
            "content": {"text/event-stream": {"schema": {"type": "string"}}},
        },
        204: {
            "description": "The job is over, and nothing came after that event: do not connect again"
        },
        **problems(404),
    },
)
async def events(
    request: Request,
    who: Annotated[Principal, Depends(require("jobs:read"))],
    job_id: PathId,
    after: After = 0,
    last_event_id: Annotated[str | None, Header(pattern=r"^[0-9]{0,18}$")] = None,
) -> Response:
    """Follow a job from its first event, or from the one after `Last-Event-ID`."""
    state = request.app.state
    start = int(last_event_id) if last_event_id else after
    if await is_over(state.database, who.workspace_id, job_id, start):
        return Response(status_code=204)
    # Taken before the answer begins, so that a refusal is one; given back when the stream ends, however it does.
    place = ExitStack()
    place.enter_context(state.places.place(who.name or ""))
    return _Stream(
        place,
        _frames(state, who.workspace_id, job_id, start),
        media_type="text/event-stream",
        headers={"X-Accel-Buffering": "no"},
    )


@router.websocket("/{job_id}/events")
async def socket(websocket: WebSocket, job_id: str, after: int = 0) -> None:
    """As above, each event a JSON text. Who cannot send headers sends `{"token": "..."}` first.

    Close codes: 1000 the job is over; 1001 connect again with `after`; 4400, 4401, 4403, 4404, 4429 as HTTP's.
    """
    await websocket.accept()
    state = websocket.app.state
    try:
        word = await _word(websocket)
        who = await identify(state, word, str(websocket.state.client_ip))
        if "jobs:read" not in who.scopes:
            raise NotAllowed("this needs the scope jobs:read", "Use a key that has it")
        with state.places.place(who.name or ""):
            over = asyncio.ensure_future(_until_closed(websocket))
            try:
                code = await _send(websocket, state, who.workspace_id, job_id, after, over)
            finally:
                over.cancel()
    except VideoClipError as error:
        await websocket.send_json(
            {"code": error.code, "title": error.cause, "detail": error.remedy}
        )
        code = 4000 + min(error.http_status, 500)
    except (WebSocketDisconnect, RuntimeError):
        return
    if websocket.client_state.name == "CONNECTED":
        await websocket.close(code)


async def _word(websocket: WebSocket) -> str | None:
    kind, _, word = websocket.headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer":
        return word.strip()
    try:
        first = json.loads(await asyncio.wait_for(websocket.receive_text(), _HELLO_S))
    except (ValueError, KeyError, RecursionError, TimeoutError) as error:
        raise NotSignedIn("nobody is signed in", 'Send {"token": "..."} first') from error
    token = first.get("token") if isinstance(first, dict) else None
    return token if isinstance(token, str) else None


async def _until_closed(websocket: WebSocket) -> None:
    """The other side says nothing more; reading is how one hears that it went away."""
    try:
        while True:
            await websocket.receive()
    except (WebSocketDisconnect, RuntimeError):
        return


async def _send(
    websocket: WebSocket,
    state: Any,
    workspace_id: str,
    job_id: str,
    after: int,
    over: asyncio.Future[None],
) -> int:
    stream = follow(
        state.database, workspace_id, job_id, max(0, min(after, _LARGEST)),
        state.settings.gateway, state.closing,
    )  # fmt: skip
    async for event in stream:
        if over.done():
            return 1001
        if event is not None:
            await websocket.send_json(_plain(event))
            after = event.id
    done = await is_over(state.database, workspace_id, job_id, after)
    return 1000 if done else 1001


class _Stream(StreamingResponse):
    """Gives its place back however it ends."""

    def __init__(self, place: ExitStack, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._place = place

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._place:
            await super().__call__(scope, receive, send)


async def _frames(state: Any, workspace_id: str, job_id: str, after: int) -> AsyncIterator[str]:
    yield "retry: 2000\n\n"
    stream = follow(
        state.database, workspace_id, job_id, after, state.settings.gateway, state.closing
    )
    async for event in stream:
        if event is None:
            yield ": still here\n\n"
            continue
        after = event.id
        # ASCII, so that no character of a title ends a line.
        yield f"id: {event.id}\nevent: {event.kind}\ndata: {json.dumps(_plain(event))}\n\n"
    if await is_over(state.database, workspace_id, job_id, after):
        yield "event: end\ndata: {}\n\n"


def _plain(event: JobEventRecord) -> dict[str, Any]:
    return {
        "id": event.id, "at_ms": event.at_ms, "kind": event.kind, "attempt": event.attempt,
        "data": event.data,
    }  # fmt: skip
