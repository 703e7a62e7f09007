"""The backup that Kubernetes makes by the clock: a CronJob that runs `videoclip backup`."""

from __future__ import annotations

from typing import Any

from cluster.config import Cluster
from cluster.pods import LABEL, container, labels, pod

__all__ = ["backup_job"]

_PLACE = "/backups"
_PART = "backup"
_LATE_S, _LONGEST_S = 3600, 12 * 3600


def backup_job(cluster: Cluster) -> list[dict[str, Any]]:
    """None, where no schedule is given."""
    wishes = cluster.backups
    if not wishes.schedule:
        return []
    command = ["videoclip", "backup", _PLACE, "--keep", str(wishes.keep), "--recipient", wishes.recipient]  # fmt: skip
    one = container(
        cluster,
        _PART,
        cluster.images.cpu,
        {"cpu": "1", "memory": "2Gi"},
        command=command if wishes.objects else [*command, "--no-objects"],
        volumeMounts=[{"name": "backups", "mountPath": _PLACE}],
    )
    spec = pod(
        cluster, [one], restartPolicy="Never",
        volumes=[{"name": "backups", "persistentVolumeClaim": {"claimName": wishes.claim}}],
    )  # fmt: skip
    return [
        {
            "apiVersion": "batch/v1",
            "kind": "CronJob",
            "metadata": {
                "name": f"{cluster.name}-backup",
                "namespace": cluster.kubernetes.namespace,
                "labels": {LABEL: cluster.name},
            },
            "spec": {
                "schedule": wishes.schedule,
                "timeZone": "Etc/UTC",
                "concurrencyPolicy": "Forbid",
                "startingDeadlineSeconds": _LATE_S,
                "successfulJobsHistoryLimit": 3,
                "failedJobsHistoryLimit": 3,
                "jobTemplate": {
                    "spec": {
                        "backoffLimit": 2,
                        "activeDeadlineSeconds": _LONGEST_S,
                        "template": {
                            "metadata": {"labels": labels(cluster, _PART)},
                            "spec": spec,
                        },
                    }
                },
            },
        }
    ]
