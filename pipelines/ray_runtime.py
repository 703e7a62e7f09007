"""Ray for one job: join the cluster that is named, else start a small private one and take it down again."""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
import threading
from pathlib import Path
from typing import Any

from videoclip.settings import RaySettings

__all__ = ["RayRuntime"]

_PREFIX = "videoclip-ray-"


class RayRuntime:
    """Starts Ray at the first use, not before: a job with nothing left to do never needs it.

    A private instance binds to loopback, has no dashboard and keeps its sockets in a folder of its own.
    Its processes die with this one (Ray asks the kernel for that), however this one ends.
    """

    def __init__(self, settings: RaySettings) -> None:
        self._settings = settings
        self._folder: Path | None = None
        self._lock = threading.Lock()
        self._owner = False

    def __enter__(self) -> RayRuntime:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def num_cpus(self) -> int:
        """Processors that work may use at once."""
        if self._settings.num_cpus is not None:
            return self._settings.num_cpus
        if self._settings.address:
            import ray

            self.start()
            return max(1, int(ray.cluster_resources().get("CPU", 1)))  # type: ignore[no-untyped-call]
        return (
            len(os.sched_getaffinity(0))
            if hasattr(os, "sched_getaffinity")
            else os.cpu_count() or 1
        )

    def start(self) -> None:
        """Start or join Ray, once."""
        with self._lock:
            os.environ.setdefault("RAY_AUTH_MODE", "disabled")
            os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
            os.environ.setdefault("RAY_DATA_DISABLE_PROGRESS_BARS", "1")
            import ray

            if ray.is_initialized():
                return
            common: dict[str, Any] = {"logging_level": logging.ERROR, "log_to_driver": False}
            if self._settings.address:
                ray.init(address=self._settings.address, **common)
            else:
                _sweep_dead_folders()
                _let_workers_import()
                # Sockets have paths of at most 107 bytes: the data folder may be too deep for them.
                self._folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))
                ray.init(
                    num_cpus=self.num_cpus,
                    include_dashboard=False,
                    object_store_memory=self._settings.object_store_bytes,
                    _node_ip_address="127.0.0.1",
                    _temp_dir=str(self._folder),
                    **common,
                )
            self._owner = True
            _quiet_ray_data()

    def stop(self) -> None:
        """Leave or end what `start` began; an instance started by somebody else stays."""
        with self._lock:
            if not self._owner:
                return
            import ray

            ray.shutdown()
            self._owner = False
            if self._folder is not None:
                shutil.rmtree(self._folder, ignore_errors=True)
                self._folder = None


def _quiet_ray_data() -> None:
    from ray.data import DataContext

    context = DataContext.get_current()
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    # A unit that kills its worker must not take the others with it: its block is dropped, we notice
    # the missing answer and record the failure.
    context.max_errored_blocks = -1
    logging.getLogger("ray.data").setLevel(logging.CRITICAL)


def _let_workers_import() -> None:
    """Workers inherit this: the folder that holds the server packages, wherever they are installed."""
    here = str(Path(__file__).resolve().parents[1])
    others = [part for part in os.environ.get("PYTHONPATH", "").split(os.pathsep) if part]
    if here not in others:
        os.environ["PYTHONPATH"] = os.pathsep.join([here, *others])


def _sweep_dead_folders() -> None:
    """Remove folders whose process was killed before it could."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        pid = folder.name[len(_PREFIX) :].partition("-")[0]
        try:
            if pid.isdigit() and folder.stat().st_uid == os.getuid() and not _alive(int(pid)):
                shutil.rmtree(folder, ignore_errors=True)
        except OSError:
            continue


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
