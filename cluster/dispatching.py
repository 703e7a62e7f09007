"""Dispatchers as a Ray Serve application: Serve spreads them over the nodes, watches them and replaces them.

`configs/platform.yaml` deploys it beside the models. Runners are processes of the dispatcher's node; their units run
wherever Ray has room.
"""

from __future__ import annotations

import os
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from actors.detached import DispatcherActor
from serve_apps.planning import placed
from videoclip.settings import load_settings

__all__ = ["DispatchingArguments", "application", "build", "runner_environment"]

_NUM_CPUS = 0.1
_HEALTH_S = 10.0
_SHUTDOWN_S = 30.0
_END_S = 20.0
_OF_THE_WORKER = ("RAY_JOB_ID", "RAY_RAYLET_PID", "RAY_NODE_ID", "CUDA_VISIBLE_DEVICES")
"""What Ray gave this worker and what must not reach the runners, which join as drivers of their own."""


class DispatchingArguments(BaseModel):
    """``args`` of the application."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    replicas: int = Field(1, ge=1, description="dispatchers, one a node at most")
    nodes: dict[str, str] = Field(
        default_factory=lambda: {"videoclip/spot": "!true"},
        description="Ray labels of the nodes that they run on; by default those that stay",
    )


def build(arguments: dict[str, Any]) -> Any:
    """The application, for `serve deploy`; the settings are those of Ray's processes."""
    return application(DispatchingArguments.model_validate(arguments))


def application(arguments: DispatchingArguments) -> Any:
    """A Serve application of dispatchers (`ray.serve.Application`)."""
    from ray import serve

    deployment: Any = serve.deployment(
        Dispatching,
        name="Dispatcher",
        num_replicas=arguments.replicas,
        max_replicas_per_node=1,
        ray_actor_options={"num_cpus": _NUM_CPUS, **placed(arguments.nodes)},
        health_check_period_s=_HEALTH_S,
        graceful_shutdown_timeout_s=_SHUTDOWN_S,
    )
    return deployment.bind()


class Dispatching:
    """One replica: a dispatcher in a thread. When it is to go, it gives its jobs back to the queue."""

    def __init__(self) -> None:
        import ray

        address = ray.get_runtime_context().gcs_address
        self._dispatcher = DispatcherActor(load_settings(), runner_environment(address))

    def owner(self) -> str:
        """Under which name it holds jobs."""
        return self._dispatcher.owner()

    def check_health(self) -> None:
        """Raises where the loop has ended."""
        if not self._dispatcher.works():
            message = "the dispatcher's loop has ended; its log says why"
            raise RuntimeError(message)

    def __del__(self) -> None:
        # Serve's way to say that this replica ends: no more jobs, then those at work are given back.
        if dispatcher := getattr(self, "_dispatcher", None):
            dispatcher.drain()
            dispatcher.drain()
            dispatcher.wait(_END_S)


def runner_environment(address: str) -> dict[str, str]:
    """Variables of the runners: this process's, less what is this worker's own, with Ray's address (host:port)."""
    own = {name: value for name, value in os.environ.items() if name not in _OF_THE_WORKER}
    return {**own, "VIDEOCLIP_RAY__ADDRESS": address}
