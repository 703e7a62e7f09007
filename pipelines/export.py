"""Put a job's files into a folder of the user's: each appears whole or not at all, the manifest last."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath

import psutil

from pipelines.manifests import JobResult
from videoclip.errors import OutputUnwritable
from videoclip.store import Objects
from videoclip.store.objects import disk_errors

__all__ = ["check_writable", "export", "place"]

_TEMPORARY = ".videoclip-part-"
MANIFEST = "manifest.json"
_JOURNAL = ".videoclip-journal.json"


def check_writable(folder: Path) -> None:
    """Make the folder and try it, before any work is spent.

    Raises:
        OutputUnwritable: it cannot be made or written.
        StorageFull: no space is left.
    """
    if folder.exists() and not folder.is_dir():
        raise OutputUnwritable(
            f"{folder} is a file, so it cannot be the output folder", "Name a folder with -o"
        )
    try:
        with disk_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
            _sweep_parts(folder)
            _sweep_parts(folder / "clips")
            _sweep_parts(folder / "look")
            with tempfile.TemporaryFile(dir=folder):
                pass
    except OSError as error:
        raise OutputUnwritable(
            f"the output folder {folder} cannot be written: {error.strerror or error}",
            "Choose another folder with -o, or change its permissions",
        ) from error


def _sweep_parts(folder: Path) -> None:
    """Remove part files whose process was killed."""
    for part in folder.glob(f"{_TEMPORARY}*"):
        pid = part.name[len(_TEMPORARY) :].partition("-")[0]
        if not pid.isdigit() or not psutil.pid_exists(int(pid)):
            part.unlink(missing_ok=True)


def export(
    result: JobResult,
    objects: Objects,
    out: Path,
    on_file: Callable[[str], None] = lambda _name: None,
) -> Path:
    """Write all files and then ``manifest.json``; remove files of an earlier run that are no longer named.

    Returns:
        The manifest's path.

    Raises:
        OutputUnwritable: the folder cannot be written.
        StorageFull: no space is left; what is there stays whole.
    """
    check_writable(out)
    manifest, journal = out / MANIFEST, out / _JOURNAL
    before = _files_of(manifest) | _files_of(journal)
    # What lies between two manifests is written down first, so that a run after a kill can clear it away; and
    # an old manifest must not speak of new files.
    _write(
        journal, {"product": result.manifest.product, "files": sorted(before | set(result.files))}
    )
    manifest.unlink(missing_ok=True)
    for name, ref in sorted(result.files.items()):
        place(objects.path(ref), out / name)
        on_file(name)
    with tempfile.TemporaryDirectory() as folder:
        draft = Path(folder) / MANIFEST
        draft.write_text(result.manifest.model_dump_json(indent=2) + "\n", encoding="utf-8")
        place(draft, manifest)
    for name in before - set(result.files):
        (out / name).unlink(missing_ok=True)
    journal.unlink(missing_ok=True)
    return manifest


def _write(target: Path, value: object) -> None:
    with tempfile.TemporaryDirectory() as folder:
        draft = Path(folder) / "draft"
        draft.write_text(json.dumps(value), encoding="utf-8")
        place(draft, target)


def place(source: Path, target: Path) -> None:
    """Copy a file so that ``target`` is never seen half-written, even if this process is killed.

    On Linux the copy has no name until it is whole (``O_TMPFILE``). Only to replace a file, or elsewhere, a
    hidden part file is renamed; one that a killed process left is swept at the next run.
    """
    with disk_errors(target.parent):
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError) as error:
            raise OutputUnwritable(
                f"{target.parent} is in the way: it is not a folder",
                "Move it, or choose another folder with -o",
            ) from error
        if target.is_file() and _same(source, target):
            return
        if not os.path.lexists(target) and _copy_unnamed(source, target):
            return
        if target.is_dir():
            raise OutputUnwritable(
                f"{target} is in the way: it is a folder", "Move it, or choose another with -o"
            )
        part = target.parent / f"{_TEMPORARY}{os.getpid()}-{abs(hash(target.name)):x}"
        part.unlink(missing_ok=True)
        try:
            if not _copy_unnamed(source, part):
                shutil.copyfile(source, part)
                part.chmod(0o644)
            part.replace(target)
        except BaseException:
            part.unlink(missing_ok=True)
            raise


def _copy_unnamed(source: Path, name: Path) -> bool:
    """Copy into a file that gets its name when it is whole; False where the system cannot do that."""
    try:
        unnamed = os.open(name.parent, os.O_TMPFILE | os.O_RDWR, 0o644)
    except (OSError, AttributeError):
        return False
    with source.open("rb") as stream, os.fdopen(unnamed, "wb") as copy:
        shutil.copyfileobj(stream, copy, 1 << 20)
        copy.flush()
        os.fsync(copy.fileno())
        try:
            os.link(f"/proc/self/fd/{copy.fileno()}", name, follow_symlinks=True)
        except OSError:
            return False
    return True


def _same(one: Path, other: Path) -> bool:
    """Whether two files have the same bytes, read in pieces."""
    if one.stat().st_size != other.stat().st_size:
        return False
    with one.open("rb") as left, other.open("rb") as right:
        while chunk := left.read(1 << 20):
            if chunk != right.read(1 << 20):
                return False
    return True


def _files_of(manifest: Path) -> set[str]:
    """Files that an earlier manifest of ours names and that are safe to remove."""
    try:
        old = json.loads(manifest.read_text(encoding="utf-8"))
        if not str(old["product"]).startswith("video-clip "):
            return set()
        names = {*old.get("files", ()), *old.get("transcript", {}).values()}
        look = old.get("look") or {}
        names |= {*look.get("sheets", []), look.get("storyboard")}
        names |= {look.get("waveform"), look.get("shots")}
        for clip in old.get("clips", ()):
            names |= {clip["file"], clip["thumbnail"], *clip["captions"].values()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return set()
    return {name for name in names if isinstance(name, str) and _inside(name)}


def _inside(name: str) -> bool:
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts and path.parts[0] in _OWN_PLACES


_OWN_PLACES = {"clips", "look", "transcript.json", "transcript.srt", "transcript.vtt"}
