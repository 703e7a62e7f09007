"""The files that a job of the platform names, as paths of this machine: fetched, checked, never anybody else's."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from pipelines import buckets
from pipelines.context import JobContext, KnownFile
from videoclip.errors import SourceMissing, SourceRefused, UsageError
from videoclip.fingerprint import fingerprint
from videoclip.schemas import JobRequest, RenderOptions, RenderRequest
from videoclip.settings import Settings
from videoclip.store import ArtifactRecord
from videoclip.store.references import References, StoredFile

__all__ = ["allowed", "resolved"]

_FETCH_VERSION = 1
_URL = ("http://", "https://")
_NAMED = ("source", "transcript", "translation")


def resolved(context: JobContext, request: JobRequest, workspace_id: str) -> JobRequest:
    """The request with a path in place of each reference.

    Raises:
        NotFound: what is named is not there, or belongs to another workspace.
        SourceRefused: a path or a bucket outside those that the settings allow.
        VideoClipError: an address cannot be fetched.
    """
    finder = _Finder(context, workspace_id)
    changes: dict[str, Any] = {
        name: str(finder.path(value))
        for name in _NAMED
        if (value := getattr(request, name, None)) is not None
    }
    render: RenderOptions | None = getattr(request, "render", None)
    if render is not None:
        changes["render"] = finder.options(render)
    if isinstance(request, RenderRequest):
        changes["clips"] = [
            clip
            if clip.render is None
            else clip.model_copy(update={"render": finder.options(clip.render)})
            for clip in request.clips
        ]
    return request.model_copy(update=changes)


def allowed(path: Path, settings: Settings) -> Path:
    """The path without links, if it lies in a folder that jobs may read.

    Raises:
        SourceRefused: it does not; whether anything is there is not told.
    """
    try:
        real = path.resolve()
        folders: Sequence[Path] = [folder.resolve() for folder in settings.jobs.source_folders]
    except (OSError, RuntimeError) as error:  # a circle of links
        raise SourceMissing(f"{path} cannot be read", "Check the path") from error
    if not path.is_absolute() or not any(real.is_relative_to(folder) for folder in folders):
        raise SourceRefused(
            "the path lies outside the folders that jobs may read",
            "Upload the file and name it as asset:ID, or have jobs.source_folders extended",
        )
    return real


class _Finder:
    def __init__(self, context: JobContext, workspace_id: str) -> None:
        self._context = context
        self._workspace_id = workspace_id

    def path(self, reference: str) -> Path:
        kind, _, rest = reference.partition(":")
        if reference.startswith(_URL):
            return self._downloaded(reference)
        if reference.startswith(buckets.SCHEME):
            return self._from_bucket(reference)
        if kind == "asset":
            return self._stored(reference, lambda found: found.asset(rest))
        if kind == "job":
            job_id, _, name = rest.partition("/")
            return self._stored(reference, lambda found: found.job_file(job_id, name))
        if kind == "transcript":
            return self._transcript(rest)
        path = allowed(Path(reference), self._context.settings)
        self._context.known[str(path)] = KnownFile(path.name, reference)
        return path

    def options(self, render: RenderOptions) -> RenderOptions:
        """Files that a style names; a watermark may be a text instead."""
        changes = {
            name: str(self.path(value))
            for name in ("intro", "outro")
            if (value := getattr(render, name)) is not None
        }
        mark = render.watermark
        if mark is not None and (
            mark.startswith((*_URL, buckets.SCHEME, "asset:", "job:")) or _is_file(mark)
        ):
            changes["watermark"] = str(self.path(mark))
        return render.model_copy(update=changes)

    def _stored(self, reference: str, find: Any) -> Path:
        found: StoredFile = self._context.store.session(
            lambda session: find(References(session, self._workspace_id))
        )
        return self._object(found, reference)

    def _object(self, found: StoredFile, reference: str) -> Path:
        path = self._context.store.objects.path(found.ref)
        self._context.known[str(path)] = KnownFile(found.name, reference, found.ref.sha256)
        return path

    def _transcript(self, transcript_id: str) -> Path:
        content = self._context.store.session(
            lambda session: References(session, self._workspace_id).transcript(transcript_id)
        )
        folder = self._context.work_folder("named")
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{fingerprint('transcript', 1, content)}.json"
        path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
        return path

    def _downloaded(self, url: str) -> Path:
        from videoclip.net import FetchLimits, Guard, download

        context = self._context
        if context.settings.offline:
            raise UsageError(
                "nothing is fetched from the network here: offline is set",
                "Upload the file and name it as asset:ID, or unset VIDEOCLIP_OFFLINE",
            )
        net = context.settings.net

        def fetch(target: Path) -> None:
            download(
                url,
                target,
                FetchLimits(
                    max_bytes=min(net.max_bytes, context.settings.media.max_bytes),
                    max_s=net.max_s,
                    idle_s=net.idle_s,
                    redirects=net.redirects,
                ),
                guard=Guard.of(net),
                told=context.progress.reach,
                cancel=context.cancel,
            )

        return self._fetched(url, fetch)

    def _from_bucket(self, reference: str) -> Path:
        context = self._context
        place = buckets.open_place(reference, context.settings)

        def fetch(target: Path) -> None:
            buckets.fetch(
                place, target, context.settings, told=context.progress.reach, cancel=context.cancel
            )

        return self._fetched(reference, fetch)

    def _fetched(self, address: str, fetch: Callable[[Path], None]) -> Path:
        """What is at the address, as an object: another attempt does not fetch it again."""
        context = self._context
        plain = address.partition("?")[0] if address.startswith(_URL) else address
        name = plain.rstrip("/").rpartition("/")[2] or "video"
        key = fingerprint("fetch", _FETCH_VERSION, {"url": address, "job": context.job_id})
        artifact = context.store.artifacts([key]).get(key)
        if artifact is None:
            folder = context.work_folder("fetched")
            folder.mkdir(parents=True, exist_ok=True)
            context.progress.start("fetch", 0, "bytes")
            fetch(folder / key)
            ref = context.store.objects.put(folder / key)
            (folder / key).unlink()
            context.progress.finish()
            artifact = ArtifactRecord(key, "fetch", {}, {"file": ref})
            context.store.commit_unit(context.job_id, context.attempt, key, artifact)
        return self._object(StoredFile(name, artifact.objects["file"]), plain)


def _is_file(value: str) -> bool:
    try:
        return Path(value).is_file()
    except (OSError, ValueError):  # too long for a path: a text
        return False
