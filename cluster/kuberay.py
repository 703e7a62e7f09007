"""KubeRay's resources (API `ray.io/v1`, KubeRay 1.7): a RayCluster, a RayService with the platform on it, a RayJob."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from importlib import metadata
from typing import Any

from cluster.common import SERVE_PORT, serve_config, text
from cluster.config import KIND, SPOT, Cluster, NodeGroup
from cluster.pods import (
    CONTAINER_SECURITY,
    container,
    http_probe,
    labels,
    pod,
    size,
)

__all__ = ["ray_cluster", "ray_job", "ray_service"]

_API = "ray.io/v1"
_AGENT_PORT = 52365
_HEALTH = "/api/healthz"
_HEAD_STORE_SHARE = 0.2
_MARGIN_S = 15
"""Of a node's notice that is left for the container to end."""
_SERVICE_READY = " && ".join(
    f"wget --tries 1 -T 4 -q -O- http://localhost:{port}/{path} | grep -q success"
    for port, path in ((_AGENT_PORT, "api/local_raylet_healthz"), (SERVE_PORT, "-/healthz"))
)
"""A node without a proxy of Serve gets no requests of the service."""
_ALONE = (
    *("env", "-u", "VIDEOCLIP_SPEECH__SERVE_APP", "-u", "VIDEOCLIP_LLM__BASE_URL"),
    *(
        "-u",
        "VIDEOCLIP_LLM__MODEL",
        "-u",
        "VIDEOCLIP_LLM__MAY_SLEEP",
        "VIDEOCLIP_RAY__ADDRESS=auto",
    ),
)
"""A command on a cluster of its own joins it, and finds no served models there."""
_PORTS = {"gcs-server": 6379, "dashboard": 8265, "client": 10001, "serve": SERVE_PORT}


def ray_cluster(cluster: Cluster) -> dict[str, Any]:
    """A Ray cluster alone; `serve deploy` is up to you."""
    return _resource(cluster, "RayCluster", cluster.name, _spec(cluster, service=False))


def ray_service(cluster: Cluster) -> dict[str, Any]:
    """A Ray cluster with the platform on it.

    A changed spec makes a new cluster beside the old one, which goes when the new one serves.
    """
    return _resource(
        cluster,
        "RayService",
        cluster.name,
        {
            "upgradeStrategy": {"type": "NewCluster"},
            "serveConfigV2": text(serve_config(cluster, "0.0.0.0")),  # noqa: S104 - of the pod
            "rayClusterConfig": _spec(cluster, service=True),
        },
    )


def ray_job(cluster: Cluster, command: Sequence[str]) -> dict[str, Any]:
    """A command on a Ray cluster of its own, which goes when it is done.

    Args:
        cluster: the cluster.
        command: what runs on the head, such as ``["videoclip", "clip", "/data/in", "-o", "/data/out"]``.
    """
    submitter = container(
        cluster, "submitter", cluster.images.cpu, {"cpu": "500m", "memory": "1Gi"}
    )
    template = {
        "metadata": {"labels": labels(cluster, "ray-submitter")},
        "spec": pod(cluster, [submitter], restartPolicy="Never"),
    }
    return _resource(
        cluster,
        "RayJob",
        f"{cluster.name}-job",
        {
            "entrypoint": shlex.join([*_ALONE, *command]),
            "shutdownAfterJobFinishes": True,
            "ttlSecondsAfterFinished": 600,
            "submissionMode": "K8sJobMode",
            "submitterPodTemplate": template,
            "rayClusterSpec": _spec(cluster, service=False),
        },
    )


def _resource(cluster: Cluster, kind: str, name: str, spec: dict[str, Any]) -> dict[str, Any]:
    meta = {
        "name": name,
        "namespace": cluster.kubernetes.namespace,
        "labels": {"videoclip/cluster": cluster.name},
    }
    return {"apiVersion": _API, "kind": kind, "metadata": meta, "spec": spec}


def _spec(cluster: Cluster, *, service: bool) -> dict[str, Any]:
    scaling = cluster.autoscaling
    redis = {
        "redisAddress": cluster.gcs.redis_address,
        "redisPassword": {
            "valueFrom": {
                "secretKeyRef": {
                    "name": cluster.secrets.environment_secret,
                    "key": cluster.gcs.redis_password_key,
                }
            }
        },
    }
    return {
        "rayVersion": metadata.version("ray"),
        "authOptions": {"mode": "token", "secretName": cluster.secrets.token_secret},
        "enableInTreeAutoscaling": True,
        "autoscalerOptions": {
            "version": "v2",
            "idleTimeoutSeconds": int(scaling.idle_minutes * 60),
            "upscalingMode": "Conservative" if scaling.upscaling_speed <= 1 else "Default",
            "securityContext": CONTAINER_SECURITY,
            "resources": {
                "requests": {"cpu": "200m", "memory": "512Mi"},
                "limits": {"cpu": "500m", "memory": "1Gi"},
            },
            "volumeMounts": [{"name": "home", "mountPath": "/home/videoclip"}],
        },
        **({"gcsFaultToleranceOptions": redis} if cluster.gcs.redis_address else {}),
        "headGroupSpec": _head(cluster),
        "workerGroupSpecs": [_group(cluster, group, service) for group in cluster.groups],
    }


def _head(cluster: Cluster) -> dict[str, Any]:
    head = cluster.head
    store = int(head.memory_gib * _HEAD_STORE_SHARE * 2**30)
    ray = container(
        cluster,
        "ray-head",
        cluster.images.cpu,
        {"cpu": str(head.cpus), "memory": size(head.memory_gib)},
        ports=[{"name": name, "containerPort": port} for name, port in _PORTS.items()],
        readinessProbe=http_probe(_HEALTH, _AGENT_PORT, period_s=5, failures=10),
        livenessProbe=http_probe(_HEALTH, _AGENT_PORT, period_s=10, failures=30),
        volumeMounts=_shared_memory()[0],
    )
    return {
        "serviceType": "ClusterIP",
        "rayStartParams": {
            "dashboard-host": "0.0.0.0",  # noqa: S104 - of the pod: the operator speaks to it
            "num-cpus": str(head.ray_cpus),
            "object-store-memory": str(store),
            "disable-usage-stats": "true",
        },
        "labels": {KIND: "head", SPOT: "false"},
        "template": {
            "metadata": {"labels": labels(cluster, "ray-head")},
            "spec": pod(cluster, [ray], token=True, volumes=_shared_memory(store)[1]),
        },
    }


def _group(cluster: Cluster, group: NodeGroup, service: bool) -> dict[str, Any]:
    place = cluster.kubernetes
    resources = {"cpu": str(group.cpus), "memory": size(group.memory_gib)}
    if group.gpus:
        resources[place.gpu_resource] = str(group.gpus)
    ready = (
        {"exec": {"command": ["bash", "-c", _SERVICE_READY]}, "periodSeconds": 5,
         "timeoutSeconds": 10, "failureThreshold": 3}
        if service
        else http_probe(_HEALTH, _AGENT_PORT, period_s=5, failures=10)
    )  # fmt: skip
    drain = ["python", "-m", "cluster.drain", "--seconds", str(group.notice_s - _MARGIN_S)]
    ray = container(
        cluster,
        "ray-worker",
        cluster.image(group.kind),
        resources,
        ports=[{"name": "serve", "containerPort": SERVE_PORT}],
        readinessProbe=ready,
        livenessProbe=http_probe(_HEALTH, _AGENT_PORT, period_s=10, failures=30),
        lifecycle={"preStop": {"exec": {"command": drain}}},
        volumeMounts=_shared_memory()[0],
    )
    tolerations = [
        *([{"key": place.spot_taint, "operator": "Equal", "value": "true",
            "effect": "NoSchedule"}] if group.spot else []),
        *([{"key": place.gpu_resource, "operator": "Exists", "effect": "NoSchedule"}]
          if group.gpus else []),
    ]  # fmt: skip
    selector = {**group.node_selector, **(place.spot_selector if group.spot else {})}
    return {
        "groupName": group.name,
        "replicas": group.min_nodes,
        "minReplicas": group.min_nodes,
        "maxReplicas": group.max_nodes,
        "rayStartParams": {
            "object-store-memory": str(group.object_store_bytes),
            "disable-usage-stats": "true",
        },
        "labels": group.ray_labels,
        "template": {
            "metadata": {"labels": labels(cluster, "ray-worker")},
            "spec": pod(
                cluster,
                [ray],
                terminationGracePeriodSeconds=group.notice_s,
                volumes=_shared_memory(group.object_store_bytes)[1],
                **_unless_empty(tolerations=tolerations, nodeSelector=selector),
            ),
        },
    }


def _shared_memory(store_bytes: int = 0) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Mount and volume of Ray's object store; it counts against the container's memory."""
    limit = size(store_bytes / 2**30 + 1)
    volume = {"name": "shared-memory", "emptyDir": {"medium": "Memory", "sizeLimit": limit}}
    return [{"name": "shared-memory", "mountPath": "/dev/shm"}], [volume]  # noqa: S108


def _unless_empty(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value}
