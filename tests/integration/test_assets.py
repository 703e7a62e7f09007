"""From an upload to an asset, and what is cleared away: crashes between file and row, expiry, retention."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import select, update

from actors.sweeper import sweep
from tests.support.desk import Desk, emptied
from tests.support.media import make_numbered_video
from videoclip.errors import NotFound, QuotaExceeded, StoreError, UploadBusy, WrongState
from videoclip.settings import QuotaSettings, Settings, SweepSettings
from videoclip.store import ObjectRef
from videoclip.store.assets import Assets
from videoclip.store.database import Database
from videoclip.store.models import Artifact, Asset, Job, Preset, UnitRow, Upload
from videoclip.store.objects import Objects
from videoclip.store.quotas import Quotas
from videoclip.store.sweep import Sweep, Swept

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("video") / "v.mp4"
    return make_numbered_video(path, frames=50, gop=25, size=(160, 90), audio="noise").read_bytes()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def opened(lasting_settings: Settings) -> AsyncIterator[Desk]:
    settings = lasting_settings.model_copy(update={"sweep": SweepSettings(grace_hours=1e-6)})
    desk = Desk(Database(settings), settings)
    await desk.open()
    yield desk
    await desk.database.close()


@pytest_asyncio.fixture(loop_scope="module")
async def desk(opened: Desk) -> Desk:
    await emptied(opened.database, opened.settings)
    return opened


def ref_of(content: bytes) -> ObjectRef:
    return ObjectRef(hashlib.sha256(content).hexdigest(), len(content))


def age(path: Path) -> None:
    os.utime(path, (1, 1))


async def asset_of(desk: Desk, upload_id: str) -> str:
    asset_id = (await desk.get(upload_id)).asset_id
    assert asset_id is not None
    return asset_id


async def test_an_upload_becomes_an_asset_and_its_bytes_an_object(desk: Desk, video: bytes) -> None:
    upload = await desk.bring(video, "../Talk 1.mp4")
    assert (upload.state, upload.error) == ("finished", None)
    async with desk.database.session() as session:
        asset = await Assets(session, "w1").get(upload.asset_id or "")
        usage = await Quotas(session, "w1", desk.settings.quota).usage()
        with pytest.raises(NotFound):
            await Assets(session, "w2").get(upload.asset_id or "")
        with pytest.raises(NotFound):
            await Assets(session, "w2").delete(upload.asset_id or "")
    assert (asset.name, asset.ref, asset.duration_ms) == ("Talk 1.mp4", ref_of(video), 2000)
    assert desk.objects.path(asset.ref).read_bytes() == video
    assert list(desk.staging.ids()) == []
    assert (usage.asset_bytes, usage.upload_bytes) == (len(video), 0)
    assert (usage.video_ms, usage.bytes_in) == (2000, len(video))
    assert await desk.maker.finish("w1", upload.id) == upload, "finishing twice changes nothing"


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"", "source_empty"), (b"#!/bin/sh\necho no video" * 50, "source_not_media")],
)
async def test_what_is_no_video_is_refused_with_its_code_and_kept_until_it_expires(
    desk: Desk, content: bytes, code: str
) -> None:
    upload = await desk.bring(content, "evil.mp4")
    assert upload.state == "refused"
    assert upload.error is not None
    assert upload.error["code"] == code
    assert "evil.mp4" in upload.error["cause"]
    assert upload.id not in json.dumps(upload.error)
    assert await desk.asset_names() == []
    assert desk.bytes_of(upload.id) == content


@pytest.mark.parametrize("killed", ["before_the_move", "after_the_move", "after_the_row"])
async def test_30_a_kill_while_an_upload_becomes_an_asset_loses_nothing(
    desk: Desk, video: bytes, killed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def die(*_: object, **__: object) -> None:
        raise Killed

    adopt = Objects.adopt

    def adopt_and_die(self: Objects, path: Path, ref: ObjectRef) -> None:
        adopt(self, path, ref)
        die()

    target: dict[str, tuple[object, str, Callable[..., None]]] = {
        "before_the_move": (Objects, "adopt", die),
        "after_the_move": (Objects, "adopt", adopt_and_die),
        "after_the_row": (desk.staging, "remove", die),
    }
    with monkeypatch.context() as patch:
        patch.setattr(*target[killed])
        with pytest.raises(Killed):
            await desk.bring(video)
    await desk.sweep.run()
    for workspace_id, upload_id in await desk.sweep.unfinished():
        await desk.maker.finish(workspace_id, upload_id)
    assert await desk.asset_names() == ["a.mp4"]
    assert desk.objects.has(ref_of(video))
    async with desk.database.reading() as session:
        states = list(await session.scalars(select(Upload.state)))
    assert states == ["finished"]
    await desk.sweep.run()
    assert desk.objects.has(ref_of(video))


async def test_joined_parts_become_one_asset(desk: Desk, video: bytes) -> None:
    half = len(video) // 2
    ids = []
    for piece in (video[:half], video[half:]):
        part = await desk.create(len(piece), partial=True)
        await desk.send(part.id, 0, piece)
        assert (await desk.maker.finish("w1", part.id)).state == "received", "a part is no asset"
        ids.append(part.id)
    async with desk.database.session() as session:
        from videoclip.store.uploads import Uploads

        final = await Uploads(session, "w1", desk.settings).join(ids, name="both.mp4")
    done = await desk.maker.finish("w1", final.id)
    assert done.state == "finished"
    assert await desk.asset_names() == ["both.mp4"]
    assert desk.objects.has(ref_of(video))
    assert list(desk.staging.ids()) == []
    with pytest.raises(NotFound):
        await desk.get(ids[0])


async def test_minutes_of_video_are_counted_and_do_not_come_back(desk: Desk, video: bytes) -> None:
    async with desk.database.session() as session:
        quotas = Quotas(session, "w1", QuotaSettings())
        await quotas.set_limits(max_video_ms=5000)
    first = await desk.bring(video)
    await desk.bring(video)
    async with desk.database.session() as session:
        await Assets(session, "w1").delete(first.asset_id or "")
    refused = await desk.bring(video)
    assert refused.state == "refused"
    assert refused.error is not None
    assert refused.error["code"] == "quota_exceeded"


async def test_views_are_made_once(desk: Desk, video: bytes) -> None:
    asset_id = await asset_of(desk, (await desk.bring(video)).id)
    pictures = await desk.maker.views("w1", asset_id, "picture")
    assert set(pictures) == {"thumbnail.jpg", "storyboard-01.jpg", "storyboard.vtt"}
    sound = await desk.maker.views("w1", asset_id, "sound")
    data = json.loads(desk.objects.path(sound["waveform.json"].ref).read_text())
    assert data["version"] == 2
    assert desk.objects.path(pictures["thumbnail.jpg"].ref).read_bytes()[:2] == b"\xff\xd8"
    cuts = await desk.maker.views("w1", asset_id, "cuts")
    told = json.loads(desk.objects.path(cuts["shots.json"].ref).read_text())
    assert told["shots"][0]["start_ms"] == 0
    assert told["shots"][-1]["end_ms"] == told["duration_ms"]
    assert told["keyframes_ms"] == [0, 1000]
    made = desk.maker._make
    desk.maker._make = None  # type: ignore[method-assign,assignment]
    assert await desk.maker.views("w1", asset_id, "picture") == pictures
    desk.maker._make = made  # type: ignore[method-assign]
    with pytest.raises(NotFound):
        await desk.maker.views("w2", asset_id, "picture")
    await desk.sweep.run()
    assert desk.objects.has(pictures["thumbnail.jpg"].ref), "a view's object is referred to"


async def test_assets_are_found_by_name_and_page_by_page(desk: Desk, video: bytes) -> None:
    for name in ("100% live.mp4", "talk.mp4", "TALK two.mp4"):
        await desk.bring(video, name)
    assert await desk.asset_names(text="talk") == ["TALK two.mp4", "talk.mp4"]
    assert await desk.asset_names(text="%") == ["100% live.mp4"]
    assert await desk.asset_names(text="_") == []
    assert await desk.asset_names("w2") == []
    async with desk.database.reading() as session:
        assets = Assets(session, "w1")
        page = await assets.find(limit=2)
        rest = await assets.find(limit=2, after=page[-1].id)
    assert [asset.name for asset in (*page, *rest)] == ["TALK two.mp4", "talk.mp4", "100% live.mp4"]


# ---------------------------------------------------------------------- the sweeper


async def test_31_expired_uploads_go_and_active_ones_never(desk: Desk) -> None:
    active, idle, young = [await desk.create(4) for _ in range(3)]
    await desk.send(idle.id, 0, b"ab")
    async with desk.database.session() as session:
        await session.execute(
            update(Upload).where(Upload.id.in_([active.id, idle.id])).values(expires_ms=0)
        )
    with desk.staging.hold(active.id):  # somebody is writing to it
        assert await desk.sweep.expired_uploads() == 1
    assert [name for name, _ in desk.staging.ids()] == [active.id]
    with pytest.raises(NotFound):
        await desk.get(idle.id)
    assert (await desk.get(active.id)).state == "open"
    assert (await desk.get(young.id)).state == "open"


async def test_every_byte_puts_the_expiry_off(desk: Desk) -> None:
    upload = await desk.create(4)
    async with desk.database.session() as session:
        await session.execute(update(Upload).values(expires_ms=Upload.expires_ms - 3_600_000))
    before = (await desk.get(upload.id)).expires_ms
    assert (await desk.send(upload.id, 0, b"a")).expires_ms > before + 3_000_000


async def test_30_objects_without_rows_go_and_rows_without_objects_say_so(
    desk: Desk, video: bytes, tmp_path: Path
) -> None:
    asset_id = await asset_of(desk, (await desk.bring(video)).id)
    other = await desk.bring(video + b"\0" * 8, "other.mp4")
    stray, result, listed = [tmp_path / name for name in ("stray", "result", "listed")]
    refs = {}
    for path in (stray, result, listed):
        path.write_bytes(path.name.encode())
        refs[path.name] = desk.objects.put(path)
        age(desk.objects.root / refs[path.name].key)
    young = tmp_path / "young"
    young.write_bytes(b"young")
    async with desk.database.session() as session:
        for name, sha256 in (("kept", refs["result"].sha256), ("lost", "0" * 64)):
            session.add(
                Artifact(
                    fingerprint=name, stage="render", payload={}, wall_s=0, cpu_s=0,
                    objects={"out": {"sha256": sha256, "size": 6}},
                )
            )  # fmt: skip
        files = [{"name": "a.mp4", "sha256": refs["listed"].sha256, "size": 6}]
        session.add(
            Job(
                id="j", key="k", kind="clip", request={}, state="succeeded", attempt=1,
                workspace_id="w1", result={"files": files},
            )
        )  # fmt: skip
    (desk.objects.root / ref_of(video).key).rename(tmp_path / "away")
    ref = desk.objects.put(young)
    os.utime(desk.objects.root / ref.key, (2**33, 2**33))
    swept = await desk.sweep.run()
    assert (swept.objects, swept.missing, swept.artifacts) == (1, [asset_id], 1)
    assert not desk.objects.has(refs["stray"])
    assert desk.objects.has(refs["result"])
    assert desk.objects.has(refs["listed"])
    assert desk.objects.has(ref), "its row may still come"
    async with desk.database.reading() as session:
        rows = await session.execute(select(Asset.id, Asset.state))
        states = {row.id: row.state for row in rows}
        left = list(await session.scalars(select(Artifact.fingerprint)))
    assert states == {asset_id: "missing", other.asset_id: "ready"}
    assert left == ["kept"]
    (tmp_path / "away").rename(desk.objects.root / ref_of(video).key)
    await desk.sweep.run()
    async with desk.database.reading() as session:
        assert (await Assets(session, "w1").get(asset_id)).state == "ready"


async def test_with_another_object_store_nothing_is_cleared_away(desk: Desk, video: bytes) -> None:
    await desk.bring(video)
    desk.objects.root.rename(desk.objects.root.with_name("elsewhere"))
    with pytest.raises(StoreError, match="not one of 1 objects"):
        await desk.sweep.run()
    desk.objects.root.with_name("elsewhere").rename(desk.objects.root)
    assert (await desk.sweep.run()).missing == []


async def test_a_new_database_clears_nothing_away(desk: Desk, tmp_path: Path) -> None:
    """It may stand beside the objects of one that is lost and will be restored."""
    file = tmp_path / "f"
    file.write_bytes(b"of the lost database")
    ref = desk.objects.put(file)
    age(desk.objects.root / ref.key)
    assert (await desk.sweep.run()).objects == 0
    assert desk.objects.has(ref)


async def test_an_object_that_is_stored_again_is_young_again(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "f"
    file.write_bytes(b"again")
    ref = desk.objects.put(file)
    path = desk.objects.root / ref.key
    age(path)
    before = path.stat().st_mtime + 10
    assert desk.objects.put(file) == ref
    assert not desk.objects.delete(ref, before)
    age(path)
    assert desk.objects.delete(ref, before)


async def test_bytes_without_a_row_go(desk: Desk) -> None:
    kept = await desk.create(4)
    await desk.send(kept.id, 0, b"ab")
    stray = desk.staging.path("01890000-0000-7000-8000-000000000000")
    stray.write_bytes(b"left by a kill")
    (desk.staging.folder / "README").write_text("not ours")
    for path in desk.staging.folder.iterdir():
        age(path)
    assert await desk.sweep.stray_files() == 1
    assert {path.name for path in desk.staging.folder.iterdir()} == {kept.id, "README"}


async def test_a_workspace_keeps_what_its_retention_says(desk: Desk, video: bytes) -> None:
    old, used, kit = [await asset_of(desk, (await desk.bring(video)).id) for _ in range(3)]
    async with desk.database.session() as session:
        await Quotas(session, "w1", desk.settings.quota).set_limits(retention_days=7)
        await session.execute(update(Asset).values(created_ms=0))
        common = {"kind": "clip", "attempt": 1, "workspace_id": "w1"}
        session.add_all([
            Job(id="old", key="a", request={}, state="failed", finished_ms=0, **common),
            Job(id="new", key="b", request={}, state="succeeded", finished_ms=2**53, **common),
            Job(id="busy", key="c", request={"source": f"asset:{used}"}, state="running", **common),
            Job(id="other", key="d", request={}, state="failed", finished_ms=0,
                **{**common, "workspace_id": "w2"}),
        ])  # fmt: skip
        await session.flush()
        session.add(
            Preset(
                id="p", workspace_id="w1", name="kit", description="",
                render={"intro": f"asset:{kit}"}, created_ms=0, updated_ms=0,
            )
        )  # fmt: skip
        session.add(
            UnitRow(job_id="old", stage="s", key="k", fingerprint="f", state="done", attempt=1)
        )
    swept = await desk.sweep.run()
    assert (swept.jobs, swept.assets) == (1, 1)
    async with desk.database.reading() as session:
        assert set(await session.scalars(select(Job.id))) == {"new", "busy", "other"}
        assert set(await session.scalars(select(Asset.id))) == {used, kit}
        assert list(await session.scalars(select(UnitRow.job_id))) == []
    async with desk.database.session() as session:
        assets = Assets(session, "w1")
        with pytest.raises(NotFound):
            await assets.get(old)
        with pytest.raises(WrongState, match="job busy reads"):
            await assets.delete(used)
        await assets.delete(kit)


async def test_what_jobs_made_counts(desk: Desk) -> None:
    async with desk.database.session() as session:
        for name, size in (("a", 2**33), ("b", 5)):
            session.add(
                Job(
                    id=name, key=name, kind="clip", request={}, state="succeeded", attempt=1,
                    workspace_id="w1", result={"cost": {"bytes_out": size}},
                )
            )  # fmt: skip
        session.add(
            Job(id="c", key="c", kind="clip", request={}, state="queued", workspace_id="w1")
        )
        await session.flush()
        quotas = Quotas(session, "w1", QuotaSettings(max_bytes=2**33 + 10))
        assert (await quotas.usage()).result_bytes == 2**33 + 5
        await quotas.add_bytes(5)
        with pytest.raises(QuotaExceeded):
            await quotas.add_bytes(6)
        await quotas.set_limits(max_bytes=2**33)
        with pytest.raises(QuotaExceeded, match="may keep"):
            await quotas.check_jobs()


async def test_only_one_finishes_an_upload(desk: Desk, video: bytes) -> None:
    upload = await desk.create(len(video))
    await desk.send(upload.id, 0, video)
    with desk.staging.hold(upload.id), pytest.raises(UploadBusy):
        await desk.maker.finish("w1", upload.id)
    assert (await desk.maker.finish("w1", upload.id)).state == "finished"


async def test_the_sweeper_goes_on_after_a_sweep_that_failed(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    settings = desk.settings.model_copy(
        update={"sweep": SweepSettings(every_s=0.01, grace_hours=1e-6)}
    )
    stop, runs = asyncio.Event(), 0

    async def run(self: Sweep) -> Swept:
        nonlocal runs
        runs += 1
        if runs == 3:
            stop.set()
            return Swept()
        raise StoreError("away", "Wait") if runs == 1 else ValueError

    monkeypatch.setattr(Sweep, "run", run)
    await asyncio.wait_for(sweep(settings, stop), 10)
    assert runs == 3
    assert "the sweep stopped: away" in caplog.text
