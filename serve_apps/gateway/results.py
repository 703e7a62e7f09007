"""What a finished job made, as routes need it: its files, its manifest."""

from __future__ import annotations

import asyncio

from fastapi import Request

from serve_apps.gateway.access import Principal
from serve_apps.gateway.delivery import room_of
from videoclip.errors import NotFound
from videoclip.schemas import Manifest
from videoclip.store.jobs import Jobs, JobView
from videoclip.store.objects import ObjectRef
from videoclip.store.shares import JobFile, job_files

__all__ = ["file_of", "job_of", "manifest_of", "text_of"]


async def job_of(request: Request, who: Principal, job_id: str) -> JobView:
    """A job of the caller's workspace.

    Raises:
        NotFound: it has none with this id.
    """
    async with room_of(request).database.reading() as session:
        return await Jobs(session, who.workspace_id).get(job_id)


def file_of(job: JobView, name: str) -> JobFile:
    """A file that the job made.

    Raises:
        NotFound: it made none of this name.
    """
    file = job_files(job.result).get(name)
    if file is None:
        raise NotFound("the job has no such file", "List the files of the job")
    return file


async def manifest_of(request: Request, job: JobView) -> Manifest:
    """What came out of the job, why, and how.

    Raises:
        NotFound: it has no result (yet).
    """
    told = (job.result or {}).get("manifest")
    if told is None:
        raise NotFound("the job has no result", "Wait until it has succeeded, in part at least")
    text = await text_of(request, ObjectRef(str(told["sha256"]), int(told["size"])))
    return Manifest.model_validate_json(text)


async def text_of(request: Request, ref: ObjectRef) -> bytes:
    """The content of a small object.

    Raises:
        NotFound: it is gone.
    """
    objects = room_of(request).objects

    def read() -> bytes | None:
        return objects.path(ref).read_bytes() if objects.has(ref) else None

    content = await asyncio.to_thread(read)
    if content is None:
        raise NotFound("the file is no longer there", "Run the job again")
    return content
