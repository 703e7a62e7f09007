"""Values for the public chart `kuberay/ray-cluster` 1.7: Ray alone, for those who install it by Helm.

The chart has no place for token authentication as such, for Ray's labels, for probes or for a pod's time to end. Token and
labels come as variables; since the autoscaler does not see those labels, a group that a model needs must keep a node
(``min_nodes`` of 1 or more). The others are the operator's. `cluster.kuberay` has all of it.
"""

from __future__ import annotations

import json
from typing import Any

from cluster.config import Cluster
from cluster.kuberay import ray_cluster

__all__ = ["values"]

_CHART_GRACE_S = 25
"""A pod of the chart has Kubernetes' thirty seconds."""


def values(cluster: Cluster) -> dict[str, Any]:
    """The chart's values, with the same pods as in the RayCluster."""
    spec = ray_cluster(cluster)["spec"]
    head = spec["headGroupSpec"]
    groups = {
        group["groupName"]: {
            "disabled": False,
            "replicas": group["replicas"],
            "minReplicas": group["minReplicas"],
            "maxReplicas": group["maxReplicas"],
            **_pod(group),
        }
        for group in spec["workerGroupSpecs"]
    }
    secret = cluster.images.pull_secret
    token = [
        {"name": "RAY_AUTH_MODE", "value": "token"},
        {
            "name": "RAY_AUTH_TOKEN",
            "valueFrom": {
                "secretKeyRef": {"name": cluster.secrets.token_secret, "key": "auth_token"}
            },
        },
    ]
    gcs = spec.get("gcsFaultToleranceOptions")
    return {
        "fullnameOverride": cluster.name,
        "image": _image(cluster.images.cpu),
        **({"imagePullSecrets": [{"name": secret}]} if secret else {}),
        "gcsFaultTolerance": {"enabled": bool(gcs), **(gcs or {})},
        "common": {"containerEnv": token},
        "head": {
            "rayVersion": spec["rayVersion"],
            "enableInTreeAutoscaling": True,
            "autoscalerOptions": {
                **spec["autoscalerOptions"],
                "env": token,
            },
            **_pod(head),
        },
        "worker": {"disabled": True},
        "additionalWorkerGroups": {"smallGroup": {"disabled": True}, **groups},
        "service": {"type": "ClusterIP"},
    }


def _pod(group: dict[str, Any]) -> dict[str, Any]:
    template = group["template"]
    spec, ray = template["spec"], template["spec"]["containers"][0]
    lifecycle = {}
    if "lifecycle" in ray:
        command = ray["lifecycle"]["preStop"]["exec"]["command"]
        short = [*command[:-1], str(min(int(command[-1]), _CHART_GRACE_S))]
        lifecycle = {"lifecycle": {"preStop": {"exec": {"command": short}}}}
    return {
        "image": _image(ray["image"]),
        "labels": template["metadata"]["labels"],
        "rayStartParams": group["rayStartParams"],
        "containerEnv": [{"name": "RAY_OVERRIDE_LABELS", "value": json.dumps(group["labels"])}],
        "envFrom": ray["envFrom"],
        "ports": ray["ports"],
        "resources": ray["resources"],
        "securityContext": ray["securityContext"],
        "podSecurityContext": spec["securityContext"],
        "volumes": spec["volumes"],
        "volumeMounts": ray["volumeMounts"],
        "nodeSelector": spec.get("nodeSelector", {}),
        "tolerations": spec.get("tolerations", []),
        **lifecycle,
    }


def _image(name: str) -> dict[str, str]:
    repository, colon, tag = name.rpartition(":")
    if not colon or "/" in tag:
        repository, tag = name, "latest"
    return {"repository": repository, "tag": tag, "pullPolicy": "IfNotPresent"}
