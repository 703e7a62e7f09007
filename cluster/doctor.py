"""Checks a Ray cluster node by node against this machine, and says how to mend what is wrong: `videoclip doctor --cluster`."""

from __future__ import annotations

import logging
import os
import secrets
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cluster import local
from cluster.config import KIND
from cluster.looking import Asked, Seen, key_mark, look, now, versions
from pipelines.ray_runtime import check_address, prepare_environment
from serve_apps.config import read_serving
from videoclip.errors import EngineUnavailable
from videoclip.settings import Settings
from videoclip.store.models import HEAD
from videoclip.store.objects import open_objects

__all__ = ["Line", "Node", "examine", "judge"]

_PATIENCE_S = 120.0
_SKEW_S = 1.0
_ENOUGH_GIB = 2.0
_NOMINAL = 0.97
"""A card reports a little less than its name says."""


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was looked at. ``ok`` false with an empty ``remedy`` is for information."""

    node: str
    name: str
    ok: bool
    detail: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Node:
    """A node of Ray, and what it said."""

    name: str
    address: str
    labels: dict[str, str]
    seen: Seen | None
    """None: it did not answer in time."""
    skew_s: float = 0.0
    """Its clock less ours, as far as it is certain."""


def judge(node: Node, mark: str, gpu_gib: float) -> list[Line]:
    """A line for each check of a node.

    Args:
        node: what it said.
        mark: of the secret key here.
        gpu_gib: memory of a card that the serving file counts on; 0: not stated.
    """
    seen = node.seen
    if seen is None:
        return [
            Line(
                node.name, "answer", False, f"nothing was heard within {_PATIENCE_S:.0f} s",
                "See its log (raylet.out in Ray's session folder), whether it has room for a worker, and its firewall",
            )
        ]  # fmt: skip
    made = [_versions(node, seen)]
    if seen.settings:
        remedy = "Give every node the same variables; docs/configuration.md lists them"
        return [*made, Line(node.name, "settings", False, seen.settings, remedy)]
    made += [_clock(node), _token(node, seen), _key(node, seen, mark)]
    checks = (
        ("shared storage", seen.storage, "Mount the same file system at the same path on every node (storage in the cluster's file)"),
        ("objects", seen.objects, "Check VIDEOCLIP_OBJECTS__* of that node, and that it reaches the bucket"),
        ("database", seen.database, "Check VIDEOCLIP_DATABASE_URL of that node, and the server's firewall"),
        ("language model", seen.endpoint, "Check VIDEOCLIP_LLM__BASE_URL of that node, and `serve status`"),
    )  # fmt: skip
    made += [
        Line(node.name, name, not fault, fault or "reached", remedy if fault else "")
        for name, fault, remedy in checks
    ]
    if not seen.database:
        made.append(_schema(node, seen))
    made += [Line(node.name, "tools", False, fault, remedy) for fault, remedy in seen.tools] or [
        Line(node.name, "tools", True, "FFmpeg and what it needs are there")
    ]
    free = f"{seen.free_gib:.1f} GiB free in the data folder"
    made.append(
        Line(node.name, "disk", seen.free_gib >= _ENOUGH_GIB, free, "Free some space, or enlarge the storage")
    )  # fmt: skip
    made += _cards(node, seen, gpu_gib)
    if node.labels.get(KIND) == "gpu-asr":
        best = seen.engine == "funasr"
        remedy = "" if best else "Copy the models' cache to the shared storage (MODELSCOPE_CACHE)"
        made.append(Line(node.name, "model cache", best, f"auto takes {seen.engine}", remedy))
    return made


def _versions(node: Node, seen: Seen) -> Line:
    other = [
        f"{name} {seen.versions.get(name, 'unknown')} (here {own})"
        for name, own in versions().items()
        if seen.versions.get(name) != own
    ]
    same = ", ".join(f"{name} {own}" for name, own in versions().items())
    remedy = "Run the same image on every node" if other else ""
    return Line(node.name, "versions", not other, ", ".join(other) or same, remedy)


def _clock(node: Node) -> Line:
    late = abs(node.skew_s) > _SKEW_S
    detail = f"{node.skew_s:+.1f} s against this machine" if late else "agrees with this machine"
    return Line(node.name, "clock", not late, detail, "Run chrony or another NTP client" if late else "")  # fmt: skip


def _token(node: Node, seen: Seen) -> Line:
    alone = node.address in {"127.0.0.1", "::1"}
    ok = seen.auth_mode == "token" or alone
    detail = (
        "Ray asks for a token"
        if seen.auth_mode == "token"
        else "Ray asks for no token; it listens on loopback only"
        if alone
        else "Ray asks for no token: whoever reaches the node can run programs there"
    )
    remedy = "" if ok else "Start all nodes with RAY_AUTH_MODE=token and the same token"
    return Line(node.name, "token", ok, detail, remedy)


def _key(node: Node, seen: Seen, mark: str) -> Line:
    ok = seen.key == mark
    detail = "is the one of this machine" if ok else "is another one than on this machine"
    remedy = "" if ok else "Give every process the same VIDEOCLIP_SECRET_KEY"
    return Line(node.name, "secret key", ok, detail, remedy)


def _schema(node: Node, seen: Seen) -> Line:
    ok = seen.schema == HEAD
    detail = f"schema {seen.schema}" + ("" if ok else f"; this release has {HEAD}")
    remedy = "" if ok else "Start a gateway or dispatcher of this release, which brings it up"
    return Line(node.name, "database schema", ok, detail, remedy)


def _cards(node: Node, seen: Seen, gpu_gib: float) -> Iterator[Line]:
    wanted = node.labels.get(KIND, "").startswith("gpu")
    if not seen.cards:
        if wanted:
            remedy = "Install NVIDIA's driver and container toolkit, or correct the group's kind"
            yield Line(node.name, "graphics card", False, "no NVIDIA card is seen", remedy)
        return
    small = [name for name, gib, _ in seen.cards if gib < gpu_gib * _NOMINAL]
    detail = ", ".join(f"{name} ({gib:.0f} GiB, driver {driver})" for name, gib, driver in seen.cards)  # fmt: skip
    remedy = f"gpu_gib of the serving file is {gpu_gib:g}: state what these cards have" if small else ""  # fmt: skip
    yield Line(node.name, "graphics card", not small, detail, remedy)


# ---------------------------------------------------------------------- asking


def examine(settings: Settings) -> list[Line]:
    """Ask every node of the cluster that the settings name, or that runs on this machine.

    Raises:
        EngineUnavailable: there is none, or it does not let us in.
        VideoClipError: this machine itself lacks the storage or the objects.
    """
    with _joined(settings) as ray, _left(settings) as asked:
        known = ray.nodes()
        nodes = _ask(ray, [node for node in known if node["Alive"]], asked)
        lines = [
            line for node in nodes for line in judge(node, key_mark(settings), _gpu_gib(settings))
        ]
        gone = [str(node["NodeManagerHostname"]) for node in known if not node["Alive"]]
        if gone:
            lines.append(Line("cluster", "nodes that went", False, ", ".join(gone)))
        return [*lines, *_applications()]  # fmt: skip


def _gpu_gib(settings: Settings) -> float:
    stated = read_serving(settings.serve.config).gpu_gib
    return 0.0 if stated == "auto" else float(stated)


@contextmanager
def _joined(settings: Settings) -> Iterator[Any]:
    record = local.status(settings)
    address = settings.ray.address or (record["address"] if record else "")
    if not address and not os.environ.get("RAY_ADDRESS"):
        raise EngineUnavailable(
            "no Ray cluster is named, and none was started here",
            "Set VIDEOCLIP_RAY__ADDRESS (auto: the one that this machine is a node of), or start one: videoclip up",
        )
    check_address(address or os.environ["RAY_ADDRESS"])
    prepare_environment(address or os.environ["RAY_ADDRESS"])
    import ray

    if ray.is_initialized():
        yield ray
        return
    try:
        ray.init(address=address or None, logging_level=logging.ERROR, log_to_driver=False)
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise EngineUnavailable(
            f"the Ray cluster at {address or os.environ['RAY_ADDRESS']} does not let us in: {error}",
            "See that it runs, that this machine is one of its nodes, and RAY_AUTH_MODE with its token",
        ) from error
    try:
        yield ray
    finally:
        ray.shutdown()


@contextmanager
def _left(settings: Settings) -> Iterator[Asked]:
    """Leave a small file in the data folder and one among the objects while the block lasts."""
    folder, word = settings.data_dir.absolute(), secrets.token_hex(16)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(
            "w", dir=folder, prefix=".doctor-", encoding="utf-8"
        ) as probe:
            probe.write(word)
            probe.flush()
            ref = open_objects(settings).put(Path(probe.name))
            yield Asked(probe.name, word, ref.sha256, ref.size)
    except OSError as error:
        raise EngineUnavailable(
            f"{folder} cannot be written here: {error.strerror or error}",
            "Run this on a machine that shares the storage",
        ) from error


def _ask(ray: Any, nodes: list[dict[str, Any]], asked: Asked) -> list[Node]:
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    def on(node: dict[str, Any], work: Any) -> Any:
        where = NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)
        return ray.remote(work).options(num_cpus=0, max_retries=0, scheduling_strategy=where)

    looks = {on(node, look).remote(asked): node for node in nodes}
    answered, _ = ray.wait(list(looks), num_returns=len(looks), timeout=_PATIENCE_S)
    told = []
    for reference, node in looks.items():
        seen, skew_s = None, 0.0
        try:
            if reference in answered:
                seen = ray.get(reference)
                # Its worker is there by now, so that little else than the way is in between.
                before = time.time()
                there = ray.get(on(node, now).remote(), timeout=_PATIENCE_S)
                after = time.time()
                unsure = (after - before) / 2
                skew_s = there - (before + after) / 2
                skew_s = 0.0 if abs(skew_s) <= unsure else skew_s
        except (ray.exceptions.RayError, TimeoutError):
            seen = None
        name = str(node["NodeManagerHostname"])
        told.append(
            Node(name, node["NodeManagerAddress"], dict(node.get("Labels", {})), seen, skew_s)
        )
    return sorted(told, key=lambda one: one.name)


def _applications() -> Iterator[Line]:
    from ray import serve
    from ray.exceptions import RayError
    from ray.serve.exceptions import RayServeException

    try:
        status = serve.status()
    except (RayError, RayServeException) as error:
        yield Line("cluster", "Ray Serve", False, str(error).partition("\n")[0])
        return
    for name, app in sorted(status.applications.items()):
        word = str(getattr(app.status, "value", app.status))
        ok = word == "RUNNING"
        message = f"{word} {app.message}".strip()[:300]
        remedy = "" if ok else "See the dashboard's Serve page, or `serve status`"
        yield Line("cluster", f"application {name}", ok, message, remedy)
