"""The Ray cluster behind this gateway, where there is one: its machines, and what Ray Serve keeps running."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from videoclip.schemas.api.admin import ClusterOut, DeploymentOut, NodeOut

__all__ = ["cluster", "deployments_of", "nodes_of"]

_PATIENCE_S = 5.0
_MESSAGE = 500


async def cluster() -> ClusterOut | None:
    """What Ray tells; None where this process is no part of a cluster, or it does not answer in time."""
    ray = sys.modules.get("ray")  # a gateway without Ray shall not load it to find out
    if ray is None or not ray.is_initialized():
        return None
    try:
        return await asyncio.wait_for(asyncio.to_thread(_look, ray), _PATIENCE_S)
    except (TimeoutError, asyncio.TimeoutError):
        return None


def _look(ray: Any) -> ClusterOut | None:
    from ray import serve
    from ray.exceptions import RayError
    from ray.serve.exceptions import RayServeException

    try:
        return ClusterOut(nodes=nodes_of(ray.nodes()), deployments=deployments_of(serve.status()))
    except (RayError, RayServeException, ConnectionError):
        return None


def nodes_of(told: list[dict[str, Any]]) -> list[NodeOut]:
    """Machines of ``ray.nodes()``; of those that are gone Ray tells the last ones."""
    return [
        NodeOut(
            name=str(node.get("NodeManagerHostname") or node.get("NodeID")),
            alive=bool(node.get("Alive")),
            cpus=node.get("Resources", {}).get("CPU", 0.0),
            gpus=node.get("Resources", {}).get("GPU", 0.0),
            memory_bytes=int(node.get("Resources", {}).get("memory", 0)),
        )
        for node in told
    ]


def deployments_of(told: Any) -> list[DeploymentOut]:
    """Deployments of ``ray.serve.status()``."""
    return [
        DeploymentOut(
            app=app,
            name=name,
            status=_word(deployment.status),
            message=str(deployment.message)[:_MESSAGE],
            replicas={_word(state): int(n) for state, n in deployment.replica_states.items()},
        )
        for app, application in sorted(told.applications.items())
        for name, deployment in sorted(application.deployments.items())
    ]


def _word(value: Any) -> str:
    """An enumeration's word, whether Ray gives a member of it or the word itself."""
    return str(getattr(value, "value", value))
