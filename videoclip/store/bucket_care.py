"""What a bucket does against loss by itself: older versions are kept for a while, and copied elsewhere.

Objects are never written twice (their names are their contents), so that what versions guard against is deletion.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from videoclip.errors import StoreError
from videoclip.settings import ObjectSettings
from videoclip.store.bucket import bucket_client

__all__ = ["BucketCare", "look_at_bucket"]

_NONE_SUCH = frozenset(
    {"NoSuchLifecycleConfiguration", "ReplicationConfigurationNotFoundError", "NoSuchReplicationConfiguration"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class BucketCare:
    """None: the server does not say, or the key may not ask."""

    versions: bool | None
    """Whether a deleted object can be had back."""
    expires: bool | None
    """Whether old versions go by themselves; else deleted videos are paid for for ever."""
    copied: bool | None
    """Whether another bucket gets each object."""


def look_at_bucket(settings: ObjectSettings) -> BucketCare:
    """Ask the bucket's server how the bucket is set up.

    Raises:
        StoreError: there is no such bucket, or its server does not answer.
        UsageError: the settings do not name a bucket.
    """
    client = bucket_client(settings)
    name = urlsplit(settings.url).netloc
    versions = _asked(client.get_bucket_versioning, name)
    rules = _asked(client.get_bucket_lifecycle_configuration, name)
    copies = _asked(client.get_bucket_replication, name)
    return BucketCare(
        None if versions is None else versions.get("Status") == "Enabled",
        None if rules is None else any(_clears_versions(rule) for rule in rules.get("Rules", ())),
        None
        if copies is None
        else any(
            rule.get("Status") == "Enabled"
            for rule in copies.get("ReplicationConfiguration", {}).get("Rules", ())
        ),
    )


def _clears_versions(rule: dict[str, Any]) -> bool:
    return rule.get("Status") == "Enabled" and "NoncurrentVersionExpiration" in rule


def _asked(question: Callable[..., dict[str, Any]], bucket: str) -> dict[str, Any] | None:
    """The answer; empty: nothing is set up; None: it is not told."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return question(Bucket=bucket)
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code"))
        if code in _NONE_SUCH:
            return {}
        if code == "NoSuchBucket":
            raise StoreError(
                f"there is no bucket {bucket}", "Make it, or correct VIDEOCLIP_OBJECTS__URL"
            ) from error
        return None
    except BotoCoreError as error:
        raise StoreError(
            f"the bucket's server does not answer: {type(error).__name__}",
            "Check VIDEOCLIP_OBJECTS__ENDPOINT and the network",
        ) from error
