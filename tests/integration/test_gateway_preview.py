"""A style in one frame: what it shows, of whom, how often, and what it does with what is no video or no image."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import pytest_asyncio
from PIL import Image, ImageDraw

from serve_apps.gateway import previews
from tests.support.crafted import png
from tests.support.gateway import Gateway, open_gateway, people
from tests.support.media import make_numbered_video
from videoclip.errors import SourceNotMedia
from videoclip.media.image import image_info
from videoclip.media.probe import probe
from videoclip.schemas import MediaInfo
from videoclip.settings import GatewaySettings, JobSettings, MediaLimits, Settings
from videoclip.store.assets import Assets

pytestmark = pytest.mark.asyncio(loop_scope="module")
LIMITS = MediaLimits()
RED = (220, 20, 60)


@pytest.fixture(scope="module")
def logo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("logo") / "logo.png"
    image = Image.new("RGBA", (200, 100), (0, 0, 0, 0))
    ImageDraw.Draw(image).rectangle((0, 0, 199, 99), fill=(*RED, 255))
    image.save(path)
    return path


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gateway(
    lasting_settings: Settings, logo: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Gateway]:
    video = make_numbered_video(
        tmp_path_factory.mktemp("video") / "v.mp4", frames=50, gop=25, size=(640, 360)
    )
    async with open_gateway(lasting_settings) as opened:
        await people(opened)
        opened.ids = {}  # type: ignore[attr-defined]
        objects = opened.app.state.objects
        for name, path in (("video", video), ("logo", logo)):
            media = image_info(path, LIMITS) or probe(path, LIMITS)
            ref = objects.put(path)
            async with opened.database.session() as session:
                made = await Assets(session, opened.people["owner"].workspace_id).add(
                    path.name, ref, media.model_dump(mode="json")
                )
            opened.ids[name] = made.id  # type: ignore[attr-defined]
        yield opened


async def frame(gateway: Gateway, who: str = "viewer", **body: Any) -> npt.NDArray[np.uint8]:
    answer = await gateway.ask("POST", "/presets/preview", who, json=body)
    while answer.status_code == 202:
        answer = await gateway.ask("POST", "/presets/preview", who, json=body)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "image/jpeg"
    with Image.open(io.BytesIO(answer.content)) as image:
        return np.asarray(image.convert("RGB"))


def red(picture: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    near: npt.NDArray[np.bool_] = np.abs(picture.astype(int) - RED).max(axis=2) < 40
    return near


async def test_a_frame_shows_captions_logo_and_shape(gateway: Gateway) -> None:
    video, logo = gateway.ids["video"], gateway.ids["logo"]  # type: ignore[attr-defined]
    bare = await frame(gateway, asset_id=video, at_ms=900, render={"captions": "none"})
    assert bare.shape == (360, 640, 3)
    said = await frame(gateway, asset_id=video, at_ms=900, text="Free shipping today")
    changed = np.abs(said.astype(int) - bare).max(axis=2) > 60
    assert changed[270:].sum() > 500, "captions stand below"
    assert changed[:200].sum() < 200
    marked = await frame(
        gateway, asset_id=video, at_ms=900,
        render={"captions": "none", "watermark": f"asset:{logo}", "watermark_opacity": 1.0,
                "watermark_place": "bottom-left", "watermark_size": 0.25},
    )  # fmt: skip
    spot = red(marked)
    assert spot[220:, :220].sum() > 8_000, "160 by 80 pixels"
    assert spot.sum() - spot[220:, :220].sum() < 200
    other = await frame(gateway, asset_id=video, at_ms=0, render={"captions": "none"})
    assert np.abs(other.astype(int) - bare).max() > 60, "another moment"
    late = await frame(gateway, asset_id=video, at_ms=10**9, render={"captions": "none"})
    assert late.shape == bare.shape, "behind the end, the last moment"
    for aspect, size in (("9:16", (540, 304)), ("1:1", (360, 360))):
        tall = await frame(gateway, asset_id=video, text="你好，世界", render={"aspect": aspect})
        assert abs(tall.shape[0] / tall.shape[1] - size[0] / size[1]) < 0.03


async def test_without_a_video_there_is_a_plain_ground_and_a_title_card(gateway: Gateway) -> None:
    ground = await frame(gateway, render={"aspect": "9:16"})
    titled = await frame(gateway, render={"aspect": "9:16"}, show="title", title="One charge")
    assert ground.shape == titled.shape == (960, 540, 3)
    middle = titled[400:560].max(axis=2)
    assert (middle > 230).sum() > 1_000, "white letters in the middle"
    hostile = await frame(
        gateway, text="{\\fs300}<b>x</b>\n\\N", title="{\\p1}", render={"watermark": "{an5}W"}
    )
    assert hostile.shape == (540, 960, 3)


async def test_the_same_wish_is_answered_from_memory(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await frame(gateway, text="Once")

    def never(*_: object) -> bytes:
        raise AssertionError("made twice")

    monkeypatch.setattr(previews, "make_preview", never)
    again = await frame(gateway, text="Once", render={"outro": None, "speed": 120})
    assert np.array_equal(first, again), "speed does not show"


async def test_what_cannot_be_shown_is_told(gateway: Gateway) -> None:
    video, logo = gateway.ids["video"], gateway.ids["logo"]  # type: ignore[attr-defined]
    cases: list[tuple[str, dict[str, Any], int, str]] = [
        ("stranger", {"asset_id": video}, 404, "not_found"),
        ("stranger", {"render": {"watermark": f"asset:{logo}"}}, 404, "not_found"),
        ("viewer", {"asset_id": logo}, 422, "source_not_media"),
        ("viewer", {"render": {"watermark": f"asset:{video}"}}, 422, "invalid_request"),
        ("viewer", {"render": {"watermark": "/etc/passwd"}}, 422, "invalid_request"),
        ("viewer", {"render": {"watermark": "s3://inbox/logos/l.png"}}, 422, "invalid_request"),
        ("viewer", {"render": {"style": "none such"}}, 400, "usage"),
        ("viewer", {"asset_id": video, "render": {"style": "none such"}}, 400, "usage"),
        ("viewer", {"text": "x" * 201}, 422, "invalid_request"),
    ]
    for who, body, status, code in cases:
        answer = await gateway.ask("POST", "/presets/preview", who, json=body)
        assert (answer.status_code, answer.json()["code"]) == (status, code), (body, answer.text)
        assert str(gateway.app.state.settings.data_dir) not in answer.text
    assert (await gateway.ask("POST", "/presets/preview", json={})).status_code == 401


async def test_a_key_sees_only_what_its_scopes_open(gateway: Gateway) -> None:
    video, logo = gateway.ids["video"], gateway.ids["logo"]  # type: ignore[attr-defined]
    made = f"job:{video}/clips/01.png"

    async def asked(scopes: list[str], who: str, **body: Any) -> tuple[int, str]:
        key = await gateway.ask("POST", "/keys", who, json={"name": "k", "scopes": scopes})
        bearer = {"Authorization": f"Bearer {key.json()['key']}"}
        answer = await gateway.ask("POST", "/presets/preview", headers=bearer, json=body)
        return answer.status_code, answer.json()["code"]

    reads = {"asset_id": video, "render": {"watermark": f"asset:{logo}"}}
    for body in (reads, {"render": {"watermark": f"asset:{logo}"}}, {"asset_id": video}):
        assert await asked(["presets:read"], "owner", **body) == (403, "not_allowed")
    of_job = {"render": {"watermark": made}}
    assert await asked(["presets:read", "assets:read"], "owner", **of_job) == (403, "not_allowed")
    reader = ["presets:read", "assets:read", "clips:read"]
    assert await asked(reader, "owner", **of_job) == (404, "not_found")
    for body in (reads, of_job):
        assert await asked(reader, "stranger", **body) == (404, "not_found")


async def test_a_bucket_that_is_open_to_jobs_is_not_asked_for_a_logo(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings: Settings = gateway.app.state.settings
    opened = settings.model_copy(update={"jobs": JobSettings(source_buckets=["s3://inbox/logos"])})
    monkeypatch.setitem(gateway.app.state._state, "settings", opened)
    body = {"render": {"watermark": "s3://inbox/logos/l.png"}}
    answer = await gateway.ask("POST", "/presets/preview", "viewer", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert "asset:ID" in answer.json()["detail"]


async def test_the_logo_is_an_asset_with_a_thumbnail_and_no_video(gateway: Gateway) -> None:
    logo = gateway.ids["logo"]  # type: ignore[attr-defined]
    answer = await gateway.ask("GET", f"/assets/{logo}/thumbnail", "viewer")
    with Image.open(io.BytesIO(answer.content)) as image:
        assert image.size == (200, 100)
        assert red(np.asarray(image.convert("RGB"))).mean() > 0.95
    content = await gateway.ask("GET", f"/assets/{logo}/content?inline=true", "viewer")
    assert content.headers["content-type"] == "image/png"
    for view in ("storyboard", "waveform", "shots"):
        refused = await gateway.ask("GET", f"/assets/{logo}/{view}", "viewer")
        assert refused.status_code in (404, 422), view


async def test_assets_are_listed_by_kind(gateway: Gateway) -> None:
    video, logo = gateway.ids["video"], gateway.ids["logo"]  # type: ignore[attr-defined]
    sound = MediaInfo(container="wav", duration_ms=1000, size_bytes=9).model_dump(mode="json")
    async with gateway.database.session() as session:
        assets = Assets(session, gateway.people["owner"].workspace_id)
        heard = await assets.add("talk.wav", (await assets.get(logo)).ref, sound)
    for query, wanted in (
        ("", {video, logo, heard.id}),
        ("kind=image", {logo}),
        ("kind=video&kind=sound", {video, heard.id}),
        ("kind=sound&q=talk", {heard.id}),
        ("kind=image&q=talk", set()),
    ):
        found = (await gateway.ask("GET", f"/assets?{query}", "viewer")).json()["assets"]
        assert {asset["id"] for asset in found} == wanted, query
    assert (await gateway.ask("GET", "/assets?kind=text", "viewer")).status_code == 422


async def test_images_that_are_none_are_refused(tmp_path: Path) -> None:
    for name, content in (
        ("cut.png", png(64, 64)[:60]),
        ("bomb.png", png(30_000, 30_000)),
        ("named.jpg", b"\xff\xd8\xff" + b"#EXTM3U\n/etc/passwd"),
    ):
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(SourceNotMedia):
            image_info(path, LIMITS)
    path = tmp_path / "text.png"
    path.write_text("<svg onload=alert(1)>")
    assert image_info(path, LIMITS) is None


async def test_frames_are_counted(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    settings: Settings = gateway.app.state.settings
    strict = settings.model_copy(update={"gateway": GatewaySettings(previews_per_minute=1)})
    monkeypatch.setitem(gateway.app.state._state, "settings", strict)
    seen = {
        (await gateway.ask("POST", "/presets/preview", "editor", json={"text": "Once"})).status_code
        for _ in range(3)
    }
    assert seen == {200, 429}
