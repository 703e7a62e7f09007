"""What `videoclip up` keeps running on this machine, asked of Ray's dashboard: quick, because Ray is not loaded for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx

__all__ = ["AppStanding", "all_run", "applications"]

_PATIENCE_S = 5.0


@dataclass(frozen=True, slots=True)
class AppStanding:
    """An application of Ray Serve."""

    name: str
    status: str
    """RUNNING, DEPLOYING, UNHEALTHY, DEPLOY_FAILED and the like, as Ray Serve says."""
    message: str
    replicas: dict[str, int]
    """How many are in which state."""


def applications(record: dict[str, Any]) -> list[AppStanding] | None:
    """Those on the Ray of this record; None: its dashboard does not answer."""
    try:
        answer = httpx.get(
            f"{record['dashboard']}/api/serve/applications/", timeout=_PATIENCE_S, trust_env=False
        )
        told = answer.raise_for_status().json()["applications"]
        return [_standing(name, app) for name, app in sorted(told.items())]
    except (httpx.HTTPError, ValueError, KeyError, TypeError, AttributeError):
        return None


def all_run(record: dict[str, Any]) -> bool:
    """Whether all that `up` noted in its record runs."""
    wanted = set(record.get("applications", []))
    if not wanted:
        return True
    found = applications(record) or []
    return wanted <= {app.name for app in found if app.status == "RUNNING"}


def _standing(name: str, told: dict[str, Any]) -> AppStanding:
    replicas: dict[str, int] = {}
    for deployment in told.get("deployments", {}).values():
        for replica in deployment.get("replicas", []):
            state = str(replica.get("state", ""))
            replicas[state] = replicas.get(state, 0) + 1
    return AppStanding(name, str(told["status"]), str(told.get("message", "")), replicas)
