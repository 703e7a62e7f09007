"""`videoclip up` and `down`: a local Ray that stays, with models, API and web UI on it, by the builders of `serve deploy`."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from cluster import local, standing
from cluster.applications import Application, Waiting, start
from pipelines.machine import processors
from serve_apps.planning import AppArguments, planned
from serve_apps.resources import Plan
from videoclip.errors import EngineUnavailable
from videoclip.settings import Settings

__all__ = ["Served", "down", "up"]


_DISPATCHER_S = 60
_JOIN_S = 60


@dataclass(frozen=True, slots=True)
class Served:
    """What runs, and how to use it."""

    address: str
    """Of Ray, host:port."""
    dashboard: str
    url: str
    """Where API and web UI are; empty: they are not served."""
    plan: Plan
    variables: dict[str, str]
    """To export, so that jobs use it."""
    ran: bool = False
    """Nothing had to be started."""
    outdated: bool = False
    """The dispatcher was started with other settings than these."""


def up(
    settings: Settings,
    *,
    models: bool = True,
    dispatcher: bool = True,
    gateway: bool = True,
    say: Callable[[str], None] = lambda _: None,
    waiting: Waiting = lambda _names, _seconds: None,
) -> Served:
    """Start Ray, deploy what the serving file says, and work on the queue of jobs; what runs already is left alone.

    Args:
        settings: where the data folder and the serving file are.
        models: also serve models; False: Ray only.
        dispatcher: also hand out jobs of the queue.
        gateway: also serve the API.
        say: hears of each step, one line.
        waiting: hears what is waited for.

    Raises:
        UsageError: the serving file is wrong, or the models do not fit; nothing was started.
        EngineUnavailable: an application did not start; Ray stays, so that its logs can be read.
    """
    os.environ.update(local.ENVIRONMENT)  # before Ray is imported
    config = AppArguments(config=settings.serve.config)
    plan = planned(config) if models else Plan(0.0, None, None)
    with local.alone(settings):
        known = local.status(settings)
        mark = _mark(settings, plan, (known or {}).get("variables", {}))
        asked = [mark, dispatcher, gateway]
        if known is not None and known.get("asked") == asked and standing.all_run(known):
            return _served(known, plan, mark, ran=True)
        record = local.up(
            settings,
            lambda seconds: waiting(["Ray"], seconds),
            held=_held(settings, plan, gateway=gateway),
        )
        say(f"Ray is up at {record['address']}; dashboard: {record['dashboard']}")
        served: dict[str, Any] = {"url": "", "applications": []}
        variables = {
            "VIDEOCLIP_RAY__ADDRESS": record["address"],
            "VIDEOCLIP_RAY__NUM_CPUS": str(settings.ray.num_cpus or processors()),
        }
        with _joined(settings, record):
            if plan.asr or plan.llm or gateway:
                variables |= _deploy(settings, record, plan, served, say, waiting, gateway=gateway)
            if dispatcher:
                _dispatch(settings, variables, waiting)
                served["dispatcher"] = record.get("dispatcher", mark)
                say(f"Jobs of the queue are worked on, {settings.jobs.slots} at once")
        local.note(settings, **served, variables=variables, asked=asked)
        return _served({**record, **served, "variables": variables}, plan, mark)


def down(settings: Settings) -> bool:
    """End Ray and all that is served on it; whether there was one."""
    return local.down(settings)


def _served(record: dict[str, Any], plan: Plan, mark: str, *, ran: bool = False) -> Served:
    return Served(
        record["address"], record["dashboard"], record["url"], plan, record["variables"], ran,
        outdated=record.get("dispatcher", mark) != mark,
    )  # fmt: skip


def _held(settings: Settings, plan: Plan, *, gateway: bool) -> float:
    """Ray CPUs that what is served holds at most.

    The processors count for jobs on top of these: what is served waits, or works for them. Else a clip would
    wait for ever for one whole processor of a machine with two.
    """
    held = 0.0
    for serving in (part.serving for part in (plan.asr, plan.llm) if part is not None):
        held += serving.num_cpus * serving.max_replicas
    if plan.llm is not None:
        from serve_apps.llm.builder import INGRESS_CPUS

        held += INGRESS_CPUS
    if gateway:
        from serve_apps.gateway.builder import NUM_CPUS as OF_API
        from serve_apps.ui.builder import NUM_CPUS as OF_UI

        held += OF_API * settings.gateway.replicas + (OF_UI if settings.ui.enabled else 0.0)
    return held


def _mark(settings: Settings, plan: Plan, told: dict[str, str]) -> str:
    """Of the settings: with the same ones, what runs need not be started again.

    Args:
        settings: as they are now.
        plan: what is served.
        told: what the last `up` told; a shell that took it over with `eval` has changed nothing.
    """
    values = settings.model_dump(mode="json")
    values["ray"]["num_cpus"] = settings.ray.num_cpus or processors()
    for name, value in told.items():
        section, key = name.removeprefix("VIDEOCLIP_").lower().split("__")
        if key != "num_cpus" and str(values[section][key]).lower() == value.lower():
            values[section][key] = type(getattr(settings, section)).model_fields[key].default
    return hashlib.sha256(f"{json.dumps(values)}\n{plan!r}".encode()).hexdigest()


def _deploy(
    settings: Settings,
    record: dict[str, Any],
    plan: Plan,
    served: dict[str, Any],
    say: Callable[[str], None],
    waiting: Waiting,
    *,
    gateway: bool,
) -> dict[str, str]:
    from ray import serve

    logging.getLogger("ray.serve").setLevel(logging.ERROR)
    port = settings.serve.http_port or int(record["serve_port"])
    base = f"http://127.0.0.1:{port}"
    serve.start(http_options={"host": "127.0.0.1", "port": port})
    first, variables = _speech(plan), {}
    if plan.asr:
        variables["VIDEOCLIP_SPEECH__SERVE_APP"] = plan.asr.serving.name
    if gateway:
        first += _faces(settings, base)
        served["url"] = base
    second = _language_model(plan)
    if plan.llm:
        name = plan.llm.serving.name
        variables["VIDEOCLIP_LLM__BASE_URL"] = f"{base}/{name}/v1"
        if plan.llm.model:
            variables["VIDEOCLIP_LLM__MODEL"] = plan.llm.model
        if plan.llm.serving.min_replicas == 0:
            variables["VIDEOCLIP_LLM__MAY_SLEEP"] = "true"
    served["applications"] = [app.name for app in (*first, *second)]
    # One after the other: vLLM measures the free memory of the GPU while it starts.
    for applications in filter(None, (first, second)):
        start(applications, say, waiting)
    return variables


def _speech(plan: Plan) -> list[Application]:
    if plan.asr is None:
        return []
    from serve_apps import asr

    name, where = plan.asr.serving.name, _where(plan.asr.num_gpus)
    told = f"Speech is recognised by the application {name} on {where}"
    return [Application(name, "speech recogniser", asr.application(plan.asr), None, told)]


def _language_model(plan: Plan) -> list[Application]:
    if plan.llm is None:
        return []
    from serve_apps import llm

    name, model = plan.llm.serving.name, plan.llm.model or "the proxy"
    told = f"Language model: {model} on {_where(plan.llm.num_gpus)}"
    return [Application(name, "language model", llm.application(plan.llm), f"/{name}", told)]


def _faces(settings: Settings, base: str) -> list[Application]:
    from serve_apps.gateway import builder as api
    from serve_apps.ui import builder as ui

    many = settings.gateway.replicas
    told = f"The API is at {base}{api.PREFIX}, served by {many} replicas"
    found = [Application(api.NAME, "API", api.application(settings), api.ROUTE, told)]
    if settings.ui.enabled:
        told = f"The web UI is at {base}{ui.ROUTE}/"
        found.append(Application(ui.NAME, "web UI", ui.application(settings, base), ui.ROUTE, told))
    return found


def _dispatch(settings: Settings, variables: dict[str, str], waiting: Waiting) -> None:
    """Start the dispatcher; its runners use what is served."""
    import ray

    from actors.detached import start_dispatcher

    environment = {
        **os.environ,
        **variables,
        "VIDEOCLIP_DATA_DIR": str(settings.data_dir.absolute()),
    }
    begun = time.monotonic()
    try:
        works = start_dispatcher(settings, environment).works.remote()
        while not ray.wait([works], timeout=0.3)[0]:
            waited = time.monotonic() - begun
            if waited > _DISPATCHER_S:
                raise ray.exceptions.GetTimeoutError(f"it says nothing for {waited:.0f} s")
            waiting(["dispatcher"], waited)
        ray.get(works)
    except ray.exceptions.RayError as error:
        raise EngineUnavailable(
            f"the dispatcher did not start: {error}",
            "Read the logs in Ray's session folder, or start one by hand: videoclip dispatch",
        ) from error


@contextmanager
def _joined(settings: Settings, record: dict[str, Any]) -> Iterator[None]:
    """Be connected to the Ray of ``record`` inside the block.

    Raises:
        EngineUnavailable: it does not let us in.
    """
    import ray

    deadline = time.monotonic() + _JOIN_S
    while not ray.is_initialized():
        try:
            ray.init(address=record["address"], logging_level=logging.ERROR, log_to_driver=False)
        except ConnectionError as error:
            # Its control service answers before its node is there; on a busy machine that is a while.
            if time.monotonic() > deadline or local.status(settings) is None:
                raise EngineUnavailable(
                    f"Ray at {record['address']} does not let us in: {error}",
                    f"Read {settings.data_dir / 'cluster' / 'ray.log'}; `videoclip down`, then `videoclip up`, "
                    "starts it anew",
                ) from error
            time.sleep(1)
    try:
        yield
    finally:
        ray.shutdown()


def _where(num_gpus: float) -> str:
    return f"{num_gpus:g} of a GPU" if num_gpus else "processors"
