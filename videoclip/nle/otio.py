"""OpenTimelineIO: the interchange format of the Academy Software Foundation, by its own library."""

from __future__ import annotations

from typing import Any

from videoclip.errors import EngineUnavailable
from videoclip.nle.fcpxml import file_url
from videoclip.nle.timeline import Timeline

__all__ = ["write_otio"]

_OWN = "video-clip"
"""Key of our own facts in the metadata."""


def write_otio(timeline: Timeline) -> str:
    """The timeline as OTIO JSON: a video and an audio track of the same events, titles as markers.

    Raises:
        EngineUnavailable: opentimelineio is not installed.
    """
    try:
        import opentimelineio as otio
    except ImportError as error:
        raise EngineUnavailable(
            "OTIO needs opentimelineio, which is not installed",
            'Install the server part: pip install "video-clip[server]", or export as edl or fcpxml',
        ) from error
    rate = float(timeline.rate)

    def time(frames: int) -> Any:
        return otio.opentime.RationalTime(frames, rate)

    def span(start: int, frames: int) -> Any:
        return otio.opentime.TimeRange(time(start), time(frames))

    source = timeline.source
    result = otio.schema.Timeline(name=timeline.name, global_start_time=time(timeline.start))
    result.metadata[_OWN] = {
        "rate": f"{timeline.rate.numerator}/{timeline.rate.denominator}",
        "drop_frame": timeline.drop,
        "notes": list(timeline.notes),
    }
    kinds = [otio.schema.TrackKind.Video] if source.has_video else []
    kinds += [otio.schema.TrackKind.Audio] if source.channels else []
    markers = {marker.record: marker for marker in timeline.markers}
    for kind in kinds:
        track = otio.schema.Track(name=kind, kind=kind)
        for event in timeline.events:
            media = otio.schema.ExternalReference(
                target_url=file_url(source.path),
                available_range=span(source.start, source.frames),
            )
            media.name = source.name
            piece = otio.schema.Clip(
                name=event.title, media_reference=media,
                source_range=span(source.start + event.source_in, event.frames),
            )  # fmt: skip
            marker = markers.get(event.record_in)
            if marker is not None and kind == kinds[0]:
                piece.markers.append(
                    otio.schema.Marker(
                        name=marker.title,
                        marked_range=span(source.start + event.source_in, 1),
                        color=otio.schema.MarkerColor.RED,
                        metadata={_OWN: {"reason": marker.note}},
                    )
                )
            track.append(piece)
        result.tracks.append(track)
    return str(result.to_json_string(indent=2)) + "\n"
