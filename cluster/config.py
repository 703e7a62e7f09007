"""What a cluster is: typed, from one YAML file, unknown keys refused. Sizes are GiB, times seconds unless they say so.

Secrets stand here by reference only: names of Kubernetes Secrets, paths of files. `configs/cluster.yaml` is an example,
`docs/cluster-settings.md` lists the keys; `python -m cluster.generate` makes manifests of it.
"""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator
from pydantic import field_validator as checks

from cluster.places import Aliyun, Aws, Kubernetes, OnPrem
from serve_apps.config import Serving, default_file, read_serving
from videoclip.errors import UsageError
from videoclip.settings import Settings
from videoclip.settings.section import Section

__all__ = [
    "KIND",
    "SPOT",
    "Cluster",
    "Head",
    "NodeGroup",
    "example_file",
    "read_cluster",
    "serving_of",
]

KIND, SPOT = "videoclip/kind", "videoclip/spot"
"""Ray labels that every node has: its kind, and whether it may be taken away."""
_NAME = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
_LABEL = re.compile(
    r"([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"
)
_OBJECT_STORE_SHARE = 0.3
_SET_HERE = {"data_dir", "objects__url", "serve__config"}


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Images(_Part):
    """Container images, all of the same release; `cluster/images/Dockerfile` builds them."""

    cpu: str = Field(min_length=1, description="of the gateway, the head and nodes of processors")
    gpu: str = Field("", description="of nodes of kind gpu-asr: CUDA; needed where there are any")
    gpu_llm: str = Field("", description="of nodes of kind gpu-llm: CUDA and vLLM; the same")
    pull_secret: str = Field("", description="Kubernetes Secret to pull them with; empty: none")


class Secrets(_Part):
    """Where secrets are; never what they are."""

    environment_secret: str = Field(
        "videoclip-environment",
        description="Kubernetes Secret whose keys are variables: VIDEOCLIP_DATABASE_URL, VIDEOCLIP_SECRET_KEY, ...",
    )
    environment_file: str = Field(
        "~/.videoclip/environment",
        description="the same for the launcher: file of NAME=value lines on the machine that runs `ray up`",
    )
    token_secret: str = Field(
        "videoclip-ray-token", description="Kubernetes Secret with Ray's token as auth_token"
    )
    token_file: str = Field(
        "~/.videoclip/ray_token",
        description="the same for the launcher: a file on the machine that runs `ray up`",
    )


class Storage(_Part):
    """The file system that all nodes share: working folders, uploads, caches, models; without a bucket also objects."""

    path: str = Field("/data", pattern=r"^/[^\s:]+$", description="where containers see it")
    nfs: str = Field(
        "",
        description="launcher: NFS export to mount, such as fs-1.efs.eu-west-1.amazonaws.com:/; empty: it is mounted already",
    )
    host_path: str = Field(
        "/srv/videoclip", pattern=r"^/[^\s:]+$", description="launcher: where machines see it"
    )
    claim: str = Field("", description="Kubernetes: a claim that is there; empty: one is made")
    storage_class: str = Field("", description="Kubernetes: class that can ReadWriteMany")
    size_gib: int = Field(200, gt=0, description="Kubernetes: size of the claim that is made")


class Objects(_Part):
    """The bucket; keys come from the environment secret, or from the machines' role."""

    url: str = Field("", description="s3://bucket/prefix; empty: objects lie in the storage")
    endpoint: str = Field("", description="address of the server; empty: Amazon's")
    region: str = Field("us-east-1", description="region that requests are signed for")
    virtual_hosted: bool = Field(False, description="bucket in the host name; Aliyun OSS needs it")


class Head(_Part):
    """The head node."""

    cpus: int = Field(4, ge=1, description="processors")
    memory_gib: float = Field(16, ge=4, description="memory")
    ray_cpus: int = Field(
        1, ge=0, description="processors that Ray may use there: dispatchers, small actors"
    )
    instance_type: str = Field("", description="cloud: such as m7i.xlarge, ecs.g8i.xlarge")
    host: str = Field("", description="on-prem: its IP address")


class NodeGroup(_Part):
    """Nodes of one kind, of which as many run as there is work for."""

    name: str = Field(max_length=40, description="letters, digits, dashes")
    kind: Literal["cpu", "gpu-asr", "gpu-llm"] = Field(
        description="what they are for; also their Ray label videoclip/kind"
    )
    spot: bool = Field(False, description="may be taken away; Ray label videoclip/spot")
    notice_s: int = Field(
        120, ge=20, le=3600, description="time from the notice of the end to the end, seconds"
    )
    min_nodes: int = Field(0, ge=0, description="kept when there is nothing to do; 0: none")
    max_nodes: int = Field(1, ge=1, description="at most")
    cpus: int = Field(8, ge=1, description="processors of a node")
    memory_gib: float = Field(32, ge=2, description="memory of a node")
    gpus: int = Field(0, ge=0, description="graphics cards of a node")
    object_store_gib: float | None = Field(
        None, gt=0, description="Ray's shared memory of a node; default: three tenths of memory_gib"
    )
    instance_type: str = Field("", description="cloud: such as g6.xlarge, ecs.gn7i-c8g1.2xlarge")
    labels: dict[str, str] = Field(default_factory=dict, description="further Ray labels")
    node_selector: dict[str, str] = Field(
        default_factory=dict, description="Kubernetes: labels that its machines have"
    )
    hosts: tuple[str, ...] = Field((), description="on-prem: IP addresses of its machines")

    @property
    def ray_labels(self) -> dict[str, str]:
        """All labels that Ray is told."""
        return {KIND: self.kind, SPOT: str(self.spot).lower(), **self.labels}

    @property
    def object_store_bytes(self) -> int:
        """Ray's shared memory of a node, bytes."""
        return int((self.object_store_gib or self.memory_gib * _OBJECT_STORE_SHARE) * 2**30)

    @checks("name")
    @classmethod
    def _is_name(cls, value: str) -> str:
        return _dns(value)

    @checks("hosts")
    @classmethod
    def _are_addresses(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        for value in values:
            ipaddress.ip_address(value)
        return values

    @checks("labels")
    @classmethod
    def _are_labels(cls, values: dict[str, str]) -> dict[str, str]:
        for key, value in values.items():
            if key.startswith("ray.io/") or key in {KIND, SPOT}:
                message = f"the label {key} is set by others"
                raise ValueError(message)
            if not _LABEL.fullmatch(key) or not _LABEL.fullmatch(value) or "/" in value:
                message = f"{key}: {value} is no label"
                raise ValueError(message)
        return values

    @model_validator(mode="after")
    def _sizes(self) -> NodeGroup:
        if self.min_nodes > self.max_nodes:
            message = f"min_nodes {self.min_nodes} is above max_nodes {self.max_nodes}"
            raise ValueError(message)
        if (self.kind == "cpu") != (self.gpus == 0):
            message = f"kind {self.kind} with gpus: {self.gpus}"
            raise ValueError(message)
        return self


class Dispatchers(_Part):
    """Those who take jobs from the queue; they run inside the Ray cluster, on nodes that stay."""

    replicas: int = Field(1, ge=1, description="how many, one a node at most")
    slots: int = Field(4, ge=1, description="jobs at once of each")


class Gateway(_Part):
    """The API and the web UI."""

    host: str = Field(min_length=1, description="public name, such as clips.example.org")
    replicas: int = Field(2, ge=1, le=64, description="of the API; the web UI has one")


class Autoscaling(_Part):
    """How nodes come and go."""

    idle_minutes: float = Field(5, gt=0, description="of quiet before a node goes")
    upscaling_speed: float = Field(
        1.0,
        gt=0,
        description="nodes that may be added at once, as a multiple of those there; over 1, Kubernetes has no such limit",
    )


class Gcs(_Part):
    """Ray's control service: with Redis, its state survives the head."""

    redis_address: str = Field(
        "", pattern=r"^([A-Za-z0-9.-]+:\d+)?$", description="host:port; empty: not fault tolerant"
    )
    redis_password_key: str = Field(
        "REDIS_PASSWORD", description="key of the environment secret that holds its password"
    )


class Backups(_Part):
    """Kubernetes: backups by the clock (docs/backup.md), into a volume that is not the one of the data."""

    schedule: str = Field(
        "",
        pattern=r"^(([-*/,0-9]+ ){4}[-*/,0-9]+)?$",
        description="as cron writes it, UTC, such as 15 3 * * *; empty: none are made",
    )
    claim: str = Field("", description="volume claim that they go to; it must be there")
    recipient: str = Field(
        "",
        pattern=r"^(age1[0-9a-z]+)?$",
        description="public key of age that they are encrypted to",
    )
    keep: int = Field(14, ge=1, description="how many stay")
    objects: bool = Field(
        True, description="with videos and clips; false where the bucket guards them itself"
    )

    @model_validator(mode="after")
    def _is_whole(self) -> Backups:
        if self.schedule and not (self.claim and self.recipient):
            message = "a schedule of backups needs claim and recipient"
            raise ValueError(message)
        return self


class Cluster(_Part):
    """The whole file."""

    name: str = Field(max_length=40, description="of the cluster and all that belongs to it")
    images: Images
    gateway: Gateway
    secrets: Secrets = Field(default_factory=Secrets)
    storage: Storage = Field(default_factory=Storage)
    objects: Objects = Field(default_factory=Objects)
    settings: dict[str, str] = Field(
        default_factory=dict,
        description="further VIDEOCLIP_* variables of all processes (docs/configuration.md); no secrets",
    )
    head: Head = Field(default_factory=Head)
    groups: tuple[NodeGroup, ...] = Field((), description="kinds of nodes")
    serving: Serving = Field(
        default_factory=Serving, description="what is served, as docs/serving.md has it"
    )
    dispatchers: Dispatchers = Field(default_factory=Dispatchers)
    autoscaling: Autoscaling = Field(default_factory=Autoscaling)
    gcs: Gcs = Field(default_factory=Gcs)
    backups: Backups = Field(default_factory=Backups)
    kubernetes: Kubernetes = Field(default_factory=Kubernetes)
    onprem: OnPrem | None = None
    aws: Aws | None = None
    aliyun: Aliyun | None = None

    @checks("name")
    @classmethod
    def _is_name(cls, value: str) -> str:
        return _dns(value)

    @checks("settings")
    @classmethod
    def _are_plain_settings(cls, values: dict[str, str]) -> dict[str, str]:
        known = _settings()
        for name in values:
            if name not in known:
                message = f"there is no setting {name}"
                raise ValueError(message)
            if known[name]:
                message = f"{name} is a secret, or follows from this file: see secrets, storage, objects, serving"
                raise ValueError(message)
        return values

    @model_validator(mode="after")
    def _fit(self) -> Cluster:
        names = [group.name for group in self.groups]
        if len(set(names)) < len(names):
            message = "two groups have the same name"
            raise ValueError(message)
        for kind, image in (("gpu-asr", self.images.gpu), ("gpu-llm", self.images.gpu_llm)):
            if not image and any(group.kind == kind for group in self.groups):
                message = f"there are nodes of kind {kind}, and no image for them"
                raise ValueError(message)
        return self

    def image(self, kind: str) -> str:
        """The image of nodes of this kind."""
        return {"gpu-asr": self.images.gpu, "gpu-llm": self.images.gpu_llm}.get(
            kind, self.images.cpu
        )


def example_file() -> Path:
    """The example that comes with Video-Clip."""
    return Path(__file__).resolve().parents[1] / "configs" / "cluster.yaml"


def read_cluster(path: str | Path) -> Cluster:
    """Read the file.

    Raises:
        UsageError: it cannot be read, or a key is unknown or a value wrong; names each.
    """
    file = Path(path)
    remedy = f"Correct {file}; docs/cluster-settings.md lists the keys"
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
    except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
        raise UsageError(f"{file} cannot be read: {error}", remedy) from error
    try:
        return Cluster.model_validate(content)
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(str(part) for part in fault['loc']) or file.name}: {fault['msg']}"
            for fault in error.errors(include_url=False, include_input=False)
        )
        raise UsageError(f"{file.name} is not valid: {faults}", remedy) from error


def serving_of(cluster: Cluster) -> Serving:
    """What is served, with what follows from the groups: which nodes each model may run on, the rows of defaults."""
    kinds = {group.kind for group in cluster.groups}
    changes: dict[str, Any] = {}
    serving = cluster.serving
    if not serving.by_gpu_gib:
        changes["by_gpu_gib"] = read_serving(default_file()).by_gpu_gib
    for part, kind in ((serving.asr, "gpu-asr"), (serving.llm, "gpu-llm")):
        if part is not None and not part.nodes and kind in kinds:
            changes[part.name] = part.model_copy(update={"nodes": {KIND: kind}})
    if not kinds - {"cpu"} and serving.gpu_gib == "auto":
        changes["gpu_gib"] = 0.0
    return serving.model_copy(update=changes)


def _dns(value: str) -> str:
    if not _NAME.fullmatch(value):
        message = f"{value} is no name: small letters, digits and dashes, a letter first"
        raise ValueError(message)
    return value


def _settings() -> dict[str, bool]:
    """Every variable of the settings, and whether it may not stand in the file."""
    found: dict[str, bool] = {}
    for name, field in Settings.model_fields.items():
        kind = field.annotation
        inner = (
            {f"{name}__{key}": value for key, value in kind.model_fields.items()}
            if isinstance(kind, type) and issubclass(kind, Section)
            else {name: field}
        )
        for key, value in inner.items():
            secret = value.annotation is SecretStr or key.startswith("database_")
            found[f"VIDEOCLIP_{key.upper()}"] = secret or key in _SET_HERE
    return found
