"""Settings of the engines: media, speech, language model, Ray, served models."""

from __future__ import annotations

from pydantic import Field, SecretStr

from videoclip.settings.section import Section

__all__ = [
    "LlmSettings",
    "MediaLimits",
    "RaySettings",
    "ServeSettings",
    "SpeechSettings",
]


class MediaLimits(Section):
    """What a source may ask of this machine, and what FFmpeg may use."""

    max_duration_s: int = Field(24 * 3600, gt=0, description="longest source, seconds")
    max_pixels: int = Field(8192 * 4320, gt=0, description="largest picture, width x height")
    max_streams: int = Field(64, gt=0, description="streams in a container")
    max_bytes: int = Field(512 * 1024**3, gt=0, description="largest source, bytes")
    memory_bytes: int = Field(4 * 1024**3, gt=0, description="address space of one ffmpeg, bytes")
    max_alloc_bytes: int = Field(
        512 * 1024**2, gt=0, description="largest single allocation, bytes"
    )
    min_wall_s: int = Field(120, gt=0, description="wall limit of one ffmpeg call, fixed part, s")
    wall_per_media_s: float = Field(
        20.0, gt=0, description="wall limit of one ffmpeg call, seconds for each second of media"
    )


class SpeechSettings(Section):
    """FunASR models by id, local folder or cached weights; sharding."""

    model_zh: str = Field(
        "iic/speech_seaco_paraformer_large_asr_nat-zh-cn-16k-common-vocab8404-pytorch",
        description="Paraformer for Chinese (and mixed) speech",
    )
    model_en: str = Field(
        "iic/speech_paraformer-large-vad-punc_asr_nat-en-16k-common-vocab10020",
        description="Paraformer for English speech",
    )
    model_multi: str = Field(
        "iic/SenseVoiceSmall",
        description="SenseVoice for yue, ja and ko, and for `auto` where its weights are on this machine",
    )
    vad_model: str = Field(
        "iic/speech_fsmn_vad_zh-cn-16k-common-pytorch", description="FunASR VAD; empty for none"
    )
    punc_model: str = Field(
        "iic/punc_ct-transformer_cn-en-common-vocab471067-large",
        description="punctuation; empty for none",
    )
    spk_model: str = Field(
        "",
        description="speaker model, such as iic/speech_campplus_sv_zh-cn_16k-common; empty: speakers are not told apart",
    )
    speaker_distance: float = Field(
        0.5,
        gt=0,
        lt=2,
        description="two groups of voices further apart than this (one less the cosine) are two speakers",
    )
    itn: bool = Field(
        True, description="what FunASR hears: numbers, prices, dates as digits (zh, en, ja)"
    )
    half_precision: bool = Field(
        False, description="16-bit arithmetic on a GPU (CUDA): faster, less memory"
    )
    device: str = Field("auto", description="auto, cpu, cuda, cuda:N or mps")
    shard_target_ms: int = Field(30_000, ge=5_000, description="usual shard length, ms")
    shard_max_ms: int = Field(45_000, ge=10_000, description="longest shard, ms")
    serve_app: str = Field(
        "",
        description="Ray Serve application that recognises (videoclip up: asr); empty: each worker loads its own engine",
    )
    serve_parallel: int = Field(
        4, ge=1, description="shards of one job at a served recogniser at once"
    )
    serve_deadline_s: float = Field(
        900.0, gt=0, description="one shard at a served recogniser, retries included, seconds"
    )


class LlmSettings(Section):
    """The OpenAI-compatible endpoint that the ``llm`` highlighter asks (vLLM, DashScope, DeepSeek, Ollama)."""

    base_url: str = Field("", description="such as http://127.0.0.1:8000/v1; empty: none")
    model: str = Field("", description="model name at that endpoint")
    api_key: SecretStr = Field(SecretStr(""), description="sent as bearer token; never logged")
    timeout_s: float = Field(120.0, gt=0, description="one request, seconds")
    context_tokens: int | None = Field(
        None,
        ge=1_024,
        description="context of the model, prompt and answer together, tokens; default: what the endpoint "
        "tells (max_model_len), else 16384; a smaller one that it tells counts instead",
    )
    window_tokens: int = Field(
        12_000,
        ge=100,
        description="transcript in one prompt at most, tokens; less where the context is small",
    )
    max_tokens: int = Field(4_096, ge=64, description="answer length, tokens")
    max_job_tokens: int | None = Field(
        None,
        ge=1,
        description="tokens that a job may spend, prompts and answers; default: no limit",
    )
    max_job_seconds: float | None = Field(
        None,
        gt=0,
        description="seconds that a job may wait for answers, added up; default: no limit",
    )
    may_sleep: bool = Field(
        False,
        description="the endpoint gives its model up when idle: wake it as a job starts, and show its start as a stage",
    )
    start_timeout_s: float = Field(
        900.0, gt=0, description="how long a model that sleeps may take to start, seconds"
    )


class RaySettings(Section):
    """The local Ray that the command starts when no cluster is named."""

    address: str = Field("", description="cluster to join; empty: start one in this process")
    in_process: bool = Field(
        False,
        description="no Ray: units one after the other in the job's own process, for small machines",
    )
    num_cpus: int | None = Field(None, ge=1, description="processors to use; default: all")
    num_gpus: int | None = Field(
        None, ge=0, description="graphics cards to use; default: those that are found"
    )
    memory_bytes: int | None = Field(
        None, ge=1, description="memory that workers may use together, bytes; default: what is free"
    )
    object_store_bytes: int = Field(160 * 1024**2, ge=80 * 1024**2, description="shared memory")


class ServeSettings(Section):
    """What `videoclip up` serves with Ray Serve."""

    config: str = Field(
        "", description="serving file: models and their memory; empty: configs/serving.yaml"
    )
    http_port: int = Field(
        0,
        ge=0,
        le=65535,
        description="port of web UI, API and models; 0: gateway.port if it is free, else another one",
    )
