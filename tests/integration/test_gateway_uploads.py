"""Uploads over HTTP: the tus 1.0 protocol, who may send, and what becomes of a file."""

from __future__ import annotations

import base64
import hashlib
import zlib
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from serve_apps.gateway.app import create_app
from serve_apps.gateway.builder import bounded
from tests.support.desk import emptied
from tests.support.gateway import Gateway, open_gateway, people
from tests.support.media import make_numbered_video
from videoclip.settings import GatewaySettings, MediaLimits, Settings, UploadSettings
from videoclip.store.quotas import Quotas

pytestmark = pytest.mark.asyncio(loop_scope="module")
TUS = {"Tus-Resumable": "1.0.0"}
BYTES = {**TUS, "Content-Type": "application/offset+octet-stream"}


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("video") / "v.mp4"
    return make_numbered_video(path, frames=25, size=(160, 90)).read_bytes()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def opened(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Gateway]:
    """On SQLite: what differs between databases is below, in `test_uploads.py`, which has both."""
    settings = Settings(
        data_dir=tmp_path_factory.mktemp("gateway") / "data",
        uploads=UploadSettings(idle_s=0.3),
        media=MediaLimits(max_bytes=2_000_000),
    )
    async with open_gateway(settings) as gateway:
        await people(gateway)
        yield gateway


@pytest_asyncio.fixture(loop_scope="module")
async def gateway(opened: Gateway) -> Gateway:
    await emptied(opened.database, opened.app.state.settings)
    return opened


async def start(
    gateway: Gateway, size: int, who: str | None = "editor", name: str = "a.mp4", **headers: str
) -> httpx.Response:
    metadata = f"filename {base64.b64encode(name.encode()).decode()},is_public"
    return await gateway.ask(
        "POST", "/uploads", who,
        headers={**TUS, "Upload-Length": str(size), "Upload-Metadata": metadata, **headers},
    )  # fmt: skip


async def patch(
    gateway: Gateway,
    path: str,
    offset: int,
    data: bytes,
    who: str | None = "editor",
    **headers: str,
) -> httpx.Response:
    return await gateway.ask(
        "PATCH", path, who, content=data,
        headers={**BYTES, "Upload-Offset": str(offset), **headers},
    )  # fmt: skip


def path_of(answer: httpx.Response) -> str:
    assert answer.status_code == 201, answer.text
    return answer.headers["location"].removeprefix("/api/v1")


def sha1(data: bytes) -> str:
    return "sha1 " + base64.b64encode(hashlib.sha1(data).digest()).decode()


def files(gateway: Gateway) -> list[bytes]:
    folder = gateway.app.state.settings.data_dir / "uploads"
    return [path.read_bytes() for path in folder.glob("*")]


async def test_an_upload_is_started_resumed_and_becomes_an_asset(
    gateway: Gateway, video: bytes
) -> None:
    begun = await start(gateway, len(video), name="../Früh.mp4")
    path = path_of(begun)
    assert begun.headers["tus-resumable"] == "1.0.0"
    assert begun.headers["upload-expires"].endswith("GMT")
    half = len(video) // 2
    sent = await patch(gateway, path, 0, video[:half])
    assert (sent.status_code, sent.headers["upload-offset"]) == (204, str(half))
    seen = await gateway.ask("HEAD", path, "editor", headers=TUS)
    assert seen.status_code == 200
    assert (seen.headers["upload-offset"], seen.headers["upload-length"]) == (
        str(half), str(len(video)),
    )  # fmt: skip
    assert seen.headers["upload-metadata"] == begun.headers["upload-metadata"]
    assert seen.headers["cache-control"] == "no-store"
    done = await patch(gateway, path, half, video[half:])
    asset_id = done.headers["upload-asset"]
    told = (await gateway.ask("GET", path, "viewer")).json()
    assert (told["state"], told["asset_id"], told["name"]) == ("finished", asset_id, "Früh.mp4")
    asset = (await gateway.ask("GET", f"/assets/{asset_id}", "viewer")).json()
    assert asset["sha256"] == hashlib.sha256(video).hexdigest()
    assert (asset["duration_ms"], asset["media"]["video"]["width"]) == (1000, 160)
    listed = (await gateway.ask("GET", "/uploads?limit=1", "viewer")).json()
    assert [upload["id"] for upload in listed["uploads"]] == [told["id"]]


async def test_what_the_server_can_do_is_told_to_anybody(gateway: Gateway) -> None:
    told = await gateway.ask("OPTIONS", "/uploads")
    assert told.status_code == 204
    assert told.headers["tus-version"] == "1.0.0"
    assert told.headers["tus-max-size"] == "2000000"
    assert set(told.headers["tus-extension"].split(",")) == {
        "creation", "creation-with-upload", "termination", "checksum", "expiration", "concatenation",
    }  # fmt: skip
    assert set(told.headers["tus-checksum-algorithm"].split(",")) == {"sha1", "sha256", "crc32"}
    wrong = await gateway.ask("POST", "/uploads", "editor", headers={"Upload-Length": "1"})
    assert (wrong.status_code, wrong.headers["tus-version"]) == (412, "1.0.0")


async def test_25_without_leave_nothing_is_written(gateway: Gateway) -> None:
    path = path_of(await start(gateway, 10))
    assert (await start(gateway, 10, None)).status_code == 401
    assert (await start(gateway, 10, "viewer")).status_code == 403
    for who, status in ((None, 401), ("viewer", 403), ("stranger", 404)):
        assert (await patch(gateway, path, 0, b"0123456789", who)).status_code == status
        gone = await gateway.ask("DELETE", path, who, headers=TUS)
        assert gone.status_code == status
    for who, status in ((None, 401), ("stranger", 404)):
        seen = await gateway.ask("HEAD", path, who, headers=TUS)
        assert seen.status_code == status
    workspace = gateway.people["editor"].workspace_id
    async with gateway.database.session() as session:
        quotas = Quotas(session, workspace, gateway.app.state.settings.quota)
        await quotas.set_limits(max_bytes=9)
    over = await patch(gateway, path, 0, b"0123456789")
    assert (over.status_code, over.json()["code"]) == (403, "quota_exceeded")
    assert over.headers["tus-resumable"] == "1.0.0"
    assert (await start(gateway, 1)).json()["code"] == "quota_exceeded"
    assert files(gateway) == []


async def test_26_a_wrong_offset_and_a_wrong_checksum_are_refused(gateway: Gateway) -> None:
    path = path_of(await start(gateway, 6))
    wrong = await patch(gateway, path, 3, b"def")
    assert (wrong.status_code, wrong.json()["code"]) == (409, "offset_mismatch")
    bad = await patch(gateway, path, 0, b"abc", **{"Upload-Checksum": sha1(b"abd")})
    assert (bad.status_code, bad.json()["code"]) == (460, "checksum_mismatch")
    assert files(gateway) == [b""]
    good = await patch(gateway, path, 0, b"abc", **{"Upload-Checksum": sha1(b"abc")})
    assert good.headers["upload-offset"] == "3"
    crc = "crc32 " + base64.b64encode(zlib.crc32(b"d").to_bytes(4, "big")).decode()
    assert (await patch(gateway, path, 3, b"d", **{"Upload-Checksum": crc})).status_code == 204
    unknown = await patch(gateway, path, 4, b"e", **{"Upload-Checksum": "md5 AAAA"})
    assert unknown.status_code == 400
    assert files(gateway) == [b"abcd"]


async def test_27_of_two_writers_the_second_is_refused(gateway: Gateway) -> None:
    path = path_of(await start(gateway, 6))
    upload_id = path.rpartition("/")[2]
    from serve_apps.gateway.delivery import Room

    await gateway.ask("OPTIONS", "/uploads")
    room: Room = gateway.app.state.file_room
    with room.staging.hold(upload_id):
        for answer in (
            await patch(gateway, path, 0, b"abc"),
            await gateway.ask("DELETE", path, "editor", headers=TUS),
        ):
            assert (answer.status_code, answer.json()["code"]) == (423, "upload_busy")
    assert (await patch(gateway, path, 0, b"abc")).status_code == 204


async def test_headers_that_are_wrong_are_refused(gateway: Gateway) -> None:
    for headers, status in (
        ({"Upload-Length": "-1"}, 422),
        ({"Upload-Length": "1e3"}, 422),
        ({"Upload-Length": "٣"}, 422),
        ({"Upload-Length": "9" * 40}, 422),
        ({"Upload-Length": "2000001"}, 413),
        ({"Upload-Metadata": "filename !!"}, 422),
        ({"Upload-Metadata": "a YQ==,a YQ=="}, 422),
        ({"Upload-Metadata": ",".join(f"k{n} YQ==" for n in range(40))}, 422),
        ({"Upload-Metadata": "a " + "QUFB" * 3000}, 400),
        ({"Upload-Concat": "both"}, 422),
        ({"Upload-Concat": "final;"}, 400),
        ({"Upload-Concat": "final;../../etc/passwd"}, 404),
    ):
        sent = {**TUS, "Upload-Length": "1", **headers}
        raw = {key: value.encode() for key, value in sent.items()}
        answer = await gateway.ask("POST", "/uploads", "editor", headers=raw)
        assert answer.status_code == status, (headers, answer.text)
    assert files(gateway) == []


async def test_bytes_can_come_with_the_announcement(gateway: Gateway, video: bytes) -> None:
    created = await gateway.ask(
        "POST", "/uploads", "editor", content=video,
        headers={**BYTES, "Upload-Length": str(len(video)), "Upload-Checksum": sha1(video)},
    )  # fmt: skip
    assert created.status_code == 201
    assert created.json()["state"] == "finished"
    torn = await gateway.ask(
        "POST", "/uploads", "editor", content=b"abc",
        headers={**BYTES, "Upload-Length": "3", "Upload-Checksum": sha1(b"abd")},
    )  # fmt: skip
    assert torn.status_code == 460
    assert len((await gateway.ask("GET", "/uploads", "viewer")).json()["uploads"]) == 1
    assert files(gateway) == []


async def test_parts_are_joined(gateway: Gateway, video: bytes) -> None:
    paths = []
    for piece in (video[:1000], video[1000:]):
        partial = await start(gateway, len(piece), **{"Upload-Concat": "partial"})
        paths.append(path_of(partial))
        await patch(gateway, paths[-1], 0, piece)
    foreign = await start(gateway, 1, "stranger", **{"Upload-Concat": "partial"})
    for urls, status in (
        (f"{paths[0]} {path_of(foreign)}", 404),
        (f"/api/v1{paths[0]} http://gateway.test/api/v1{paths[1]}", 201),
    ):
        final = await gateway.ask(
            "POST", "/uploads", "editor", headers={**TUS, "Upload-Concat": f"final;{urls}"}
        )
        assert final.status_code == status, final.text
    assert final.json()["state"] == "finished"
    seen = await gateway.ask("HEAD", path_of(final), "editor", headers=TUS)
    assert seen.headers["upload-concat"] == "final;" + " ".join(f"/api/v1{path}" for path in paths)
    assert (await gateway.ask("HEAD", paths[0], "editor", headers=TUS)).status_code == 404
    refused = await patch(gateway, path_of(final), len(video), b"")
    assert refused.status_code == 409


async def test_an_upload_that_is_ended_leaves_nothing(gateway: Gateway) -> None:
    path = path_of(await start(gateway, 6))
    await patch(gateway, path, 0, b"abc")
    gone = await gateway.ask(
        "POST", path, "editor", headers={**TUS, "X-HTTP-Method-Override": "DELETE"}
    )
    assert gone.status_code == 204
    assert (await gateway.ask("HEAD", path, "editor", headers=TUS)).status_code == 404
    assert files(gateway) == []


async def test_a_client_that_stops_sending_does_not_keep_the_upload(gateway: Gateway) -> None:
    path = path_of(await start(gateway, 6))

    async def slow() -> AsyncIterator[bytes]:
        import asyncio

        yield b"abc"
        await asyncio.sleep(1)
        yield b"def"

    late = await gateway.ask(
        "PATCH", path, "editor", content=slow(), headers={**BYTES, "Upload-Offset": "0"}
    )
    assert (late.status_code, late.json()["code"]) == (408, "client_slow")
    assert (await patch(gateway, path, 3, b"def")).headers["upload-offset"] == "6"


async def test_bytes_of_another_type_are_refused(gateway: Gateway) -> None:
    path = path_of(await start(gateway, 3))
    for headers, status in (
        ({**TUS, "Upload-Offset": "0", "Content-Type": "text/plain"}, 415),
        (BYTES, 422),
        ({**BYTES, "Upload-Offset": "x"}, 422),
    ):
        answer = await gateway.ask("PATCH", path, "editor", content=b"abc", headers=headers)
        assert answer.status_code == status
    assert files(gateway) == []


async def test_what_is_no_video_is_told_and_can_be_looked_at(gateway: Gateway) -> None:
    path = path_of(await start(gateway, 4, name="<img src=x onerror=alert(1)>.mp4"))
    sent = await patch(gateway, path, 0, b"evil")
    assert sent.status_code == 204
    told = (await gateway.ask("GET", path, "viewer")).json()
    assert (told["state"], told["error"]["code"]) == ("refused", "source_not_media")
    assert told["asset_id"] is None


async def test_a_page_from_elsewhere_may_upload_where_the_settings_say_so(tmp_path: Path) -> None:
    origin = "https://studio.test"
    settings = Settings(data_dir=tmp_path, gateway=GatewaySettings(cors_origins=[origin]))
    transport = httpx.ASGITransport(create_app(settings))
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway.test") as client:
        asked = await client.request(
            "OPTIONS", "/api/v1/uploads",
            headers={"Origin": origin, "Access-Control-Request-Method": "PATCH",
                     "Access-Control-Request-Headers": "tus-resumable,upload-offset,upload-checksum"},
        )  # fmt: skip
        assert asked.status_code == 200
        assert asked.headers["access-control-allow-origin"] == origin
        seen = await client.post("/api/v1/uploads", headers={"Origin": origin})
        assert "Upload-Offset" in seen.headers["access-control-expose-headers"]


async def test_behind_ray_serve_bytes_go_in_and_out_in_pieces(video: bytes, tmp_path: Path) -> None:
    """Its proxy and its replicas hold in memory what the other side has not taken yet."""
    assert bounded(Settings(data_dir=tmp_path)).gateway.max_request_bytes == 64 * 2**20
    limits = GatewaySettings(max_request_bytes=4000, max_response_bytes=5000)
    assert len(video) > 5000
    async with open_gateway(Settings(data_dir=tmp_path, gateway=limits)) as gateway:
        await people(gateway)
        path = path_of(await start(gateway, len(video)))
        whole = await patch(gateway, path, 0, video)
        assert (whole.status_code, whole.json()["code"]) == (413, "too_large")
        assert "chunkSize" in whole.json()["detail"]
        for at in range(0, len(video), 4000):
            sent = await patch(gateway, path, at, video[at : at + 4000])
            assert sent.status_code == 204
        content = f"/assets/{sent.headers['upload-asset']}/content"
        got = await gateway.ask("GET", content, "viewer")
        assert (got.status_code, got.json()["code"]) == (413, "too_large")
        pieces = b""
        while len(pieces) < len(video):
            got = await gateway.ask(
                "GET", content, "viewer", headers={"Range": f"bytes={len(pieces)}-"}
            )
            assert got.status_code == 206
            assert len(got.content) <= 5000
            pieces += got.content
        assert pieces == video
        old = {"Range": "bytes=0-", "If-Range": '"older"'}
        assert (await gateway.ask("GET", content, "viewer", headers=old)).status_code == 413


async def test_large_files_go_by_the_gateway_that_is_named_for_them(
    video: bytes, tmp_path: Path
) -> None:
    elsewhere = "https://files.test"
    limits = GatewaySettings(
        max_request_bytes=2**20, max_response_bytes=5000, files_url=f"{elsewhere}/"
    )
    async with open_gateway(Settings(data_dir=tmp_path, gateway=limits)) as gateway:
        await people(gateway)
        begun = await start(gateway, len(video))
        assert begun.headers["location"].startswith(f"{elsewhere}/api/v1/uploads/")
        path = begun.headers["location"].removeprefix(f"{elsewhere}/api/v1")
        sent = await patch(gateway, path, 0, video)
        content = f"/assets/{sent.headers['upload-asset']}/content"
        led = await gateway.ask("GET", content, "viewer")
        assert led.status_code == 307
        assert led.headers["location"].startswith(f"{elsewhere}/api/v1/files/")
    # That gateway has the same data, and no limits.
    async with open_gateway(Settings(data_dir=tmp_path)) as other:
        got = await other.client.get(led.headers["location"].removeprefix(elsewhere))
        assert got.content == video
