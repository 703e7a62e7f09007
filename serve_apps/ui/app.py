"""The UI as an ASGI application, for Ray Serve and beside the gateway in one process."""

from __future__ import annotations

from urllib.parse import urlsplit

import gradio as gr
from fastapi import FastAPI

from gradio_ui import blocks
from gradio_ui.document import Site
from serve_apps.gateway.app import PREFIX
from serve_apps.gateway.guard import Guard
from serve_apps.ui.border import Border
from serve_apps.ui.cookie import BASE
from serve_apps.ui.routes import ROUTES
from serve_apps.ui.sessions import Ask, Sessions
from videoclip.media.styles import STYLES
from videoclip.settings import Settings
from videoclip.store.secrets import Secrets

__all__ = ["create_ui"]


def create_ui(settings: Settings, ask: Ask) -> FastAPI:
    """The UI at ``/ui``; it keeps nothing but sign-ins, and asks the API for everything else.

    Args:
        settings: addresses, the key that cookies are encrypted with.
        ask: sends a request to the API.

    Raises:
        UsageError: a list of networks or a key in the settings is not one.
    """
    gateway = settings.gateway
    app = FastAPI(title="Video-Clip UI", openapi_url=None, docs_url=None, redoc_url=None)
    app.state.settings = settings
    app.state.secrets = Secrets.of(settings)
    app.state.sessions = Sessions(ask)
    app.router.routes.extend(ROUTES)
    gr.mount_gradio_app(
        app, blocks.build(), path=BASE, theme=blocks.theme(), footer_links=[], run_history=False,
        ssr_mode=False, enable_monitoring=False, mcp_server=False, pwa=False,
        root_path=f"{gateway.public_url.rstrip('/')}{BASE}" if gateway.public_url else None,
    )  # fmt: skip
    files = urlsplit(gateway.files_url)
    site = Site(
        base=BASE,
        api=PREFIX,
        files_origin=f"{files.scheme}://{files.netloc}" if files.netloc else "",
        oidc=bool(settings.auth.oidc_issuer),
        min_password=settings.auth.min_password,
        styles=tuple(STYLES),
    )
    app.add_middleware(Border, site=site, public_url=gateway.public_url)
    app.add_middleware(Guard, settings=gateway, streamed=())
    return app
