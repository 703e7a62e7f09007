"""What stands beside Ray in Kubernetes: the API and the web UI, storage, settings, budgets, network policies."""

from __future__ import annotations

import json
from typing import Any

from cluster.backups import backup_job
from cluster.common import serving_yaml, variables
from cluster.config import Cluster
from cluster.pods import LABEL, PART, container, http_probe, labels, pod

__all__ = ["platform"]

_PORT = 8080
_RAY_PARTS = ["ray-head", "ray-worker"]
_GATEWAY_METRICS, _DISPATCHER_METRICS = 9464, 9465
_RAY_METRICS = (8080, 44217, 44227, _DISPATCHER_METRICS)
"""Of Ray's nodes; of its autoscaler and its dashboard, on the head; of dispatchers."""


def platform(cluster: Cluster) -> list[dict[str, Any]]:
    """Everything but Ray, in the order in which it is to be applied."""
    return [
        _namespace(cluster),
        *_settings(cluster),
        *([] if cluster.storage.claim else [_claim(cluster)]),
        *_network(cluster),
        _gateway(cluster, "api", cluster.gateway.replicas),
        _gateway(cluster, "ui", 1),
        _service(cluster, "api"),
        _service(cluster, "ui"),
        _budget(cluster, "api"),
        _budget(cluster, "ray-worker"),
        _ingress(cluster),
        *backup_job(cluster),
    ]


def _made(cluster: Cluster, api: str, kind: str, name: str, **content: Any) -> dict[str, Any]:
    meta: dict[str, Any] = {
        "name": name,
        "namespace": cluster.kubernetes.namespace,
        "labels": {LABEL: cluster.name},
        **content.pop("meta", {}),
    }
    return {"apiVersion": api, "kind": kind, "metadata": meta, **content}


def _namespace(cluster: Cluster) -> dict[str, Any]:
    # Kubernetes itself then refuses pods that are less confined than ours.
    standard = {
        f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "audit", "warn")
    }
    name = cluster.kubernetes.namespace
    return {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": name, "labels": standard},
    }


def _settings(cluster: Cluster) -> list[dict[str, Any]]:
    data = {
        **variables(cluster, f"{cluster.name}-serve-svc"),
        "VIDEOCLIP_GATEWAY__HOST": "0.0.0.0",  # noqa: S104 - of the pod
        "VIDEOCLIP_GATEWAY__PORT": str(_PORT),
        "VIDEOCLIP_GATEWAY__DRAIN_S": "8",  # requests come for some seconds after a pod is to end
        "VIDEOCLIP_OBSERVE__HOST": "0.0.0.0",  # noqa: S104 - of the pod; policies say who reads it
        "VIDEOCLIP_OBSERVE__GATEWAY_PORT": str(_GATEWAY_METRICS),
        "VIDEOCLIP_OBSERVE__DISPATCHER_PORT": str(_DISPATCHER_METRICS),
        "VIDEOCLIP_GATEWAY__TRUSTED_PROXIES": json.dumps(cluster.kubernetes.proxy_networks),
    }
    return [
        _made(cluster, "v1", "ConfigMap", f"{cluster.name}-settings", data=data),
        _made(
            cluster, "v1", "ConfigMap", f"{cluster.name}-config",
            data={"serving.yaml": serving_yaml(cluster)},
        ),
    ]  # fmt: skip


def _claim(cluster: Cluster) -> dict[str, Any]:
    storage = cluster.storage
    spec = {
        "accessModes": ["ReadWriteMany"],
        "resources": {"requests": {"storage": f"{storage.size_gib}Gi"}},
        **({"storageClassName": storage.storage_class} if storage.storage_class else {}),
    }
    return _made(cluster, "v1", "PersistentVolumeClaim", cluster.name, spec=spec)


def _gateway(cluster: Cluster, part: str, replicas: int) -> dict[str, Any]:
    health = "/api/v1/health"
    shutdown_s = 40
    one = container(
        cluster,
        part,
        cluster.images.cpu,
        {"cpu": "1", "memory": "2Gi"},
        command=["videoclip", "gateway"],
        env=[{"name": "VIDEOCLIP_UI__ENABLED", "value": str(part == "ui").lower()}],
        ports=[
            {"name": "http", "containerPort": _PORT},
            {"name": "metrics", "containerPort": _GATEWAY_METRICS},
        ],
        startupProbe=http_probe(f"{health}/live", _PORT, period_s=3, failures=40),
        readinessProbe=http_probe(f"{health}/ready", _PORT, period_s=5, failures=3),
        livenessProbe=http_probe(f"{health}/live", _PORT, period_s=10, failures=6),
    )
    spread = {
        "maxSkew": 1,
        "topologyKey": "kubernetes.io/hostname",
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": labels(cluster, part)},
    }
    spec = pod(
        cluster,
        [one],
        terminationGracePeriodSeconds=shutdown_s,
        topologySpreadConstraints=[spread],
    )
    return _made(
        cluster, "apps/v1", "Deployment", f"{cluster.name}-{part}",
        spec={
            "replicas": replicas,
            "revisionHistoryLimit": 5,
            "strategy": {
                "type": "RollingUpdate",
                "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0},
            },
            "selector": {"matchLabels": labels(cluster, part)},
            "template": {"metadata": {"labels": labels(cluster, part)}, "spec": spec},
        },
    )  # fmt: skip


def _service(cluster: Cluster, part: str) -> dict[str, Any]:
    return _made(
        cluster, "v1", "Service", f"{cluster.name}-{part}",
        spec={
            "type": "ClusterIP",
            "selector": labels(cluster, part),
            "ports": [{"name": "http", "port": 80, "targetPort": "http"}],
        },
    )  # fmt: skip


def _budget(cluster: Cluster, part: str) -> dict[str, Any]:
    return _made(
        cluster, "policy/v1", "PodDisruptionBudget", f"{cluster.name}-{part}",
        spec={"maxUnavailable": 1, "selector": {"matchLabels": labels(cluster, part)}},
    )  # fmt: skip


def _ingress(cluster: Cluster) -> dict[str, Any]:
    place, host = cluster.kubernetes, cluster.gateway.host

    def path(where: str, kind: str, part: str) -> dict[str, Any]:
        service = {"name": f"{cluster.name}-{part}", "port": {"name": "http"}}
        return {"path": where, "pathType": kind, "backend": {"service": service}}

    paths = [
        path("/api", "Prefix", "api"),
        path("/ui", "Prefix", "ui"),
        path("/", "Exact", "ui"),
    ]
    return _made(
        cluster, "networking.k8s.io/v1", "Ingress", cluster.name,
        meta={"annotations": dict(place.ingress_annotations)},
        spec={
            "ingressClassName": place.ingress_class,
            "tls": [{"hosts": [host], "secretName": place.tls_secret}],
            "rules": [{"host": host, "http": {"paths": paths}}],
        },
    )  # fmt: skip


# ---------------------------------------------------------------------- who may reach whom


def _network(cluster: Cluster) -> list[dict[str, Any]]:
    """Nobody reaches a pod of ours but those named here; pods reach anything but the cloud's metadata service."""
    place = cluster.kubernetes
    ours = {"matchLabels": {LABEL: cluster.name}}
    ray = {**ours, "matchExpressions": [{"key": PART, "operator": "In", "values": _RAY_PARTS}]}
    web = {**ours, "matchExpressions": [{"key": PART, "operator": "In", "values": ["api", "ui"]}]}
    head = {"matchLabels": labels(cluster, "ray-head")}
    submitter = {"podSelector": {"matchLabels": labels(cluster, "ray-submitter")}}
    monitoring = place.monitoring_namespace
    ray_rules: list[dict[str, Any]] = [
        {"from": [{"podSelector": ray}]},
        *([_from(_named(monitoring), _RAY_METRICS)] if monitoring else []),
    ]
    web_rules = [_from(_named(place.ingress_namespace), [_PORT])]
    if monitoring:
        web_rules.append(_from(_named(monitoring), [_GATEWAY_METRICS]))
    operator = _from(_named(place.operator_namespace), [8265, 8000])
    everywhere = [
        {"to": [{"namespaceSelector": {}}]},
        {
            "to": [
                {"ipBlock": {"cidr": "0.0.0.0/0", "except": list(place.metadata_addresses)}},
                {"ipBlock": {"cidr": "::/0"}},
            ]
        },
    ]
    return [
        _policy(cluster, "closed", ours, ["Ingress"]),
        _policy(cluster, "egress", ours, ["Egress"], egress=everywhere),
        _policy(cluster, "ray", ray, ["Ingress"], ingress=[*ray_rules, operator]),
        _policy(
            cluster, "head", head, ["Ingress"], ingress=[{"from": [submitter], "ports": _ports([8265])}]
        ),
        _policy(cluster, "web", web, ["Ingress"], ingress=web_rules),
    ]  # fmt: skip


def _policy(
    cluster: Cluster, name: str, pods: dict[str, Any], kinds: list[str], **rules: Any
) -> dict[str, Any]:
    spec = {"podSelector": pods, "policyTypes": kinds, **rules}
    return _made(
        cluster, "networking.k8s.io/v1", "NetworkPolicy", f"{cluster.name}-{name}", spec=spec
    )


def _named(namespace: str) -> dict[str, Any]:
    return {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}}}


def _from(who: dict[str, Any], ports: Any) -> dict[str, Any]:
    return {"from": [who], "ports": _ports(ports)}


def _ports(ports: Any) -> list[dict[str, Any]]:
    return [{"protocol": "TCP", "port": port} for port in ports]
