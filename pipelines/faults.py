"""Any exception as an error that users understand, and whether the same job may go well later."""

from __future__ import annotations

from typing import Any

from videoclip.errors import (
    Cancelled,
    EngineUnavailable,
    StorageFull,
    VideoClipError,
    WorkFailed,
    one_line,
)
from videoclip.schemas import Failure
from videoclip.settings import Settings
from videoclip.store.objects import NO_SPACE, full

__all__ = [
    "ClusterLost",
    "OutOfMemory",
    "RayAway",
    "as_known",
    "fault",
    "may_pass",
    "ran_out",
    "unit_may_pass",
]

_OUT = "OutOfMemoryError"
"""As torch calls its own, of a GPU, and Ray the end that its memory monitor makes; not imported for their names' sake."""


class RayAway(EngineUnavailable):
    """No Ray answers where there shall be one; a queued job waits until it is back."""

    retryable = True


class ClusterLost(WorkFailed):
    """Ray, or the node that worked, went away."""

    code = "cluster_lost"
    http_status = 503
    retryable = True


class OutOfMemory(WorkFailed):
    """The work did not fit into the memory of the machine, or of its GPU."""

    code = "out_of_memory"
    http_status = 503
    retryable = True


_PASSING_CODES = frozenset({"worker_lost", "engine_busy", "engine_out_of_memory", "out_of_memory", "storage_full",
                            "store_failed", "database_away", "cluster_lost"})  # fmt: skip
"""Of failed units: what a later attempt may not meet again."""


def ran_out(error: BaseException | None) -> bool:
    """Whether an error, or what it came from, is that of memory that was not to be had."""
    while error is not None:
        if isinstance(error, MemoryError) or type(error).__name__ == _OUT:
            return True
        error = error.__cause__
    return False


def as_known(error: BaseException, settings: Settings) -> BaseException:
    """The error with its cause and remedy where it is one of a kind that is known; else itself."""
    if isinstance(error, VideoClipError):
        return error
    if ran_out(error):
        told = str(error).partition("\n")[0][:300] or type(error).__name__
        return OutOfMemory(
            f"the work ran out of memory: {told}",
            "It is tried again; if this repeats, let fewer jobs run at once (jobs.slots), or give the machine more",
        )
    if isinstance(error, OSError) and error.errno in NO_SPACE:
        return full(settings.data_dir, error.errno)
    if type(error).__module__.partition(".")[0] == "ray":
        return ClusterLost(
            f"the work was lost with its process: {type(error).__name__}: {error}",
            "It is tried again; if this repeats, look for memory limits and for nodes that went away",
        )
    return error


def fault(error: BaseException) -> dict[str, Any]:
    """What the job's row says."""
    if isinstance(error, KeyboardInterrupt):
        error = Cancelled("the job was cancelled", "Run the same command again to go on")
    if isinstance(error, VideoClipError):
        return {"code": error.code, "cause": error.cause, "remedy": error.remedy}
    return {
        "code": "internal",
        "cause": one_line(f"{type(error).__name__}: {error}"),
        "remedy": "This is a defect of Video-Clip: please report it",
    }


def may_pass(error: BaseException) -> bool:
    """Whether the same job may go well later without a change by its owner."""
    if isinstance(error, StorageFull):
        return True
    return isinstance(error, VideoClipError) and error.retryable


def unit_may_pass(failure: Failure) -> bool:
    """The same of a unit that failed."""
    return failure.code in _PASSING_CODES
