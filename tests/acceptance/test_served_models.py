"""Served models as users meet them: `videoclip up` with a real vLLM on processors, a job that uses it, `serve deploy`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import yaml

from tests.support import tiny_qwen
from tests.support.command import SAMPLE, Command, events, manifest, truth
from tests.support.wer import word_errors

pytestmark = [pytest.mark.ray, pytest.mark.slow, pytest.mark.alone]

MODEL = "tiny-qwen"


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
            "idle_s": 600,
        },
    }
    config.write_text(yaml.safe_dump(serving), encoding="utf-8")
    command = Command(folder / "data")
    done = command.run("up", "--config", config, timeout=280)
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


@pytest.mark.timeout(600)
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


@pytest.mark.timeout(300)
def test_a_job_hears_through_the_served_recogniser(served: Command, tmp_path: Path) -> None:
    done = served.run("transcribe", SAMPLE, "-o", tmp_path / "out", "--language", "en", timeout=280)
    assert done.returncode == 0, done.stderr
    transcript = json.loads((tmp_path / "out" / "transcript.json").read_text())
    assert transcript["engine"]["name"] == "pocketsphinx"
    said = " ".join(sentence["text"] for sentence in truth()["sentences"])
    heard = " ".join(sentence["text"] for sentence in transcript["sentences"])
    errors, words = word_errors(said, heard)
    assert errors / words <= 0.10, f"{errors} of {words}"


def srt() -> str:
    lines = []
    for number, sentence in enumerate(truth()["sentences"], start=1):
        start, end = (clock(sentence[key]) for key in ("start_ms", "end_ms"))
        lines.append(f"{number}\n{start} --> {end}\n{sentence['text']}\n")
    return "\n".join(lines)


def clock(ms: int) -> str:
    return f"{ms // 3600000:02}:{ms // 60000 % 60:02}:{ms // 1000 % 60:02},{ms % 1000:03}"
