"""`videoclip up` and `down`: a local Ray that stays, with the served models on it, by the same builders as `serve deploy`."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cluster import local
from serve_apps import asr, llm
from serve_apps.planning import AppArguments, planned
from serve_apps.resources import Plan
from videoclip.errors import EngineUnavailable
from videoclip.settings import Settings

__all__ = ["Served", "down", "up"]


@dataclass(frozen=True, slots=True)
class Served:
    """What runs, and how to use it."""

    address: str
    """Of Ray, host:port."""
    dashboard: str
    plan: Plan
    variables: dict[str, str]
    """To export, so that jobs use it."""


def up(
    settings: Settings, *, models: bool = True, say: Callable[[str], None] = lambda _: None
) -> Served:
    """Start Ray, or find it running, and deploy what the serving file says.

    Args:
        settings: where the data folder and the serving file are.
        models: also serve models; False: Ray only.
        say: hears of each step, one line.

    Raises:
        UsageError: the serving file is wrong, or the models do not fit; nothing was started.
        EngineUnavailable: an application did not start; Ray stays, so that its logs can be read.
    """
    arguments = AppArguments(config=settings.serve.config)
    plan = planned(arguments) if models else Plan(0.0, None, None)
    record = local.up(settings)
    variables = {"VIDEOCLIP_RAY__ADDRESS": record["address"]}
    say(f"Ray is up at {record['address']}; dashboard: {record['dashboard']}")
    if plan.asr or plan.llm:
        variables |= _deploy(settings, record, plan, say)
    return Served(record["address"], record["dashboard"], plan, variables)


def down(settings: Settings) -> bool:
    """End Ray and all that is served on it; whether there was one."""
    return local.down(settings)


def _deploy(
    settings: Settings, record: dict[str, Any], plan: Plan, say: Callable[[str], None]
) -> dict[str, str]:
    os.environ["RAY_AUTH_MODE"] = "disabled"
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    import ray
    from ray import serve

    variables: dict[str, str] = {}
    ray.init(address=record["address"], logging_level=logging.ERROR, log_to_driver=False)
    logging.getLogger("ray.serve").setLevel(logging.ERROR)
    try:
        port = _http_port(settings, record)
        serve.start(http_options={"host": "127.0.0.1", "port": port})
        if plan.asr:
            name = plan.asr.serving.name
            say(f"Speech: starting the application {name} on {_where(plan.asr.num_gpus)}")
            _run(asr.application(plan.asr), name, None)
            variables["VIDEOCLIP_SPEECH__SERVE_APP"] = name
        if plan.llm:
            name, model = plan.llm.serving.name, plan.llm.model
            say(f"Language model: starting {model or 'the proxy'} on {_where(plan.llm.num_gpus)}")
            _run(llm.application(plan.llm), name, f"/{name}")
            variables["VIDEOCLIP_LLM__BASE_URL"] = f"http://127.0.0.1:{port}/{name}/v1"
            if model:
                variables["VIDEOCLIP_LLM__MODEL"] = model
            if plan.llm.serving.min_replicas == 0:
                variables["VIDEOCLIP_LLM__MAY_SLEEP"] = "true"
    finally:
        ray.shutdown()
    return variables


def _run(application: Any, name: str, route: str | None) -> None:
    from ray import serve
    from ray.serve.exceptions import RayServeException

    try:
        serve.run(application, name=name, route_prefix=route)
    except (RuntimeError, RayServeException) as error:
        raise EngineUnavailable(
            f"the Serve application {name} did not start: {error}",
            "Read the dashboard's Serve page or the logs in Ray's session folder; end Ray with videoclip down",
        ) from error


def _http_port(settings: Settings, record: dict[str, Any]) -> int:
    """The proxy's port; Serve keeps the first one that it was started with."""
    return settings.serve.http_port or int(record["serve_port"])


def _where(num_gpus: float) -> str:
    return f"{num_gpus:g} of a GPU" if num_gpus else "processors"
