"""Videos in buckets that jobs may read: found below a prefix, fetched by their key.

The buckets are those of `jobs.source_buckets`, on the server and with the keys of the `objects` section.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import obstore
from obstore.exceptions import BaseError, NotFoundError

from videoclip.errors import (
    Cancelled,
    FetchFailed,
    SourceMissing,
    SourceOverLimit,
    SourceRefused,
    UsageError,
)
from videoclip.settings import JobSettings, Settings
from videoclip.store.bucket import open_bucket
from videoclip.store.objects import NO_SPACE, full
from videoclip.store.parents import FoundFile

__all__ = ["SCHEME", "Place", "fetch", "listed", "open_place", "open_to_jobs"]

SCHEME = "s3://"
_PIECE = 4 * 2**20
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
"""obstore takes no key with one of these."""


@dataclass(frozen=True, slots=True)
class Place:
    """A key or a prefix in a bucket."""

    bucket: str
    key: str

    @classmethod
    def of(cls, reference: str) -> Place:
        """From ``s3://bucket/key``."""
        bucket, _, key = reference.removeprefix(SCHEME).partition("/")
        return cls(bucket, key.strip("/"))

    def __str__(self) -> str:
        return f"{SCHEME}{self.bucket}/{self.key}".rstrip("/")

    def within(self, other: Place) -> bool:
        """Whether this is ``other``, or below it."""
        return self.bucket == other.bucket and (
            not other.key or self.key == other.key or self.key.startswith(f"{other.key}/")
        )


def open_to_jobs(reference: str, settings: JobSettings) -> bool:
    """Whether the settings open what ``s3://bucket/key`` names to jobs."""
    place = Place.of(reference)
    parts = place.key.split("/") if place.key else []
    if not reference.startswith(SCHEME) or not place.bucket or "\0" in reference:
        return False
    if any(part in ("", ".", "..") or _CONTROL.search(part) for part in parts):
        return False
    return any(place.within(Place.of(opened)) for opened in settings.source_buckets)


def open_place(reference: str, settings: Settings) -> Place:
    """The place that is named, if jobs may read it.

    Raises:
        SourceRefused: they may not; whether anything is there is not told.
    """
    place = Place.of(reference)
    ours = Place.of(settings.objects.url)
    kept = bool(settings.objects.url) and (place.within(ours) or ours.within(place))
    # What jobs of all workspaces made lies there, and would be a source of anybody's.
    if kept or not open_to_jobs(reference, settings.jobs):
        raise SourceRefused(
            "the address lies outside the buckets that jobs may read",
            "Upload the file and name it as asset:ID, or have jobs.source_buckets extended",
        )
    return place


async def listed(
    place: Place, settings: Settings, suffixes: frozenset[str], most: int
) -> list[FoundFile]:
    """Files below a prefix whose names end so, in order of their names, without hidden ones.

    Args:
        place: the prefix.
        settings: with the bucket's server.
        suffixes: such as ``.mp4``.
        most: files that it may hold.

    Raises:
        FetchFailed: the bucket cannot be listed.
        UsageError: it holds more.
    """
    start = f"{place.key}/" if place.key else ""
    found: list[FoundFile] = []
    with _bucket_errors(place):
        async for page in obstore.list(_store(place, settings), place.key or None, chunk_size=1000):
            for entry in page:
                name = str(entry["path"]).removeprefix(start)
                parts = name.split("/")
                if Path(name).suffix.lower() in suffixes and not any(
                    p.startswith(".") for p in parts
                ):
                    changed_ns = round(entry["last_modified"].timestamp() * 1000) * 1_000_000
                    found.append(FoundFile(name, int(entry["size"]), changed_ns))
            if len(found) > most:
                raise UsageError(f"{place} holds more than {most} files", "Name smaller prefixes")
    return sorted(found, key=lambda file: file.name)


def fetch(
    place: Place,
    target: Path,
    settings: Settings,
    *,
    told: Callable[[int, int], None],
    cancel: threading.Event,
) -> None:
    """Write what is at a key into a file.

    Args:
        place: the key.
        target: the file, which is made.
        settings: with the bucket's server, and the largest size.
        told: hears of bytes so far, and in all.
        cancel: set by somebody else to stop.

    Raises:
        SourceMissing: nothing is there.
        SourceOverLimit: it is larger than `media.max_bytes`.
        FetchFailed: the bucket refused, or the connection broke.
        StorageFull: no space is left for it.
        Cancelled: somebody stopped it.
    """
    with _bucket_errors(place):
        answer = obstore.get(_store(place, settings), place.key)
        size, most = int(answer.meta["size"]), settings.media.max_bytes
        if size > most:
            raise SourceOverLimit(
                f"{place} has {size} bytes, and {most} are allowed",
                "Give a smaller file, or raise VIDEOCLIP_MEDIA__MAX_BYTES",
            )
        done = 0
        for piece in _written(answer.stream(min_chunk_size=_PIECE), target):
            done += piece
            told(done, size)
            if cancel.is_set():
                raise Cancelled("the job was cancelled", "Run the same command again to go on")


def _written(pieces: Any, target: Path) -> Iterator[int]:
    """Sizes of the pieces as they are written."""
    try:
        with target.open("wb") as file:
            for piece in pieces:
                file.write(piece)
                yield len(piece)
    except OSError as error:
        if error.errno in NO_SPACE:
            raise full(target.parent, error.errno) from error
        raise


def _store(place: Place, settings: Settings) -> Any:
    return open_bucket(settings.objects.model_copy(update={"url": f"{SCHEME}{place.bucket}"}))


@contextmanager
def _bucket_errors(place: Place) -> Iterator[None]:
    try:
        yield
    except (FileNotFoundError, NotFoundError) as error:
        raise SourceMissing(f"nothing is at {place}", "Check the bucket and the key") from error
    except (BaseError, OSError, ValueError) as error:  # ValueError: no such key can be
        raise FetchFailed(
            f"{place} cannot be read: {str(error).splitlines()[0][:300]}",
            "Check the server and the keys of the objects section, and that they may list and read this bucket",
        ) from error
