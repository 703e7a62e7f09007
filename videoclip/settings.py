"""Settings: one typed, documented place, filled from ``VIDEOCLIP_*`` variables and a TOML file.

Order of precedence: variables, then the file named by ``VIDEOCLIP_CONFIG`` (else
``$XDG_CONFIG_HOME/videoclip/config.toml``), then the defaults here. Unknown keys are refused.
"""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from videoclip.errors import UsageError

__all__ = [
    "DatabaseSettings",
    "LlmSettings",
    "MediaLimits",
    "ObjectSettings",
    "RaySettings",
    "ServeSettings",
    "Settings",
    "SpeechSettings",
    "load_settings",
]


class Section(BaseModel):
    """Base of every section: immutable, unknown keys refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


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
    itn: bool = Field(True, description="SenseVoice writes numbers as digits")
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
    num_cpus: int | None = Field(None, ge=1, description="processors to use; default: all")
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
        0, ge=0, le=65535, description="port of the served models' addresses; 0: a free one"
    )


class DatabaseSettings(Section):
    """PostgreSQL's connections and limits; SQLite needs none of them."""

    pool_size: int = Field(5, ge=1, description="connections that a process keeps")
    pool_overflow: int = Field(10, ge=0, description="further ones under load")
    pool_timeout_s: float = Field(10.0, gt=0, description="wait for a free connection, seconds")
    connect_timeout_s: float = Field(10.0, gt=0, description="wait for the server, seconds")
    statement_timeout_s: float = Field(30.0, gt=0, description="longest statement, seconds")
    lock_timeout_s: float = Field(10.0, gt=0, description="longest wait for a row, seconds")
    idle_timeout_s: float = Field(
        60.0, gt=0, description="longest pause inside a transaction, seconds"
    )


class ObjectSettings(Section):
    """Where files lie: a folder of the data folder, or a bucket (S3, MinIO, Aliyun OSS by its S3 endpoint)."""

    url: str = Field("", description="s3://bucket/prefix; empty: data_dir/objects")
    endpoint: str = Field(
        "", description="such as https://oss-cn-hangzhou.aliyuncs.com; empty: Amazon's"
    )
    region: str = Field("us-east-1", description="region that requests are signed for")
    virtual_hosted: bool = Field(
        False, description="bucket in the host name instead of the path; Aliyun OSS needs it"
    )
    access_key_id: str = Field("", description="empty: from AWS_* variables or the machine's role")
    secret_access_key: SecretStr = Field(SecretStr(""), description="never logged")
    cache_bytes: int = Field(
        20 * 1024**3, ge=0, description="local copies of a bucket's objects, bytes at most"
    )
    max_retries: int = Field(8, ge=0, description="of a request that the bucket fails, backing off")
    timeout_s: float = Field(60.0, gt=0, description="one request, seconds")


class Settings(BaseSettings):
    """All settings."""

    model_config = SettingsConfigDict(
        env_prefix="VIDEOCLIP_", env_nested_delimiter="__", extra="forbid", frozen=True
    )

    data_dir: Path = Field(
        default_factory=lambda: _xdg("XDG_DATA_HOME", ".local/share") / "videoclip",
        description="database, objects, working folders",
    )
    database_url: str = Field("", description="SQLAlchemy async URL; empty: SQLite in data_dir")
    offline: bool = Field(False, description="never reach for the network, not even for models")
    font: str = Field(
        "Video-Clip Sans", description="font family of captions; the default is bundled"
    )
    database: DatabaseSettings = Field(default_factory=DatabaseSettings)
    objects: ObjectSettings = Field(default_factory=ObjectSettings)
    media: MediaLimits = Field(default_factory=MediaLimits)
    speech: SpeechSettings = Field(default_factory=SpeechSettings)
    llm: LlmSettings = Field(default_factory=LlmSettings)
    ray: RaySettings = Field(default_factory=RaySettings)
    serve: ServeSettings = Field(default_factory=ServeSettings)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, then variables, then the TOML file; no dotenv."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, _config_file())


def _xdg(variable: str, fallback: str) -> Path:
    value = os.environ.get(variable, "")
    return Path(value) if value else Path.home() / fallback


def _config_file() -> Path:
    named = os.environ.get("VIDEOCLIP_CONFIG", "")
    return (
        Path(named) if named else _xdg("XDG_CONFIG_HOME", ".config") / "videoclip" / "config.toml"
    )


def load_settings() -> Settings:
    """Read the settings once, at the edge of the program.

    Raises:
        UsageError: a key is unknown or a value has the wrong type; it names each of them.
    """
    file = _config_file()
    remedy = f"Correct the VIDEOCLIP_* variables or {file}; docs/configuration.md lists the keys"
    unknown = [name for name in os.environ if not _is_known(name)]
    if unknown:
        raise UsageError(f"there is no setting {', '.join(sorted(unknown))}", remedy)
    if os.environ.get("VIDEOCLIP_CONFIG") and not file.exists():
        raise UsageError(f"VIDEOCLIP_CONFIG names {file}, which does not exist", remedy)
    try:
        return Settings()
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}"
            for fault in error.errors(include_url=False, include_input=False)
        )
        raise UsageError(f"the settings are not valid: {faults}", remedy) from error
    except (SettingsError, ValueError, OSError) as error:
        raise UsageError(f"the settings cannot be read: {error}", remedy) from error


def _is_known(variable: str) -> bool:
    """Whether a variable is none of ours, or one that means something: a typing error must not pass."""
    if not variable.startswith("VIDEOCLIP_"):
        return True
    name = variable.removeprefix("VIDEOCLIP_").lower()
    if name in _NOT_SETTINGS or name.startswith("test_"):
        return True
    section, _, key = name.partition("__")
    field = Settings.model_fields.get(section)
    if field is None or not key:
        return field is not None
    kind = field.annotation
    return isinstance(kind, type) and issubclass(kind, Section) and key in kind.model_fields


_NOT_SETTINGS = {"config", "ray_session"}
"""Variables with our prefix that are read elsewhere."""
