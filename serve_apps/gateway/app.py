"""The application: one factory for Ray Serve, for the laptop's server, and for tests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from fastapi import FastAPI, Request
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import RedirectResponse

from serve_apps.gateway import problems, tus
from serve_apps.gateway.guard import Guard
from serve_apps.gateway.housekeeping import keep_house
from serve_apps.gateway.limiter import Limiter
from serve_apps.gateway.openapi import describe
from serve_apps.gateway.passwords import Passwords
from serve_apps.gateway.previews import Previews
from serve_apps.gateway.routes import ROUTERS, STREAMED
from serve_apps.gateway.sign_in import Entrance
from serve_apps.gateway.streams import Places
from serve_apps.gateway.tokens import Tokens
from serve_apps.gateway.traced import Traced
from serve_apps.gateway.traffic import Traffic, watch_pool
from videoclip import __version__
from videoclip.observe import redaction, tracing
from videoclip.observe.meter import Meter
from videoclip.settings import Settings
from videoclip.store.database import Database
from videoclip.store.objects import open_objects
from videoclip.store.secrets import Secrets

__all__ = ["PREFIX", "create_app"]

PREFIX = "/api/v1"
_DESCRIPTION = """Long videos in, finished clips out.

Send `Authorization: Bearer` with an access token or an API key. Errors are `application/problem+json`: `code` is for
programs, `title` the cause, `detail` the remedy. Times are milliseconds since 1970, lengths milliseconds.
"""


def create_app(settings: Settings, meter: Meter | None = None) -> FastAPI:
    """The API as an ASGI application; it opens the store when it starts and closes it when it ends.

    Args:
        settings: all of them.
        meter: counts requests and connections; None: nothing is counted.

    ``app.state`` has ``settings``, ``database``, ``objects``, ``secrets``, ``tokens``, ``limiter``, ``entrance`` and ``closing``,
    an event that is set when the server ends.

    Raises:
        UsageError: a list of networks or a key in the settings is not one.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        redaction.install()
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        database = Database(settings)
        try:
            await database.open()
            secrets = Secrets.of(settings)
            app.state.database = database
            app.state.objects = open_objects(settings)
            app.state.secrets = secrets
            app.state.tokens = Tokens(secrets, settings.auth.access_minutes * 60)
            app.state.limiter = Limiter(database)
            app.state.entrance = Entrance(database, app.state.tokens, Passwords(), settings.auth)
            keepers = [asyncio.create_task(keep_house(database, app.state.closing))]
            if meter is not None:
                watching = watch_pool(database, meter, app.state.closing)
                keepers.append(asyncio.create_task(watching))
            yield
            app.state.closing.set()
            await asyncio.gather(*keepers)
        finally:
            app.state.closing.set()
            await database.close()
            await asyncio.to_thread(tracing.flush)

    app = FastAPI(
        title="Video-Clip",
        version=__version__,
        description=_DESCRIPTION,
        lifespan=lifespan,
        openapi_url=f"{PREFIX}/openapi.json",
        docs_url=None,
        redoc_url=None,
        separate_input_output_schemas=False,
    )
    app.state.settings = settings
    app.state.closing = asyncio.Event()
    app.state.places = Places(settings.gateway.streams)
    app.state.previews = Previews()
    problems.install(app)
    for router in ROUTERS:
        app.include_router(router, prefix=PREFIX)
    if settings.ui.enabled:
        # Who comes to the address alone wants the pages; what is after a # stays.
        app.add_route("/", _to_pages, methods=["GET"], include_in_schema=False)
    if settings.gateway.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.gateway.cors_origins,
            allow_methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=[
                "Authorization",
                "Content-Type",
                "Idempotency-Key",
                "Last-Event-ID",
                *tus.REQUEST_HEADERS,
            ],
            expose_headers=[
                "Location",
                "Retry-After",
                "X-Request-Id",
                "Idempotent-Replayed",
                *tus.RESPONSE_HEADERS,
            ],
            max_age=600,
        )
    traffic = None if meter is None else Traffic(meter)
    app.add_middleware(Guard, settings=settings.gateway, streamed=STREAMED, traffic=traffic)
    if settings.observe.otlp_endpoint:
        tracing.set_up(settings.observe, "videoclip-gateway")
        app.add_middleware(Traced)
    app.openapi = partial(describe, app)  # type: ignore[method-assign]
    return app


async def _to_pages(request: Request) -> RedirectResponse:
    del request
    return RedirectResponse("/ui/", 307)
