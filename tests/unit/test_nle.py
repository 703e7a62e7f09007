"""NLE export: every frame of every event comes back from the written file, and no text breaks it."""

from __future__ import annotations

import json
import re
from fractions import Fraction
from typing import Any
from urllib.parse import unquote, urlparse
from xml.etree import ElementTree as ET

import opentimelineio as otio
import pytest

from videoclip.errors import UsageError
from videoclip.nle.edl import write_edl
from videoclip.nle.fcpxml import write_fcpxml
from videoclip.nle.otio import write_otio
from videoclip.nle.smpte import frame_count, label
from videoclip.nle.timeline import Timeline, timeline_of
from videoclip.schemas import Manifest

HOSTILE = 'A "quote" \n002  AX V C\r]]> <b>&amp; \x00\x1b[31m \u202e﷐￾ 你好，世界 🎬 \ud800'
RATES = ["24000/1001", "24/1", "25/1", "30000/1001", "30/1", "50/1", "60000/1001", "60/1"]


def manifest(
    ranges: list[list[tuple[int, int]]],
    *,
    rate: str = "25/1",
    variable: bool = False,
    path: str = "/videos/show.mp4",
    title: str = "Title",
    reason: str = "Reason",
    audio: bool = True,
    video: bool = True,
    **render: Any,
) -> Manifest:
    stream = {
        "index": 0, "codec": "h264", "width": 1920, "height": 1080, "display_width": 1920,
        "display_height": 1080, "frame_rate": rate, "variable_frame_rate": variable, "time_base": "1/90000",
    }  # fmt: skip
    clips = [
        {
            "id": f"c{n:02}", "file": f"clips/{n}.mp4", "start_ms": parts[0][0], "end_ms": parts[-1][1],
            "duration_ms": 1, "mode": "encode", "title": title, "reason": reason,
            "ranges": [{"start_ms": a, "end_ms": b} for a, b in parts],
            "proof": {"ok": True, "checks": []}, "sha256": "0" * 64,
        }
        for n, parts in enumerate(ranges, start=1)
    ]  # fmt: skip
    return Manifest.model_validate(
        {
            "product": "video-clip 0", "job": "j", "status": "succeeded",
            "source": {"name": path.rpartition("/")[2], "path": path, "sha256": "0" * 64, "size_bytes": 1},
            "media": {
                "container": "mov", "duration_ms": 7_200_000, "size_bytes": 1,
                "video": stream if video else None,
                "audio": {"index": 1, "codec": "aac", "sample_rate": 48000, "channels": 2} if audio else None,
            },
            "request": {
                "kind": "cut", "source": path, "ranges": [{"start_ms": 0, "end_ms": 1}],
                "render": {"captions": "none", **render},
            },
            "stages": [], "clips": clips, "candidates": [],
        }
    )  # fmt: skip


RANGES = [[(12_345, 23_456), (25_000, 30_033)], [(0, 1_000)], [(3_599_990, 3_661_001)]]


# --------------------------------------------------------------------------- time code


@pytest.mark.parametrize(
    ("frames", "rate", "text"),
    [
        (1799, "30000/1001", "00:00:59;29"),
        (1800, "30000/1001", "00:01:00;02"),
        (17982, "30000/1001", "00:10:00;00"),
        (107892, "30000/1001", "01:00:00;00"),
        (3600, "60000/1001", "00:01:00;04"),
        (215784, "60000/1001", "01:00:00;00"),
    ],
)
def test_drop_frame_labels_are_those_of_the_standard(frames: int, rate: str, text: str) -> None:
    assert label(frames, Fraction(rate), drop=True) == text
    assert frame_count(text, Fraction(rate)) == (frames, True)


@pytest.mark.parametrize(
    ("rate", "drop"),
    [*((rate, False) for rate in RATES), ("30000/1001", True), ("60000/1001", True)],
)
def test_labels_and_counts_are_inverse(rate: str, drop: bool) -> None:
    value = Fraction(rate)
    seen = set()
    for frames in [*range(40_000), *range(100_000, 200_000, 97)]:
        text = label(frames, value, drop=drop)
        assert frame_count(text, value) == (frames, drop)
        seen.add(text)
    assert len(seen) == 40_000 + len(range(100_000, 200_000, 97))


def test_time_code_goes_round_after_a_day() -> None:
    assert label(24 * 3600 * 25 + 1, Fraction(25), drop=False) == "00:00:00:01"
    assert label(2589408, Fraction(30000, 1001), drop=True) == "00:00:00;00"


@pytest.mark.parametrize(
    ("text", "rate"),
    [("1:2:3:4", "25/1"), ("00:00:00:25", "25/1"), ("00:00:00;00", "25/1"), ("24:00:00:00", "25/1"),
     ("00:01:00;01", "30000/1001"), ("00:60:00:00", "25/1"), ("x", "25/1")],
)  # fmt: skip
def test_wrong_time_code_is_refused(text: str, rate: str) -> None:
    with pytest.raises(UsageError):
        frame_count(text, Fraction(rate))


# --------------------------------------------------------------------------- frames


@pytest.mark.parametrize("rate", RATES)
def test_events_hold_the_frames_that_the_clips_hold(rate: str) -> None:
    timeline = timeline_of(manifest(RANGES, rate=rate))
    flat = [piece for parts in RANGES for piece in parts]
    assert len(timeline.events) == len(flat)
    place = 0
    for event, (start, end) in zip(timeline.events, flat, strict=True):
        inside = [
            n
            for n in range(event.source_in - 3, event.source_out + 3)
            if start <= Fraction(1000 * n) / Fraction(rate) < end
        ]
        assert (event.source_in, event.source_out) == (inside[0], inside[-1] + 1)
        assert event.record_in == place
        place = event.record_out


def events_of(timeline: Timeline) -> list[tuple[int, int, int, int]]:
    """Source in and out, record in and out, as absolute frame counts."""
    return [
        (
            timeline.source.start + e.source_in, timeline.source.start + e.source_out,
            timeline.start + e.record_in, timeline.start + e.record_out,
        )
        for e in timeline.events
    ]  # fmt: skip


CASES = [
    (rate, code)
    for rate in RATES
    for code in (
        None,
        "10:20:30:12",
        *(["10:19:59;28"] if rate in ("30000/1001", "60000/1001") else []),
    )
]


@pytest.mark.parametrize(("rate", "code"), CASES)
def test_an_edl_gives_back_every_frame(rate: str, code: str | None) -> None:
    timeline = timeline_of(manifest(RANGES, rate=rate), source_timecode=code)
    text = write_edl(timeline)
    drop = code is not None and ";" in code
    assert f"FCM: {'' if drop else 'NON-'}DROP FRAME\r\n" in text
    assert read_edl(text, Fraction(rate)) == events_of(timeline)


def read_edl(text: str, rate: Fraction) -> list[tuple[int, ...]]:
    """A tiny reader: an event is a line that begins with a number; everything else may be skipped."""
    found = []
    for line in text.split("\r\n"):
        if re.match(r"\d{3} ", line):
            number, reel, tracks, edit, *times = line.split()
            assert (int(number), reel, edit) == (len(found) + 1, "AX", "C")
            assert tracks in {"V", "B", "AA/V", "A", "AA"}
            found.append(tuple(frame_count(time, rate)[0] for time in times))
    return found


@pytest.mark.parametrize(("rate", "code"), CASES)
def test_an_fcpxml_gives_back_every_frame(rate: str, code: str | None) -> None:
    timeline = timeline_of(manifest(RANGES, rate=rate), source_timecode=code)
    root = ET.fromstring(write_fcpxml(timeline))
    frame = seconds(root.findall("resources/format")[0].attrib["frameDuration"])
    assert frame == 1 / Fraction(rate)

    def count(text: str) -> int:
        frames = seconds(text) / frame
        assert frames.denominator == 1, "every time is a multiple of a frame"
        return int(frames)

    read = []
    for clip in root.iter("asset-clip"):
        start, length = count(clip.attrib["start"]), count(clip.attrib["duration"])
        offset = count(clip.attrib["offset"])
        read.append((start, start + length, offset, offset + length))
        assert clip.attrib["tcFormat"] == ("DF" if timeline.drop else "NDF")
        assert all(count(marker.attrib["start"]) == start for marker in clip.iter("marker"))
    assert read == events_of(timeline)
    sequence = next(root.iter("sequence"))
    assert count(sequence.attrib["duration"]) == timeline.frames
    asset = next(root.iter("asset"))
    first = count(asset.attrib["start"])
    assert first == timeline.source.start
    assert all(first <= a < b <= first + count(asset.attrib["duration"]) for a, b, _, _ in read)


def seconds(text: str) -> Fraction:
    assert re.fullmatch(r"\d+/\d+s", text)
    return Fraction(text[:-1])


def test_an_fcpxml_keeps_the_rules_of_its_structure() -> None:
    text = write_fcpxml(timeline_of(manifest(RANGES)))
    assert text.startswith('<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE fcpxml>\n')
    root = ET.fromstring(text)
    assert root.attrib["version"] == "1.10"
    ids = [element.attrib["id"] for element in root.iter() if "id" in element.attrib]
    assert len(ids) == len(set(ids))
    used = {e.attrib[name] for e in root.iter() for name in ("ref", "format") if name in e.attrib}
    assert used <= set(ids)
    assert [child.tag for child in root] == ["resources", "library"]
    assert next(root.iter("media-rep")).attrib["kind"] == "original-media"
    assert "src" not in next(root.iter("asset")).attrib, "1.10 puts the place into media-rep"


@pytest.mark.parametrize(("rate", "code"), CASES)
def test_an_otio_gives_back_every_frame(rate: str, code: str | None) -> None:
    timeline = timeline_of(manifest(RANGES, rate=rate), source_timecode=code)
    read = otio.adapters.read_from_string(write_otio(timeline), "otio_json")
    assert [track.kind for track in read.tracks] == ["Video", "Audio"]
    for track in read.tracks:
        found = []
        for clip in track:
            source, record = clip.source_range, clip.range_in_parent()
            assert source.start_time.rate == pytest.approx(float(Fraction(rate)), abs=1e-9)
            offset = timeline.start + round(record.start_time.value)
            start, length = source.start_time.value, source.duration.value
            assert start == int(start)
            assert length == int(length)
            found.append((int(start), int(start + length), offset, offset + int(length)))
            media = clip.media_reference.available_range
            assert media.start_time.value == timeline.source.start
            assert media.start_time <= source.start_time
            assert source.end_time_exclusive() <= media.end_time_exclusive()
        assert found == events_of(timeline)
    assert read.global_start_time.value == timeline.start


# --------------------------------------------------------------------------- text and oddities


def test_hostile_titles_break_nothing() -> None:
    hostile = manifest(
        RANGES, title="Title", reason="Reason", path="/v/a \"b\" 'c' #%?&<>]]> 视频.mp4"
    )
    # As a process might hold it in memory: pydantic itself refuses lone surrogates in JSON.
    clips = [
        clip.model_copy(update={"title": HOSTILE, "reason": HOSTILE}) for clip in hostile.clips
    ]
    timeline = timeline_of(hostile.model_copy(update={"clips": clips}))
    for text in (write_edl(timeline), write_fcpxml(timeline), write_otio(timeline)):
        text.encode("utf-8")
    edl = write_edl(timeline)
    assert read_edl(edl, timeline.rate) == events_of(timeline)
    assert all(line.isprintable() for line in edl.split("\r\n"))
    root = ET.fromstring(write_fcpxml(timeline))
    shown = {clip.attrib["name"] for clip in root.iter("asset-clip")}
    assert len(shown) == 1
    assert "]]> <b>&amp;" in shown.pop()
    assert not list(root.iter("b"))
    read = otio.adapters.read_from_string(write_otio(timeline), "otio_json")
    assert "你好，世界 🎬" in read.tracks[0][0].name


def test_the_sources_place_is_a_url_that_leads_back_to_it() -> None:
    path = "/v/a b#c%20?&'\"视频;[1].mp4"
    timeline = timeline_of(manifest(RANGES, path=path))
    media = next(ET.fromstring(write_fcpxml(timeline)).iter("media-rep")).attrib["src"]
    parts = urlparse(media)
    assert (parts.scheme, parts.netloc, parts.query, parts.fragment) == ("file", "", "", "")
    assert unquote(parts.path) == path
    assert (
        json.loads(write_otio(timeline))["tracks"]["children"][0]["children"][0][
            "media_references"
        ]["DEFAULT_MEDIA"]["target_url"]
        == media
    )


def test_titles_and_reasons_are_markers_at_the_first_range_of_a_clip() -> None:
    timeline = timeline_of(manifest(RANGES))
    assert [marker.record for marker in timeline.markers] == [
        timeline.events[0].record_in, timeline.events[2].record_in, timeline.events[3].record_in
    ]  # fmt: skip
    assert write_edl(timeline).count("* LOC: ") == 3
    markers = list(ET.fromstring(write_fcpxml(timeline)).iter("marker"))
    assert [(m.attrib["value"], m.attrib["note"]) for m in markers] == [("Title", "Reason")] * 3
    read = otio.adapters.read_from_string(write_otio(timeline), "otio_json")
    assert sum(len(clip.markers) for clip in read.tracks[0]) == 3


def test_a_variable_rate_is_conformed_and_said() -> None:
    timeline = timeline_of(manifest([[(1000, 2000)]], rate="29837/1000", variable=True))
    assert timeline.rate == Fraction(30000, 1001)
    assert "variable frame rate" in timeline.notes[0]
    assert "* NOTE: The source has a variable frame rate" in write_edl(timeline)
    assert (timeline.events[0].source_in, timeline.events[0].source_out) == (30, 60)


def test_a_rate_without_timelines_is_conformed_and_said() -> None:
    timeline = timeline_of(manifest([[(1000, 2000)]], rate="15/1"))
    assert timeline.rate in (Fraction(24), Fraction(24000, 1001))
    assert "15 frames a second" in timeline.notes[0]


def test_what_only_the_finished_clips_have_is_said() -> None:
    notes = timeline_of(manifest(RANGES, speed=150, crossfade_ms=200)).notes
    assert "speed, cross-fades" in notes[0]


@pytest.mark.parametrize(
    ("audio", "video", "tracks"), [(True, True, "AA/V"), (False, True, "V"), (True, False, "AA")]
)
def test_tracks_are_those_of_the_source(audio: bool, video: bool, tracks: str) -> None:
    timeline = timeline_of(manifest(RANGES, audio=audio, video=video))
    assert f"001  AX       {tracks:<5} C " in write_edl(timeline)
    asset = next(ET.fromstring(write_fcpxml(timeline)).iter("asset"))
    assert ("hasAudio" in asset.attrib, "hasVideo" in asset.attrib) == (audio, video)
    read = otio.adapters.read_from_string(write_otio(timeline), "otio_json")
    kinds = [track.kind for track in read.tracks]
    assert kinds == ["Video"] * video + ["Audio"] * audio


def test_a_job_without_clips_is_refused() -> None:
    with pytest.raises(UsageError, match="no clips"):
        timeline_of(manifest([]))


def test_an_edl_holds_999_events_and_no_more() -> None:
    many = manifest([[(n * 1000, n * 1000 + 500) for n in range(1000)]])
    with pytest.raises(UsageError, match="999"):
        write_edl(timeline_of(many))


def test_a_range_of_less_than_a_frame_still_has_one() -> None:
    event = timeline_of(manifest([[(1001, 1002)]])).events[0]
    assert event.frames == 1
