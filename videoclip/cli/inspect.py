"""`videoclip probe` and `videoclip doctor`."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from rich.markup import escape
from rich.table import Table

from videoclip.cli.console import new_console, print_table
from videoclip.cli.server_parts import load
from videoclip.cli.sources import show
from videoclip.errors import VideoClipError
from videoclip.media.doctor import Finding, diagnose
from videoclip.media.probe import probe
from videoclip.schemas import HighlighterName, MediaInfo, RecogniserName
from videoclip.settings import Settings
from videoclip.sizes import size_text
from videoclip.timecode import format_ms

__all__ = ["show_cluster_health", "show_health", "show_media"]

_ENOUGH_BYTES = 2 * 1024**3


def show_media(source: Path, settings: Settings, *, as_json: bool) -> int:
    """Print what a probe found.

    Raises:
        SourceError: the file cannot be used.
    """
    media = probe(source, settings.media)
    console = new_console()
    if as_json:
        console.out(media.model_dump_json(indent=2), highlight=False)
        return 0
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    for name, value in _facts(source, media):
        table.add_row(name, escape(value))
    print_table(console, table)
    return 0


def _facts(source: Path, media: MediaInfo) -> list[tuple[str, str]]:
    facts = [
        ("file", show(source.name)),
        ("container", media.container),
        ("length", format_ms(media.duration_ms)),
        ("size", size_text(media.size_bytes)),
    ]
    if media.video is not None:
        video = media.video
        rate = "variable frame rate" if video.variable_frame_rate else "constant frame rate"
        facts.append(
            (
                "video",
                (
                    f"{video.codec} {video.width}x{video.height}, shown {video.display_width}x"
                    f"{video.display_height}, {video.frame_rate} fps ({rate}), {video.pixel_format}"
                ),
            )
        )
        if video.rotation:
            facts.append(("rotation", f"{video.rotation} degrees"))
    else:
        facts.append(("video", "none"))
    if media.audio is not None:
        audio = media.audio
        facts.append(("audio", f"{audio.codec} {audio.sample_rate} Hz, {audio.channels} channels"))
    else:
        facts.append(("audio", "none"))
    facts += [("note", warning) for warning in media.warnings]
    return facts


def show_health(settings: Settings, *, as_json: bool) -> int:
    """Print a line a check; 5 when something needed is missing."""
    needed = [*diagnose(), _disk(settings)]
    findings = [*needed, *_engines(settings), *_bucket(settings)]
    _print(
        ["name", "ok", "detail", "remedy"],
        [(one.name, one.ok, one.detail, one.remedy) for one in findings],
        as_json=as_json,
    )
    return 5 if any(not finding.ok and finding.remedy for finding in needed) else 0


def show_cluster_health(settings: Settings, *, as_json: bool) -> int:
    """Print a line a check of each node of the Ray cluster; 5 when something is wrong.

    Raises:
        EngineUnavailable: there is no cluster, or it cannot be joined.
    """
    lines = load("cluster.doctor").examine(settings)
    _print(
        ["node", "name", "ok", "detail", "remedy"],
        [(one.node, one.name, one.ok, one.detail, one.remedy) for one in lines],
        as_json=as_json,
    )
    return 5 if any(not line.ok and line.remedy for line in lines) else 0


def _print(names: list[str], rows: Sequence[tuple[Any, ...]], *, as_json: bool) -> None:
    """A table, or a JSON object a line; the last three of a row are ok, detail and remedy."""
    console = new_console()
    if as_json:
        for row in rows:
            console.out(json.dumps(dict(zip(names, row, strict=True))), highlight=False)
        return
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column()
    for _ in names[:-3]:
        table.add_column(style="bold")
    table.add_column(overflow="fold")
    for *labels, ok, detail, remedy in rows:
        text = escape(detail)
        if not ok and remedy:
            text += f"\n[dim]{escape(remedy)}[/]"
        table.add_row("[green]ok[/]" if ok else "[yellow]look[/]", *map(escape, labels), text)
    print_table(console, table)


def _engines(settings: Settings) -> list[Finding]:
    from videoclip.highlights.resolve import resolve_highlighter
    from videoclip.speech.resolve import resolve_recogniser

    findings = [
        Finding(name, True, metadata.version(name), "") for name in ("ray", "torch", "gradio")
    ]
    try:
        spec, notices = resolve_recogniser(RecogniserName.AUTO, "auto", [], settings)
        best = spec.engine == "funasr"
        said = f"auto takes {spec.engine}"
        remedy = next((notice.remedy for notice in notices if notice.remedy), "")
        findings.append(Finding("recogniser", best, said, remedy))
    except VideoClipError as error:
        findings.append(Finding("recogniser", False, error.cause, error.remedy))
    try:
        chosen, notices = resolve_highlighter(HighlighterName.AUTO, settings)
        remedy = next((notice.remedy for notice in notices if notice.remedy), "")
        findings.append(
            Finding("highlighter", chosen.engine == "llm", f"auto takes {chosen.engine}", remedy)
        )
    except VideoClipError as error:
        findings.append(Finding("highlighter", False, error.cause, error.remedy))
    return findings


def _disk(settings: Settings) -> Finding:
    folder = settings.data_dir
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    return Finding(
        "data folder",
        free >= _ENOUGH_BYTES,
        f"{settings.data_dir}, {free / 2**30:.1f} GiB free",
        "Free some space or set VIDEOCLIP_DATA_DIR to another disk",
    )


def _bucket(settings: Settings) -> list[Finding]:
    """How safe the objects are where they lie in a bucket; for information, since a backup may be elsewhere."""
    if not settings.objects.url:
        return []
    from videoclip.store.bucket_care import look_at_bucket

    how = "docs/backup.md#the-bucket has the settings"
    try:
        care = look_at_bucket(settings.objects)
    except VideoClipError as error:
        return [Finding("bucket", False, error.cause, error.remedy)]
    told = (
        (care.versions, "versions", "deleted objects can be had back", "a deleted object is gone: turn versioning on"),
        (care.expires, "old versions", "go by themselves", "stay for ever: give the bucket a lifecycle rule"),
        (care.copied, "copies", "another bucket gets each object", "no other bucket has the objects: set up replication, or back up"),
    )  # fmt: skip
    return [
        Finding(f"bucket {name}", bool(state), good if state else "unknown: the server does not say" if state is None else bad, "" if state else how)
        for state, name, good, bad in told
        if name != "old versions" or care.versions
    ]  # fmt: skip
