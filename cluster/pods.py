"""Parts of pods that are the same everywhere: security, variables, volumes, probes. Kubernetes' names, plain dictionaries."""

from __future__ import annotations

from typing import Any

from cluster.common import CONFIG_FOLDER
from cluster.config import Cluster

__all__ = [
    "CONTAINER_SECURITY",
    "LABEL",
    "PART",
    "POD_SECURITY",
    "container",
    "http_probe",
    "labels",
    "pod",
    "size",
]

_USER = 10001
"""Of the images."""
_HOME = "/home/videoclip"
LABEL, PART = "videoclip/cluster", "videoclip/part"
"""Labels of every pod of ours, which services, budgets and policies select by."""

POD_SECURITY = {
    "runAsNonRoot": True,
    "runAsUser": _USER,
    "runAsGroup": _USER,
    "fsGroup": _USER,
    "fsGroupChangePolicy": "OnRootMismatch",
    "seccompProfile": {"type": "RuntimeDefault"},
}
CONTAINER_SECURITY = {
    "allowPrivilegeEscalation": False,
    "privileged": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
}


def labels(cluster: Cluster, part: str) -> dict[str, str]:
    """Of a pod that is this part of the cluster."""
    return {LABEL: cluster.name, PART: part}


def size(gib: float) -> str:
    """A quantity of memory."""
    return f"{int(gib * 1024)}Mi"


def http_probe(path: str, port: int, *, period_s: int, failures: int) -> dict[str, Any]:
    """A question that must be answered with 2xx."""
    return {
        "httpGet": {"path": path, "port": port},
        "periodSeconds": period_s,
        "timeoutSeconds": 5,
        "failureThreshold": failures,
    }


def container(
    cluster: Cluster, name: str, image: str, resources: dict[str, str], **more: Any
) -> dict[str, Any]:
    """A container of ours: settings and secrets as variables, and the shared storage.

    Nothing else can be written to but `/tmp` and its home, which go with the pod. ``resources`` are both request and
    limit; ``more`` are further keys.
    """
    extra = more.pop("volumeMounts", [])
    return {
        "name": name,
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "envFrom": [
            {"configMapRef": {"name": f"{cluster.name}-settings"}},
            {"secretRef": {"name": cluster.secrets.environment_secret}},
        ],
        "resources": {"requests": dict(resources), "limits": dict(resources)},
        "securityContext": CONTAINER_SECURITY,
        "volumeMounts": [
            {"name": "storage", "mountPath": cluster.storage.path},
            {"name": "config", "mountPath": CONFIG_FOLDER, "readOnly": True},
            {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108 - a volume of the pod's own
            {"name": "home", "mountPath": _HOME},
            *extra,
        ],
        **more,
    }


def pod(
    cluster: Cluster, containers: list[dict[str, Any]], *, token: bool = False, **more: Any
) -> dict[str, Any]:
    """A pod's spec. ``token``: it may speak to Kubernetes (Ray's autoscaler, in the head's pod)."""
    secret = cluster.images.pull_secret
    volumes = more.pop("volumes", [])
    return {
        **({"imagePullSecrets": [{"name": secret}]} if secret else {}),
        **({} if token else {"automountServiceAccountToken": False}),
        "enableServiceLinks": False,
        "securityContext": POD_SECURITY,
        "containers": containers,
        "volumes": [
            {
                "name": "storage",
                "persistentVolumeClaim": {"claimName": cluster.storage.claim or cluster.name},
            },
            {"name": "config", "configMap": {"name": f"{cluster.name}-config"}},
            {"name": "tmp", "emptyDir": {}},
            {"name": "home", "emptyDir": {}},
            *volumes,
        ],
        **more,
    }
