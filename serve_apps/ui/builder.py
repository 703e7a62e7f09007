"""The UI as a Ray Serve application: one replica, because sign-ins are refreshed one after the other in its memory."""

from __future__ import annotations

from typing import Any

from serve_apps.gateway.app import PREFIX
from serve_apps.ui.cookie import BASE
from videoclip.settings import Settings, load_settings

__all__ = ["NAME", "NUM_CPUS", "ROUTE", "application", "build"]

NAME = "ui"
ROUTE = BASE
NUM_CPUS = 0.1
"""Ray CPUs of the replica."""
_MAX_ONGOING = 256
_TIMEOUT_S = 20.0


def build(arguments: dict[str, Any] | None = None) -> Any:
    """The application, for `serve deploy`; the settings are those of the machine that it runs on."""
    del arguments
    return application(load_settings())


def application(settings: Settings, proxy_url: str = "") -> Any:
    """A Serve application with these settings (`ray.serve.Application`).

    Args:
        settings: of the UI and the API.
        proxy_url: address of Serve's proxy, where the settings name no address of the API.
    """
    from ray import serve

    gateway = settings.gateway
    base = (
        settings.ui.api_url or gateway.public_url or proxy_url
        or f"http://{gateway.host}:{gateway.port}"
    ).rstrip("/")  # fmt: skip

    def make() -> Any:
        # In the replica: Gradio's pages do not travel.
        import httpx

        from serve_apps.ui.app import create_ui

        client = httpx.AsyncClient(base_url=base, timeout=_TIMEOUT_S)

        async def ask(path: str, body: dict[str, Any], ip: str) -> httpx.Response:
            # Believed where gateway.trusted_proxies names this machine.
            headers = {"X-Forwarded-For": ip}
            return await client.post(f"{PREFIX}{path}", json=body, headers=headers)

        return create_ui(settings, ask)

    @serve.deployment(
        name="Ui",
        num_replicas=1,
        ray_actor_options={"num_cpus": NUM_CPUS},
        max_ongoing_requests=_MAX_ONGOING,
    )
    @serve.ingress(make)
    class Ui:
        """The replica."""

        def __init__(self) -> None:
            self.base = BASE

    deployment: Any = Ui
    return deployment.bind()
