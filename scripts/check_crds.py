"""Check what `cluster.generate` makes against the custom resources of a KubeRay operator, unknown fields included.

python scripts/check_crds.py FOLDER [--config cluster.yaml]

FOLDER has the CRDs as YAML files: `helm-chart/kuberay-operator/crds` of KubeRay's repository, or what
`kubectl get crd rayclusters.ray.io -o yaml` says. Exit status: 0 all is well, 1 something would not be taken, 2 no CRDs.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from cluster.config import example_file, read_cluster
from cluster.generate import generate

KINDS = {"RayCluster": "raycluster", "RayService": "rayservice", "RayJob": "rayjob"}


def schemas(folder: Path) -> dict[str, Any]:
    """The schema of version v1 of each kind that is in the folder."""
    found = {}
    for file in sorted(folder.glob("*.yaml")):
        for crd in yaml.load_all(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader):
            kind = (crd or {}).get("spec", {}).get("names", {}).get("kind")
            if kind in KINDS:
                (version,) = (one for one in crd["spec"]["versions"] if one["name"] == "v1")
                found[kind] = closed(version["schema"]["openAPIV3Schema"])
    return found


def closed(schema: Any) -> Any:
    """The schema as strict as the API server with `fieldValidation=Strict`, in plain JSON Schema."""
    if isinstance(schema, list):
        return [closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: closed(value) for key, value in schema.items()}
    if schema.get("x-kubernetes-int-or-string"):
        return {"type": ["integer", "string"]}
    open_ended = "additionalProperties" in schema or schema.get(
        "x-kubernetes-preserve-unknown-fields"
    )
    if schema.get("type") == "object" and "properties" in schema and not open_ended:
        made["additionalProperties"] = False
    return made


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--config", type=Path, default=example_file())
    given = parser.parse_args()
    known = schemas(given.folder)
    if not known:
        print(f"error: no CRDs of KubeRay in {given.folder}", file=sys.stderr)
        return 2
    wrong = 0
    for kind, schema in known.items():
        schema["properties"]["metadata"] = {"type": "object"}
        manifest = yaml.safe_load(
            generate(read_cluster(given.config), KINDS[kind], ["videoclip", "version"])
        )
        faults = list(jsonschema.Draft202012Validator(schema).iter_errors(manifest))
        for fault in faults:
            print(f"{kind} {'.'.join(map(str, fault.path))}: {fault.message[:300]}")
        print(f"{kind}: {len(faults)} faults")
        wrong += len(faults)
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
