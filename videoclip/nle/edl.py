"""EDL (CMX 3600): the list that every editing program reads. One event a range, text only in comments."""

from __future__ import annotations

from videoclip.errors import UsageError
from videoclip.nle.timeline import Timeline, text

__all__ = ["write_edl"]

_MOST_EVENTS = 999
"""Event numbers have three digits."""


def write_edl(timeline: Timeline) -> str:
    """The timeline as an EDL, UTF-8, lines ended by CR LF.

    The reel is ``AX`` (a file); programs find the source by ``FROM CLIP NAME``. Titles become ``LOC`` markers.

    Raises:
        UsageError: more than 999 events.
    """
    if len(timeline.events) > _MOST_EVENTS:
        raise UsageError(
            f"{len(timeline.events)} ranges do not fit into an EDL, which holds {_MOST_EVENTS}",
            "Export as fcpxml or otio",
        )
    lines = [
        f"TITLE: {timeline.name}",
        f"FCM: {'DROP FRAME' if timeline.drop else 'NON-DROP FRAME'}",
        *(f"* NOTE: {note}" for note in timeline.notes),
    ]
    markers = {marker.record: marker for marker in timeline.markers}
    for number, event in enumerate(timeline.events, start=1):
        times = (
            timeline.source_label(event.source_in),
            timeline.source_label(event.source_out),
            timeline.record_label(event.record_in),
            timeline.record_label(event.record_out),
        )
        lines += [
            "",
            f"{number:03}  AX       {_tracks(timeline):<5} C        {' '.join(times)}",
            f"* FROM CLIP NAME: {timeline.source.name}",
            f"* SOURCE FILE: {text(timeline.source.path)}",
        ]
        marker = markers.get(event.record_in)
        if marker is not None:
            lines.append(f"* LOC: {times[2]} RED     {marker.title}")
            if marker.note:
                lines.append(f"* COMMENT: {marker.note}")
    return "\r\n".join([*lines, ""])


def _tracks(timeline: Timeline) -> str:
    sound = {0: "", 1: "A"}.get(timeline.source.channels, "AA")
    if not timeline.source.has_video:
        return sound
    return {"": "V", "A": "B", "AA": "AA/V"}[sound]
