"""All settings together, and how they are read."""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from videoclip.errors import UsageError
from videoclip.settings.engines import (
    LlmSettings,
    MediaLimits,
    RaySettings,
    ServeSettings,
    SpeechSettings,
)
from videoclip.settings.observe import ObserveSettings
from videoclip.settings.platform import (
    AuthSettings,
    DatabaseSettings,
    DeliverySettings,
    GatewaySettings,
    JobSettings,
    NetSettings,
    ObjectSettings,
    QuotaSettings,
    SweepSettings,
    UiSettings,
    UploadSettings,
)
from videoclip.settings.section import Section

__all__ = ["Settings", "load_settings"]


class Settings(BaseSettings):
    """All settings."""

    model_config = SettingsConfigDict(
        env_prefix="VIDEOCLIP_", env_nested_delimiter="__", extra="forbid", frozen=True
    )

    data_dir: Path = Field(
        default_factory=lambda: _xdg("XDG_DATA_HOME", ".local/share") / "videoclip",
        description="database, objects, working folders",
    )
    database_url: str = Field(
        "",
        description="SQLAlchemy async URL; empty: SQLite in data_dir; several servers: "
        "postgresql+asyncpg://user:password@/name?host=one:5432&host=other:5432, of which the primary is found",
    )
    database_replica_url: str = Field(
        "",
        description="the same of a streaming replica, for searches, usage, the audit and older pages of lists; "
        "PostgreSQL only",
    )
    offline: bool = Field(False, description="never reach for the network, not even for models")
    font: str = Field(
        "Video-Clip Sans", description="font family of captions; the default is bundled"
    )
    secret_key: SecretStr = Field(
        SecretStr(""),
        description="keys that secrets in the database are encrypted with, base64 of 32 bytes each, separated by "
        "spaces: the first encrypts; the same on all machines; empty: data_dir/secret.key, made at the first use",
    )
    database: DatabaseSettings = Field(default_factory=DatabaseSettings)
    jobs: JobSettings = Field(default_factory=JobSettings)
    objects: ObjectSettings = Field(default_factory=ObjectSettings)
    media: MediaLimits = Field(default_factory=MediaLimits)
    speech: SpeechSettings = Field(default_factory=SpeechSettings)
    llm: LlmSettings = Field(default_factory=LlmSettings)
    ray: RaySettings = Field(default_factory=RaySettings)
    serve: ServeSettings = Field(default_factory=ServeSettings)
    uploads: UploadSettings = Field(default_factory=UploadSettings)
    quota: QuotaSettings = Field(default_factory=QuotaSettings)
    sweep: SweepSettings = Field(default_factory=SweepSettings)
    gateway: GatewaySettings = Field(default_factory=GatewaySettings)
    ui: UiSettings = Field(default_factory=UiSettings)
    auth: AuthSettings = Field(default_factory=AuthSettings)
    net: NetSettings = Field(default_factory=NetSettings)
    delivery: DeliverySettings = Field(default_factory=DeliverySettings)
    observe: ObserveSettings = Field(default_factory=ObserveSettings)

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


_NOT_SETTINGS = {"api_key", "config", "ray_session", "server"}
"""Variables with our prefix that are read elsewhere."""
