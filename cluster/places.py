"""Where a cluster can be: machines of one's own, two clouds, Kubernetes. What only that place needs to know."""

from __future__ import annotations

import ipaddress

from pydantic import BaseModel, ConfigDict, Field, field_validator

__all__ = ["Aliyun", "Aws", "Kubernetes", "OnPrem"]


class _Place(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class OnPrem(_Place):
    """Machines of one's own, reached by SSH; which ones stands in head.host and groups.hosts."""

    ssh_user: str = Field("videoclip", description="user there who may run docker")
    ssh_private_key: str = Field("~/.ssh/id_ed25519", description="path of the key, never the key")


class Aws(_Place):
    """Amazon EC2."""

    region: str = Field(description="such as eu-west-1")
    zones: str = Field("", description="availability zones, separated by commas; empty: any")
    ssh_user: str = Field("ubuntu", description="of the machine image")
    ami: str = Field("", description="machine image with Docker (and NVIDIA's container toolkit)")
    subnet_ids: tuple[str, ...] = Field((), description="private subnets; empty: Ray chooses")
    security_group_ids: tuple[str, ...] = Field(
        (), description="groups that let nodes reach each other and nobody else; empty: Ray's own"
    )
    instance_profile_arn: str = Field(
        "", description="role of the nodes: start nodes, read the bucket; empty: Ray's own"
    )
    disk_gib: int = Field(200, ge=30, description="disk of a node")


class Aliyun(_Place):
    """Alibaba Cloud ECS, as far as Ray's launcher knows it: no spot machines. Keys: docs/deploy.md."""

    region: str = Field(description="such as cn-hangzhou")
    zone: str = Field(description="such as cn-hangzhou-i")
    cidr_block: str = Field(
        "172.16.0.0/16", description="of the switch that is made if there is none"
    )
    key_name: str = Field("videoclip", description="key pair; its key lies in ~/.ssh/NAME")
    ssh_user: str = Field("root", description="of the machine image")
    image_id: str = Field(description="machine image with Docker (and NVIDIA's toolkit)")

    @field_validator("cidr_block")
    @classmethod
    def _is_network(cls, value: str) -> str:
        ipaddress.ip_network(value)
        return value


class Kubernetes(_Place):
    """A Kubernetes with the KubeRay operator."""

    namespace: str = Field("videoclip", description="that everything is in")
    ingress_class: str = Field("nginx", description="class of the ingress controller")
    ingress_namespace: str = Field("ingress-nginx", description="that it runs in")
    ingress_annotations: dict[str, str] = Field(
        default_factory=lambda: {
            "nginx.ingress.kubernetes.io/proxy-body-size": "0",
            "nginx.ingress.kubernetes.io/proxy-request-buffering": "off",
            "nginx.ingress.kubernetes.io/proxy-buffering": "off",
            "nginx.ingress.kubernetes.io/proxy-read-timeout": "3600",
        },
        description="of the ingress: uploads and streams may be long and are passed on as they come",
    )
    tls_secret: str = Field("videoclip-tls", description="Secret of the certificate")
    operator_namespace: str = Field("kuberay-system", description="that the operator runs in")
    monitoring_namespace: str = Field(
        "monitoring", description="that may read metrics; empty: nobody"
    )
    proxy_networks: tuple[str, ...] = Field(
        ("10.0.0.0/8",),
        description="networks of the ingress controller's pods, whose X-Forwarded-For is believed",
    )
    spot_taint: str = Field(
        "videoclip/spot", description="taint (value true, NoSchedule) of spot machines"
    )
    spot_selector: dict[str, str] = Field(
        default_factory=dict, description="labels that spot machines have beside node_selector"
    )
    gpu_resource: str = Field("nvidia.com/gpu", description="name of a graphics card")
    metadata_addresses: tuple[str, ...] = Field(
        ("169.254.169.254/32", "100.100.100.200/32"),
        description="metadata services that pods may not reach; leave one out where pods get their role from it",
    )

    @field_validator("metadata_addresses", "proxy_networks")
    @classmethod
    def _are_networks(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        for value in values:
            ipaddress.ip_network(value)
        return values
