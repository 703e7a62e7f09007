"""What is served: typed, from one YAML file, unknown keys refused. Sizes are GiB, times seconds."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from videoclip.errors import UsageError
from videoclip.schemas import RecogniserName

__all__ = ["AsrServing", "GpuRow", "LlmServing", "Serving", "default_file", "read_serving"]

_OVERHEAD_GIB = 1.0
"""Activations, CUDA graphs and the CUDA context of one vLLM engine."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Deployment(_Part):
    """What every served model has."""

    memory_gib: float | None = Field(
        None, gt=0, description="GPU memory of one replica, GiB; default: by the GPU's size"
    )
    gpu_gib: float | None = Field(
        None, gt=0, description="memory of the GPUs that it runs on, where they are not `gpu_gib`"
    )
    num_cpus: float = Field(1.0, ge=0, description="Ray CPUs of one replica")
    nodes: dict[str, str] = Field(
        default_factory=dict,
        description="Ray labels of the nodes that it may run on, such as {videoclip/kind: gpu-asr}; empty: any",
    )
    min_replicas: int = Field(1, ge=0, description="replicas kept when nothing is to do")
    max_replicas: int = Field(1, ge=1, description="replicas at most, when requests queue")
    initial_replicas: int | None = Field(
        None, ge=1, description="replicas that start with the application; default: min_replicas"
    )
    target_ongoing_requests: float = Field(
        4.0, gt=0, description="requests a replica should have in hand; more adds a replica"
    )
    max_ongoing_requests: int = Field(16, ge=1, description="requests in hand of one replica")
    max_queued_requests: int = Field(
        256, ge=1, description="requests that may wait at a caller; more are refused, to come again"
    )
    idle_s: float = Field(300.0, gt=0, description="seconds of quiet before a replica is given up")
    upscale_s: float = Field(5.0, ge=0, description="seconds of queue before a replica is added")

    @model_validator(mode="after")
    def _replicas(self) -> _Deployment:
        if self.min_replicas > self.max_replicas:
            message = f"min_replicas {self.min_replicas} is above max_replicas {self.max_replicas}"
            raise ValueError(message)
        first = self.initial_replicas
        if first is not None and not self.min_replicas <= first <= self.max_replicas:
            message = f"initial_replicas {first} is not between min_replicas and max_replicas"
            raise ValueError(message)
        return self


class AsrServing(_Deployment):
    """The speech recogniser."""

    name: str = Field("asr", description="name of the Serve application")
    recogniser: RecogniserName = Field(RecogniserName.AUTO, description="which engine is loaded")
    language: str = Field("auto", description="language that the first engine is loaded for")
    device: str = Field("auto", description="auto, cpu or cuda")
    engines: int = Field(2, ge=1, description="engines of other languages or models kept loaded")
    batch_seconds: float = Field(120.0, gt=0, description="sound in one batch, seconds")
    batch_items: int = Field(32, ge=1, description="pieces of sound in one batch")
    batch_wait_ms: int = Field(20, ge=0, description="how long a batch waits for company, ms")
    health_period_s: float = Field(10.0, gt=0, description="between two health checks, seconds")
    health_timeout_s: float = Field(
        60.0, gt=0, description="a check that takes longer has failed, seconds"
    )
    stall_s: float = Field(
        600.0, gt=0, description="a batch that takes longer hangs, and the replica is replaced"
    )
    max_rss_gib: float = Field(
        0.0,
        ge=0,
        description="a replica that takes more of the machine's memory ends and is replaced, GiB; 0: no limit",
    )
    max_ongoing_requests: int = Field(64, ge=1, description="requests in hand of one replica")


class LlmServing(_Deployment):
    """The language model."""

    name: str = Field("llm", description="name of the Serve application; also its address, /llm")
    engine: Literal["auto", "vllm", "proxy", "none"] = Field(
        "auto", description="vllm; proxy: pass on to upstream; auto: vllm where there is a GPU"
    )
    device: Literal["auto", "gpu", "cpu"] = Field("auto", description="where vLLM computes")
    model: str = Field("", description="name that callers use; default: by the GPU's size")
    source: str = Field("", description="folder or hub id of the weights; default: model")
    weights_gib: float | None = Field(None, gt=0, description="size of the weights, GiB")
    kv_kib_per_token: float | None = Field(None, gt=0, description="KV cache of a token, KiB")
    context: int | None = Field(None, ge=512, description="longest prompt with answer, tokens")
    upstream: str = Field("", description="proxy: base URL that usually ends in /v1")
    upstream_key: str = Field(
        "", description="proxy: name of the environment variable that holds the key"
    )
    engine_kwargs: dict[str, Any] = Field(
        default_factory=dict, description="handed to vLLM as it is, after our own"
    )

    @model_validator(mode="after")
    def _upstream(self) -> LlmServing:
        if (self.engine == "proxy") != bool(self.upstream):
            message = "engine: proxy and upstream belong together"
            raise ValueError(message)
        return self


class GpuRow(_Part):
    """Defaults for GPUs of one size."""

    gpu_gib: float = Field(gt=0, description="nominal memory of the GPU, GiB")
    asr_gib: float = Field(gt=0, description="memory of one recogniser, GiB")
    llm_gib: float = Field(gt=0, description="memory of the language model with its KV cache, GiB")
    model: str
    weights_gib: float = Field(gt=0)
    kv_kib_per_token: float = Field(gt=0)
    context: int = Field(ge=512)

    @property
    def kv_tokens(self) -> int:
        """Tokens that fit into what the weights leave."""
        return kv_tokens(self.llm_gib, self.weights_gib, self.kv_kib_per_token)


class Serving(_Part):
    """The whole file."""

    gpu_gib: float | Literal["auto"] = Field("auto", description="memory of one GPU, GiB; 0: none")
    asr: AsrServing | None = Field(default_factory=AsrServing)
    llm: LlmServing | None = Field(default_factory=LlmServing)
    by_gpu_gib: tuple[GpuRow, ...] = ()


def kv_tokens(memory_gib: float, weights_gib: float, kv_kib_per_token: float) -> int:
    """Tokens of KV cache in ``memory_gib`` beside the weights; negative where not even those fit."""
    return int((memory_gib - weights_gib - _OVERHEAD_GIB) * 1024 * 1024 / kv_kib_per_token)


def default_file() -> Path:
    """The file that comes with Video-Clip."""
    return Path(__file__).resolve().parents[1] / "configs" / "serving.yaml"


def read_serving(path: str | Path = "") -> Serving:
    """Read the file; an empty path means the one that comes with Video-Clip.

    Raises:
        UsageError: it cannot be read, or a key is unknown or a value wrong; names each.
    """
    file = Path(path) if str(path) else default_file()
    remedy = f"Correct {file}; docs/serving.md lists the keys"
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
    except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
        raise UsageError(f"{file} cannot be read: {error}", remedy) from error
    try:
        return Serving.model_validate(content)
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}"
            for fault in error.errors(include_url=False, include_input=False)
        )
        raise UsageError(f"{file.name} is not valid: {faults}", remedy) from error
