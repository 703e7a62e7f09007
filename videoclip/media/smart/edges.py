"""Encodes the frames at the edges of a range anew, so that they fit to the packets between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from videoclip.errors import MediaToolFailed
from videoclip.media.bench import Bench
from videoclip.media.encoders import X264
from videoclip.media.ffmpeg import input_args
from videoclip.media.packets import time_base
from videoclip.media.smart.grab import Grab
from videoclip.media.smart.mp4_read import BrokenFile, Track, read_tracks
from videoclip.media.smart.mp4_write import OutTrack, Piece, write_mp4
from videoclip.media.smart.nal import Codec, Unfit, read_codec
from videoclip.media.smart.plan import Edge
from videoclip.schemas import Quality

__all__ = ["EdgeJob", "Encoded", "encode_edges", "upright"]

_KEYFRAME_S = 1
_QUICKER = {"veryfast": "superfast", "medium": "fast", "slow": "medium"}
"""A second of video may take more bytes at the same quality (measured: 27 %, with a higher SSIM)."""
_UPRIGHT = bytes(16) + b"".join(
    (value).to_bytes(4, "big") for value in (1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30, 0, 0)
)
"""The end of a ``tkhd`` without rotation."""


@dataclass(frozen=True, slots=True)
class EdgeJob:
    """One edge of one range."""

    grab: Grab
    edge: Edge
    name: str
    """For files."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """The frames of an edge, encoded."""

    track: Track
    codec: Codec
    pieces: tuple[Piece, ...]
    order: tuple[int, ...]
    """For each packet, the number of its frame among the edge's frames."""


def encoder_arguments(
    codec: Codec, quality: Quality, pixels: str, threads: int, interval: int, set_id: int
) -> list[str]:
    """FFmpeg's output options for an edge: like the source's stream, at the clip's quality.

    Args:
        codec: of the source.
        quality: the clip's.
        pixels: its pixel format.
        threads: of the encoder.
        interval: most frames between keyframes.
        set_id: id for the parameter sets (H.264).
    """
    preset, crf = X264[quality]
    preset = _QUICKER.get(preset, preset)
    common = ["-preset", preset, "-crf", str(crf), "-g", str(interval), "-pix_fmt", pixels]
    if codec.name == "h264":
        # Else x264 guesses it from the distance of a few frames, for each edge anew.
        level = f":level={codec.level}" if 10 <= codec.level <= 62 else ""
        return [
            "-c:v", "libx264", *common, "-profile:v", codec.profile, "-threads", str(threads),
            # Looking ahead and B-frames buy little in a second of video; their memory costs a third of the time.
            "-bf", "0",
            "-x264-params", f"sps-id={set_id}:open-gop=0:rc-lookahead=0:sync-lookahead=0{level}",
        ]  # fmt: skip
    pool = "none" if threads == 1 else str(threads)
    return [
        "-c:v", "libx265", *common, "-tag:v", "hev1",
        "-x265-params", f"open-gop=0:pools={pool}:frame-threads=1:log-level=error:info=0",
    ]  # fmt: skip


def encode_edges(bench: Bench, jobs: Sequence[EdgeJob], codec: Codec) -> list[Encoded]:
    """Encode all edges of a clip in one process.

    Raises:
        Unfit: what comes out does not fit between the source's packets.
    """
    if not jobs:
        return []
    media = bench.job.media
    assert media.video is not None
    tick = time_base(media)
    rate = Fraction(media.video.frame_rate)
    set_id = next((n for n in (7, *range(31, 0, -1)) if n not in codec.ids), None)
    if set_id is None:
        raise Unfit("its parameter sets leave no id free")
    inputs: list[str] = []
    outputs: list[str] = []
    for number, job in enumerate(jobs):
        feed = bench.job.work / f"feed-{job.name}.mp4"
        origin = _write_feed(job, tick, feed)
        inputs += [
            "-noautorotate",
            "-threads",
            str(bench.threads),
            *input_args(feed, "mov", bench.limits),
        ]
        start, end = (
            (time - origin) * tick.numerator for time in (job.edge.frames[0], job.edge.frames[-1])
        )
        trim = f"settb=1/{tick.denominator},trim=start_pts={start}:end_pts={end + 1}"
        outputs += [
            "-map", f"{number}:v:0", "-vf", trim, "-fps_mode", "passthrough",
            "-enc_time_base:v", f"1:{tick.denominator}",
            *encoder_arguments(
                codec, bench.job.options.quality, media.video.pixel_format or "yuv420p", bench.threads,
                max(1, round(_KEYFRAME_S * rate)), set_id,
            ),
            "-video_track_timescale", str(tick.denominator), "-map_metadata", "-1",
            "-fflags", "+bitexact", "-flags:v", "+bitexact", "-f", "mp4", f"edge-{job.name}.mp4",
        ]  # fmt: skip
    try:
        seconds = sum((len(job.edge.feed) / rate for job in jobs), Fraction(1))
        bench.run(["-xerror", "-copyts", *inputs, *outputs], seconds)
        return [_read(bench.job.work / f"edge-{job.name}.mp4", job, tick) for job in jobs]
    except (MediaToolFailed, BrokenFile) as error:
        cause = error.cause if isinstance(error, MediaToolFailed) else str(error)
        raise Unfit(f"its edges cannot be encoded ({cause})") from error


def upright(track: Track) -> bytes:
    """The track's header content without rotation."""
    return track.header[:-60] + _UPRIGHT


def _write_feed(job: EdgeJob, tick: Fraction, path: Path) -> int:
    """Write what a decoder needs; the time of its first frame, ticks of the source."""
    track, numbers = job.grab.video, job.edge.feed
    pts = [job.grab.pictures[number].pts for number in numbers]
    origin = pts[0]
    times = [(time - origin) * tick.numerator for time in pts]
    end = max(times) + max(1, job.grab.pictures[numbers[-1]].duration * tick.numerator)
    pieces = [Piece(track.path, track.samples[n].offset, track.samples[n].size) for n in numbers]
    write_mp4(
        path,
        [
            OutTrack(
                tick.denominator, track.entries[0], track.handler, track.media_header, upright(track),
                pieces, times, [number == 0 for number in range(len(times))], end, ((end, 0),),
            )
        ],
    )  # fmt: skip
    return origin


def _read(path: Path, job: EdgeJob, tick: Fraction) -> Encoded:
    """Check that exactly the wanted frames came out, each at its time."""
    track = next((track for track in read_tracks(path) if track.kind == "vide"), None)
    if track is None or len(track.entries) != 1:
        raise Unfit("its edges cannot be encoded")
    shown = sorted(sample.pts for sample in track.samples)
    wanted = job.edge.frames
    if track.timescale % tick.denominator:
        raise Unfit("its time base cannot be kept")
    scale = track.timescale // tick.denominator * tick.numerator
    if [time - shown[0] for time in shown] != [(time - wanted[0]) * scale for time in wanted]:
        raise Unfit("its edges came out with other frames than were asked for")
    place = {time: number for number, time in enumerate(shown)}
    pieces = [Piece(path, sample.offset, sample.size) for sample in track.samples]
    return Encoded(
        track, read_codec(track.entries[0]), tuple(pieces),
        tuple(place[sample.pts] for sample in track.samples),
    )  # fmt: skip
