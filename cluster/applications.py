"""Serve applications of `videoclip up`: started side by side, waited for by name."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from videoclip.errors import EngineUnavailable

__all__ = ["Application", "Waiting", "start"]

Waiting = Callable[[Sequence[str], float], None]
"""Hears again and again what is waited for, and for how many seconds already."""

_POLL_S = 0.3
_MESSAGE = 600


@dataclass(frozen=True, slots=True)
class Application:
    """One of them, and how people are told of it."""

    name: str
    label: str
    """What is waited for while it starts."""
    target: Any
    """`ray.serve.Application`."""
    route: str | None
    running: str
    """Said once it runs."""


def start(
    applications: Sequence[Application], say: Callable[[str], None], waiting: Waiting
) -> None:
    """Deploy them all, and wait until each runs; Ray is connected to already.

    Raises:
        EngineUnavailable: one did not start.
    """
    from ray import serve
    from ray.serve.exceptions import RayServeException

    missing = {app.name: app for app in applications}
    begun = time.monotonic()
    try:
        serve.run_many(
            [serve.RunTarget(app.target, app.name, app.route) for app in applications],
            wait_for_ingress_deployment_creation=False,
            wait_for_applications_running=False,
        )
        while missing:
            waiting([app.label for app in missing.values()], time.monotonic() - begun)
            told = serve.status().applications
            for name in [name for name in missing if name in told]:
                state = str(getattr(told[name].status, "value", told[name].status))
                if state == "RUNNING":
                    say(missing.pop(name).running)
                elif state == "DEPLOY_FAILED":
                    raise _failed(name, told[name].message)
            if missing:
                time.sleep(_POLL_S)
    except (RuntimeError, RayServeException) as error:
        raise _failed(next(iter(missing), "of this file"), str(error)) from error


def _failed(name: str, message: str) -> EngineUnavailable:
    return EngineUnavailable(
        f"the Serve application {name} did not start: {message[-_MESSAGE:]}",
        "Read the dashboard's Serve page or the logs in Ray's session folder; end Ray with videoclip down",
    )
