"""Memory statements become shares of a GPU, for Ray and for vLLM, or are refused with a remedy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from serve_apps.config import Serving, default_file, read_serving
from serve_apps.llm.builder import llm_config
from serve_apps.resources import MOST, plan, share, utilization
from videoclip.errors import EngineUnavailable, UsageError

ROWS = read_serving().by_gpu_gib


def planned(gpu: float, node: float = 64, **parts: Any) -> Any:
    rows = [row.model_dump() for row in ROWS]
    serving = Serving.model_validate({"by_gpu_gib": rows, **parts})
    return plan(serving, found_gpu_gib=gpu, node_gib=node)


@pytest.mark.parametrize("gpu", [8, 16, 24, 40, 80])
def test_each_row_fits_its_gpu_with_both_models_and_room_for_the_context(gpu: int) -> None:
    made = planned(gpu * 0.972)  # a card reports a little less than its name says
    row = next(row for row in ROWS if row.gpu_gib == gpu)
    assert made.llm.model == row.model
    assert made.asr.num_gpus + made.llm.num_gpus < MOST
    assert row.kv_tokens >= row.context
    assert made.asr.device == "cuda"


@pytest.mark.parametrize("memory", [1.0, 3.3, 11.8, 15.99, 21.7])
def test_vllm_takes_no_more_than_ray_gives_and_no_less_than_was_stated(memory: float) -> None:
    fraction = share(memory, 24)
    assert utilization(fraction) <= fraction
    assert utilization(fraction) * 24 >= memory
    assert fraction - memory / 24 <= 0.001


def test_the_plan_s_share_is_what_ray_and_vllm_are_both_told() -> None:
    made = planned(80)
    config = llm_config(made.llm)
    bundle = config["placement_group_config"]["bundles"][0]
    assert bundle["GPU"] == made.llm.num_gpus
    assert config["engine_kwargs"]["gpu_memory_utilization"] <= bundle["GPU"]
    assert config["engine_kwargs"]["max_model_len"] == made.llm.context
    assert (
        config["deployment_config"]["max_queued_requests"] == made.llm.serving.max_queued_requests
    )


def test_models_that_do_not_fit_one_gpu_are_refused_with_the_sum() -> None:
    with pytest.raises(UsageError, match=r"asr 0.250 \+ llm 0.767 = 1.017") as caught:
        planned(24, asr={"memory_gib": 6})
    assert "asr.memory_gib" in caught.value.remedy


def test_models_on_nodes_of_their_own_need_not_fit_one_gpu_together() -> None:
    apart = {
        "asr": {"memory_gib": 6, "gpu_gib": 8, "nodes": {"videoclip/kind": "gpu-asr"}},
        "llm": {"nodes": {"videoclip/kind": "gpu-llm"}},
    }
    made = planned(24, **apart)
    assert (made.asr.num_gpus, made.llm.num_gpus) == (0.75, 0.767)
    where = llm_config(made.llm)["deployment_config"]["placement_group_bundle_label_selector"]
    assert where == [{"videoclip/kind": "gpu-llm"}]


def test_a_single_model_larger_than_the_gpu_is_refused() -> None:
    with pytest.raises(UsageError, match="asr is to take 30 GiB"):
        planned(24, asr={"memory_gib": 30}, llm=None)


def test_a_context_that_the_memory_cannot_hold_is_refused() -> None:
    with pytest.raises(UsageError, match=r"leaves room for \d+ tokens"):
        planned(24, llm={"context": 200_000})


def test_another_model_needs_its_own_memory_statement() -> None:
    with pytest.raises(UsageError, match=r"llm\.memory_gib"):
        planned(24, llm={"model": "somebody/else"})


def test_a_gpu_smaller_than_every_row_asks_for_statements() -> None:
    with pytest.raises(UsageError, match="no row of by_gpu_gib fits"):
        planned(4)
    made = planned(4, asr={"memory_gib": 1.5}, llm=None)
    assert made.asr.num_gpus == 0.375


def test_without_a_gpu_speech_runs_on_processors_and_no_language_model_is_served() -> None:
    made = planned(0)
    assert (made.asr.device, made.asr.num_gpus, made.llm) == ("cpu", 0.0, None)


def test_what_must_have_a_gpu_says_so_where_there_is_none() -> None:
    with pytest.raises(EngineUnavailable, match=r"asr.device is cuda"):
        planned(0, asr={"device": "cuda"})
    with pytest.raises(EngineUnavailable, match=r"llm.device is gpu"):
        planned(0, llm={"device": "gpu", "engine": "vllm"})


def test_on_processors_vllm_gets_its_share_of_the_machine() -> None:
    llm = {"engine": "vllm", "device": "cpu", "model": "m", "memory_gib": 3, "context": 2048}
    made = planned(0, node=24, llm=llm)
    assert made.llm.utilization == 0.125
    config = llm_config(made.llm)
    assert config["accelerator_config"] == {"kind": "cpu"}
    assert "GPU" not in config["placement_group_config"]["bundles"][0]
    with pytest.raises(UsageError, match=r"this machine has 3\.0 GiB"):
        planned(0, node=3, llm=llm)


def test_unknown_keys_and_wrong_values_are_named(tmp_path: Path) -> None:
    file = tmp_path / "serving.yaml"
    file.write_text("asr: {memory_gb: 6}\nllm: {min_replicas: 3, max_replicas: 1}\n")
    with pytest.raises(UsageError, match=r"asr.memory_gb.*above max_replicas 1"):
        read_serving(file)
    with pytest.raises(UsageError, match="cannot be read"):
        read_serving(tmp_path / "missing.yaml")


def test_the_file_that_comes_along_is_complete() -> None:
    serving = read_serving(default_file())
    assert [row.gpu_gib for row in serving.by_gpu_gib] == [80, 40, 24, 16, 8]
    assert serving.asr is not None
    assert serving.llm is not None
