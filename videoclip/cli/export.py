"""`videoclip export`: a finished job as a cut list for editing programs."""

from __future__ import annotations

import os
import sys
from enum import Enum
from pathlib import Path

from videoclip.cli.sources import show
from videoclip.client.output import open_output
from videoclip.errors import OutputUnwritable, UsageError
from videoclip.media.startcode import source_timecode
from videoclip.nle.edl import write_edl
from videoclip.nle.fcpxml import write_fcpxml
from videoclip.nle.otio import write_otio
from videoclip.nle.timeline import timeline_of
from videoclip.schemas import Manifest
from videoclip.settings import Settings

__all__ = ["NleFormat", "export_job", "write_text"]


class NleFormat(str, Enum):
    """Formats of editing programs."""

    EDL = "edl"
    FCPXML = "fcpxml"
    OTIO = "otio"


_WRITERS = {
    NleFormat.EDL: write_edl,
    NleFormat.FCPXML: write_fcpxml,
    NleFormat.OTIO: write_otio,
}


def export_job(
    folder: Path,
    kind: NleFormat,
    out: Path,
    settings: Settings,
    *,
    source: Path | None = None,
    timecode: str | None = None,
) -> int:
    """Write the cut list of the job in ``folder``; notes go to standard error.

    Args:
        folder: output folder of ``videoclip clip`` or ``cut``.
        kind: format.
        out: the file to write.
        settings: limits for the look into the source.
        source: where the source is now, if it was moved.
        timecode: of its first frame; by default what the file says, else zero.

    Raises:
        SourceMissing: the folder holds no manifest.
        SourceNotMedia: the manifest is not one of ours.
        UsageError: no clips, a wrong time code, or a source that is not there.
        OutputUnwritable: the file cannot be written.
    """
    if source is not None and not source.is_file():
        raise UsageError(f"--source {str(source)!r} is not a file", "Check the path")
    manifest = open_output(folder).manifest
    place = source.absolute() if source is not None else Path(manifest.source.path)
    if timecode is None:
        timecode = _own_timecode(place, manifest, settings)
    timeline = timeline_of(
        manifest, source_timecode=timecode, source_path=os.fspath(place) if source else None
    )
    write_text(out, _WRITERS[kind](timeline))
    for note in timeline.notes:
        sys.stderr.write(f"note: {note}\n")
    sys.stdout.write(f"{show(out)}\n")
    return 0


def _own_timecode(place: Path, manifest: Manifest, settings: Settings) -> str | None:
    """What the source says, if it is there and still the one of the job."""
    try:
        same = place.stat().st_size == manifest.source.size_bytes and place.is_file()
    except OSError:
        same = False
    if not same:
        sys.stderr.write(
            f"note: the source is not at {show(place)} any more; its time code is taken as zero "
            "(--source names its place, --timecode the time code)\n"
        )
        return None
    return source_timecode(place, manifest.media, settings.media)


def write_text(out: Path, content: str) -> None:
    """Write a file in one step.

    Raises:
        OutputUnwritable: it cannot be written.
    """
    part = out.with_name(f".videoclip-part-{os.getpid()}-{out.name}"[:200])
    try:
        part.write_bytes(content.encode("utf-8", "backslashreplace"))
        part.replace(out)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise OutputUnwritable(
            f"{show(out)} cannot be written: {error.strerror or error}",
            "Name a file in a folder that exists and can be written",
        ) from error
