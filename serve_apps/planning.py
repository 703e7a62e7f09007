"""What both builders share: their arguments, the plan of this machine, the autoscaling of replicas."""

from __future__ import annotations

from typing import Any

import psutil
from pydantic import BaseModel, ConfigDict, Field

from serve_apps.config import AsrServing, LlmServing, read_serving
from serve_apps.resources import Plan, gpu_memory_gib, plan
from videoclip.settings import load_settings

__all__ = ["AppArguments", "autoscaling", "placed", "planned"]


class AppArguments(BaseModel):
    """``args`` of an application in `configs/serve.yaml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    config: str = Field(
        "", description="serving file; default: serve.config of the settings of Ray's processes"
    )


def planned(arguments: AppArguments | dict[str, Any]) -> Plan:
    """The plan of the serving file on this machine; both applications see the same one.

    Raises:
        UsageError: the file is wrong, or the models do not fit.
        EngineUnavailable: a GPU is wanted and there is none.
    """
    # Serve hands over the plain dictionary of its file: it does not see postponed annotations.
    arguments = AppArguments.model_validate(arguments)
    return plan(
        read_serving(arguments.config or load_settings().serve.config),
        found_gpu_gib=gpu_memory_gib(),
        node_gib=psutil.virtual_memory().total / 2**30,
    )


def autoscaling(serving: AsrServing | LlmServing) -> dict[str, Any]:
    """Serve's autoscaling by the length of the queue."""
    first = serving.initial_replicas
    return {
        "min_replicas": serving.min_replicas,
        "initial_replicas": serving.min_replicas if first is None else first,
        "max_replicas": serving.max_replicas,
        "target_ongoing_requests": serving.target_ongoing_requests,
        "upscale_delay_s": serving.upscale_s,
        "downscale_delay_s": serving.idle_s,
        # Serve gives up the last replica by a clock of its own.
        **({"downscale_to_zero_delay_s": serving.idle_s} if serving.min_replicas == 0 else {}),
    }


def placed(nodes: dict[str, str]) -> dict[str, Any]:
    """Ray's options of an actor that may run only on nodes with these labels; none for any node."""
    return {"label_selector": dict(nodes)} if nodes else {}
