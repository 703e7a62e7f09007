"""A bucket that holds objects: S3, MinIO, or Aliyun OSS by its S3 endpoint, through obstore."""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from obstore.store import S3Store

from videoclip.errors import StoreError, UsageError
from videoclip.settings import ObjectSettings

__all__ = ["abort_parts", "bucket_client", "open_bucket", "signed_link"]

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


def abort_parts(settings: ObjectSettings, before: float) -> int:
    """Give up uploads in parts that were begun before a time (seconds since 1970) and never completed; how many.

    A killed process leaves them: nobody sees them, and they are paid for. obstore cannot list them.

    Raises:
        StoreError: the bucket refused.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    address = urlsplit(settings.url)
    client = bucket_client(settings)
    gone = 0
    try:
        pages = client.get_paginator("list_multipart_uploads").paginate(
            Bucket=address.netloc, Prefix=address.path.strip("/")
        )
        for page in pages:
            for begun in page.get("Uploads", ()):
                if begun["Initiated"].timestamp() < before:
                    client.abort_multipart_upload(
                        Bucket=address.netloc, Key=begun["Key"], UploadId=begun["UploadId"]
                    )
                    gone += 1
    except (BotoCoreError, ClientError) as error:
        raise StoreError(
            f"the bucket's unfinished uploads cannot be cleared: {type(error).__name__}",
            "Allow ListBucketMultipartUploads and AbortMultipartUpload, or give the bucket a lifecycle rule",
        ) from error
    return gone


def signed_link(
    settings: ObjectSettings, key: str, expires_s: int, *, media_type: str, disposition: str
) -> str:
    """An address from which the object can be read for a while by whoever has it.

    Args:
        settings: of the bucket.
        key: of the object, without the bucket's prefix.
        expires_s: for how long, seconds.
        media_type: that the bucket shall answer with.
        disposition: the same, of ``Content-Disposition``.
    """
    address = urlsplit(settings.url)
    prefix = address.path.strip("/")
    return str(
        bucket_client(settings).generate_presigned_url(
            "get_object",
            Params={
                "Bucket": address.netloc,
                "Key": f"{prefix}/{key}" if prefix else key,
                "ResponseContentType": media_type,
                "ResponseContentDisposition": disposition,
            },
            ExpiresIn=expires_s,
        )
    )


@lru_cache(maxsize=8)
def bucket_client(settings: ObjectSettings) -> Any:
    """For what obstore cannot do: unfinished uploads, links that name the file, how the bucket is set up."""
    import botocore.config
    import botocore.session

    open_bucket(settings)  # tells what is wrong with the settings
    secret = settings.secret_access_key.get_secret_value()
    return botocore.session.get_session().create_client(
        "s3",
        region_name=settings.region,
        endpoint_url=settings.endpoint or None,
        aws_access_key_id=settings.access_key_id or None,
        aws_secret_access_key=secret or None,
        config=botocore.config.Config(
            signature_version="s3v4",
            connect_timeout=settings.timeout_s,
            read_timeout=settings.timeout_s,
            retries={"total_max_attempts": settings.max_retries + 1, "mode": "standard"},
            s3={"addressing_style": "virtual" if settings.virtual_hosted else "path"},
        ),
    )
