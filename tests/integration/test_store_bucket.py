"""Objects in a bucket: a real S3 server (moto's) on loopback, and what a bucket may do wrong."""

from __future__ import annotations

import pickle
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import obstore
import pytest
from pydantic import SecretStr

from tests.support.bucket_server import bucket_server
from videoclip.errors import StoreError, UsageError
from videoclip.settings import ObjectSettings, Settings
from videoclip.store import ObjectRef, Objects, Store
from videoclip.store.bucket import open_bucket
from videoclip.store.objects import open_objects


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with bucket_server() as address:
        yield address


@pytest.fixture
def bucket(endpoint: str, request: pytest.FixtureRequest) -> ObjectSettings:
    name = f"b{abs(hash(request.node.nodeid))}"
    httpx.put(f"{endpoint}/{name}").raise_for_status()
    return ObjectSettings(
        url=f"s3://{name}/some/prefix", endpoint=endpoint, access_key_id="key",
        secret_access_key=SecretStr("hush-hush"), max_retries=1, timeout_s=5,
    )  # fmt: skip


def file_of(folder: Path, content: bytes) -> Path:
    path = folder / "file"
    path.write_bytes(content)
    return path


def test_what_one_machine_stores_another_reads(bucket: ObjectSettings, tmp_path: Path) -> None:
    here = Objects(tmp_path / "here", bucket)
    content = bytes(range(256)) * 60_000  # several parts
    ref = here.put(file_of(tmp_path, content))
    there = pickle.loads(pickle.dumps(Objects(tmp_path / "there", bucket)))
    assert there.has(ref)
    assert there.path(ref).read_bytes() == content
    assert not there.has(ObjectRef("0" * 64, 5))
    assert here.put(tmp_path / "file") == ref


def test_an_object_of_another_size_does_not_count(bucket: ObjectSettings, tmp_path: Path) -> None:
    objects = Objects(tmp_path / "cache", bucket)
    ref = objects.put(file_of(tmp_path, b"whole"))
    obstore.put(open_bucket(bucket), ref.key, b"half")
    assert not objects.has(ref)
    assert objects.put(tmp_path / "file") == ref
    assert objects.has(ref)


def test_damage_in_the_bucket_is_found_and_nothing_of_it_stays(
    bucket: ObjectSettings, tmp_path: Path
) -> None:
    ref = Objects(tmp_path / "one", bucket).put(file_of(tmp_path, b"whole"))
    obstore.put(open_bucket(bucket), ref.key, b"wrong")
    other = Objects(tmp_path / "two", bucket)
    with pytest.raises(StoreError, match="is damaged"):
        other.path(ref)
    assert [path for path in (tmp_path / "two").rglob("*") if path.is_file()] == []


def test_what_is_not_there_is_told(bucket: ObjectSettings, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="is not in the bucket"):
        Objects(tmp_path, bucket).path(ObjectRef("ab" * 32, 5))


def test_the_cache_keeps_its_limit_and_what_was_just_read(
    bucket: ObjectSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    objects = Objects(tmp_path / "cache", bucket.model_copy(update={"cache_bytes": 250}))
    refs = [objects.put(file_of(tmp_path, bytes([n]) * 100)) for n in range(4)]

    def cached() -> list[bool]:
        return [(objects.root / ref.key).exists() for ref in refs]

    assert cached() == [True] * 4  # all of the last hour: an FFmpeg may read them
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 7200)
    objects.put(file_of(tmp_path, b"9" * 100))
    assert sum(cached()) == 1
    for number, ref in enumerate(refs):
        assert objects.path(ref).read_bytes() == bytes([number]) * 100


def test_a_link_is_signed_and_expires(bucket: ObjectSettings, tmp_path: Path) -> None:
    objects = Objects(tmp_path / "cache", bucket)
    ref = objects.put(file_of(tmp_path, b"a clip"))
    link = objects.link(ref, 60)
    assert link is not None
    assert "X-Amz-Expires=60" in link
    assert "hush-hush" not in link
    assert httpx.get(link).content == b"a clip"
    assert Objects(tmp_path / "folder").link(ref, 60) is None


def test_a_bucket_that_does_not_answer_is_an_error_that_may_be_tried_again(
    bucket: ObjectSettings, tmp_path: Path
) -> None:
    dead = bucket.model_copy(update={"endpoint": "http://127.0.0.1:9"})
    with pytest.raises(StoreError, match="object store failed") as told:
        Objects(tmp_path, dead).put(file_of(tmp_path, b"x"))
    assert told.value.retryable
    assert "VIDEOCLIP_OBJECTS__URL" in told.value.remedy


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        ({"url": "gs://bucket"}, "URL"),
        ({"url": "s3:///no-bucket"}, "URL"),
        ({"endpoint": "minio:9000"}, "ENDPOINT"),
        ({"access_key_id": ""}, "one of the bucket's two keys"),
    ],
)
def test_wrong_settings_are_told(
    bucket: ObjectSettings, tmp_path: Path, change: dict[str, str], cause: str
) -> None:
    with pytest.raises(UsageError, match=cause):
        Objects(tmp_path, bucket.model_copy(update=change)).has(ObjectRef("0" * 64, 1))


def test_a_job_uses_the_bucket_of_the_settings(bucket: ObjectSettings, tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data", objects=bucket)
    with Store(settings) as store:
        ref = store.objects.put(file_of(tmp_path, b"x"))
        assert open_objects(settings).has(ref)
    assert "hush-hush" not in repr(settings)
