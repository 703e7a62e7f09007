"""`videoclip probe` and `videoclip doctor`."""

from __future__ import annotations

import shutil
from importlib import metadata
from pathlib import Path

from rich.markup import escape
from rich.table import Table

from videoclip.cli.console import new_console, print_table
from videoclip.cli.sources import show
from videoclip.errors import VideoClipError
from videoclip.media.doctor import Finding, diagnose
from videoclip.media.probe import probe
from videoclip.schemas import HighlighterName, MediaInfo, RecogniserName
from videoclip.settings import Settings
from videoclip.sizes import size_text
from videoclip.timecode import format_ms

__all__ = ["show_health", "show_media"]

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


def show_health(settings: Settings) -> int:
    """Print a line a check; 5 when something needed is missing."""
    needed = [*diagnose(), _disk(settings)]
    findings = [*needed, *_engines(settings)]
    console = new_console()
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column()
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for finding in findings:
        mark = "[green]ok[/]" if finding.ok else "[yellow]look[/]"
        detail = escape(finding.detail)
        if not finding.ok and finding.remedy:
            detail += f"\n[dim]{escape(finding.remedy)}[/]"
        table.add_row(mark, escape(finding.name), detail)
    print_table(console, table)
    return 5 if any(not finding.ok and finding.remedy for finding in needed) else 0


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
