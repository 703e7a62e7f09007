"""Files for Ray's cluster launcher (`ray up`): machines of one's own, Amazon, Alibaba Cloud. All nodes are containers."""

from __future__ import annotations

import shlex
from typing import Any

from cluster.common import (
    WITHOUT_HEAD,
    redis_variables,
    serve_config,
    serving_yaml,
    text,
    variables,
)
from cluster.config import KIND, SPOT, Cluster, NodeGroup
from videoclip.errors import UsageError

__all__ = ["PLACES", "launcher"]

PLACES = ("onprem", "aws", "aliyun")
_HEAD_TYPE = "head"
_HOME = "/home/videoclip"
_ENVIRONMENT, _TOKEN = f"{_HOME}/.videoclip/environment", f"{_HOME}/.ray/auth_token"
_NODE_PORTS = (
    "--object-manager-port=8076 --node-manager-port=8077 --dashboard-agent-listen-port=52365"
)
_LOCAL = "127.0.0.1"
_PREPARE = 'mkdir -p "$HOME/.videoclip" && umask 077'


def launcher(cluster: Cluster, place: str) -> dict[str, Any]:
    """The file.

    Args:
        cluster: the cluster; its section ``place`` must be there.
        place: one of `PLACES`.

    Raises:
        UsageError: the section is missing, or machines are not named.
    """
    section = getattr(cluster, place)
    if section is None:
        raise UsageError(
            f"the cluster has no section {place}",
            f"Add {place}: with the keys of docs/cluster-settings.md",
        )
    particular = _onprem(cluster) if place == "onprem" else _cloud(cluster, place)
    return {
        "cluster_name": cluster.name,
        "upscaling_speed": cluster.autoscaling.upscaling_speed,
        "idle_timeout_minutes": cluster.autoscaling.idle_minutes,
        "docker": _docker(cluster, place),
        **particular,
        "file_mounts": {
            _ENVIRONMENT: cluster.secrets.environment_file,
            _TOKEN: cluster.secrets.token_file,
        },
        "initialization_commands": _storage_commands(cluster),
        "setup_commands": [],
        "head_setup_commands": [],
        "worker_setup_commands": [],
        "head_start_ray_commands": _head_commands(cluster),
        "worker_start_ray_commands": _worker_commands(cluster, place),
    }


def _docker(cluster: Cluster, place: str) -> dict[str, Any]:
    storage = cluster.storage
    images = {cluster.image(group.kind) for group in cluster.groups}
    if place == "onprem" and len(images) > 1:
        # The launcher knows one kind of worker here.
        image = cluster.images.gpu_llm or cluster.images.gpu
    else:
        image = cluster.images.cpu
    return {
        "image": image,
        "container_name": cluster.name,
        "pull_before_run": True,
        "run_options": [
            f"--volume={storage.host_path}:{storage.path}",
            "--security-opt=no-new-privileges",
            "--cap-drop=ALL",
            "--ulimit=nofile=65536:65536",
            "--log-opt=max-size=50m",
            "--log-opt=max-file=4",
        ],
    }


def _storage_commands(cluster: Cluster) -> list[str]:
    storage = cluster.storage
    if not storage.nfs:
        return [f"mountpoint -q {storage.host_path} || test -d {storage.host_path}"]
    options = "nfsvers=4.1,rsize=1048576,wsize=1048576,hard,timeo=600,retrans=2,noresvport"
    mount = f"sudo mount -t nfs4 -o {options} {shlex.quote(storage.nfs)} {storage.host_path}"
    return [
        f"sudo mkdir -p {storage.host_path}",
        f"mountpoint -q {storage.host_path} || {mount}",
    ]


# ---------------------------------------------------------------------- commands in the container


def _environment(cluster: Cluster, head: str) -> str:
    """Shell that sets all variables: those of the cluster, then those of the secret file."""
    plain = {
        **variables(cluster, head),
        **(WITHOUT_HEAD if cluster.gcs.redis_address else {}),
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN_PATH": _TOKEN,
        "VIDEOCLIP_SERVE__CONFIG": f"{_HOME}/.videoclip/serving.yaml",
    }
    exports = " ".join(
        # The head's address is known to the shell only.
        f'{name}="{value}"' if "$" in value else f"{name}={shlex.quote(value)}"
        for name, value in plain.items()
    )
    return f"set -a; export {exports}; . {_ENVIRONMENT}; set +a"


def _written(name: str, content: str) -> str:
    """Shell that writes a file of ours."""
    return f"{_PREPARE}; printf %s {shlex.quote(content)} > {_HOME}/.videoclip/{name}"


def _head_commands(cluster: Cluster) -> list[str]:
    redis = redis_variables(cluster)
    before = "".join(f"export {name}={value}; " for name, value in redis.items())
    password = f' --redis-password="${cluster.gcs.redis_password_key}"' if redis else ""
    start = (
        f"ray start --head --port=6379 {_NODE_PORTS} --dashboard-host={_LOCAL} --disable-usage-stats "
        f"--autoscaling-config=$HOME/ray_bootstrap_config.yaml --num-cpus={cluster.head.ray_cpus} "
        f"--labels={shlex.quote(_labels({KIND: 'head', SPOT: 'false'}))}{password}"
    )
    deploy = "for attempt in $(seq 30); do serve deploy $HOME/.videoclip/platform.yaml && break; sleep 4; done"
    environment = _environment(cluster, "$(hostname -i | cut -d' ' -f1)")
    return [
        "ray stop",
        _written("serving.yaml", serving_yaml(cluster)),
        # Nodes reach the models at the head's address, so its proxy listens beyond loopback.
        _written("platform.yaml", text(serve_config(cluster, "0.0.0.0"))),  # noqa: S104
        f"{environment}; ulimit -n 65536; {before}{start}",
        f"{environment}; {deploy}",
    ]


def _worker_commands(cluster: Cluster, place: str) -> list[str]:
    labels = "" if place != "onprem" else f"{_labels_by_address(cluster)} "
    given = ' --labels="$labels"' if labels else ""
    start = f"ray start --address=$RAY_HEAD_IP:6379 {_NODE_PORTS} --disable-usage-stats{given}"
    environment = _environment(cluster, "$RAY_HEAD_IP")
    return [
        "ray stop",
        _written("serving.yaml", serving_yaml(cluster)),
        f"{environment}; ulimit -n 65536; {labels}{start}",
    ]


def _labels(labels: dict[str, str]) -> str:
    return ",".join(f"{key}={value}" for key, value in labels.items())


def _labels_by_address(cluster: Cluster) -> str:
    """Shell that sets ``labels`` by the machine's own address: the launcher gives all machines one command."""
    cases = []
    for group in cluster.groups:
        patterns = "|".join(f'*" {host} "*' for host in group.hosts)
        if patterns:
            cases.append(f"{patterns}) labels={shlex.quote(_labels(group.ray_labels))};;")
    return f'labels=; case " $(hostname -I) " in {" ".join(cases)} esac;'


# ---------------------------------------------------------------------- places


def _onprem(cluster: Cluster) -> dict[str, Any]:
    place = cluster.onprem
    assert place is not None
    hosts = [host for group in cluster.groups for host in group.hosts]
    if not cluster.head.host:
        raise UsageError("head.host is empty", "Name the address of the machine that leads")
    if len(set(hosts)) < len(hosts) or cluster.head.host in hosts:
        raise UsageError("a machine stands twice", "Name each address in one group only")
    return {
        "provider": {"type": "local", "head_ip": cluster.head.host, "worker_ips": hosts},
        "auth": {"ssh_user": place.ssh_user, "ssh_private_key": place.ssh_private_key},
        "max_workers": len(hosts),
    }


def _cloud(cluster: Cluster, place: str) -> dict[str, Any]:
    made = _Aws(cluster) if place == "aws" else _Aliyun(cluster)
    types = {
        _HEAD_TYPE: {
            "node_config": made.node(cluster.head.instance_type, spot=False),
            "resources": {"CPU": cluster.head.ray_cpus},
            "labels": {KIND: "head", SPOT: "false"},
        }
    }
    for group in cluster.groups:
        if not group.instance_type:
            raise UsageError(
                f"the group {group.name} has no instance_type", "Name the cloud's type of machine"
            )
        types[group.name] = _node_type(cluster, group, made)
    return {
        "provider": made.provider(),
        "auth": made.auth(),
        "max_workers": sum(group.max_nodes for group in cluster.groups),
        "head_node_type": _HEAD_TYPE,
        "available_node_types": types,
    }


def _node_type(cluster: Cluster, group: NodeGroup, made: _Aws | _Aliyun) -> dict[str, Any]:
    resources = {"CPU": group.cpus, "memory": int(group.memory_gib * 0.7 * 2**30)}
    if group.gpus:
        resources["GPU"] = group.gpus
    gpu = ["--gpus=all"] if group.gpus else []
    return {
        "node_config": made.node(group.instance_type, spot=group.spot),
        "resources": resources,
        "labels": group.ray_labels,
        "min_workers": group.min_nodes,
        "max_workers": group.max_nodes,
        "docker": {"worker_image": cluster.image(group.kind), "worker_run_options": gpu},
    }


class _Aws:
    """Amazon's words."""

    def __init__(self, cluster: Cluster) -> None:
        assert cluster.aws is not None
        self._place = cluster.aws

    def provider(self) -> dict[str, Any]:
        place = self._place
        return {
            "type": "aws",
            "region": place.region,
            **({"availability_zone": place.zones} if place.zones else {}),
            "cache_stopped_nodes": False,
            "use_internal_ips": bool(place.subnet_ids),
        }

    def auth(self) -> dict[str, str]:
        return {"ssh_user": self._place.ssh_user}

    def node(self, instance_type: str, *, spot: bool) -> dict[str, Any]:
        place = self._place
        disk = {
            "VolumeSize": place.disk_gib,
            "VolumeType": "gp3",
            "Encrypted": True,
            "DeleteOnTermination": True,
        }
        return {
            "InstanceType": _named(instance_type),
            **({"ImageId": place.ami} if place.ami else {}),
            **({"SubnetIds": list(place.subnet_ids)} if place.subnet_ids else {}),
            **({"SecurityGroupIds": list(place.security_group_ids)} if place.security_group_ids else {}),
            **({"IamInstanceProfile": {"Arn": place.instance_profile_arn}} if place.instance_profile_arn else {}),
            "BlockDeviceMappings": [{"DeviceName": "/dev/sda1", "Ebs": disk}],
            # A container that is made to ask for the role's keys gets no answer.
            "MetadataOptions": {"HttpTokens": "required", "HttpPutResponseHopLimit": 1},
            **({"InstanceMarketOptions": {"MarketType": "spot"}} if spot else {}),
        }  # fmt: skip


class _Aliyun:
    """Alibaba Cloud's words."""

    def __init__(self, cluster: Cluster) -> None:
        assert cluster.aliyun is not None
        self._place = cluster.aliyun

    def provider(self) -> dict[str, Any]:
        place = self._place
        inside = {"ip_protocol": "tcp", "port_range": "1/65535", "source_cidr_ip": place.cidr_block}
        return {
            "type": "aliyun",
            "region": place.region,
            "zone_id": place.zone,
            "cidr_block": place.cidr_block,
            "key_name": place.key_name,
            # The provider knows no other way; `envsubst` puts them in, and the file that it makes is a secret.
            "access_key": "${ALIBABA_CLOUD_ACCESS_KEY_ID}",
            "access_key_secret": "${ALIBABA_CLOUD_ACCESS_KEY_SECRET}",
            "cache_stopped_nodes": False,
            "security_group_rule": [inside],
        }

    def auth(self) -> dict[str, str]:
        place = self._place
        return {"ssh_user": place.ssh_user, "ssh_private_key": f"~/.ssh/{place.key_name}"}

    def node(self, instance_type: str, *, spot: bool) -> dict[str, Any]:
        if spot:
            raise UsageError(
                "Ray's launcher cannot ask Alibaba Cloud for spot machines",
                "Take spot: true out of that group, or use Kubernetes there (ACK), which can",
            )
        return {"InstanceType": _named(instance_type), "ImageId": self._place.image_id}


def _named(instance_type: str) -> str:
    if not instance_type:
        raise UsageError("head.instance_type is empty", "Name the cloud's type of machine")
    return instance_type
