"""What every generator needs of a cluster: variables of its processes, the plan of its models, Serve's file."""

from __future__ import annotations

import json
from typing import Any

import yaml

from cluster.config import Cluster, serving_of
from serve_apps.resources import Plan, plan
from videoclip.errors import UsageError

__all__ = [
    "CONFIG_FOLDER",
    "SERVE_PORT",
    "SERVING_FILE",
    "WITHOUT_HEAD",
    "plan_of",
    "redis_variables",
    "serve_config",
    "serving_yaml",
    "text",
    "variables",
]

SERVE_PORT = 8000
CONFIG_FOLDER = "/etc/videoclip"
SERVING_FILE = f"{CONFIG_FOLDER}/serving.yaml"
WITHOUT_HEAD = {"RAY_gcs_rpc_server_reconnect_timeout_s": "600"}
"""Where Ray's state outlives the head, its processes wait for it as long as KubeRay's pods do; by default for a minute,
after which they end, and what they hold with them: a new machine for the head takes longer."""
_MODELS = "models"
"""Folder of the shared storage for model weights."""


def plan_of(cluster: Cluster) -> Plan:
    """The plan of the models on the cluster's graphics cards, whatever machine this is.

    Raises:
        UsageError: the size of the cards is not stated, or the models do not fit.
        EngineUnavailable: a model must have a card and there is none.
    """
    serving = serving_of(cluster)
    if serving.gpu_gib == "auto":
        raise UsageError(
            "serving.gpu_gib is auto, and this machine is not the one with the graphics cards",
            "State the memory of a card of the cluster, such as serving: {gpu_gib: 24}; where asr and llm have "
            "different cards, also serving.asr.gpu_gib and serving.llm.gpu_gib",
        )
    return plan(serving, found_gpu_gib=0.0, node_gib=_model_node_gib(cluster))


def _model_node_gib(cluster: Cluster) -> float:
    """Memory of the smallest node that a language model may run on (vLLM on processors takes a share of it)."""
    kinds = {group.kind for group in cluster.groups}
    wanted = "gpu-llm" if "gpu-llm" in kinds else "gpu-asr" if "gpu-asr" in kinds else "cpu"
    return min(
        (group.memory_gib for group in cluster.groups if group.kind == wanted),
        default=cluster.head.memory_gib,
    )


def variables(cluster: Cluster, serve_host: str) -> dict[str, str]:
    """Variables of all processes that are no secrets.

    Args:
        cluster: the cluster.
        serve_host: name of the host by which its nodes reach Ray Serve.
    """
    storage, objects, planned = cluster.storage, cluster.objects, plan_of(cluster)
    found = {
        "VIDEOCLIP_DATA_DIR": storage.path,
        "VIDEOCLIP_SERVE__CONFIG": SERVING_FILE,
        "VIDEOCLIP_JOBS__SLOTS": str(cluster.dispatchers.slots),
        "VIDEOCLIP_GATEWAY__PUBLIC_URL": f"https://{cluster.gateway.host}",
        "MODELSCOPE_CACHE": f"{storage.path}/{_MODELS}/modelscope",
        "HF_HOME": f"{storage.path}/{_MODELS}/huggingface",
        "RAY_SERVE_FORCE_STOP_UNHEALTHY_REPLICAS": "1",
        "RAY_USAGE_STATS_ENABLED": "0",
    }
    if objects.url:
        found |= {
            "VIDEOCLIP_OBJECTS__URL": objects.url,
            "VIDEOCLIP_OBJECTS__REGION": objects.region,
            "VIDEOCLIP_OBJECTS__VIRTUAL_HOSTED": str(objects.virtual_hosted).lower(),
        }
        if objects.endpoint:
            found["VIDEOCLIP_OBJECTS__ENDPOINT"] = objects.endpoint
    if planned.asr:
        found["VIDEOCLIP_SPEECH__SERVE_APP"] = planned.asr.serving.name
    if planned.llm:
        name = planned.llm.serving.name
        found["VIDEOCLIP_LLM__BASE_URL"] = f"http://{serve_host}:{SERVE_PORT}/{name}/v1"
        if planned.llm.model:
            found["VIDEOCLIP_LLM__MODEL"] = planned.llm.model
        if planned.llm.serving.min_replicas == 0:
            found["VIDEOCLIP_LLM__MAY_SLEEP"] = "true"
    return {**found, **cluster.settings}


def redis_variables(cluster: Cluster) -> dict[str, str]:
    """Variables of Ray's head whose control service keeps its state in Redis; none where it does not."""
    address = cluster.gcs.redis_address
    if not address:
        return {}
    return {"RAY_REDIS_ADDRESS": address, "RAY_external_storage_namespace": cluster.name}


def serving_yaml(cluster: Cluster) -> str:
    """The serving file that the cluster's processes read."""
    return text(serving_of(cluster).model_dump(mode="json", exclude_defaults=True))


def serve_config(cluster: Cluster, http_host: str) -> dict[str, Any]:
    """What `serve deploy` is given: the models that the cluster has, and its dispatchers.

    Args:
        cluster: the cluster.
        http_host: address that Serve's proxies listen on.
    """
    planned = plan_of(cluster)
    applications: list[dict[str, Any]] = []
    if planned.asr:
        applications.append(
            {"name": planned.asr.serving.name, "import_path": "serve_apps.asr:build",
             "route_prefix": None, "args": {}}
        )  # fmt: skip
    if planned.llm:
        name = planned.llm.serving.name
        applications.append(
            {"name": name, "import_path": "serve_apps.llm:build",
             "route_prefix": f"/{name}", "args": {}}
        )  # fmt: skip
    applications.append(
        {"name": "dispatch", "import_path": "cluster.dispatching:build", "route_prefix": None,
         "args": {"replicas": cluster.dispatchers.replicas}}
    )  # fmt: skip
    return {
        "proxy_location": "EveryNode",
        "http_options": {"host": http_host, "port": SERVE_PORT},
        "applications": applications,
    }


def text(content: Any) -> str:
    """YAML in the order that it was made, without references inside it."""
    return yaml.safe_dump(
        json.loads(json.dumps(content)), sort_keys=False, allow_unicode=True, width=1000
    )
