"""Settings of the platform: database, objects, jobs, uploads, gateway, what goes out."""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path

from pydantic import Field, SecretStr, field_validator

from videoclip.settings.section import Section

__all__ = [
    "AuthSettings",
    "DatabaseSettings",
    "DeliverySettings",
    "GatewaySettings",
    "JobSettings",
    "NetSettings",
    "ObjectSettings",
    "QuotaSettings",
    "SweepSettings",
    "UiSettings",
    "UploadSettings",
]


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


class JobSettings(Section):
    """Jobs of the platform: who may run how many, for how long somebody may be silent, what they may read."""

    slots: int = Field(2, ge=1, description="jobs that one dispatcher runs at once")
    lease_ms: int = Field(
        30_000, ge=1_000, description="a runner that is silent for so long loses its job, ms"
    )
    heartbeat_ms: int = Field(
        1_000, ge=100, description="a runner renews its lease and hears of a cancel this often, ms"
    )
    sweep_ms: int = Field(5_000, ge=100, description="lost jobs are looked for this often, ms")
    poll_ms: int = Field(
        1_000,
        ge=50,
        description="waiting jobs are looked for this often, ms; a free slot looks at once",
    )
    listen: bool = Field(
        True,
        description="PostgreSQL tells of new jobs (LISTEN), so that none waits for the next look",
    )
    max_failures: int = Field(
        3, ge=1, description="attempts of a job that may fail or be lost before it is given up"
    )
    backoff_ms: int = Field(
        5_000, ge=0, description="pause after a failure that may pass, ms; doubled each time"
    )
    cancel_grace_ms: int = Field(
        2_000,
        ge=0,
        description="a cancelled job that does not stop by itself is ended after that, ms",
    )
    progress_ms: int = Field(
        2_000, ge=0, description="shortest time between two events of a job's progress, ms"
    )
    database_wait_s: float = Field(
        120.0,
        ge=0,
        description="a running job waits so long for a database that went away, seconds",
    )
    source_folders: list[Path] = Field(
        default_factory=list,
        description="folders of this machine that jobs may read sources from, in every workspace; "
        "as a variable: JSON list",
    )
    source_buckets: list[str] = Field(
        default_factory=list,
        description='buckets that jobs may read sources from, in every workspace, such as ["s3://inbox/shows"]; on the '
        "server and with the keys of `objects`; as a variable: JSON list",
    )
    watch_ms: int = Field(
        10_000, ge=200, description="watched folders and buckets are listed this often, ms"
    )

    @field_validator("source_buckets")
    @classmethod
    def _buckets(cls, values: list[str]) -> list[str]:
        for value in values:
            if not re.fullmatch(r"s3://[a-z0-9][a-z0-9.-]+(/[^/]+)*/?", value):
                message = f"{value} is not of the form s3://bucket/prefix"
                raise ValueError(message)
        return values


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


class UploadSettings(Section):
    """Files on their way in (tus); their largest size is `media.max_bytes`."""

    folder: str = Field(
        "",
        description="where they lie until they are whole; empty: data_dir/uploads; gateways on several "
        "machines need one that all of them see",
    )
    expire_hours: int = Field(
        72, ge=1, description="an upload goes when nothing arrives for so long, hours"
    )
    commit_bytes: int = Field(
        16 * 1024**2, ge=64 * 1024, description="what a killed server may lose of an upload, bytes"
    )
    commit_s: float = Field(2.0, gt=0, description="the same for slow ones, seconds")
    fsync: bool = Field(
        True, description="wait for the disk: what was confirmed survives a power cut too"
    )
    idle_s: float = Field(
        60.0, gt=0, description="a client that sends nothing for so long is cut off, seconds"
    )
    max_open: int = Field(1000, ge=1, description="unfinished uploads of one workspace at most")


class QuotaSettings(Section):
    """What a workspace may do that has no quota of its own; 0: no limit."""

    max_bytes: int = Field(
        0, ge=0, description="assets, uploads and what jobs made together, bytes"
    )
    max_video_minutes: int = Field(
        0, ge=0, description="length of the videos taken in during thirty days, minutes"
    )
    max_jobs: int = Field(0, ge=0, description="jobs that wait or run at once")
    retention_days: int = Field(
        0, ge=0, description="assets and finished jobs go after so many days; 0: never"
    )


class SweepSettings(Section):
    """Clearing away: what expired, what nobody refers to, what was left half-done."""

    every_s: float = Field(300.0, gt=0, description="pause between two sweeps, seconds")
    grace_hours: float = Field(
        24.0, gt=0, description="what is younger is left alone: its row may still come, hours"
    )
    result_days: float = Field(
        30.0, gt=0, description="results that no job refers to are kept for so long, days"
    )


class GatewaySettings(Section):
    """The HTTP API: where it listens, whom it lets in, how much one may ask."""

    host: str = Field("127.0.0.1", description="address to listen on")
    port: int = Field(8080, ge=0, le=65535, description="port to listen on")
    replicas: int = Field(2, ge=1, le=64, description="gateways that `videoclip up` serves")
    public_url: str = Field(
        "", description="address that people reach it by; empty: http://host:port"
    )
    cors_origins: list[str] = Field(
        default_factory=list,
        description="web pages from elsewhere that may call it; none by default",
    )
    allow_ips: list[str] = Field(
        default_factory=list, description="networks that may call it; empty: all"
    )
    deny_ips: list[str] = Field(default_factory=list, description="networks that may not")
    trusted_proxies: list[str] = Field(
        default_factory=list,
        description="networks of reverse proxies, whose X-Forwarded-For and X-Forwarded-Proto are believed",
    )
    max_body_bytes: int = Field(
        1024 * 1024, ge=1024, description="largest request that is not an upload, bytes"
    )
    requests_per_minute: int = Field(
        1200, ge=1, description="of a user or of an API key, over all replicas"
    )
    previews_per_minute: int = Field(
        120, ge=1, description="frames of styles for a user or an API key, over all replicas"
    )
    anonymous_per_minute: int = Field(
        120, ge=1, description="of an IP address without a valid token, over all replicas"
    )
    stream_s: float = Field(
        300.0,
        gt=0,
        description="longest stream of events before the client connects again, seconds",
    )
    stream_poll_s: float = Field(
        0.5, gt=0, description="pause between looks for new events, seconds"
    )
    streams: int = Field(
        20, ge=1, description="streams of events that one user or key may have open at one replica"
    )
    drain_s: float = Field(
        0,
        ge=0,
        description="after SIGTERM it takes requests for so long and says that it is not ready, "
        "so that balancers send them elsewhere, seconds",
    )
    shutdown_s: int = Field(
        20, ge=0, description="time for open requests when it ends then, seconds"
    )
    files_url: str = Field(
        "",
        description="address of a `videoclip gateway` that large files go in and out by where this one is "
        "served by Ray Serve, which holds requests and answers in memory; empty: in pieces through Ray Serve",
    )
    max_request_bytes: int = Field(
        0, ge=0, description="of an upload, in one request; 0: no limit, with Ray Serve 64 MiB"
    )
    max_response_bytes: int = Field(
        0, ge=0, description="of a file, in one answer; 0: no limit, with Ray Serve 128 MiB"
    )


class UiSettings(Section):
    """The web UI, at /ui beside the API."""

    enabled: bool = Field(True, description="serve it, with `videoclip gateway` and `videoclip up`")
    api_url: str = Field(
        "",
        description="address of the API for the UI's own server where Ray Serve runs it; "
        "empty: gateway.public_url, or Serve's proxy on that machine",
    )


class AuthSettings(Section):
    """Accounts: how one signs in, and for how long."""

    access_minutes: int = Field(12, ge=1, le=60, description="life of an access token")
    refresh_days: int = Field(30, ge=1, le=365, description="life of a sign-in that is used")
    invitation_hours: int = Field(72, ge=1, le=24 * 30, description="life of an invitation")
    min_password: int = Field(10, ge=8, le=128, description="characters of a password at least")
    failures: int = Field(
        10, ge=1, description="failed sign-ins of an account before it is locked for a while"
    )
    failures_per_ip: int = Field(
        50, ge=1, description="failed sign-ins from an address before it is locked for a while"
    )
    lock_minutes: int = Field(15, ge=1, description="length of that while")
    oidc_issuer: str = Field("", description="OpenID provider to sign in through; empty: none")
    oidc_client_id: str = Field("", description="name of this installation there")
    oidc_client_secret: SecretStr = Field(SecretStr(""), description="its secret; never logged")
    oidc_sign_up: bool = Field(
        False, description="who has no account yet gets one, with a workspace of their own"
    )


class NetSettings(Section):
    """Requests to addresses that users give: videos by URL, webhooks, notifications."""

    allow_private: list[str] = Field(
        default_factory=list,
        description='private networks that may be reached all the same, such as ["10.2.0.0/16"]; metadata services never',
    )
    ports: list[int] = Field(
        default_factory=lambda: [80, 443, 8080, 8443], description="ports that may be reached"
    )
    max_bytes: int = Field(64 * 1024**3, gt=0, description="largest file that is fetched, bytes")
    max_s: float = Field(6 * 3600.0, gt=0, description="longest fetch, seconds")
    idle_s: float = Field(30.0, gt=0, description="longest silence of the other side, seconds")
    redirects: int = Field(5, ge=0, description="redirects that are followed, each checked anew")

    @field_validator("allow_private")
    @classmethod
    def _networks(cls, values: list[str]) -> list[str]:
        for value in values:
            ipaddress.ip_network(value, strict=False)
        return values


class DeliverySettings(Section):
    """Webhooks and notifications: how they are sent."""

    parallel: int = Field(16, ge=1, description="messages on their way at once, in one deliverer")
    parallel_per_destination: int = Field(4, ge=1, description="the same, to one destination")
    timeout_s: float = Field(15.0, gt=0, le=300, description="one try, seconds")
    poll_s: float = Field(1.0, gt=0, description="pause between looks for new messages, seconds")
    retry_s: list[float] = Field(
        default_factory=lambda: [5.0, 30.0, 120.0, 600.0, 1800.0, 3600.0, 7200.0, 14400.0, 28800.0],
        min_length=1,
        description="pauses after the first, second, ... failed try, seconds, the last one again and again; "
        "a message is given up a day after it was written",
    )
    keep_days: int = Field(
        30, ge=1, description="messages that are done with go after so long, days"
    )
