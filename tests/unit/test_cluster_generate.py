"""What is generated meets the schemas of those who read it, is confined, and starts what exists."""

from __future__ import annotations

import hashlib
import importlib
import json
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import ray
import yaml
from ray.autoscaler._private.util import prepare_config
from ray.serve.schema import ServeDeploySchema

from cluster.config import Cluster, example_file
from cluster.generate import KINDS, generate, main
from tests.support.kubernetes import faults, kuberay_faults, pod_faults
from videoclip import __version__
from videoclip.errors import UsageError

CONTENT = yaml.safe_load(example_file().read_text(encoding="utf-8"))
ALIYUN = {"region": "cn-hangzhou", "zone": "cn-hangzhou-i", "image_id": "m-1"}
COMMAND = ["videoclip", "clip", "/data/in/a show's.mp4", "-o", "/data/out"]
NO_SPOT = [one for one in CONTENT["groups"] if not one.get("spot")]


def made(kind: str, **changes: Any) -> Any:
    return yaml.safe_load(text(kind, **changes))


def text(kind: str, **changes: Any) -> str:
    return generate(Cluster.model_validate({**CONTENT, **changes}), kind, COMMAND)


BACKUPS = {"schedule": "15 3 * * *", "claim": "backups", "recipient": "age1qqq"}


@pytest.fixture(scope="module")
def platform() -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(text("kubernetes", backups=BACKUPS)))


def pods(manifest: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """All templates of pods inside."""
    for key, value in manifest.items():
        if key in {"template", "submitterPodTemplate"} and "spec" in value:
            yield value
        elif isinstance(value, dict):
            yield from pods(value)
        elif isinstance(value, list):
            for one in value:
                if isinstance(one, dict):
                    yield from pods(one)


# ---------------------------------------------------------------------- Ray's launcher


@pytest.mark.parametrize(
    ("place", "changes"),
    [("onprem", {}), ("aws", {}), ("aliyun", {"aliyun": ALIYUN, "groups": NO_SPOT})],
)
def test_the_launcher_s_files_meet_ray_s_schema(place: str, changes: dict[str, Any]) -> None:
    content = made(place, **changes)
    schema = json.loads((Path(ray.__file__).parent / "autoscaler" / "ray-schema.json").read_text())
    jsonschema.Draft7Validator(schema).validate(content)
    if place == "onprem":
        prepared = prepare_config(content)
        assert prepared["available_node_types"]["local.cluster.node"]["max_workers"] == 3
    for command in content["head_start_ray_commands"] + content["worker_start_ray_commands"]:
        checked = subprocess.run(
            ["bash", "-n", "-c", command], capture_output=True, text=True, check=False
        )
        assert checked.returncode == 0, checked.stderr
    start = next(one for one in content["head_start_ray_commands"] if "ray start" in one)
    assert "--dashboard-host=127.0.0.1" in start
    assert "RAY_AUTH_MODE=token" in start
    assert content["docker"]["image"].startswith("registry.example.org/videoclip:")


def test_a_machine_of_one_s_own_gets_the_labels_of_its_group() -> None:
    command = made("onprem")["worker_start_ray_commands"][-1]
    choose = re.search(r"labels=;.*?esac;", command)
    assert choose
    for address, label in (("10.0.0.21", "gpu-asr"), ("10.0.0.31", "gpu-llm")):
        script = f'hostname() {{ echo "172.17.0.1 {address}"; }}; {choose[0]} printf %s "$labels"'
        said = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
        assert said.stdout == f"videoclip/kind={label},videoclip/spot=false"


def test_nodes_wait_for_a_head_whose_state_is_in_redis() -> None:
    kept = made("onprem", gcs={"redis_address": "10.0.0.5:6379"})
    head = next(one for one in kept["head_start_ray_commands"] if "ray start" in one)
    assert "RAY_REDIS_ADDRESS=10.0.0.5:6379" in head
    assert "RAY_external_storage_namespace=videoclip" in head
    assert '--redis-password="$REDIS_PASSWORD"' in head
    worker = kept["worker_start_ray_commands"][-1]
    assert "RAY_gcs_rpc_server_reconnect_timeout_s=600" in worker
    assert "REDIS" not in worker
    plain = made("onprem", gcs={"redis_address": ""})
    assert "reconnect_timeout" not in plain["worker_start_ray_commands"][-1]
    assert "redis" not in str(plain["head_start_ray_commands"]).lower()


def test_clouds_get_spot_machines_labels_and_no_more_than_asked_for() -> None:
    content = made("aws")
    types = content["available_node_types"]
    assert types["spot"]["node_config"]["InstanceMarketOptions"] == {"MarketType": "spot"}
    assert types["spot"]["labels"]["videoclip/spot"] == "true"
    assert (types["llm"]["min_workers"], types["llm"]["max_workers"]) == (0, 2)
    assert types["llm"]["docker"]["worker_image"].endswith("gpu-llm")
    assert types["head"]["node_config"]["MetadataOptions"]["HttpTokens"] == "required"


@pytest.mark.parametrize(
    ("kind", "changes", "said"),
    [
        ("aliyun", {}, "no section aliyun"),
        ("aliyun", {"aliyun": ALIYUN}, "cannot ask Alibaba Cloud for spot"),
        ("aws", {"head": {}}, "head.instance_type is empty"),
        ("onprem", {"head": {}}, "head.host is empty"),
        ("onprem", {"head": {"host": "10.0.0.21"}}, "a machine stands twice"),
    ],
)
def test_what_a_place_lacks_is_told(kind: str, changes: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        made(kind, **changes)


# ---------------------------------------------------------------------- Kubernetes


def test_the_platform_meets_kubernetes_schemas(platform: list[dict[str, Any]]) -> None:
    found = {
        f"{one['kind']} {one['metadata']['name']}": faults(one)
        for one in platform
        if one["apiVersion"] != "ray.io/v1"
    }
    assert len(found) == 17
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


@pytest.mark.parametrize("kind", ["raycluster", "rayservice", "rayjob"])
def test_ray_s_resources_meet_kuberay_s_api_and_their_pods_that_of_kubernetes(kind: str) -> None:
    content = made(kind)
    assert kuberay_faults(content) == []
    templates = list(pods(content["spec"]))
    assert len(templates) == (6 if kind == "rayjob" else 5)
    assert [fault for one in templates for fault in pod_faults(one)] == []


def test_every_pod_is_confined(platform: list[dict[str, Any]]) -> None:
    every = [one for manifest in [*platform, made("rayjob")] for one in pods(manifest)]
    assert len(every) == 14
    for template in every:
        spec = template["spec"]
        assert spec["securityContext"]["runAsNonRoot"]
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert "hostNetwork" not in spec
        for one in spec["containers"]:
            assert one["securityContext"]["readOnlyRootFilesystem"]
            assert not one["securityContext"]["allowPrivilegeEscalation"]
            assert one["securityContext"]["capabilities"] == {"drop": ["ALL"]}
            assert one["resources"]["limits"]["memory"]
        is_head = template["metadata"]["labels"]["videoclip/part"] == "ray-head"
        assert spec.get("automountServiceAccountToken", True) is is_head
    (space,) = (one for one in platform if one["kind"] == "Namespace")
    assert space["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


def test_nobody_reaches_a_pod_but_who_is_named(platform: list[dict[str, Any]]) -> None:
    policies = {one["metadata"]["name"]: one["spec"] for one in platform if one["kind"] == "NetworkPolicy"}  # fmt: skip
    assert policies["videoclip-closed"] == {
        "podSelector": {"matchLabels": {"videoclip/cluster": "videoclip"}},
        "policyTypes": ["Ingress"],
    }
    callers = [
        rule["from"][0].get("namespaceSelector", {}).get("matchLabels", {}).get("kubernetes.io/metadata.name")
        for name in ("videoclip-ray", "videoclip-web")
        for rule in policies[name]["ingress"]
    ]  # fmt: skip
    assert callers == [None, "monitoring", "kuberay-system", "ingress-nginx", "monitoring"]
    blocks = policies["videoclip-egress"]["egress"][1]["to"]
    assert "169.254.169.254/32" in blocks[0]["ipBlock"]["except"]
    services = [one for one in platform if one["kind"] == "Service"]
    assert {one["spec"]["type"] for one in services} == {"ClusterIP"}


def test_ray_asks_for_a_token_and_spot_nodes_drain_before_they_go() -> None:
    spec = made("raycluster")["spec"]
    assert spec["authOptions"] == {"mode": "token", "secretName": "videoclip-ray-token"}
    assert spec["gcsFaultToleranceOptions"]["redisPassword"]["valueFrom"]["secretKeyRef"]
    groups = {one["groupName"]: one for one in spec["workerGroupSpecs"]}
    spot = groups["spot"]
    pod = spot["template"]["spec"]
    assert spot["labels"] == {"videoclip/kind": "cpu", "videoclip/spot": "true"}
    assert pod["tolerations"][0]["key"] == "videoclip/spot"
    command = pod["containers"][0]["lifecycle"]["preStop"]["exec"]["command"]
    assert command[:3] == ["python", "-m", "cluster.drain"]
    assert int(command[-1]) < pod["terminationGracePeriodSeconds"] == 120
    assert groups["llm"]["template"]["spec"]["containers"][0]["resources"]["limits"]["nvidia.com/gpu"] == "1"  # fmt: skip
    assert groups["asr"]["minReplicas"] == 0


def test_backups_are_made_by_the_clock_where_they_are_asked_for(
    platform: list[dict[str, Any]],
) -> None:
    (job,) = [one for one in platform if one["kind"] == "CronJob"]
    assert (job["spec"]["schedule"], job["spec"]["concurrencyPolicy"]) == ("15 3 * * *", "Forbid")
    spec = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    command = spec["containers"][0]["command"]
    assert command == [
        "videoclip", "backup", "/backups", "--keep", "14", "--recipient", "age1qqq",
    ]  # fmt: skip
    assert {"name": "backups", "persistentVolumeClaim": {"claimName": "backups"}} in spec["volumes"]
    assert "CronJob" not in text("kubernetes")
    light = text("kubernetes", backups={**BACKUPS, "objects": False, "keep": 3})
    assert "--no-objects" in light
    for wrong in ({"schedule": "daily"}, {"schedule": "15 3 * * *"}, {"keep": 0}):
        with pytest.raises(ValueError, match="backups"):
            made("kubernetes", backups=wrong)


def test_what_ray_serve_is_given_exists() -> None:
    for content in (made("serve"), yaml.safe_load(made("rayservice")["spec"]["serveConfigV2"])):
        schema = ServeDeploySchema.model_validate(content)
        assert [app.name for app in schema.applications] == ["asr", "llm", "dispatch"]
        for app in schema.applications:
            module, _, name = app.import_path.partition(":")
            assert callable(getattr(importlib.import_module(module), name))


def test_a_job_joins_its_own_ray_and_its_words_stay_words() -> None:
    words = shlex.split(made("rayjob")["spec"]["entrypoint"])
    assert words[-len(COMMAND) :] == COMMAND
    script = [*words[: -len(COMMAND)], "env"]
    given = {"PATH": "/usr/bin:/bin", "VIDEOCLIP_SPEECH__SERVE_APP": "asr"}
    done = subprocess.run(script, env=given, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["PATH=/usr/bin:/bin", "VIDEOCLIP_RAY__ADDRESS=auto"]


def test_the_chart_s_values_have_its_keys_and_the_token() -> None:
    content = made("helm")
    assert set(content) <= {
        "image", "nameOverride", "fullnameOverride", "imagePullSecrets", "gcsFaultTolerance", "common",
        "head", "worker", "additionalWorkerGroups", "service",
    }  # fmt: skip
    assert content["common"]["containerEnv"][0] == {"name": "RAY_AUTH_MODE", "value": "token"}
    assert content["worker"] == {"disabled": True}
    group = content["additionalWorkerGroups"]["spot"]
    assert group["image"] == {"repository": "registry.example.org/videoclip", "tag": "0.1.0-cpu", "pullPolicy": "IfNotPresent"}  # fmt: skip
    assert group["securityContext"]["readOnlyRootFilesystem"]
    # The operator refuses labels among the parameters of `ray start`.
    assert "labels" not in group["rayStartParams"]
    (labels,) = group["containerEnv"]
    assert json.loads(labels["value"]) == {"videoclip/kind": "cpu", "videoclip/spot": "true"}


# ---------------------------------------------------------------------- the command


def test_the_command_writes_a_file_or_says_what_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "cluster.yaml"
    assert main(["raycluster", "-o", str(out)]) == 0
    assert yaml.safe_load(out.read_text())["kind"] == "RayCluster"
    mark = hashlib.sha256(example_file().read_bytes()).hexdigest()
    assert f"Video-Clip {__version__}" in out.read_text().splitlines()[0]
    assert mark in out.read_text().splitlines()[1]
    assert main(["rayjob"]) == 2
    assert "what to do: Give it after --" in capsys.readouterr().err
    assert main(["rayjob", "-o", str(out), "--", *COMMAND]) == 0
    assert main(["serve", "--config", str(tmp_path / "none.yaml")]) == 2
    assert main(["serve", "-o", str(tmp_path / "none" / "out.yaml")]) == 2
    assert "cannot be written" in capsys.readouterr().err


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "aliyun"])
def test_no_alias_and_no_secret_is_written(kind: str) -> None:
    content = text(kind)
    assert not re.search(r"^[^'\"]*[ :-] [&*]id\d", content, re.MULTILINE)
    assert "password:" not in content.replace("redisPassword:", "")
