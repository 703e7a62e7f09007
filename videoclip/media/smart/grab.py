"""Takes the packets around a range out of the source: one limited FFmpeg process, nothing decoded.

The packets land in an MP4 file of ours. Beside it FFmpeg writes a list with the time and the check
sum of each packet as the source's demuxer gave it, which is the truth that the clip is checked with.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from videoclip.errors import MediaToolFailed
from videoclip.media.bench import Bench
from videoclip.media.ffmpeg import input_args, run
from videoclip.media.packets import FrameSpan, Packet, first_frame_pts, frame_span, time_base
from videoclip.media.smart.mp4_read import BrokenFile, Track, most_edits, read_tracks
from videoclip.media.smart.nal import Unfit
from videoclip.schemas import TimeRange

__all__ = ["Grab", "Listed", "grab"]

_INDEXED = frozenset({"mov", "matroska"})
"""Containers in which a seek lands on the keyframe before the place."""
_MARGINS_S = (2, 10, 60)
_REORDER_S = 3
"""How far behind a range packets are taken, so that frames that come late in decoding order are seen."""
_BAD = (
    "Invalid DTS",
    "Non-monotonous DTS",
    "Non-monotonic DTS",
    "replacing by guess",
    "Timestamps are unset",
)


@dataclass(frozen=True, slots=True)
class Listed:
    """One packet as the source's demuxer gave it."""

    pts: int
    """Ticks of the source's stream."""
    duration: int
    size: int
    check: int
    """CRC-32."""


@dataclass(frozen=True, slots=True)
class Grab:
    """The packets around one range."""

    video: Track
    pictures: list[Listed]
    """As many as ``video`` has samples, in the same order."""
    audio: Track | None
    sounds: list[Listed]
    audio_tick: Fraction
    span: FrameSpan
    raw: Path | None
    """The pictures' bytes as they lie in the source, where their form differs from MP4's (Annex B)."""


def grab(bench: Bench, piece: TimeRange, number: int, *, audio: bool) -> Grab:
    """Take the packets of a range.

    Args:
        bench: the clip in the making.
        piece: the range.
        number: of the range, for names of files.
        audio: whether the sound's packets are taken too.

    Raises:
        Unfit: the packets cannot be had whole, in order and with their times.
        MediaToolFailed: the range lies behind the last frame.
    """
    media = bench.job.media
    assert media.video is not None
    if media.container == "mov":
        _check_edits(bench.job.source)
    first = first_frame_pts(bench.job.source, media, bench.limits)
    tick = time_base(media)
    begin = first * tick + Fraction(piece.start_ms, 1000)
    end = first * tick + Fraction(piece.end_ms, 1000)
    margins = [*([0] if media.container in _INDEXED else []), *_MARGINS_S, None]
    for margin in margins:
        seek = None if margin is None else begin - margin
        if seek is not None and seek <= first * tick:
            seek = None
        found = _take(bench, number, seek, end + _REORDER_S, audio=audio)
        shown = [
            Packet(item.pts, item.duration, sample.sync)
            for item, sample in zip(found.pictures, found.video.samples, strict=True)
        ]
        low = first + math.ceil(Fraction(piece.start_ms, 1000) / tick)
        if seek is None or any(packet.keyframe and packet.pts <= low for packet in shown):
            break
    # Behind the end lie packets that an edit list hides; the plan refuses them where they matter.
    finish = first * tick + Fraction(media.duration_ms + 1, 1000)
    shown = sorted((packet for packet in shown if packet.pts * tick < finish), key=lambda p: p.pts)
    span = frame_span(media, first, piece, shown, seek)
    return Grab(
        found.video, found.pictures, found.audio, found.sounds, found.audio_tick, span, found.raw
    )  # fmt: skip


def _check_edits(source: Path) -> None:
    try:
        if most_edits(source) > 1:
            raise Unfit("its edit list has several parts")
    except BrokenFile as error:
        raise Unfit("its index is unusual") from error


@dataclass(frozen=True, slots=True)
class _Taken:
    video: Track
    pictures: list[Listed]
    audio: Track | None
    sounds: list[Listed]
    audio_tick: Fraction
    raw: Path | None


def _take(
    bench: Bench, number: int, seek: Fraction | None, end: Fraction, *, audio: bool
) -> _Taken:
    media, work = bench.job.media, bench.job.work
    assert media.video is not None
    chunk, listing, raw = (work / f"grab{number}.{kind}" for kind in ("mp4", "txt", "raw"))
    video = ["-map", f"0:{media.video.index}"]
    both = [*video, *(["-map", f"0:{media.audio.index}"] if audio and media.audio else [])]
    until = ["-t", _micro(end)]
    tag = ["-tag:v", "hev1"] if media.video.codec == "hevc" else []
    plain = ["-map_metadata", "-1", "-map_chapters", "-1", "-fflags", "+bitexact"]
    annex_b = media.container not in ("mov", "matroska", "flv")
    args = [
        "-copyts",
        *(["-seek_timestamp", "1", "-ss", _micro(seek), "-noaccurate_seek"] if seek is not None else []),
        *input_args(bench.job.source, media.container, bench.limits),
        *both, "-c", "copy", *tag, *until, *plain, "-f", "mp4", chunk.name,
        *both, "-c", "copy", *until, "-avoid_negative_ts", "disabled", "-f", "framehash",
        "-hash", "crc32", listing.name,
        *([*video, "-c", "copy", *until, "-f", "data", raw.name] if annex_b else []),
    ]  # fmt: skip
    try:
        result = run(
            args, limits=bench.limits, media_seconds=max(Fraction(1), end - (seek or 0)), cwd=work,
            cancel=bench.cancel, loglevel="warning",
        )  # fmt: skip
        tracks = read_tracks(chunk)
    except (MediaToolFailed, BrokenFile, OSError) as error:
        raise Unfit("its packets cannot be put into MP4 as they are") from error
    if any(word in result.stderr for word in _BAD):
        raise Unfit("its packets do not carry proper times")
    return _matched(bench, tracks, listing, raw if annex_b else None, audio=audio)


def _matched(
    bench: Bench, tracks: list[Track], listing: Path, raw: Path | None, *, audio: bool
) -> _Taken:
    lists, ticks = _read_listing(listing, strict=raw is None)
    video = next((track for track in tracks if track.kind == "vide"), None)
    sound = next((track for track in tracks if track.kind == "soun"), None)
    if video is None or ticks.get(0) != time_base(bench.job.media):
        raise Unfit("its packets do not carry proper times")
    if audio and sound is None:
        raise Unfit("its sound cannot be taken")
    for number, track in enumerate([video, *([sound] if sound else [])]):
        if len(track.samples) != len(lists.get(number, [])):
            raise Unfit("its packets change on the way into MP4")
    return _Taken(video, lists[0], sound, lists.get(1, []), ticks.get(1, Fraction(1)), raw)


def _read_listing(
    path: Path, *, strict: bool
) -> tuple[dict[int, list[Listed]], dict[int, Fraction]]:
    """The ``framehash`` format: stream, dts, pts, duration, size, hash, side data.

    ``strict`` refuses side data beside pictures: new decoder settings come that way. In transport
    streams each packet has some that is harmless.
    """
    lists: dict[int, list[Listed]] = {}
    ticks: dict[int, Fraction] = {}
    extra: dict[int, bool] = {}
    with path.open(encoding="ascii", errors="replace") as stream:
        for line in stream:
            if line.startswith("#tb "):
                number, _, value = line[4:].partition(":")
                ticks[int(number)] = Fraction(value.strip())
            elif not line.startswith("#"):
                fields = [field.strip() for field in line.split(",")]
                try:
                    pts, duration, size = map(int, fields[2:5])
                    item = Listed(pts, duration, size, int(fields[5], 16))
                except (ValueError, IndexError) as error:
                    raise Unfit("its packets do not carry proper times") from error
                stream_number = int(fields[0])
                extra[stream_number] = extra.get(stream_number, False) or len(fields) > 6
                lists.setdefault(stream_number, []).append(item)
    if extra.get(0) and strict:
        raise Unfit("its decoder is set up anew on the way")
    if 0 not in lists:
        raise Unfit("its packets cannot be taken")
    return lists, ticks


def _micro(value: Fraction) -> str:
    micro = max(0, math.floor(value * 1_000_000))
    return f"{micro // 1_000_000}.{micro % 1_000_000:06}"
