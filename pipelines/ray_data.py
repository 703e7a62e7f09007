"""Ray Data as units need it: quiet, patient, and on a Ray of our own without the actors that serve a cluster.

Units take seconds to minutes. Ray Data looks ten times a second whether one is done and a hundred times whether there is
something to fetch, and starts three actors: one for its statistics, one for the places of workers, one that asks
for nodes. On two processors that is a tenth of what they can do (docs/performance.md). It has no settings for it, so parts of
it are exchanged here; one that is not there any more is left out, and a test says so.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable
from typing import Any

__all__ = ["exchanged", "patient", "quiet", "without_helpers"]

_LOOK_S = 1.0
"""How long it is waited for the next unit to end before the loop does its round; one that ends is seen at once."""
_PAUSE_S = 0.02
_FETCH_S = 0.05
"""How long a result may lie before it is fetched."""


def quiet() -> None:
    """No bars, no tables; and a unit that kills its worker must not take the others with it."""
    from ray.data import DataContext

    context = DataContext.get_current()
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    # Its block is dropped, we notice the missing answer and record the failure.
    context.max_errored_blocks = -1
    logging.getLogger("ray.data").setLevel(logging.CRITICAL)


def patient() -> None:
    """Let the loop of this process sleep until a unit ends."""
    import ray
    from ray.data._internal.execution import streaming_executor_state

    loop = vars(streaming_executor_state)
    if loop.get("ray") is ray:
        loop["ray"] = _Instead(ray, wait=_wait)
    if loop.get("time") is time:
        loop["time"] = _Instead(time, sleep=lambda seconds: time.sleep(max(seconds, _FETCH_S)))


def exchanged() -> list[tuple[Any, str, Any]]:
    """Where, by which name, and for what Ray Data's actors are exchanged."""
    from ray.data._internal import stats
    from ray.data._internal.execution import streaming_executor
    from ray.data._internal.execution.operators import actor_pool_map_operator as pool

    manager = stats._StatsManager
    return [
        (manager, "gen_dataset_id_from_stats_actor", staticmethod(lambda: uuid.uuid4().hex)),
        (manager, "register_dataset_to_stats_actor", staticmethod(_nothing)),
        (manager, "update_execution_metrics", staticmethod(_nothing)),
        (manager, "update_iteration_metrics", staticmethod(_nothing)),
        (pool, "get_or_create_actor_location_tracker", Deaf),
        (pool, "get_actor_locations", lambda _: {}),
        (streaming_executor, "create_cluster_autoscaler", _no_autoscaler),
    ]


def without_helpers() -> Callable[[], None]:
    """Do without Ray Data's own actors, for a Ray on this machine that nobody else uses; returns what undoes it."""
    wanted = exchanged()
    kept = [(where, name, vars(where)[name]) for where, name, _ in wanted if name in vars(where)]
    for where, name, value in wanted:
        if name in vars(where):
            setattr(where, name, value)

    def undo() -> None:
        for where, name, value in kept:
            setattr(where, name, value)

    return undo


class Deaf:
    """Takes every call to an actor and does nothing. Workers get it instead of a handle."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def remote(self, *_: object, **__: object) -> None:
        """Nobody is told."""


class _Instead:
    """A module, some of whose functions are others."""

    def __init__(self, module: Any, **functions: Callable[..., Any]) -> None:
        self._module = module
        self.__dict__.update(functions)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._module, name)


def _wait(refs: list[Any], *, num_returns: int, timeout: float, **options: Any) -> Any:
    """As Ray's, which is asked to wait for all of them and so always waits until the time is over."""
    import ray

    del num_returns
    ready, others = ray.wait(refs, num_returns=1, timeout=max(timeout, _LOOK_S), **options)
    if (
        ready and others
    ):  # what is ready besides; the pause is for one that is ready and cannot be taken yet
        more, others = ray.wait(others, num_returns=len(others), timeout=_PAUSE_S, **options)
        ready += more
    return ready, others


def _nothing(*_: object, **__: object) -> None:
    return


def _no_autoscaler(*_: object, **__: object) -> Any:
    import ray
    from ray.data._internal.cluster_autoscaler import ClusterAutoscaler
    from ray.data._internal.execution.interfaces import ExecutionResources

    class OneMachine(ClusterAutoscaler):
        """What there is is all there will be."""

        def try_trigger_scaling(self) -> None:
            return

        def on_executor_shutdown(self) -> None:
            return

        def get_total_resources(self) -> Any:
            return there

    there: Any = ExecutionResources.from_resource_dict(ray.cluster_resources())  # type: ignore[no-untyped-call]
    return OneMachine()
