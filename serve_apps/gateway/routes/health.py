"""Whether this process lives, and whether it can work."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException

from serve_apps.gateway.problems import problems
from videoclip.schemas.api.health import Health
from videoclip.store.database import Database

__all__ = ["router"]

router = APIRouter(prefix="/health", tags=["health"])


@router.get("/live", summary="The process lives")
async def live() -> Health:
    """Answer without touching anything: who does not hear this may restart the process."""
    return Health()


@router.get("/ready", summary="It can work", responses=problems(503))
async def ready(request: Request) -> Health:
    """Ask the database: while this fails, or the server is about to end, send requests elsewhere."""
    if request.app.state.closing.is_set():
        raise HTTPException(503, "this server is about to end")
    database: Database = request.app.state.database
    await database.ping()
    return Health()
