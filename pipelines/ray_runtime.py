"""Ray for one job: join the cluster that is named, else start a small private one and take it down again."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pipelines import ray_data, ray_guardian
from pipelines.faults import ClusterLost, RayAway
from pipelines.machine import available_memory, processors
from pipelines.own_node import OwnNode
from videoclip.settings import RaySettings

__all__ = ["ON_LOOPBACK", "RayRuntime", "check_address", "prepare_environment"]

ON_LOOPBACK = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}
"""Ray takes 127.0.0.1 for the address of the network card, where its services then listen for everybody, without
asking who it is. Only this keeps it on loopback; whoever joins such a Ray needs it, too."""

_ATTENDANTS = ("start_log_monitor", "start_monitor", "start_api_server")
_QUIET = {
    "RAY_enable_metrics_collection": "0",
    "RAY_task_events_report_interval_ms": "0",
    "REPORTER_UPDATE_INTERVAL_MS": "3600000",
}
"""What a private Ray tells of itself to nobody: each of its processes would do that every few seconds."""
_ELSEWHERE = ("8.8.8.8", 80)
_OWN_S = 1.0
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
_MARK = "VIDEOCLIP_RAY_SESSION"
_STOP_S = 5.0
_CONNECT_S = 5.0
_LONGEST_TMP = 20


class RayRuntime:
    """Starts Ray at the first use, not before: a job with nothing left to do never needs it.

    A private instance binds to loopback, has no dashboard and keeps its sockets in a folder of its own.
    Its processes end with this one, however this one ends: a guardian process sees to that.
    """

    def __init__(self, settings: RaySettings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._owner = False
        self._guardian: subprocess.Popen[bytes] | None = None
        self._node: OwnNode | None = None
        self._undo: Callable[[], None] | None = None
        if not settings.in_process:
            prepare_environment(settings.address)

    def __enter__(self) -> RayRuntime:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def in_process(self) -> bool:
        """Whether units run one after the other in the job's own process instead, without Ray."""
        return self._settings.in_process

    @property
    def num_cpus(self) -> int:
        """Processors that work may use at once."""
        if self._settings.num_cpus is not None:
            return self._settings.num_cpus
        if self._settings.address:
            import ray

            self.start()
            return max(1, int(ray.cluster_resources().get("CPU", 1)))  # type: ignore[no-untyped-call]
        return processors()

    @property
    def memory_bytes(self) -> int | None:
        """Memory that workers may use in all, as far as it is known; starts Ray."""
        if self._settings.memory_bytes is not None:
            return self._settings.memory_bytes
        import ray

        self.start()
        known = int(ray.cluster_resources().get("memory", 0)) or None  # type: ignore[no-untyped-call]
        if self._settings.address:
            return known
        here = available_memory()
        return here if known is None or here is None else min(here, known)

    def reserved(self, memory_bytes: int) -> int | None:
        """What to declare to Ray so that it places workers by memory; None where that could wait for ever.

        Only on a cluster, whose nodes differ: here at home the number of workers is bound already.
        """
        if not self._settings.address:
            return None
        import ray

        nodes = [node["Resources"].get("memory", 0) for node in ray.nodes() if node["Alive"]]  # type: ignore[no-untyped-call]
        return memory_bytes if nodes and min(nodes) >= memory_bytes else None

    @property
    def num_gpus(self) -> float:
        """GPUs that Ray can give out; starts Ray."""
        if self._settings.in_process:
            return 0.0
        import ray

        self.start()
        return float(ray.cluster_resources().get("GPU", 0))  # type: ignore[no-untyped-call]

    @property
    def free_gpus(self) -> float:
        """GPUs that nobody holds just now; starts Ray."""
        import ray

        self.start()
        return float(ray.available_resources().get("GPU", 0))  # type: ignore[no-untyped-call]

    def check(self) -> None:
        """See that the cluster that was joined is still the same; quick, for any thread.

        Raises:
            ClusterLost: the node that this process belongs to has ended. Nothing that was begun there ends any more.
        """
        node = self._node
        if node is not None and node.gone:
            raise ClusterLost(
                "the node of Ray that the work belonged to has ended",
                "It is tried again; if this repeats, look at Ray's logs on that machine for why its node ends",
            )

    def start(self) -> None:
        """Start or join Ray, once."""
        with self._lock:
            import ray

            if ray.is_initialized():
                return
            self._owner = True
            common: dict[str, Any] = {"logging_level": logging.ERROR, "log_to_driver": False}
            if self._settings.address:
                check_address(self._settings.address)
                ray.init(address=self._settings.address, **common)
                self._node = OwnNode()
            else:
                _let_workers_import()
                folder = _sockets_folder()
                self._guardian = _guard(folder)
                with _sigterm_kept(), _lean():
                    ray.init(
                        address="local",  # whatever RAY_ADDRESS says
                        num_cpus=self.num_cpus,
                        num_gpus=self._settings.num_gpus,
                        include_dashboard=False,
                        object_store_memory=self._settings.object_store_bytes,
                        _node_ip_address="127.0.0.1",
                        _temp_dir=folder,
                        **common,
                    )
                self._undo = ray_data.without_helpers()
            ray_data.quiet()
            ray_data.patient()

    def stop(self) -> None:
        """Leave or end what `start` began; an instance started by somebody else stays."""
        with self._lock:
            if not self._owner:
                return
            import ray

            self._node = None
            ray.shutdown()
            if self._undo is not None:
                self._undo()
                self._undo = None
            self._owner = False
            if self._guardian is not None:
                assert self._guardian.stdin is not None
                self._guardian.stdin.close()
                self._guardian.wait(timeout=_STOP_S + ray_guardian.SWEEP_S)
                self._guardian = None

    def abandon(self) -> None:
        """Leave what `start` began to the guardian: this process ends at once, an orderly end takes seconds."""
        self._owner = False


def prepare_environment(address: str) -> None:
    """What Ray reads once, when it is imported; ``address``: of the cluster, empty for a private one."""
    usual = {
        "RAY_AUTH_MODE": "disabled",
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_DATA_DISABLE_PROGRESS_BARS": "1",
        # Else its core answers SIGTERM with a stack trace, and with SIGABRT three seconds later.
        "RAY_DISABLE_FAILURE_SIGNAL_HANDLER": "1",
    }
    if not address or _is_only_on_loopback(address):
        usual |= ON_LOOPBACK
        if constants := sys.modules.get("ray._private.ray_constants"):  # Ray read it already
            constants.ENABLE_RAY_CLUSTER = False  # type: ignore[attr-defined]
    if not address:  # nobody else's work is to be waited for when it is told to stop
        usual["RAY_GRACEFUL_SHUTDOWN_DRAIN_TIMEOUT_S"] = "0"
    for name, value in usual.items():
        os.environ.setdefault(name, value)


def _is_only_on_loopback(address: str) -> bool:
    """Whether a cluster that is named by a loopback address is not to be found at this machine's own, where others are."""
    host, _, port = address.rpartition(":")
    if host not in _LOOPBACK or not port.isdigit():
        return False
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect(_ELSEWHERE)  # sends nothing; the address that Ray would take
            own = probe.getsockname()[0]
        socket.create_connection((own, int(port)), timeout=_OWN_S).close()
    except OSError:
        return True
    return False


@contextmanager
def _sigterm_kept() -> Iterator[None]:
    """Ray takes SIGTERM for itself and ends the process with status 1: whoever had it keeps it."""
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    except SystemExit:  # Ray's handler ran while it started
        if callable(before):
            before(signal.SIGTERM, None)
        raise
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _lean() -> Iterator[None]:
    """A private Ray without its dashboard server, autoscaler and reader of logs, and quiet: nobody asks it for anything.

    Each is a process that imports Ray and then looks round all the time. Ray has no setting for that. What runs
    beside, as `videoclip up` does, must not inherit it.
    """
    from ray._private.node import Node

    kept = {name: getattr(Node, name) for name in _ATTENDANTS if hasattr(Node, name)}
    before = {name: os.environ.get(name) for name in _QUIET}
    for name in kept:
        setattr(Node, name, lambda *_, **__: None)
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    try:
        yield
    finally:
        for name, method in kept.items():
            setattr(Node, name, method)
        for name, was in before.items():
            if was is None:
                os.environ.pop(name, None)


def _sockets_folder() -> str:
    """A new folder whose path is short: sockets have paths of at most 107 bytes, and Ray adds seventy."""
    if len(os.fsencode(tempfile.gettempdir())) <= _LONGEST_TMP:
        return tempfile.mkdtemp(prefix="videoclip-ray-")
    return tempfile.mkdtemp(prefix="videoclip-ray-", dir="/tmp")


def check_address(address: str) -> None:
    """Ray waits for minutes for a cluster that is not there.

    Raises:
        RayAway: nothing listens at ``host:port``.
    """
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit():
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=_CONNECT_S).close()
    except OSError as error:
        raise RayAway(
            f"no Ray cluster answers at {address}: {error}",
            "Start it (videoclip up), or unset VIDEOCLIP_RAY__ADDRESS to work in this process",
        ) from error


def _guard(folder: str) -> subprocess.Popen[bytes]:
    """Start the guardian, and mark everything that this process starts from now on."""
    mark = uuid.uuid4().hex
    try:
        guardian = subprocess.Popen(
            [sys.executable, "-S", "-E", ray_guardian.__file__, f"{_MARK}={mark}", folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            cwd="/",
        )
    except OSError:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    os.environ[_MARK] = mark
    return guardian


def _let_workers_import() -> None:
    """Workers inherit this: the folder that holds the server packages, wherever they are installed."""
    here = str(Path(__file__).resolve().parents[1])
    others = [part for part in os.environ.get("PYTHONPATH", "").split(os.pathsep) if part]
    if here not in others:
        os.environ["PYTHONPATH"] = os.pathsep.join([here, *others])
