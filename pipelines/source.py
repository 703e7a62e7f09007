"""The source of a job: identified by its content, probed, refused early when it cannot be used."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pipelines.context import JobContext, KnownFile
from videoclip.errors import SourceChanged, SourceMissing, SourceNotMedia
from videoclip.fingerprint import file_sha256, fingerprint
from videoclip.media.probe import probe
from videoclip.schemas import MediaInfo, Notice, SourceInfo
from videoclip.store import ArtifactRecord

__all__ = ["FileState", "Source", "open_source", "printable_path"]

_PROBE_VERSION = 2


@dataclass(frozen=True, slots=True)
class FileState:
    """What tells whether a file was written to."""

    size: int
    mtime_ns: int | None
    """None: an object, which is written once; its time is that of the last one who brought the same."""
    inode: int

    @staticmethod
    def of(path: Path, *, written_once: bool = False) -> FileState:
        """The state now."""
        found = path.stat()
        return FileState(found.st_size, None if written_once else found.st_mtime_ns, found.st_ino)

    def check(self, path: Path) -> None:
        """Results are filed under the content that was read first: it must still be that.

        Raises:
            SourceChanged: it is not.
        """
        try:
            same = FileState.of(path, written_once=self.mtime_ns is None) == self
        except OSError:
            same = False
        if not same:
            raise SourceChanged(
                f"{printable_path(path.name)} was changed or moved while it was read",
                "Wait until the recording or copy is finished, and run the command again",
            )


@dataclass(frozen=True, slots=True)
class Source:
    """A usable source."""

    path: Path
    sha256: str
    media: MediaInfo
    state: FileState
    known: KnownFile | None = None

    @property
    def info(self) -> SourceInfo:
        """For the manifest."""
        return SourceInfo(
            name=printable_path(self.known.name if self.known else self.path.name),
            path=printable_path(self.known.reference if self.known else self.path),
            sha256=self.sha256,
            size_bytes=self.media.size_bytes,
        )


def open_source(context: JobContext, path: Path) -> Source:
    """Identify and probe a file.

    Raises:
        SourceError: it cannot be used; the subclass and the message say why.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise SourceNotMedia(
                f"{printable_path(path)} is not a regular file", "Give a video or audio file"
            )
        known_file = context.known.get(str(path))
        sha256 = known_file.sha256 if known_file is not None else None
        state = FileState.of(path, written_once=sha256 is not None)
        if sha256 is None:
            sha256 = context.store.digest(path, _with_progress(context, path))
    except OSError as error:
        raise SourceMissing(
            f"{printable_path(path)} cannot be read: {error.strerror}",
            "Check the path and its permissions",
        ) from error
    limits = context.settings.media
    name = fingerprint(
        "probe",
        _PROBE_VERSION,
        {"source": sha256, "limits": limits.model_dump(include=_REFUSING)},
    )
    known = context.store.artifacts([name]).get(name)
    if known is None:
        begun = time.time()
        media = probe(path, limits)
        state.check(path)
        known = ArtifactRecord(
            name, "probe", media.model_dump(mode="json"), wall_s=time.time() - begun,
            started_ms=round(begun * 1000),
        )  # fmt: skip
        context.store.commit_unit(context.job_id, context.attempt, "all", known)
    media = MediaInfo.model_validate(known.payload)
    for warning in media.warnings:
        if warning.startswith("The video track"):  # else a video quietly becomes sound alone
            context.notice(
                Notice(
                    code="track_left_out",
                    message=warning,
                    remedy="Repair the file, or convert it to H.264 and AAC first",
                )
            )
    return Source(path, sha256, media, state, known_file)


_REFUSING = {"max_duration_s", "max_pixels", "max_streams", "max_bytes"}


def _with_progress(context: JobContext, path: Path) -> Callable[[Path], str]:
    def digest(file: Path) -> str:
        context.progress.start("read", path.stat().st_size, "bytes")
        value = file_sha256(file, on_bytes=context.progress.advance)
        context.progress.finish()
        return value

    return digest


def printable_path(path: Path | str) -> str:
    """A path as text that can be printed and stored; undecodable and control characters escaped."""
    text = os.fsencode(path).decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
