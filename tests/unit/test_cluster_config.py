"""The cluster's file: what is wrong is named, and what follows from it is right."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from cluster.common import plan_of, serving_yaml, variables
from cluster.config import Cluster, example_file, read_cluster, serving_of
from serve_apps.config import Serving
from videoclip.errors import UsageError
from videoclip.settings import load_settings

CONTENT = yaml.safe_load(example_file().read_text(encoding="utf-8"))


def cluster(**changes: Any) -> Cluster:
    return Cluster.model_validate({**CONTENT, **changes})


def group(**changes: Any) -> dict[str, Any]:
    return {"name": "one", "kind": "cpu", **changes}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"colour": "red"}, "colour: Extra inputs are not permitted"),
        ({"name": "Video Clip"}, "name: .*Video Clip is no name"),
        ({"groups": [group(), group()]}, "two groups have the same name"),
        ({"groups": [group(gpus=1)]}, "kind cpu with gpus: 1"),
        ({"groups": [group(kind="gpu-llm")]}, "kind gpu-llm with gpus: 0"),
        ({"groups": [group(min_nodes=3, max_nodes=2)]}, "min_nodes 3 is above max_nodes 2"),
        ({"groups": [group(labels={"ray.io/zone": "a"})]}, "set by others"),
        ({"groups": [group(labels={"a": "b;reboot"})]}, "is no label"),
        ({"groups": [group(hosts=["$(reboot)"])]}, "does not appear to be an IPv4 or IPv6 address"),
        ({"images": {"cpu": "x"}}, "nodes of kind gpu-asr, and no image for them"),
        ({"settings": {"VIDEOCLIP_COLOUR": "red"}}, "no setting VIDEOCLIP_COLOUR"),
        ({"settings": {"VIDEOCLIP_SECRET_KEY": "x"}}, "VIDEOCLIP_SECRET_KEY is a secret"),
        ({"settings": {"VIDEOCLIP_LLM__API_KEY": "x"}}, "VIDEOCLIP_LLM__API_KEY is a secret"),
        ({"settings": {"VIDEOCLIP_DATABASE_URL": "x"}}, "VIDEOCLIP_DATABASE_URL is a secret"),
        ({"gcs": {"redis_address": "redis; reboot"}}, "gcs.redis_address"),
        ({"kubernetes": {"proxy_networks": ["everybody"]}}, "kubernetes.proxy_networks"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    file = tmp_path / "cluster.yaml"
    file.write_text(yaml.safe_dump({**CONTENT, **changes}), encoding="utf-8")
    with pytest.raises(UsageError, match=said) as caught:
        read_cluster(file)
    assert "docs/cluster-settings.md" in caught.value.remedy


def test_a_file_that_is_none_is_told(tmp_path: Path) -> None:
    (tmp_path / "broken.yaml").write_text("a: [")
    for name in ("broken.yaml", "missing.yaml"):
        with pytest.raises(UsageError, match="cannot be read"):
            read_cluster(tmp_path / name)


def test_models_run_on_the_nodes_of_their_kind_and_anywhere_where_there_are_none() -> None:
    serving = serving_of(cluster())
    assert serving.asr
    assert serving.llm
    assert serving.asr.nodes == {"videoclip/kind": "gpu-asr"}
    assert serving.llm.nodes == {"videoclip/kind": "gpu-llm"}
    shared = serving_of(cluster(groups=[group(kind="gpu-llm", gpus=1)]))
    assert shared.asr
    assert shared.asr.nodes == {}


def test_a_card_s_size_must_be_stated_where_there_are_cards() -> None:
    with pytest.raises(UsageError, match="gpu_gib is auto") as caught:
        plan_of(cluster(serving={}))
    assert "serving: {gpu_gib: 24}" in caught.value.remedy
    alone = plan_of(cluster(serving={}, groups=[group()]))
    assert (alone.asr and alone.asr.device, alone.llm) == ("cpu", None)


def test_the_serving_file_says_the_same_as_the_cluster_s_file() -> None:
    read = Serving.model_validate(yaml.safe_load(serving_yaml(cluster())))
    assert read == serving_of(cluster())


def test_the_variables_are_settings_and_lead_to_what_is_served(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given = variables(cluster(), "models.example")
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    settings = load_settings()
    assert settings.llm.base_url == "http://models.example:8000/llm/v1"
    assert settings.llm.model == "Qwen/Qwen3-8B"
    assert settings.llm.may_sleep
    assert settings.speech.serve_app == "asr"
    assert settings.objects.url == "s3://videoclip/prod"
    assert settings.gateway.public_url == "https://clips.example.org"
