"""Whether captions are in time, readable, and inside the picture when they are burnt in."""

from __future__ import annotations

import dataclasses
import itertools
import re
import tempfile
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import ffmpeg

from videoclip.media.captions import Cue, write_ass
from videoclip.media.ffmpeg import run
from videoclip.media.styles import CaptionStyle
from videoclip.settings import MediaLimits

__all__ = ["Layout", "cues_outside", "hurried", "misplaced", "tidy"]

_LETTERS_A_SECOND = 21
_CJK_A_SECOND = 12
"""Reading speeds above which subtitling guides ask for a rewrite (21 cps for Latin; Netflix: 9 to 12 for Chinese)."""
_MEASURED_CUES = 40
_VISIBLE = 32
"""Grey level from which a pixel of the white text on black counts."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How captions are burnt into a picture."""

    width: int
    height: int
    style: CaptionStyle
    font: str


def misplaced(cues: Sequence[Cue], duration_ms: int, slack_ms: int) -> list[Cue]:
    """Cues that lie outside of the clip, last no time, or begin before the one in front has ended."""
    wrong = [cue for cue in cues if not 0 <= cue.start_ms < cue.end_ms <= duration_ms + slack_ms]
    wrong += [late for early, late in itertools.pairwise(cues) if late.start_ms < early.end_ms]
    return list(dict.fromkeys(wrong))


_FONTS = Path(__file__).parent.resolve() / "fonts"


def tidy(cues: Sequence[Cue], end_ms: int) -> list[Cue]:
    """The cues in order, inside the clip and one at a time: ends are brought forward, never starts."""
    inside = sorted(
        (cue for cue in cues if 0 <= cue.start_ms < min(cue.end_ms, end_ms)),
        key=lambda cue: cue.start_ms,
    )
    kept = []
    for index, cue in enumerate(inside):
        limit = inside[index + 1].start_ms if index + 1 < len(inside) else end_ms
        end = min(cue.end_ms, limit, end_ms)
        if end > cue.start_ms:
            kept.append(cue if end == cue.end_ms else dataclasses.replace(cue, end_ms=end))
    return kept


def hurried(cues: Sequence[Cue]) -> list[tuple[Cue, int]]:
    """Cues that are shown too shortly to be read, with their characters a second."""
    found = []
    for cue in cues:
        wide = sum(unicodedata.east_asian_width(c) in "WF" and c.isalnum() for c in cue.text)
        narrow = sum(not c.isspace() for c in cue.text)
        count, most = (
            (wide, _CJK_A_SECOND) if wide * 2 > narrow else (len(cue.text), _LETTERS_A_SECOND)
        )
        speed = round(count * 1000 / max(1, cue.end_ms - cue.start_ms))
        if speed > most:
            found.append((cue, speed))
    return found


def cues_outside(
    cues: Sequence[Cue], layout: Layout, folder: Path, limits: MediaLimits
) -> list[Cue]:
    """Cues whose burnt text touches the border of the picture or leaves it.

    Measured: libass draws each cue on one black picture, and the box around what is drawn is read back. The
    longest forty are drawn; shorter ones are inside when those are.

    Raises:
        MediaToolFailed: FFmpeg failed.
    """
    longest = sorted(cues, key=lambda cue: -max(map(len, cue.text.split("\n"))))[:_MEASURED_CUES]
    # White, unboxed: what is measured is where the letters are.
    style = dataclasses.replace(
        layout.style, text=(255, 255, 255, 0), highlight=None, boxed=False, shadow_share=0.0
    )
    shown = [Cue(1000 * n, 1000 * (n + 1), cue.text) for n, cue in enumerate(longest)]
    canvas = f"color=black:s={layout.width}x{layout.height}:r=1:d={len(shown)}"
    with tempfile.TemporaryDirectory(prefix=".proof-", dir=folder) as scratch:
        work = Path(scratch)
        (work / _FONTS.name).symlink_to(_FONTS)
        write_ass(
            shown, work / "layout.ass", width=layout.width, height=layout.height, style=style,
            font=layout.font,
        )  # fmt: skip
        stream = ffmpeg.input(canvas, f="lavfi")["v"].filter(
            "ass", "layout.ass", fontsdir=_FONTS.name
        )
        stream = stream.filter("format", "gray").filter("bbox", min_val=_VISIBLE)
        arguments = ffmpeg.output(stream, "-", f="null").get_args()
        result = run(
            ["-filter_complex_threads", "1", *arguments],
            limits=limits, media_seconds=len(shown), cwd=work, loglevel="info",
        )  # fmt: skip
    boxes = re.findall(
        r"n:(\d+) pts:\S+ pts_time:\S+ x1:(\d+) x2:(\d+) y1:(\d+) y2:(\d+)", result.stderr
    )
    outside = []
    for number, left, right, top, bottom in (map(int, box) for box in boxes):
        across = left > 0 and right < layout.width - 1
        down = top > 0 and bottom < layout.height - 1
        if number < len(longest) and not (across and down):
            outside.append(longest[number])
    return outside
