"""What `videoclip doctor` tells of a bucket: versions, when old ones go, copies elsewhere."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from pydantic import SecretStr

from tests.support.bucket_server import bucket_server
from videoclip.cli.inspect import show_health
from videoclip.errors import StoreError
from videoclip.settings import ObjectSettings, Settings
from videoclip.store.bucket import bucket_client
from videoclip.store.bucket_care import BucketCare, look_at_bucket


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with bucket_server() as address:
        yield address


def bucket(endpoint: str, name: str) -> ObjectSettings:
    return ObjectSettings(
        url=f"s3://{name}/prefix", endpoint=endpoint, access_key_id="key",
        secret_access_key=SecretStr("hush-hush"), max_retries=0, timeout_s=5,
    )  # fmt: skip


def made(endpoint: str, name: str) -> tuple[ObjectSettings, Any]:
    httpx.put(f"{endpoint}/{name}").raise_for_status()
    settings = bucket(endpoint, name)
    return settings, bucket_client(settings)


def test_a_bare_bucket_is_told_and_what_is_set_up_counts(endpoint: str) -> None:
    settings, client = made(endpoint, "bare")
    assert look_at_bucket(settings) == BucketCare(False, False, False)
    name = urlsplit(settings.url).netloc
    client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    rule = {
        "ID": "old", "Status": "Disabled", "Filter": {"Prefix": ""},
        "NoncurrentVersionExpiration": {"NoncurrentDays": 30},
    }  # fmt: skip
    client.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration={"Rules": [rule]})
    assert look_at_bucket(settings) == BucketCare(True, False, False), "the rule is off"
    rule["Status"] = "Enabled"
    client.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration={"Rules": [rule]})
    made(endpoint, "copy")[1].put_bucket_versioning(
        Bucket="copy", VersioningConfiguration={"Status": "Enabled"}
    )
    client.put_bucket_replication(
        Bucket=name,
        ReplicationConfiguration={
            "Role": "arn:aws:iam::123456789012:role/copies",
            "Rules": [
                {
                    "ID": "all", "Status": "Enabled", "Priority": 1, "Filter": {"Prefix": ""},
                    "Destination": {"Bucket": "arn:aws:s3:::copy"},
                    "DeleteMarkerReplication": {"Status": "Disabled"},
                }
            ],
        },
    )  # fmt: skip
    assert look_at_bucket(settings) == BucketCare(True, True, True)


def test_a_bucket_that_is_not_there_or_does_not_answer_is_an_error(endpoint: str) -> None:
    with pytest.raises(StoreError, match="there is no bucket nowhere"):
        look_at_bucket(bucket(endpoint, "nowhere"))
    with pytest.raises(StoreError, match="does not answer"):
        look_at_bucket(bucket("http://127.0.0.1:9", "nowhere"))


def test_doctor_tells_it_with_where_to_read_on_and_fails_for_none_of_it(
    endpoint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    settings, _ = made(endpoint, "told")
    without = show_health(Settings(), as_json=True)
    capsys.readouterr()
    status = show_health(Settings(objects=settings), as_json=True)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    told = {one["name"]: one for one in lines if one["name"].startswith("bucket")}
    assert set(told) == {"bucket versions", "bucket copies"}
    assert not any(one["ok"] for one in told.values())
    assert "docs/backup.md" in told["bucket versions"]["remedy"]
    assert status == without
