"""What SOURCE means: a file, a folder, or a text file that lists them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from videoclip.errors import SourceEmpty, SourceMissing, UsageError

__all__ = [
    "LIST_SUFFIXES",
    "MEDIA_SUFFIXES",
    "Target",
    "expanded",
    "is_collection",
    "show",
    "targets",
]

LIST_SUFFIXES = frozenset({".txt", ".lst", ".list"})
MEDIA_SUFFIXES = frozenset(
    [
        ".mp4",
        ".m4v",
        ".mov",
        ".mkv",
        ".webm",
        ".ts",
        ".mts",
        ".m2ts",
        ".flv",
        ".avi",
        ".wmv",
        ".asf",
        ".mpg",
        ".mpeg",
        ".vob",
        ".3gp",
        ".ogv",
        ".mxf",
        ".mp3",
        ".m4a",
        ".aac",
        ".wav",
        ".flac",
        ".ogg",
        ".opus",
        ".wma",
        ".aiff",
        ".amr",
    ]
)
"""What is taken from a folder; a file that is named itself may have any name."""

_LONGEST_LIST_BYTES = 10 * 2**20


@dataclass(frozen=True, slots=True)
class Target:
    """One source and where its output goes."""

    source: Path
    out: Path


def targets(arguments: Sequence[Path], out: Path) -> list[Target]:
    """All sources in order. A single file goes to ``out`` itself, several each to a folder below it.

    Raises:
        SourceError: a source is missing, or a folder or list holds none.
    """
    if not arguments:
        raise UsageError("no SOURCE was given", "Name a video file, a folder or a list of files")
    sources = [path for argument in arguments for path in expanded(argument, out)]
    sources = list(dict.fromkeys(sources))
    alone = len(arguments) == 1 and not is_collection(arguments[0])
    if alone:
        return [Target(sources[0], out.absolute())]
    return [
        Target(path, out.absolute() / name)
        for path, name in zip(sources, _folder_names(sources), strict=True)
    ]


def is_collection(path: Path) -> bool:
    """Whether a source may be many: a folder, or a list."""
    return path.is_dir() or path.suffix.lower() in LIST_SUFFIXES


def expanded(argument: Path, out: Path) -> list[Path]:
    """The files that a source means, absolute; what lies in ``out`` is our own and left out.

    Raises:
        SourceError: it is missing, or holds none.
    """
    try:
        return [path.absolute() for path in _expand(argument, out.absolute())]
    except OSError as error:  # a name too long, a folder that may not be read
        raise SourceMissing(
            f"{show(argument)} cannot be read: {error.strerror}", "Check the path"
        ) from error


def _expand(path: Path, out: Path) -> Iterable[Path]:
    if path.is_dir():
        return _in_folder(path, out)
    if not os.path.lexists(path):
        raise SourceMissing(f"{show(path)} does not exist", "Check the path")
    if path.suffix.lower() in LIST_SUFFIXES:
        return _in_list(path, out)
    return [path]


def _in_folder(folder: Path, out: Path) -> list[Path]:
    """Media below a folder, without hidden ones and without what we made ourselves."""
    found = []
    for root, folders, names in os.walk(folder):
        here = Path(root)
        if here.absolute() == out or (
            "manifest.json" in names and _is_ours(here / "manifest.json")
        ):
            folders.clear()
            continue
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [
            here / name
            for name in names
            if not name.startswith(".")
            and Path(name).suffix.lower() in MEDIA_SUFFIXES
            and (here / name).is_file()
        ]
    found.sort()
    if not found:
        raise SourceMissing(
            f"the folder {show(folder)} holds no video or audio file",
            "Name a folder with media in it, or name the file itself",
        )
    return found


def _is_ours(manifest: Path) -> bool:
    """Whether a manifest was written by this program: other people's files have that name too."""
    try:
        with manifest.open("rb") as file:
            return b'"product": "video-clip ' in file.read(4096)
    except OSError:
        return False


def _in_list(path: Path, out: Path) -> list[Path]:
    if not path.is_file():
        raise SourceMissing(f"{show(path)} is not a regular file", "Give a text file")
    try:
        if path.stat().st_size > _LONGEST_LIST_BYTES:
            raise UsageError(f"the list {show(path)} is over 10 MiB", "Give one path a line")
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise UsageError(
            f"the list {show(path)} is not UTF-8 text", "Give a text file with one path a line"
        ) from error
    except OSError as error:
        raise SourceMissing(f"{show(path)} cannot be read: {error.strerror}", "Check it") from error
    named = [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]
    if not named:
        raise SourceEmpty(f"the list {show(path)} names no file", "Give one path a line")
    found: list[Path] = []
    for name in named:
        entry = path.parent / name
        if entry.is_dir():
            found += _in_folder(entry, out)
        elif not os.path.lexists(entry):
            raise SourceMissing(
                f"{show(entry)}, named in {show(path)}, does not exist",
                "Paths in a list are relative to the list",
            )
        else:
            found.append(entry)
    return found


def _folder_names(sources: Sequence[Path]) -> list[str]:
    """A folder for each source, named after it, unique whatever case the file system keeps."""
    used: set[str] = set()
    names = []
    for source in sources:
        stem = "".join(c if c.isalnum() or c in "-_. " else "_" for c in show(source.stem)).strip(
            ". "
        )
        stem = stem[:80] or "source"
        name, number = stem, 2
        while name.casefold() in used:
            name, number = f"{stem}-{number}", number + 1
        used.add(name.casefold())
        names.append(name)
    return names


def show(path: Path | str) -> str:
    """A path for messages: undecodable and control characters escaped."""
    text = os.fsencode(path).decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
