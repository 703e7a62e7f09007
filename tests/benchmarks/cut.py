"""What cutting costs: processor seconds of our modes against plain FFmpeg, as ratios in one run.

Source: ten minutes of 1080p25 with noise, about 6.5 Mb/s, keyframes every 10 s and every 2 s.
Five ranges of 20 s that begin off the keyframes. What proving a clip costs (decoding it whole,
the still picture) stands in a column of its own.
"""

from __future__ import annotations

import resource
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from videoclip.media import bench as bench_module
from videoclip.media import encode as encode_module
from videoclip.media import proof_repair as repair_module
from videoclip.media.captions import Cue
from videoclip.media.probe import probe
from videoclip.media.render import RenderJob, render
from videoclip.media.smart import cut as smart_module
from videoclip.schemas import Captions, CutMode, MediaInfo, RenderOptions, TimeRange
from videoclip.settings import MediaLimits

__all__ = ["cut", "ways"]

LIMITS = MediaLimits()
FONT = "Noto Sans CJK SC"
STARTS_MS = (13_370, 131_530, 246_810, 368_050, 492_490)
LENGTH_MS = 20_000
RATE = 25


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds."""

    cpu: float
    wall: float
    proof: float = 0.0
    """Of ``cpu``, spent on proving."""

    @property
    def own(self) -> float:
        """Processor seconds of the cut itself."""
        return self.cpu - self.proof

    def plus(self, other: Cost) -> Cost:
        """The sum of both."""
        return Cost(self.cpu + other.cpu, self.wall + other.wall, self.proof + other.proof)


def _cpu() -> float:
    return sum(
        usage.ru_utime + usage.ru_stime
        for usage in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


def _ffmpeg(*arguments: object) -> None:
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", *map(str, arguments)], check=True)


def make_source(path: Path, gop: int, seconds: int = 600) -> Path:
    """A picture that moves and is noisy; one minute encoded, then repeated without encoding."""
    if path.exists():
        return path
    minute = path.with_suffix(".minute.mp4")
    length = min(60, seconds)
    _ffmpeg(
        "-f", "lavfi", "-i", f"testsrc2=s=1920x1080:r={RATE}:d={length},noise=alls=7:allf=t,format=yuv420p",
        "-f", "lavfi", "-i", f"anoisesrc=r=48000:a=0.05:d={length}",
        "-c:v", "libx264", "-preset", "veryfast", "-b:v", "6500k", "-maxrate", "8000k", "-bufsize", "16000k",
        "-g", gop, "-keyint_min", gop, "-sc_threshold", "0", "-c:a", "aac", "-b:a", "128k", minute,
    )  # fmt: skip
    _ffmpeg("-stream_loop", max(0, seconds // length - 1), "-i", minute, "-c", "copy", path)
    minute.unlink()
    return path


@contextmanager
def _proofs() -> Iterator[list[float]]:
    """Collect what proving costs inside the block."""
    spent: list[float] = []

    def timed(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **more: Any) -> Any:
            began = _cpu()
            try:
                return function(*args, **more)
            finally:
                spent.append(_cpu() - began)

        return call

    places = [
        (module, name)
        for module in (bench_module, encode_module, repair_module, smart_module)
        for name in ("prove", "make_thumbnail")
        if hasattr(module, name)
    ]
    before = [getattr(module, name) for module, name in places]
    for module, name in places:
        setattr(module, name, timed(getattr(module, name)))
    try:
        yield spent
    finally:
        for (module, name), function in zip(places, before, strict=True):
            setattr(module, name, function)


def _ours(
    source: Path, media: MediaInfo, folder: Path, start: int, mode: CutMode, captions: Captions, cues: Sequence[Cue] = ()
) -> Cost:  # fmt: skip
    folder.mkdir()
    began, clock = _cpu(), time.monotonic()
    with _proofs() as spent:
        job = RenderJob(
            source, media, (TimeRange(start_ms=start, end_ms=start + LENGTH_MS),),
            RenderOptions(mode=mode, captions=captions, loudness=None), tuple(cues), "title", folder, "clip", FONT,
        )  # fmt: skip
        done = render(job, LIMITS)
        if done.mode is not mode or not done.proof.ok:
            sys.exit(f"{mode.value} gave {done.mode.value}: {done.notices} {done.proof}")
    cost = Cost(_cpu() - began, time.monotonic() - clock, sum(spent))
    shutil.rmtree(folder)
    return cost


def _plain_arguments(
    source: Path, start: int, out: Path, preset: str, subtitles: Path | None, threads: int
) -> list[str]:
    filters = ["-vf", f"subtitles={subtitles}"] if subtitles else []
    return [
        "-threads", str(threads), "-ss", f"{start / 1000}", "-i", str(source), "-t", f"{LENGTH_MS / 1000}",
        *filters, "-c:v", "libx264", "-preset", preset, "-crf", "20", "-g", "50", "-threads", str(threads),
        "-c:a", "aac", "-b:a", "160k", "-movflags", "+faststart", str(out),
    ]  # fmt: skip


def _plain(
    source: Path, folder: Path, start: int, preset: str, subtitles: Path | None = None
) -> Cost:
    folder.mkdir()
    began, clock = _cpu(), time.monotonic()
    _ffmpeg(*_plain_arguments(source, start, folder / "out.mp4", preset, subtitles, 1))
    cost = Cost(_cpu() - began, time.monotonic() - clock)
    shutil.rmtree(folder)
    return cost


def _floor(gop: int) -> float:
    """Share of the frames that lie in the partial GOPs at the starts."""
    heads = 0
    for start in STARTS_MS:
        first = -(-start * RATE // 1000)
        heads += -first % gop
    return heads / (len(STARTS_MS) * LENGTH_MS * RATE / 1000)


def cut(folder: Path) -> None:
    """Modes against plain FFmpeg."""
    cues = [
        Cue(n * 2_000, n * 2_000 + 1_800, f"Caption number {n}, with some words") for n in range(10)
    ]
    for gop in (50, 250):
        source = make_source(folder / f"gop{gop}.mp4", gop)
        media = probe(source, LIMITS)
        rate = media.size_bytes * 8 / media.duration_ms / 1000
        print(f"GOP {gop}: {media.duration_ms / 1000:.0f} s, {rate:.1f} Mb/s", flush=True)
        subtitles = folder / "captions.srt"
        subtitles.write_text(_srt(cues), encoding="utf-8")
        rows = _rows(source, media, folder, subtitles, cues)
        costs = dict.fromkeys(rows, Cost(0, 0))
        for start in STARTS_MS:  # in turn, so that what else the machine does falls on all of them
            for name, row in rows.items():
                costs[name] = costs[name].plus(row(start))
        print(f"{'':28} {'cpu s':>7} {'wall s':>7} {'proof s':>8} {'x veryfast':>10}")
        for name, cost in costs.items():
            ratio = cost.own / costs["ffmpeg veryfast"].cpu
            print(
                f"{name:28} {cost.own:7.2f} {cost.wall:7.2f} {cost.proof:8.2f} {ratio:10.3f}",
                flush=True,
            )
        _judge(costs, _floor(gop))
        source.unlink()
        print(flush=True)


def _rows(
    source: Path, media: MediaInfo, folder: Path, subtitles: Path, cues: Sequence[Cue]
) -> dict[str, Callable[[int], Cost]]:
    """What is measured, by name; each takes the start of a range, ms."""

    def ours(mode: CutMode, captions: Captions = Captions.NONE) -> Callable[[int], Cost]:
        shown = cues if captions is not Captions.NONE else ()
        return lambda start: _ours(source, media, folder / "ours", start, mode, captions, shown)

    def plain(preset: str, captions: Path | None = None) -> Callable[[int], Cost]:
        return lambda start: _plain(source, folder / "plain", start, preset, captions)

    return {
        "ffmpeg veryfast": plain("veryfast"),
        "copy": ours(CutMode.COPY),
        "smart": ours(CutMode.SMART),
        "encode": ours(CutMode.ENCODE),
        "ffmpeg veryfast + subtitles": plain("veryfast", subtitles),
        "encode + captions": ours(CutMode.ENCODE, Captions.BURN),
        "ffmpeg medium": plain("medium"),
    }


def _judge(costs: dict[str, Cost], floor: float) -> None:
    """Compare with what is promised."""
    print(f"floor (frames in partial head GOPs): {floor:.3f} x veryfast")
    targets = [
        ("smart", "ffmpeg veryfast", 1.2 * floor + 0.02),
        ("smart", "ffmpeg medium", 0.20),
        ("encode", "ffmpeg veryfast", 1.05),
        ("copy", "ffmpeg veryfast", 0.02),
        ("encode + captions", "ffmpeg veryfast + subtitles", 1.10),
    ]
    for ours, theirs, target in targets:
        if ours in costs and theirs in costs:
            ratio = costs[ours].own / costs[theirs].cpu
            verdict = "" if ratio <= target else "MISSED"
            print(
                f"{ours} : {theirs:30} {ratio:.3f} (promise <= {target:.3f}) {verdict}", flush=True
            )


def _srt(cues: Sequence[Cue]) -> str:
    def stamp(ms: int) -> str:
        return f"{ms // 3_600_000:02}:{ms // 60_000 % 60:02}:{ms // 1000 % 60:02},{ms % 1000:03}"

    return "\n".join(
        f"{number}\n{stamp(cue.start_ms)} --> {stamp(cue.end_ms)}\n{cue.text}\n"
        for number, cue in enumerate(cues, 1)
    )


def ways(folder: Path) -> None:
    """Five clips: single-thread processes side by side, one process with five outputs, one after another."""
    source = make_source(folder / "source.mp4", 250)
    out = folder / "out"
    out.mkdir()

    def side_by_side() -> None:
        waiting = [
            _plain_arguments(source, start, out / f"{n}.mp4", "veryfast", None, 1)
            for n, start in enumerate(STARTS_MS)
        ]
        lock = threading.Lock()

        def work() -> None:
            while True:
                with lock:
                    if not waiting:
                        return
                    arguments = waiting.pop(0)
                _ffmpeg(*arguments)

        threads = [threading.Thread(target=work) for _ in range(len(_processors()))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def one_process() -> None:
        arguments: list[str] = []
        tails: list[str] = []
        for number, start in enumerate(STARTS_MS):
            whole = _plain_arguments(source, start, out / f"{number}.mp4", "veryfast", None, 1)
            cut_at = whole.index("-i") + 2
            arguments += whole[:cut_at]
            tails += ["-map", f"{number}:v", "-map", f"{number}:a", *whole[cut_at:]]
        _ffmpeg(*arguments, *tails)

    def one_after_another() -> None:
        for number, start in enumerate(STARTS_MS):
            _ffmpeg(*_plain_arguments(source, start, out / f"{number}.mp4", "veryfast", None, 0))

    for name, way in (
        ("single-thread processes side by side", side_by_side),
        ("one process with five outputs", one_process),
        ("multi-thread processes one after another", one_after_another),
    ):
        began, clock = _cpu(), time.monotonic()
        way()
        print(
            f"{name:42} cpu {_cpu() - began:6.1f} s  wall {time.monotonic() - clock:6.1f} s",
            flush=True,
        )


def _processors() -> set[int]:
    import os

    return os.sched_getaffinity(0)
