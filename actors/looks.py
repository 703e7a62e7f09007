"""Looks into folders and buckets for videos: within a deadline, and not for more than one look can take."""

from __future__ import annotations

import asyncio
import os
import stat
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from pipelines import buckets
from pipelines.references import allowed
from videoclip.cli.sources import MEDIA_SUFFIXES
from videoclip.errors import FetchFailed, SourceMissing, UsageError
from videoclip.settings import Settings
from videoclip.store.parents import FoundFile

__all__ = ["LOOK_S", "MOST_FILES", "Looks"]

LOOK_S = 30.0
"""A look may take so long."""
MOST_FILES = 10_000
"""Videos that one look may find."""


class Looks:
    """Looks of one dispatcher.

    Args:
        settings: with the folders and buckets that jobs may read.
        limit_s: a look may take so long, seconds.
    """

    def __init__(self, settings: Settings, limit_s: float = LOOK_S) -> None:
        self._settings = settings
        self._limit_s = limit_s
        self._at_work: set[str] = set()

    async def look(self, folder: str) -> tuple[str, list[FoundFile]]:
        """What the references of a folder's videos begin with, and the videos.

        Raises:
            SourceRefused: jobs may not read there.
            SourceError: it cannot be read.
            UsageError: there are more than ``MOST_FILES``.
            FetchFailed: it did not answer in time.
        """
        try:
            async with asyncio.timeout(self._limit_s):
                if folder.startswith(buckets.SCHEME):
                    place = buckets.open_place(folder, self._settings)
                    found = await buckets.listed(place, self._settings, MEDIA_SUFFIXES, MOST_FILES)
                    return f"{place}/", found
                return await self._folder(folder)
        except TimeoutError as error:
            raise self._silent(folder) from error

    async def _folder(self, folder: str) -> tuple[str, list[FoundFile]]:
        """A disk that hangs cannot be interrupted: its thread is left alone, and no second one joins it."""
        if folder in self._at_work:
            raise self._silent(folder)
        self._at_work.add(folder)

        def work() -> tuple[str, list[FoundFile]]:
            try:
                path = allowed(Path(folder), self._settings)
                return f"{path}/", list(_videos(path))
            finally:
                self._at_work.discard(folder)

        return await _in_daemon(work)

    def _silent(self, folder: str) -> FetchFailed:
        return FetchFailed(
            f"{folder} was not listed within {self._limit_s:.0f} s",
            "See that its server or disk answers; of a very large one, name a smaller part",
        )


async def _in_daemon(
    work: Callable[[], tuple[str, list[FoundFile]]],
) -> tuple[str, list[FoundFile]]:
    """As ``asyncio.to_thread``, in a thread that nobody waits for when the process ends."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[tuple[str, list[FoundFile]]] = loop.create_future()

    def settle(result: tuple[str, list[FoundFile]] | None, error: BaseException | None) -> None:
        if answer.done():  # nobody waits any more
            return
        if result is None:
            answer.set_exception(error or RuntimeError("a look without a result"))
        else:
            answer.set_result(result)

    def run() -> None:
        result, fault = None, None
        try:
            result = work()
        except Exception as error:  # noqa: BLE001 - raised where it is waited for
            fault = error
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle, result, fault)

    threading.Thread(target=run, name="look", daemon=True).start()
    return await answer


def _videos(folder: Path) -> Iterator[FoundFile]:
    """Videos below a folder, in order, without hidden ones; names that are not UTF-8 are passed over.

    Raises:
        SourceMissing: the folder is not there, or may not be read.
        UsageError: there are too many.
    """
    try:
        os.scandir(folder).close()  # says why it cannot be read, which os.walk does not
    except OSError as error:
        raise SourceMissing(
            f"the folder cannot be read: {error.strerror}", "Check the path and its permissions"
        ) from error
    count = 0
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(root, name)
            relative = path.relative_to(folder).as_posix()
            if name.startswith(".") or path.suffix.lower() not in MEDIA_SUFFIXES:
                continue
            try:
                relative.encode()
                state = path.stat(follow_symlinks=False)
            except (OSError, UnicodeEncodeError):
                continue
            if stat.S_ISREG(state.st_mode):
                count += 1
                if count > MOST_FILES:
                    raise UsageError(
                        f"the folder holds more than {MOST_FILES} files", "Name smaller folders"
                    )
                yield FoundFile(relative, state.st_size, state.st_mtime_ns)
