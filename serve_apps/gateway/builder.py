"""The gateway as a Ray Serve application: replicas side by side over one database, any of which answers any request."""

from __future__ import annotations

from typing import Any

from serve_apps.gateway.app import PREFIX
from videoclip.settings import Settings, load_settings

__all__ = ["NAME", "NUM_CPUS", "PREFIX", "ROUTE", "application", "bounded", "build"]

NAME = "gateway"
ROUTE = "/"
NUM_CPUS = 0.1
"""Ray CPUs of one replica."""
_MAX_ONGOING = 256
_HEALTH_S = 10.0
_REQUEST_BYTES = 64 * 2**20
_RESPONSE_BYTES = 128 * 2**20


def build(arguments: dict[str, Any] | None = None) -> Any:
    """The application, for `serve deploy`; the settings are those of the machine that it runs on."""
    del arguments
    return application(load_settings())


def bounded(settings: Settings) -> Settings:
    """The settings, with bounds for what goes through Ray Serve in one piece.

    Its proxy takes a request as fast as it comes, and its replicas make an answer as fast as they can, whoever waits
    for whom: what the slower side has not taken yet is held in memory. Measured: half a GiB to a slow client
    made a replica 1.1 GiB larger.
    """
    gateway = settings.gateway
    changes = {
        "max_request_bytes": gateway.max_request_bytes or _REQUEST_BYTES,
        "max_response_bytes": gateway.max_response_bytes or _RESPONSE_BYTES,
    }
    return settings.model_copy(update={"gateway": gateway.model_copy(update=changes)})


def application(settings: Settings) -> Any:
    """A Serve application with these settings (`ray.serve.Application`)."""
    from ray import serve

    settings = bounded(settings)

    def make() -> Any:
        # In the replica: connections and keys do not travel.
        from serve_apps.gateway.app import create_app
        from serve_apps.metrics import RayMeter

        return create_app(settings, RayMeter())

    @serve.deployment(
        name="Gateway",
        num_replicas=settings.gateway.replicas,
        ray_actor_options={"num_cpus": NUM_CPUS},
        max_ongoing_requests=_MAX_ONGOING,
        health_check_period_s=_HEALTH_S,
        graceful_shutdown_timeout_s=float(settings.gateway.shutdown_s),
    )
    @serve.ingress(make)
    class Gateway:
        """One replica."""

        def __init__(self) -> None:
            self.prefix = PREFIX

    deployment: Any = Gateway
    return deployment.bind()
