"""A bucket that holds objects: S3, MinIO, or Aliyun OSS by its S3 endpoint, through obstore."""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache
from urllib.parse import urlsplit

from obstore.store import S3Store

from videoclip.errors import UsageError
from videoclip.settings import ObjectSettings

__all__ = ["open_bucket"]

_REMEDY = (
    "Write s3://bucket/prefix, and name another server than Amazon's in VIDEOCLIP_OBJECTS__ENDPOINT"
)


@lru_cache(maxsize=8)
def open_bucket(settings: ObjectSettings) -> S3Store:
    """The store of a bucket; nothing is asked of it yet.

    Failed requests are tried again with growing pauses, server errors and lost connections among them.

    Raises:
        UsageError: the settings do not name a bucket.
    """
    address = urlsplit(settings.url)
    if address.scheme != "s3" or not address.netloc or address.query or address.fragment:
        raise UsageError(f"VIDEOCLIP_OBJECTS__URL is not a bucket: {settings.url[:200]}", _REMEDY)
    if settings.endpoint and urlsplit(settings.endpoint).scheme not in {"http", "https"}:
        raise UsageError(
            f"VIDEOCLIP_OBJECTS__ENDPOINT is not an address: {settings.endpoint[:200]}", _REMEDY
        )
    if bool(settings.access_key_id) != bool(settings.secret_access_key.get_secret_value()):
        raise UsageError(
            "only one of the bucket's two keys is set",
            "Set VIDEOCLIP_OBJECTS__ACCESS_KEY_ID and VIDEOCLIP_OBJECTS__SECRET_ACCESS_KEY, or neither",
        )
    keys = (
        {
            "access_key_id": settings.access_key_id,
            "secret_access_key": settings.secret_access_key.get_secret_value(),
        }
        if settings.access_key_id
        else {}
    )
    place = {"endpoint": settings.endpoint} if settings.endpoint else {}
    return S3Store(
        address.netloc,
        prefix=address.path.strip("/") or None,
        region=settings.region,
        virtual_hosted_style_request=settings.virtual_hosted,
        **keys,  # type: ignore[arg-type]
        **place,  # type: ignore[arg-type]
        client_options={
            "timeout": timedelta(seconds=settings.timeout_s),
            "allow_http": settings.endpoint.startswith("http://"),
        },
        retry_config={
            "max_retries": settings.max_retries,
            "retry_timeout": timedelta(seconds=settings.timeout_s * (settings.max_retries + 1)),
        },
    )
