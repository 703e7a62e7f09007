"""Settings of what operators see: metrics, traces, the log, prices for reports."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, SecretStr

from videoclip.settings.section import Section

__all__ = ["ObserveSettings"]


class ObserveSettings(Section):
    """Metrics, traces, the log, alerts (docs/observability.md)."""

    host: str = Field(
        "127.0.0.1", description="address that metrics are read at; they need no sign-in"
    )
    gateway_port: int = Field(
        0, ge=0, le=65535, description="port of the metrics of `videoclip gateway`; 0: none"
    )
    dispatcher_port: int = Field(
        0,
        ge=0,
        le=65535,
        description="port of the metrics of a dispatcher, and of what Alertmanager sends; 0: none",
    )
    otlp_endpoint: str = Field(
        "",
        description="OpenTelemetry collector (OTLP over HTTP) that traces go to, such as "
        "http://127.0.0.1:4318; empty: no traces",
    )
    otlp_headers: SecretStr = Field(
        SecretStr(""), description="sent with them, name=value,name=value; never logged"
    )
    trace_share: float = Field(
        1.0, ge=0, le=1, description="share of the requests whose traces are kept"
    )
    trace_url: str = Field(
        "",
        pattern=r"^(https?://\S+\{trace_id\}\S*)?$",
        description="page of a trace, such as https://jaeger.example.com/trace/{trace_id}, which jobs link to",
    )
    log_format: Literal["text", "json"] = Field(
        "text", description="of programs that stay; json: one object a line"
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info",
        description="of what is logged; SIGUSR2 switches a running program to debug and back",
    )
    alert_addresses: list[SecretStr] = Field(
        default_factory=list,
        description="where alerts go, in apprise's form; as a variable: JSON list",
    )
    currency: str = Field("USD", max_length=8, description="of the prices below")
    price_cpu_hour: float = Field(0.0, ge=0, description="one processor for an hour, in reports")
    price_gpu_hour: float = Field(0.0, ge=0, description="one graphics card for an hour")
    price_prompt_mtok: float = Field(0.0, ge=0, description="a million tokens of prompts")
    price_completion_mtok: float = Field(0.0, ge=0, description="a million tokens of answers")
