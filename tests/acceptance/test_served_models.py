"""Served models as users meet them: `videoclip up` with a real vLLM on processors, a job that uses it, `serve deploy`."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import httpx
import pytest
import yaml

from pipelines.machine import processors
from tests.support import tiny_qwen
from tests.support.command import SAMPLE, Command, events, manifest, truth
from tests.support.wer import word_errors

pytestmark = [pytest.mark.ray, pytest.mark.slow]

MODEL = "tiny-qwen"
HEARD_MS = 57_400  # between two sentences


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Command]:
    """A command whose jobs use what `videoclip up` started: speech, and a model that sleeps until it is asked."""
    folder = tmp_path_factory.mktemp("served")
    config = folder / "serving.yaml"
    serving = {
        "gpu_gib": 0,
        "asr": {"recogniser": "pocketsphinx", "language": "en", "num_cpus": 0.5, "max_replicas": 1},
        "llm": {
            "engine": "vllm",
            "device": "cpu",
            "model": MODEL,
            "source": str(tiny_qwen.build(folder / "qwen")),
            "memory_gib": 3,
            "context": tiny_qwen.CONTEXT,
            "num_cpus": 0.5,
            "max_ongoing_requests": 8,
            "min_replicas": 0,
            "idle_s": 20,
        },
    }
    config.write_text(yaml.safe_dump(serving), encoding="utf-8")
    command = Command(folder / "data")
    done = command.run(
        *("up", "--no-gateway", "--no-jobs", "--config", config),
        timeout=280,
        # An engine on processors takes all that there are; the tests beside this one go first.
        preexec_fn=partial(os.nice, 15),
    )
    try:
        assert done.returncode == 0, done.stderr
        exported = dict(
            line.removeprefix("export ").split("=", 1) for line in done.stdout.splitlines()
        )
        command.environment.update(exported)
        yield command
    finally:
        ended = command.run("down", timeout=60)
    assert ended.stdout == "Ray is down.\n"
    assert command.survivors(20) == []


def test_vllm_picks_the_highlights_and_its_cold_start_is_a_stage(
    served: Command, tmp_path: Path
) -> None:
    transcript = tmp_path / "show.srt"
    transcript.write_text(srt(), encoding="utf-8")
    done = served.run(
        *("clip", SAMPLE, "-o", tmp_path / "out", "--highlighter", "llm", "--top", "1"),
        *("--transcript", transcript, "--min-seconds", "1", "--captions", "none", "--json"),
        timeout=500,
    )
    assert done.returncode in {0, 4}, done.stderr + done.stdout[-3000:]
    made = manifest(tmp_path / "out")
    assert (made["highlighter"]["name"], made["highlighter"]["model"]) == ("llm", MODEL)
    assert "highlighter_fallback" not in [notice["code"] for notice in made["notices"]]
    assert made["candidates"], "a random model proposes nonsense, but in the right shape"
    stages = [e["stage"] for e in events(done.stdout) if e["event"] == "stage_started"]
    assert stages.index("model_start") < stages.index("highlight")
    base = served.environment["VIDEOCLIP_LLM__BASE_URL"]
    assert [m["id"] for m in httpx.get(f"{base}/models", timeout=30).json()["data"]] == [MODEL]


def test_a_job_hears_through_the_served_recogniser(served: Command, tmp_path: Path) -> None:
    minute = tmp_path / "minute.mp4"
    copied = ["ffmpeg", "-v", "error", "-i", SAMPLE, "-t", f"{HEARD_MS}ms", "-c", "copy", minute]
    subprocess.run(copied, check=True)
    done = served.run("transcribe", minute, "-o", tmp_path / "out", "--language", "en", timeout=280)
    assert done.returncode == 0, done.stderr
    transcript = json.loads((tmp_path / "out" / "transcript.json").read_text())
    assert transcript["engine"]["name"] == "pocketsphinx"
    sentences = truth()["sentences"]
    said = " ".join(each["text"] for each in sentences if each["end_ms"] <= HEARD_MS)
    heard = " ".join(sentence["text"] for sentence in transcript["sentences"])
    errors, words = word_errors(said, heard)
    assert errors / words <= 0.10, f"{errors} of {words}"


def test_the_idle_model_leaves_and_its_address_stays(served: Command) -> None:
    deadline = time.monotonic() + 150
    while any(models(served)) and time.monotonic() < deadline:
        time.sleep(1)
    assert models(served) == [], "the model's replica is gone, and its memory with it"
    base = served.environment["VIDEOCLIP_LLM__BASE_URL"]
    assert [m["id"] for m in httpx.get(f"{base}/models", timeout=30).json()["data"]] == [MODEL]


def test_what_is_served_leaves_all_processors_to_jobs(served: Command) -> None:
    record = json.loads((served.data / "cluster" / "local.json").read_text(encoding="utf-8"))
    told = httpx.get(f"{record['dashboard']}/api/v0/nodes", timeout=30).json()
    (node,) = told["data"]["result"]["result"]
    held = 0.5 + 0.5 + 0.1
    assert node["resources_total"]["CPU"] - held >= processors()


def models(served: Command) -> list[str]:
    """States of the replicas that hold the language model."""
    record = json.loads((served.data / "cluster" / "local.json").read_text(encoding="utf-8"))
    told = httpx.get(f"{record['dashboard']}/api/serve/applications/", timeout=30).json()
    deployments = told["applications"]["llm"]["deployments"]
    (name,) = (name for name in deployments if name.startswith("LLMServer"))
    return [replica["state"] for replica in deployments[name]["replicas"]]


def srt() -> str:
    lines = []
    for number, sentence in enumerate(truth()["sentences"], start=1):
        start, end = (clock(sentence[key]) for key in ("start_ms", "end_ms"))
        lines.append(f"{number}\n{start} --> {end}\n{sentence['text']}\n")
    return "\n".join(lines)


def clock(ms: int) -> str:
    return f"{ms // 3600000:02}:{ms // 60000 % 60:02}:{ms // 1000 % 60:02},{ms % 1000:03}"
