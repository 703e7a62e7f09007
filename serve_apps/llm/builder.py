"""The builder of the language application, for `serve deploy`, `videoclip up` and tests alike."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from typing import Any

from serve_apps.llm.proxy import proxy_application
from serve_apps.planning import AppArguments, autoscaling, planned
from serve_apps.resources import LlmPlan
from videoclip.errors import EngineUnavailable, UsageError
from videoclip.settings import load_settings

__all__ = ["INGRESS_CPUS", "application", "build", "llm_config"]

INGRESS_CPUS = 0.1
"""Ray CPUs of the replica that takes requests for the model."""
_INGRESS_ONGOING = 256


def build(arguments: AppArguments | dict[str, Any]) -> Any:
    """The application that the serving file describes.

    Raises:
        UsageError: the file is wrong, or says that no language model is served.
        EngineUnavailable: vLLM is not installed.
    """
    plan = planned(arguments).llm
    if plan is None:
        raise UsageError(
            "no language model is served here: llm.engine is none, or auto without a GPU",
            "Set llm.engine to vllm (with llm.device: cpu on processors) or proxy, or deploy only the asr app",
        )
    return application(plan)


def application(plan: LlmPlan) -> Any:
    """A Serve application of this plan (`ray.serve.Application`).

    Raises:
        EngineUnavailable: vLLM is not installed.
    """
    if plan.engine == "proxy":
        return proxy_application(plan)
    if importlib.util.find_spec("vllm") is None:
        raise EngineUnavailable(
            "vLLM is not installed, and the serving file asks for it",
            "Run make setup again, set llm.engine: proxy with an upstream, or llm.engine: none",
        )
    from ray.serve.llm import LLMConfig, build_openai_app

    config = llm_config(plan)
    return build_openai_app(
        {
            "llm_configs": [LLMConfig(**config)],
            "ingress_deployment_config": {
                # It passes on; one is enough, and it stays when the model sleeps, so that somebody is there
                # to wake it.
                "autoscaling_config": {"min_replicas": 1, "max_replicas": 1},
                "max_ongoing_requests": _INGRESS_ONGOING,
                "ray_actor_options": {"num_cpus": INGRESS_CPUS},
            },
        }
    )


def llm_config(plan: LlmPlan) -> dict[str, Any]:
    """Arguments of `ray.serve.llm.LLMConfig` for this plan; needs neither Ray nor vLLM."""
    serving = plan.serving
    # One bundle: the replica and, on one GPU, its engine.
    bundle: dict[str, float] = {"CPU": serving.num_cpus}
    if plan.device == "gpu":
        bundle["GPU"] = plan.num_gpus
    config: dict[str, Any] = {
        "model_loading_config": {"model_id": plan.model, "model_source": plan.source},
        "engine_kwargs": {
            "max_model_len": plan.context,
            "gpu_memory_utilization": plan.utilization,
            "max_num_seqs": serving.max_ongoing_requests,
            # Answers are JSON under a schema: white space between tokens only costs time, and a weak model may
            # write nothing else.
            "structured_outputs_config": {"backend": "xgrammar", "disable_any_whitespace": True},
            # Windows of one transcript share their instructions.
            "enable_prefix_caching": True,
            # On a GPU Ray chooses the executor, so that it sees the placement group and its share.
            **(
                {"enforce_eager": True, "distributed_executor_backend": "mp"}
                if plan.device == "cpu"
                else {}
            ),
            **serving.engine_kwargs,
        },
        "placement_group_config": {"bundles": [bundle]},
        "deployment_config": {
            "autoscaling_config": autoscaling(serving),
            "max_ongoing_requests": serving.max_ongoing_requests,
            "max_queued_requests": serving.max_queued_requests,
            "ray_actor_options": {"num_cpus": 0},
            "graceful_shutdown_timeout_s": 120,
            **(
                {"placement_group_bundle_label_selector": [dict(serving.nodes)]}
                if serving.nodes
                else {}
            ),
        },
        "runtime_env": {"env_vars": _environment(plan)},
        "log_engine_metrics": False,
    }
    if plan.device == "cpu":
        config["accelerator_config"] = {"kind": "cpu"}
    return config


def _environment(plan: LlmPlan) -> dict[str, str]:
    variables = {"VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1"}
    if plan.device == "cpu":
        weights = plan.serving.weights_gib or 0.0
        variables["VLLM_CPU_KVCACHE_SPACE"] = str(max(1, int(plan.memory_gib - weights - 1)))
    if Path(plan.source).is_dir() or load_settings().offline:
        variables["HF_HUB_OFFLINE"] = "1"
    mirror = os.environ.get("HF_ENDPOINT", "")
    return {**variables, **({"HF_ENDPOINT": mirror} if mirror else {})}
