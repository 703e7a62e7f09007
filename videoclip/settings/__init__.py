"""Settings: one typed, documented place, filled from ``VIDEOCLIP_*`` variables and a TOML file.

Order of precedence: variables, then the file named by ``VIDEOCLIP_CONFIG`` (else
``$XDG_CONFIG_HOME/videoclip/config.toml``), then the defaults here. Unknown keys are refused.
"""

from __future__ import annotations

from videoclip.settings.engines import (
    LlmSettings,
    MediaLimits,
    RaySettings,
    ServeSettings,
    SpeechSettings,
)
from videoclip.settings.load import Settings, load_settings
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

__all__ = [
    "AuthSettings",
    "DatabaseSettings",
    "DeliverySettings",
    "GatewaySettings",
    "JobSettings",
    "LlmSettings",
    "MediaLimits",
    "NetSettings",
    "ObjectSettings",
    "ObserveSettings",
    "QuotaSettings",
    "RaySettings",
    "ServeSettings",
    "Settings",
    "SpeechSettings",
    "SweepSettings",
    "UiSettings",
    "UploadSettings",
    "load_settings",
]
