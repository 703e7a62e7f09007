"""Memory statements to shares of a GPU: the one place that computes them, for Ray and for vLLM alike.

Ray counts fractions and does not enforce them; vLLM takes what `gpu_memory_utilization` says, whatever Ray
thinks. So both numbers come from the same statement, and what does not fit is refused before anything loads.
"""

from __future__ import annotations

import math
import subprocess
from dataclasses import dataclass
from typing import Literal

from serve_apps.config import AsrServing, GpuRow, LlmServing, Serving, kv_tokens
from videoclip.errors import EngineUnavailable, UsageError

__all__ = ["MOST", "AsrPlan", "LlmPlan", "Plan", "gpu_memory_gib", "plan", "share", "utilization"]

MOST = 0.95
"""Shares of one GPU add up to less: the driver, CUDA contexts and fragmentation want the rest."""

_NOMINAL = 0.97
"""A card of 24 GiB reports a little less."""


@dataclass(frozen=True, slots=True)
class AsrPlan:
    """The recogniser, with what Ray is asked for."""

    serving: AsrServing
    device: str
    num_gpus: float
    """Of one replica; 0 on processors."""


@dataclass(frozen=True, slots=True)
class LlmPlan:
    """The language model, with what Ray and vLLM are asked for."""

    serving: LlmServing
    engine: Literal["vllm", "proxy"]
    device: Literal["gpu", "cpu"]
    model: str
    source: str
    context: int
    memory_gib: float
    num_gpus: float
    utilization: float
    """vLLM's share: of the GPU's memory, on processors of the machine's."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that is served on one kind of machine."""

    gpu_gib: float
    asr: AsrPlan | None
    llm: LlmPlan | None


def share(memory_gib: float, gpu_gib: float) -> float:
    """The part of a GPU that ``memory_gib`` is, rounded up to a thousandth so that it never promises too little."""
    return math.ceil(memory_gib / gpu_gib * 1000 - 1e-9) / 1000


def utilization(num_gpus: float) -> float:
    """The share for vLLM, from Ray's: rounded down to a thousandth, never above it."""
    return math.floor(num_gpus * 1000 + 1e-9) / 1000


def gpu_memory_gib() -> float:
    """Memory of this machine's smallest GPU, GiB; 0 where there is none. Does not import torch."""
    try:
        done = subprocess.run(
            ["nvidia-smi", "--query-gpu=memory.total", "--format=csv,noheader,nounits"],
            capture_output=True, text=True, timeout=20, check=True,
        )  # fmt: skip
        sizes = [float(line) for line in done.stdout.splitlines() if line.strip()]
    except (OSError, ValueError, subprocess.SubprocessError):
        return 0.0
    return min(sizes, default=0.0) / 1024


def plan(serving: Serving, *, found_gpu_gib: float, node_gib: float) -> Plan:
    """Settle models, devices and shares.

    Args:
        serving: what the file says.
        found_gpu_gib: memory of a GPU as the driver says, GiB; 0: none.
        node_gib: memory of the machine, GiB (for vLLM on processors).

    Raises:
        UsageError: the statements do not fit the GPU, or leave the model no room for its context.
        EngineUnavailable: something must have a GPU and there is none.
    """
    gpu = found_gpu_gib if serving.gpu_gib == "auto" else float(serving.gpu_gib)
    asr_gpu = (serving.asr and serving.asr.gpu_gib) or gpu
    llm_gpu = (serving.llm and serving.llm.gpu_gib) or gpu
    asr = _asr(serving.asr, asr_gpu, _row(serving, asr_gpu)) if serving.asr else None
    llm = _llm(serving.llm, llm_gpu, _row(serving, llm_gpu), node_gib) if serving.llm else None
    apart = asr and llm and asr.serving.nodes != llm.serving.nodes
    total = (asr.num_gpus if asr else 0.0) + (llm.num_gpus if llm else 0.0)
    if total >= MOST and not apart:
        parts = " + ".join(
            f"{name} {part.num_gpus:.3f}"
            for name, part in (("asr", asr), ("llm", llm))
            if part and part.num_gpus
        )
        raise UsageError(
            f"the models take {parts} = {total:.3f} of a GPU of {gpu:g} GiB; together they must stay under {MOST}",
            "Lower asr.memory_gib or llm.memory_gib, take a smaller model, or serve one of them elsewhere",
        )
    return Plan(gpu, asr, llm)


def _row(serving: Serving, gpu: float) -> GpuRow | None:
    fitting = [row for row in serving.by_gpu_gib if row.gpu_gib * _NOMINAL <= gpu]
    return max(fitting, key=lambda row: row.gpu_gib, default=None)


def _asr(serving: AsrServing, gpu: float, row: GpuRow | None) -> AsrPlan:
    if serving.device == "cpu":
        # A statement of memory still counts: it is how a machine without a GPU tries placement out.
        return AsrPlan(serving, "cpu", _stated(serving.memory_gib, gpu))
    if gpu <= 0:
        if serving.device != "auto":
            raise _no_gpu("asr.device", serving.device)
        return AsrPlan(serving, "cpu", 0.0)
    memory = serving.memory_gib or (row.asr_gib if row else None)
    if memory is None:
        raise _no_row("asr.memory_gib", gpu)
    device = "cuda" if serving.device == "auto" else serving.device
    return AsrPlan(serving, device, _fits("asr", memory, gpu))


def _llm(serving: LlmServing, gpu: float, row: GpuRow | None, node_gib: float) -> LlmPlan | None:
    if serving.engine == "none" or (
        serving.engine == "auto" and gpu <= 0 and serving.device != "cpu"
    ):
        return None
    if serving.engine == "proxy":
        return LlmPlan(
            serving, "proxy", "cpu", serving.model, "", serving.context or 0,
            serving.memory_gib or 0.0, _stated(serving.memory_gib, gpu), 0.0,
        )  # fmt: skip
    on_gpu = serving.device == "gpu" or (serving.device == "auto" and gpu > 0)
    if on_gpu and gpu <= 0:
        raise _no_gpu("llm.device", "gpu")
    # The row's sizes belong to the row's model.
    default = row if row and on_gpu and serving.model in {"", row.model} else None
    model = serving.model or (default.model if default else "")
    memory = serving.memory_gib or (default.llm_gib if default else None)
    context = serving.context or (default.context if default else None)
    if not model or memory is None or context is None:
        raise _no_row("llm.model, llm.memory_gib and llm.context", gpu)
    weights = serving.weights_gib or (default.weights_gib if default else None)
    kv = serving.kv_kib_per_token or (default.kv_kib_per_token if default else None)
    if weights and kv and kv_tokens(memory, weights, kv) < context:
        raise UsageError(
            f"{model} leaves room for {max(0, kv_tokens(memory, weights, kv))} tokens in {memory:g} GiB, "
            f"and its context is to be {context}",
            "Raise llm.memory_gib, lower llm.context, or take a smaller or quantised model",
        )
    fraction = _fits("llm", memory, gpu) if on_gpu else 0.0
    part = utilization(fraction) if on_gpu else math.floor(memory / node_gib * 1000) / 1000
    if not 0 < part < MOST:
        raise UsageError(
            f"the language model is to take {memory:g} GiB, and this machine has {node_gib:.1f} GiB",
            "Lower llm.memory_gib, or take a smaller model",
        )
    return LlmPlan(
        serving, "vllm", "gpu" if on_gpu else "cpu", model, serving.source or model, context,
        memory, fraction, part,
    )  # fmt: skip


def _stated(memory_gib: float | None, gpu: float) -> float:
    return share(memory_gib, gpu) if memory_gib and gpu > 0 else 0.0


def _fits(name: str, memory_gib: float, gpu: float) -> float:
    fraction = share(memory_gib, gpu)
    if fraction >= MOST:
        raise UsageError(
            f"{name} is to take {memory_gib:g} GiB, and the GPU has {gpu:.1f} GiB, of which {MOST:.0%} can be given",
            f"Lower {name}.memory_gib, or take a smaller model or a larger GPU",
        )
    return fraction


def _no_gpu(key: str, value: str) -> EngineUnavailable:
    return EngineUnavailable(
        f"{key} is {value}, and this machine has no NVIDIA GPU",
        f"Set {key}: cpu, or state the GPU of the cluster's machines as gpu_gib",
    )


def _no_row(keys: str, gpu: float) -> UsageError:
    where = f"a GPU of {gpu:.1f} GiB" if gpu > 0 else "a machine without a GPU"
    return UsageError(
        f"no row of by_gpu_gib fits {where}, so that {keys} must be stated",
        f"Set {keys} in the serving file",
    )
