"""The clip's sound: AAC packets copied where nothing shall change, else made by the programme."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import ffmpeg

from videoclip.media.bench import AAC, CONTAINER, Bench
from videoclip.media.packets import FrameSpan
from videoclip.media.programme import RATE, Sound, SoundPiece
from videoclip.media.smart.grab import Grab
from videoclip.media.smart.mp4_read import Track, read_tracks
from videoclip.media.smart.mp4_write import OutTrack, Piece

__all__ = ["can_copy", "copied_sound", "made_streams", "sound_pieces"]

_SLACK = Fraction(20, 1000)
"""How far copied packets may miss the picture's end, seconds."""
_JITTER = Fraction(2, 1000)
"""Rounding of time stamps in containers that count milliseconds."""


def can_copy(bench: Bench) -> bool:
    """Whether the wishes leave the sound as it is, and MP4 players take it."""
    options, audio = bench.job.options, bench.job.media.audio
    changed = options.loudness is not None or options.denoise or options.level_dialogue
    return audio is not None and audio.codec == "aac" and not changed and len(bench.job.ranges) == 1


def copied_sound(grab: Grab) -> OutTrack | None:
    """The source's packets under a range, cut to the sample by an edit list; None: they do not cover it.

    One packet more is kept in front: AAC decodes a packet with the help of the one before.
    """
    track, tick, span = grab.audio, grab.audio_tick, grab.span
    if track is None or not grab.sounds or len(track.entries) != 1:
        return None
    begins = [item.pts * tick for item in grab.sounds]
    lengths = [sample.pts for sample in track.samples]
    step = lengths[1] - lengths[0] if len(lengths) > 1 else 1024
    packet = Fraction(step, track.timescale)
    inside = [n for n, time in enumerate(begins) if time < span.end and time + packet > span.start]
    if not inside:
        return None
    first = max(0, inside[0] - 1)
    numbers = range(first, inside[-1] + 1)
    even = all(
        abs(begins[n] - begins[first] - (n - first) * packet) <= _JITTER
        and lengths[n] - lengths[first] == (n - first) * step
        for n in numbers
    )
    late = begins[inside[0]] - span.start
    missing = span.end - (begins[inside[-1]] + packet)
    if not even or late > _JITTER or missing > _SLACK:
        return None
    count = len(numbers)
    skip = max(0, round((span.start - begins[first]) * track.timescale))
    shown = min(count * step - skip, round((span.end - span.start) * track.timescale))
    pieces = [Piece(track.path, track.samples[n].offset, track.samples[n].size) for n in numbers]
    return OutTrack(
        track.timescale, track.entries[0], track.handler, track.media_header, track.header,
        pieces, [n * step for n in range(count)], None, count * step, ((shown, skip),), track.language,
    )  # fmt: skip


def sound_pieces(bench: Bench, spans: list[FrameSpan]) -> list[SoundPiece]:
    """What the programme is made of; borders are rounded on the clip's clock."""
    pieces, clock = [], Fraction(0)
    for span in spans:
        length = span.end - span.start
        samples = round((clock + length) * RATE) - round(clock * RATE)
        clock += length
        pieces.append(SoundPiece(bench.job.source, bench.job.media, span.seek, span.start, samples))
    return pieces


def made_streams(
    bench: Bench, sound: Sound | None, subtitles: Path | None, seconds: Fraction, number: int
) -> list[OutTrack]:
    """Encode the programme and the captions as the encode mode does, and take the tracks over."""
    streams, options = [], dict(CONTAINER)
    if sound is not None:
        streams.append(ffmpeg.input(sound.path.name, f="w64")["a"])
        options |= AAC
    if subtitles is not None:
        streams.append(ffmpeg.input(subtitles.name, f="srt")["s"])
        options |= {"c:s": "mov_text"}
    if not streams:
        return []
    out = bench.job.work / f"streams{number}.mp4"
    bench.run(ffmpeg.output(*streams, out.name, **options).get_args(), seconds)
    return [_taken_over(track) for track in read_tracks(out)]


def _taken_over(track: Track) -> OutTrack:
    scale = Fraction(track.timescale, track.movie_timescale)
    samples = track.samples
    end = samples[0].dts + track.duration
    edits = track.edits or ((round(track.duration / scale), 0),)
    return OutTrack(
        track.timescale, track.entries[0], track.handler, track.media_header, track.header,
        [Piece(track.path, sample.offset, sample.size) for sample in samples],
        [sample.pts for sample in samples], None, end,
        tuple((round(length * scale), time) for length, time in edits), track.language,
    )  # fmt: skip
