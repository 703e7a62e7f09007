"""A received upload becomes an asset; pictures and waveform of an asset. Uploads are hostile until probed."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncSession

from videoclip.errors import QuotaExceeded, SourceError, SourceNotMedia, UploadGone, VideoClipError
from videoclip.fingerprint import file_sha256
from videoclip.media.audio import extract_audio
from videoclip.media.image import image_info, is_image, make_image_still
from videoclip.media.packets import keyframes_ms
from videoclip.media.probe import probe
from videoclip.media.proxy import make_proxy
from videoclip.media.shots import find_shots, shots_json
from videoclip.media.storyboard import interval_ms, make_storyboard
from videoclip.media.thumbnail import make_thumbnail
from videoclip.media.waveform import write_waveform
from videoclip.schemas import MediaInfo
from videoclip.settings import Settings
from videoclip.store.assets import AssetRecord, Assets, ViewRecord
from videoclip.store.database import Database
from videoclip.store.objects import ObjectRef, Objects
from videoclip.store.quotas import Quotas
from videoclip.store.staging import Held, Staging
from videoclip.store.threads import in_thread
from videoclip.store.uploads import UploadRecord, Uploads

__all__ = ["AssetMaker", "ViewKind"]

ViewKind = Literal["picture", "sound", "cuts"]
"""What is made in one go: thumbnail and storyboard from one proxy, the waveform from the sound, shots and keyframes."""
_KINDS: dict[str, ViewKind] = {"waveform": "sound", "shots": "cuts"}
_TYPES = {".jpg": "image/jpeg", ".vtt": "text/vtt", ".json": "application/json"}


class AssetMaker:
    """Finishes uploads and makes views of assets. What was begun and not done is done by the next one who asks.

    Args:
        database: where the rows are.
        objects: where the files go.
        staging: where they come from.
        settings: limits and quotas.
    """

    def __init__(
        self, database: Database, objects: Objects, staging: Staging, settings: Settings
    ) -> None:
        self._database = database
        self._objects = objects
        self._staging = staging
        self._settings = settings

    # ------------------------------------------------------------------ uploads

    async def finish(self, workspace_id: str, upload_id: str) -> UploadRecord:
        """Make a received upload an asset, or refuse it; anything else is returned as it is.

        The row says what the bytes are before they are moved, so after a kill at any point the next call goes on.

        Raises:
            NotFound: the workspace has no such upload.
            UploadBusy: somebody else finishes it at this moment.
            StorageFull: no space is left; it can be tried again.
        """
        record = await self._upload(workspace_id, upload_id)
        if record.state != "received" or record.concat == "partial":
            return record
        with self._staging.hold(upload_id) as held:
            record = await self._upload(workspace_id, upload_id)
            if record.state == "received":
                try:
                    await self._finish(record, held)
                except (SourceError, QuotaExceeded, UploadGone) as error:
                    await self._refuse(record, error, held.path)
        return await self._upload(workspace_id, upload_id)

    async def _finish(self, record: UploadRecord, held: Held) -> None:
        if record.parts and record.sha256 is None:
            await in_thread(self._staging.join, record.parts, held)
        sha256 = record.sha256
        if sha256 is None:
            if held.size != record.size:
                raise UploadGone("bytes that had arrived are no longer there", "Upload it again")
            sha256 = await in_thread(file_sha256, held.path)
            async with self._database.session() as session:
                await self._uploads(session, record).note_content(record.id, sha256)
        ref = ObjectRef(sha256, record.size)
        media = await in_thread(self._probe, ref, held)
        async with self._database.reading() as session:
            await Quotas(session, record.workspace_id, self._settings.quota).check_video(
                media.duration_ms
            )
        if held.size:
            await in_thread(self._objects.adopt, held.path, ref)
        async with self._database.session() as session:
            uploads = self._uploads(session, record)
            asset = await Assets(session, record.workspace_id).add(
                record.name, ref, media.model_dump(mode="json"), created_by=record.created_by
            )
            quotas = Quotas(session, record.workspace_id, self._settings.quota)
            await quotas.add_video(media.duration_ms, record.size, asset.id)
            await uploads.finish(record.id, asset.id)
            parts = await uploads.drop_parts(record.id)
        for name in (record.id, *parts):
            self._staging.remove(name)

    def _probe(self, ref: ObjectRef, held: Held) -> MediaInfo:
        """What the bytes are, wherever they lie: a killed process may have moved them already."""
        path = held.path
        if held.size != ref.size:
            if not self._objects.has(ref):
                raise UploadGone("bytes that had arrived are no longer there", "Upload it again")
            path = self._objects.path(ref)
        limits = self._settings.media
        return image_info(path, limits) or probe(path, limits)

    async def _refuse(self, record: UploadRecord, error: VideoClipError, path: Path) -> None:
        cause = error.cause.replace(path.name, record.name)
        told = {"code": error.code, "cause": cause, "remedy": error.remedy}
        async with self._database.session() as session:
            await self._uploads(session, record).refuse(record.id, told)

    async def _upload(self, workspace_id: str, upload_id: str) -> UploadRecord:
        async with self._database.reading() as session:
            return await Uploads(session, workspace_id, self._settings).get(upload_id)

    def _uploads(self, session: AsyncSession, record: UploadRecord) -> Uploads:
        return Uploads(session, record.workspace_id, self._settings)

    # ------------------------------------------------------------------ views

    async def views(
        self, workspace_id: str, asset_id: str, kind: ViewKind
    ) -> dict[str, ViewRecord]:
        """The views of an asset by file name; they are made where they are not there yet.

        Raises:
            NotFound: the workspace has no such asset.
            SourceNotMedia: the asset has no picture, or no sound.
        """
        async with self._database.reading() as session:
            assets = Assets(session, workspace_id)
            asset, known = await assets.get(asset_id), await assets.views(asset_id)
        wanted = {name: view for name, view in known.items() if _kind(view.kind) == kind}
        if wanted and not await in_thread(self._missing, list(wanted.values())):
            return wanted
        made = await in_thread(self._make, asset, kind)
        async with self._database.session() as session:
            await Assets(session, workspace_id).add_views(asset_id, made.values())
        return made

    def _missing(self, views: list[ViewRecord]) -> list[ViewRecord]:
        return [view for view in views if not self._objects.has(view.ref)]

    def _make(self, asset: AssetRecord, kind: ViewKind) -> dict[str, ViewRecord]:
        media = MediaInfo.model_validate(asset.media)
        source = self._objects.path(asset.ref)
        root = self._settings.data_dir.absolute() / "work"
        root.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix="view-", dir=root))
        try:
            make = {"picture": _pictures, "sound": _sound, "cuts": _cuts}[kind]
            files = make(source, media, folder, self._settings)
            return {
                path.name: ViewRecord(path.name, view, self._objects.put(path), _TYPES[path.suffix])
                for path, view in files.items()
            }
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _kind(view: str) -> ViewKind:
    return _KINDS.get(view, "picture")


def _pictures(source: Path, media: MediaInfo, folder: Path, settings: Settings) -> dict[Path, str]:
    if media.video is None:
        raise SourceNotMedia("the asset has no picture", "Ask for its waveform instead")
    still = folder / "thumbnail.jpg"
    if is_image(media):
        make_image_still(source, media, still, settings.media)
        return {still: "thumbnail"}
    step = interval_ms(media.duration_ms)
    proxy = make_proxy(source, media, folder, settings.media, spacing_ms=step // 2)
    board = make_storyboard(proxy, media.duration_ms, folder, settings.media)
    # The proxy is a file of ours; nothing else than our limited FFmpeg opens the upload itself.
    make_thumbnail(proxy.path, still, settings.media, duration_ms=media.duration_ms)
    return {still: "thumbnail", **dict.fromkeys((*board.sheets, board.vtt), "storyboard")}


def _sound(source: Path, media: MediaInfo, folder: Path, settings: Settings) -> dict[Path, str]:
    if media.audio is None:
        raise SourceNotMedia("the asset has no sound", "Ask for its pictures instead")
    pcm, out = folder / "sound.pcm", folder / "waveform.json"
    extract_audio(source, media, pcm, settings.media)
    write_waveform(pcm, out)
    return {out: "waveform"}


def _cuts(source: Path, media: MediaInfo, folder: Path, settings: Settings) -> dict[Path, str]:
    if is_image(media):
        raise SourceNotMedia("the asset is an image, which has no shots", "Ask for its thumbnail")
    found = find_shots(source, media, folder, settings.media)
    told = shots_json(found, media.duration_ms)
    told["keyframes_ms"] = keyframes_ms(source, media, settings.media)
    out = folder / "shots.json"
    out.write_text(json.dumps(told) + "\n", encoding="ascii")
    return {out: "shots"}
