"""FCPXML 1.10: Final Cut Pro, DaVinci Resolve and others. Times are exact multiples of a frame."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

from videoclip.nle.timeline import Timeline

__all__ = ["file_url", "write_fcpxml"]

_FORMAT, _ASSET = "r1", "r2"


def write_fcpxml(timeline: Timeline) -> str:
    """The timeline as one project in one event; titles and reasons are markers."""
    root = ET.Element("fcpxml", version="1.10")
    resources = ET.SubElement(root, "resources")
    _resources(resources, timeline)
    library = ET.SubElement(root, "library")
    event = ET.SubElement(library, "event", name="Video-Clip")
    project = ET.SubElement(event, "project", name=timeline.name)
    code = "DF" if timeline.drop else "NDF"
    sequence = ET.SubElement(
        project, "sequence", format=_FORMAT, duration=_time(timeline, timeline.frames),
        tcStart=_time(timeline, timeline.start), tcFormat=code,
    )  # fmt: skip
    if timeline.notes:
        ET.SubElement(sequence, "note").text = "\n".join(timeline.notes)
    spine = ET.SubElement(sequence, "spine")
    markers = {marker.record: marker for marker in timeline.markers}
    for item in timeline.events:
        start = _time(timeline, timeline.source.start + item.source_in)
        piece = ET.SubElement(
            spine, "asset-clip", ref=_ASSET, name=item.title,
            offset=_time(timeline, timeline.start + item.record_in),
            start=start, duration=_time(timeline, item.frames), tcFormat=code,
        )  # fmt: skip
        marker = markers.get(item.record_in)
        if marker is not None:
            values = {"start": start, "duration": _time(timeline, 1), "value": marker.title}
            if marker.note:
                values["note"] = marker.note
            ET.SubElement(piece, "marker", values)
    ET.indent(root)
    body = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE fcpxml>\n{body}\n'


def _resources(resources: ET.Element, timeline: Timeline) -> None:
    source = timeline.source
    shape = {"id": _FORMAT, "frameDuration": _time(timeline, 1)}
    if source.has_video:
        shape |= {"width": str(source.width), "height": str(source.height)}
    ET.SubElement(resources, "format", shape)
    values = {
        "id": _ASSET,
        "name": source.name,
        "start": _time(timeline, source.start),
        "duration": _time(timeline, source.frames),
        "format": _FORMAT,
    }
    if source.has_video:
        values |= {"hasVideo": "1", "videoSources": "1"}
    if source.channels:
        values |= {
            "hasAudio": "1",
            "audioSources": "1",
            "audioChannels": str(source.channels),
            "audioRate": str(source.sample_rate),
        }
    asset = ET.SubElement(resources, "asset", values)
    ET.SubElement(asset, "media-rep", kind="original-media", src=file_url(source.path))


def _time(timeline: Timeline, frames: int) -> str:
    """Frames as a rational number of seconds, not reduced: a multiple of the frame's duration."""
    rate = timeline.rate
    if rate.denominator == 1:
        return f"{frames}/{rate.numerator}s"
    return f"{frames * rate.denominator}/{rate.numerator}s"


def file_url(path: str) -> str:
    """An absolute path as a ``file:`` URL (RFC 8089), everything else than letters and digits escaped."""
    return Path("/" + path.lstrip("/")).as_uri()
