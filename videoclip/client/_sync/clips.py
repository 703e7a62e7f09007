# Made from ../_async/clips.py by `make docs`; do not edit.
"""What jobs made: clips and other files, links to give away, cut lists."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

from videoclip.client._sync.downloads import FileInfo, fetch, fetch_all, stat
from videoclip.client._sync.resource import Listing, Resource, segment
from videoclip.client.bodies import dumped, valid
from videoclip.client.files import Progress, placed, within
from videoclip.client.operations import operation
from videoclip.client.waiting import work
from videoclip.errors import NotFound
from videoclip.schemas import Clip
from videoclip.schemas.api.assets import LinkOut
from videoclip.schemas.api.clips import (
    ClipList,
    FileList,
    FileOut,
    NewShare,
    ShareIn,
    ShareList,
    ShareOut,
)

__all__ = ["Clips"]


class Clips(Resource):
    """Files of jobs. A file is named as its job names it, such as `clips/01-hello.mp4` (`Clip.file`)."""

    @operation("GET /jobs/{job_id}/clips")
    def list(self, job_id: str) -> Sequence[Clip]:
        """The clips of a job, best first: titles, reasons, scores, times, proof sheets; `file` names the file."""
        return (self._transport.get(f"/jobs/{segment(job_id)}/clips", ClipList)).clips

    @operation("GET /jobs/{job_id}/files")
    def files(self, job_id: str) -> Sequence[FileOut]:
        """All files that a job made; none while it has no result."""
        return (self._transport.get(f"/jobs/{segment(job_id)}/files", FileList)).files

    @operation("HEAD /jobs/{job_id}/files/{name}")
    def stat(self, job_id: str, name: str) -> FileInfo:
        """Size, digest and type of a file."""
        return stat(self._transport, _path(job_id, name))

    def read(self, job_id: str, name: str) -> bytes:
        """A small file, such as subtitles, as bytes."""
        return fetch_all(self._transport, _path(job_id, name))

    @operation("GET /jobs/{job_id}/files/{name}")
    def download(
        self, job_id: str, name: str, target: str | os.PathLike[str], *,
        on_progress: Progress | None = None,
    ) -> Path:  # fmt: skip
        """Write a file to this machine: whole or not at all, gone on with after a break.

        ```python
        for clip in client.clips.list(job.id):
            client.clips.download(job.id, clip.file, "downloads/")
        ```

        Args:
            job_id: whose file.
            name: which one.
            target: a file, or a folder that it goes into under its own name.
            on_progress: hears how many bytes are here, and how many there are.

        Raises:
            NotFound: the job has no such file.
            ChecksumMismatch: other bytes came.
            StorageFull: there is no room here.
        """
        found = [file for file in self.files(job_id) if file.name == name]
        if not found:
            raise NotFound(f"the job has no file {name}", "Take a name of clips.files")
        return self._fetch(job_id, found[0], placed(target, name), on_progress)

    def download_all(
        self, job_id: str, folder: str | os.PathLike[str], *, names: Iterable[str] | None = None,
        on_progress: Progress | None = None,
    ) -> Sequence[Path]:  # fmt: skip
        """Write the files of a job into a folder, under the names that they have in the job.

        Args:
            job_id: whose files.
            folder: where to; it is made.
            names: which ones; None: all.
            on_progress: hears how many bytes of all are here, and how many there are.
        """
        wanted = None if names is None else set(names)
        files = [one for one in self.files(job_id) if wanted is None or one.name in wanted]
        done, everything = 0, sum(file.size for file in files)
        paths = []
        for file in files:

            def tell(here: int, _: int, before: int = done) -> None:
                if on_progress is not None:
                    on_progress(before + here, everything)

            place = within(Path(folder), file.name)
            paths.append(self._fetch(job_id, file, place, tell))
            done += file.size
        return paths

    @operation("GET /jobs/{job_id}/archive")
    def archive(
        self, job_id: str, target: str | os.PathLike[str], *, names: Sequence[str] | None = None
    ) -> Path:
        """Write files of a job as one ZIP; it is made while it is sent, so a break begins it anew.

        Args:
            job_id: whose files.
            target: the ZIP, or a folder that it goes into.
            names: which files; None: all.
        """
        place = placed(target, f"{job_id}.zip")
        part = place.with_name(f".{place.name}.part")
        query = {"name": names}
        place.parent.mkdir(parents=True, exist_ok=True)
        path = f"/jobs/{segment(job_id)}/archive"
        try:
            with self._transport.opened("GET", path, query=query) as answer:
                with part.open("wb") as file:
                    for piece in answer.iter_bytes():
                        work(file.write, piece)
            part.replace(place)
        finally:
            part.unlink(missing_ok=True)
        return place

    @operation("GET /jobs/{job_id}/timeline")
    def timeline(
        self, job_id: str, form: Literal["edl", "fcpxml", "otio"] = "otio", *,
        source_path: str | None = None, source_timecode: str | None = None,
    ) -> bytes:  # fmt: skip
        """The clips as a cut list for an editing program.

        Args:
            job_id: whose clips.
            form: EDL (CMX 3600), FCPXML or OpenTimelineIO.
            source_path: where the editing program finds the source.
            source_timecode: of the source's first frame.
        """
        query = {
            "format": form, "source_path": source_path, "source_timecode": source_timecode,
        }  # fmt: skip
        path = f"/jobs/{segment(job_id)}/timeline"
        return (self._transport.send("GET", path, query=query)).content

    @operation("POST /jobs/{job_id}/link")
    def link(self, job_id: str, name: str, *, life_s: int = 3600, inline: bool = True) -> LinkOut:
        """A link that needs no key, such as a player takes; it ends by itself and cannot be taken back.

        Args:
            job_id: whose file.
            name: which one.
            life_s: how long it is good, seconds.
            inline: shown in a page rather than saved.
        """
        query = {"name": name, "life_s": life_s, "inline": inline}
        path = f"/jobs/{segment(job_id)}/link"
        found = self._transport.post(path, LinkOut, query=query, safe=True)
        return found.model_copy(update={"url": self._transport.url(found.url)})

    @operation("POST /jobs/{job_id}/shares")
    def share(self, job_id: str, name: str, *, life_s: int = 7 * 24 * 3600) -> NewShare:
        """Share a file with whoever has the link, until it ends or is taken back; it is told only now."""
        body = dumped(valid(ShareIn, name=name, life_s=life_s))
        path = f"/jobs/{segment(job_id)}/shares"
        found = self._transport.post(path, NewShare, body)
        return found.model_copy(update={"url": self._transport.url(found.url)})

    @operation("GET /jobs/{job_id}/shares")
    def shares_page(self, job_id: str, *, cursor: str | None = None, limit: int = 50) -> ShareList:
        """Some of the links to files of a job that were given away, newest first, without their secrets."""
        path = f"/jobs/{segment(job_id)}/shares"
        return self._transport.get(path, ShareList, {"cursor": cursor, "limit": limit})

    def shares(self, job_id: str) -> Listing[ShareList, ShareOut]:
        """All of them, newest first."""
        return Listing(
            lambda cursor: self.shares_page(job_id, cursor=cursor, limit=200),
            lambda page: page.shares,
            lambda page: page.next_cursor,
        )

    @operation("DELETE /shares/{share_id}")
    def revoke_share(self, share_id: str) -> None:
        """Take a link back."""
        self._transport.send("DELETE", f"/shares/{segment(share_id)}")

    def _fetch(self, job_id: str, file: FileOut, place: Path, on_progress: Progress | None) -> Path:
        return fetch(
            self._transport, _path(job_id, file.name), place, size=file.size, sha256=file.sha256,
            on_progress=on_progress,
        )  # fmt: skip


def _path(job_id: str, name: str) -> str:
    return f"/jobs/{segment(job_id)}/files/{segment(name, folders=True)}"
