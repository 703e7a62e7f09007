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
    "LlmSettings",
    "MediaLimits",
    "RaySettings",
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


class LlmSettings(Section):
    """The OpenAI-compatible endpoint that the ``llm`` highlighter asks (vLLM, DashScope, DeepSeek, Ollama)."""

    base_url: str = Field("", description="such as http://127.0.0.1:8000/v1; empty: none")
    model: str = Field("", description="model name at that endpoint")
    api_key: SecretStr = Field(SecretStr(""), description="sent as bearer token; never logged")
    timeout_s: float = Field(120.0, gt=0, description="one request, seconds")
    window_chars: int = Field(12_000, ge=500, description="transcript characters in one prompt")
    max_tokens: int = Field(2_048, ge=64, description="answer length")


class RaySettings(Section):
    """The local Ray that the command starts when no cluster is named."""

    address: str = Field("", description="cluster to join; empty: start one in this process")
    num_cpus: int | None = Field(None, ge=1, description="processors to use; default: all")
    object_store_bytes: int = Field(160 * 1024**2, ge=80 * 1024**2, description="shared memory")


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
    media: MediaLimits = Field(default_factory=MediaLimits)
    speech: SpeechSettings = Field(default_factory=SpeechSettings)
    llm: LlmSettings = Field(default_factory=LlmSettings)
    ray: RaySettings = Field(default_factory=RaySettings)

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
