"""The builder of the speech application, for `serve deploy`, `videoclip up` and tests alike."""

from __future__ import annotations

from typing import Any

from serve_apps.asr.deployment import Asr
from serve_apps.planning import AppArguments, autoscaling, placed, planned
from serve_apps.resources import AsrPlan
from videoclip.errors import UsageError

__all__ = ["application", "build"]

_SHUTDOWN_S = 60.0
"""A replica that is to go finishes what it has in hand."""


def build(arguments: AppArguments | dict[str, Any]) -> Any:
    """The application that the serving file describes.

    Raises:
        UsageError: the file is wrong, or says that no recogniser is served.
    """
    plan = planned(arguments).asr
    if plan is None:
        raise UsageError("the serving file has no asr part", "Add one, or deploy only the llm app")
    return application(plan)


def application(plan: AsrPlan) -> Any:
    """A Serve application of this plan (`ray.serve.Application`)."""
    from ray import serve

    serving = plan.serving
    deployment: Any = serve.deployment(
        Asr,
        name="Recogniser",
        ray_actor_options={
            "num_cpus": serving.num_cpus,
            "num_gpus": plan.num_gpus,
            **placed(serving.nodes),
        },
        autoscaling_config=autoscaling(serving),
        max_ongoing_requests=serving.max_ongoing_requests,
        max_queued_requests=serving.max_queued_requests,
        health_check_period_s=serving.health_period_s,
        health_check_timeout_s=serving.health_timeout_s,
        graceful_shutdown_timeout_s=_SHUTDOWN_S,
        graceful_shutdown_wait_loop_s=0.5,
    )
    return deployment.bind(serving, plan.device, plan.num_gpus)
