"""The storyboard: sheets of small pictures and a WebVTT index, by which players show where one scrubs to.

The index is what Video.js, Plyr, JW Player and others read: a cue a picture, whose text is
``SHEET.jpg#xywh=X,Y,W,H`` (W3C Media Fragments).
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import ffmpeg
import numpy as np
import numpy.typing as npt

from videoclip.media.ffmpeg import run
from videoclip.media.proxy import Proxy, pictures
from videoclip.settings import MediaLimits
from videoclip.timecode import format_stamp

__all__ = ["Storyboard", "interval_ms", "make_storyboard", "tile_size"]

_COLUMNS = 10
_ROWS = 10
_TILE = 160
_TILES = 100
"""How many pictures a video gets, as long as they come 2 to 60 s apart."""
_NEAREST_MS = 2_000
_FURTHEST_MS = 60_000


@dataclass(frozen=True, slots=True)
class Storyboard:
    """Sheets in order, and their index."""

    sheets: tuple[Path, ...]
    vtt: Path
    interval_ms: int
    tiles: int


def interval_ms(duration_ms: int) -> int:
    """How far apart the pictures are, whole seconds in ms: 2 s to 60 s, about a hundred a video."""
    return min(_FURTHEST_MS, max(_NEAREST_MS, -(-duration_ms // (_TILES * 1000)) * 1000))


def tile_size(width: int, height: int) -> tuple[int, int]:
    """Size of a tile for pictures of that size, even: 160 on the long side."""
    if width >= height:
        return _TILE, max(2, round(_TILE * height / width / 2) * 2)
    return max(2, round(_TILE * width / height / 2) * 2), _TILE


def make_storyboard(
    proxy: Proxy,
    duration_ms: int,
    folder: Path,
    limits: MediaLimits,
    *,
    cancel: threading.Event | None = None,
) -> Storyboard:
    """Write ``storyboard-NN.jpg`` and ``storyboard.vtt``.

    A cue lasts from its picture's own time to the next one's, so that it is exact: at 12.3 s the
    player shows the newest picture of the board that is not newer than 12.3 s.

    Args:
        proxy: of the source.
        duration_ms: of the source.
        folder: private, existing.
        limits: for the FFmpeg that writes the sheets.
        cancel: stops the work when set.

    Raises:
        MediaToolFailed: the proxy cannot be read, or FFmpeg failed.
        Cancelled: ``cancel`` was set.
    """
    step = interval_ms(duration_ms)
    chosen = _one_a_slot(proxy.times_ms, step)
    size = tile_size(proxy.width, proxy.height)
    per_sheet = _COLUMNS * _ROWS
    sheets, shown = [], pictures(proxy, chosen)
    for number, first in enumerate(range(0, len(chosen), per_sheet), start=1):
        count = min(per_sheet, len(chosen) - first)
        sheet = folder / f"storyboard-{number:02}.jpg"
        tiles = [_shrink(next(shown), size) for _ in range(count)]
        _write_sheet(tiles, size, sheet, limits, cancel)
        sheets.append(sheet)
    vtt = folder / "storyboard.vtt"
    starts = [proxy.times_ms[index] for index in chosen]
    vtt.write_text(_index(starts, duration_ms, size), encoding="utf-8")
    return Storyboard(tuple(sheets), vtt, step, len(chosen))


def _one_a_slot(times_ms: Sequence[int], step: int) -> list[int]:
    """The first picture in each slot of ``step`` ms."""
    slots = itertools.groupby(range(len(times_ms)), key=lambda index: times_ms[index] // step)
    return [next(group) for _, group in slots]


def _shrink(picture: npt.NDArray[np.uint8], size: tuple[int, int]) -> npt.NDArray[np.uint8]:
    """By averaging: the proxy is twice as large, or one pixel more."""
    width, height = size
    across, down = max(1, picture.shape[1] // width), max(1, picture.shape[0] // height)
    rows = np.minimum(np.arange(height * down), picture.shape[0] - 1)
    columns = np.minimum(np.arange(width * across), picture.shape[1] - 1)
    fitted = picture[rows][:, columns].reshape(height, down, width, across, 3)
    mean: npt.NDArray[np.float32] = fitted.mean(axis=(1, 3), dtype=np.float32)
    return mean.round().astype(np.uint8)


def _write_sheet(
    tiles: Sequence[npt.NDArray[np.uint8]],
    size: tuple[int, int],
    sheet: Path,
    limits: MediaLimits,
    cancel: threading.Event | None,
) -> None:
    columns = min(_COLUMNS, len(tiles))
    rows = -(-len(tiles) // columns)
    canvas = np.zeros((rows * size[1], columns * size[0], 3), np.uint8)
    for number, tile in enumerate(tiles):
        y, x = number // columns * size[1], number % columns * size[0]
        canvas[y : y + size[1], x : x + size[0]] = tile
    raw = sheet.with_suffix(".rgb")
    canvas.tofile(raw)
    source = ffmpeg.input(
        raw.name, f="rawvideo", pix_fmt="rgb24", s=f"{canvas.shape[1]}x{canvas.shape[0]}"
    )
    output = ffmpeg.output(
        source, sheet.name, f="mjpeg", vcodec="mjpeg", vframes=1, pix_fmt="yuvj420p",
        **{"q:v": 4, "threads": 1},
    )  # fmt: skip
    try:
        run(
            ["-bitexact", *output.get_args()],
            limits=limits, media_seconds=10, cwd=sheet.parent, cancel=cancel,
        )  # fmt: skip
    finally:
        raw.unlink(missing_ok=True)


def _index(starts: Sequence[int], duration_ms: int, size: tuple[int, int]) -> str:
    width, height = size
    lines = ["WEBVTT", ""]
    # Before the first picture there is nothing else to show.
    borders = [0, *starts[1:], max(duration_ms, starts[-1] + 1)]
    for number, (begin, end) in enumerate(itertools.pairwise(borders)):
        sheet, place = divmod(number, _COLUMNS * _ROWS)
        x, y = place % _COLUMNS * width, place // _COLUMNS * height
        lines += [
            f"{format_stamp(begin, '.')} --> {format_stamp(end, '.')}",
            f"storyboard-{sheet + 1:02}.jpg#xywh={x},{y},{width},{height}",
            "",
        ]
    return "\n".join(lines)
