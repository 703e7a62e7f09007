"""Manifests against Kubernetes' own schemas, which the package `kubernetes-validate` carries; and the part of KubeRay's
that we use, after its API reference (v1.7). The whole of KubeRay's schemas: scripts/check_crds.py."""

from __future__ import annotations

from functools import cache
from typing import Any

import jsonschema
from kubernetes_validate.utils import schema_contents
from referencing import Registry, Resource

VERSION = "1.37.0"
_FOLDER = f"kubernetes-json-schema/v{VERSION}-local-strict"


@cache
def _registry() -> Registry[Any]:
    definitions = schema_contents(f"{_FOLDER}/_definitions.json", VERSION)
    return Resource.from_contents(definitions) @ Registry()


@cache
def _validator(name: str) -> Any:
    schema = schema_contents(f"{_FOLDER}/{name}.json", VERSION)
    registry = Resource.from_contents(schema) @ _registry()
    return jsonschema.Draft202012Validator(schema, registry=registry)


def faults(manifest: dict[str, Any]) -> list[str]:
    """What Kubernetes would not take of a manifest; unknown fields count."""
    group, _, version = manifest["apiVersion"].rpartition("/")
    api = "-".join(part for part in (group.split(".")[0], version) if part)
    found = _validator(f"{manifest['kind'].lower()}-{api}").iter_errors(manifest)
    return [f"{'.'.join(map(str, fault.path))}: {fault.message[:300]}" for fault in found]


def pod_faults(template: dict[str, Any]) -> list[str]:
    """The same of a pod's template."""
    meta = {"name": "pod", **template.get("metadata", {})}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": template["spec"]}
    return faults(pod)


def _object(required: list[str], **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "required": required,
        "properties": properties,
        "additionalProperties": False,
    }


_TEXT, _NUMBER, _YES = {"type": "string"}, {"type": "integer", "minimum": 0}, {"type": "boolean"}
_WORDS = {"type": "object", "additionalProperties": _TEXT}
_ANY = {"type": "object"}
_CLUSTER = _object(
    ["headGroupSpec", "workerGroupSpecs", "rayVersion", "authOptions"],
    rayVersion={"type": "string", "pattern": r"^2\.\d+\.\d+$"},
    authOptions=_object(["mode"], mode={"enum": ["token"]}, secretName=_TEXT),
    enableInTreeAutoscaling=_YES,
    autoscalerOptions=_object(
        [],
        version={"enum": ["v1", "v2"]},
        idleTimeoutSeconds=_NUMBER,
        upscalingMode={"enum": ["Default", "Aggressive", "Conservative"]},
        securityContext=_ANY,
        resources=_ANY,
        volumeMounts={"type": "array"},
    ),
    gcsFaultToleranceOptions=_object(
        ["redisAddress"], redisAddress=_TEXT, redisPassword=_object([], valueFrom=_ANY)
    ),
    headGroupSpec=_object(
        ["template", "rayStartParams"],
        serviceType={"enum": ["ClusterIP"]},
        rayStartParams=_WORDS,
        labels=_WORDS,
        template=_ANY,
    ),
    workerGroupSpecs={
        "type": "array",
        "items": _object(
            ["groupName", "minReplicas", "maxReplicas", "rayStartParams", "template"],
            groupName=_TEXT,
            replicas=_NUMBER,
            minReplicas=_NUMBER,
            maxReplicas=_NUMBER,
            rayStartParams=_WORDS,
            labels=_WORDS,
            template=_ANY,
        ),
    },
)
_KUBERAY = {
    "RayCluster": _CLUSTER,
    "RayService": _object(
        ["serveConfigV2", "rayClusterConfig"],
        upgradeStrategy=_object([], type={"enum": ["NewCluster", "None"]}),
        serveConfigV2=_TEXT,
        rayClusterConfig=_CLUSTER,
    ),
    "RayJob": _object(
        ["entrypoint", "rayClusterSpec"],
        entrypoint=_TEXT,
        shutdownAfterJobFinishes=_YES,
        ttlSecondsAfterFinished=_NUMBER,
        submissionMode={"enum": ["K8sJobMode"]},
        submitterPodTemplate=_ANY,
        rayClusterSpec=_CLUSTER,
    ),
}


def kuberay_faults(manifest: dict[str, Any]) -> list[str]:
    """What of a manifest is not in the part of KubeRay's API that we use."""
    assert manifest["apiVersion"] == "ray.io/v1"
    found = jsonschema.Draft202012Validator(_KUBERAY[manifest["kind"]]).iter_errors(
        manifest["spec"]
    )
    return [f"{'.'.join(map(str, fault.path))}: {fault.message[:300]}" for fault in found]
