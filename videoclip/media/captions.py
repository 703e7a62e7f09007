"""Captions: sentences cut into readable cues, and cues written as SRT and WebVTT.

Line lengths, reading times and line-break rules follow common subtitling practice: at most two
lines, 42 Latin or 20 CJK characters each, one to seven seconds, no line that starts with closing
punctuation (kinsoku).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from videoclip.media.styles import STYLES, CaptionStyle, font_size, side_margin
from videoclip.schemas import Sentence, TimeRange
from videoclip.timecode import format_stamp

if TYPE_CHECKING:
    from videoclip.media.watermark import Mark

__all__ = [
    "STYLES",
    "CaptionStyle",
    "Cue",
    "CueWord",
    "clean_text",
    "cues_for",
    "shifted",
    "write_ass",
    "write_srt",
    "write_vtt",
]

_MAX_UNITS = 42
"""Half-width characters in a line; a CJK character counts two."""
_MAX_CJK_UNITS = 40
_MIN_MS = 1_000
_MAX_MS = 7_000
_PAUSE_MS = 800
"""A silence as long as this between two words ends the cue."""
_GAP_MS = 80
"""Left free between cues, so that the change is seen."""
_MAX_TEXT = 400
_OPENING = "（「『《〈【〔“‘([{«"
_CLOSING = "，。！？、；：）」』》〉】〕”’…—～·,.!?;:)]}%»℃"
_ENDS = ".!?。！？…;；"
_COMMAS = ",，、:："
_TAGS = re.compile(r"</?[A-Za-z][^<>]*>|\{[^{}]*\\[^{}]*\}")


@dataclass(frozen=True, slots=True)
class CueWord:
    """A word of a cue, ms on the clip's time line."""

    text: str
    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class Cue:
    """A caption, ms on the clip's time line; its lines are divided by a line feed."""

    start_ms: int
    end_ms: int
    text: str
    words: tuple[CueWord, ...] = ()


def clean_text(text: str, limit: int = _MAX_TEXT) -> str:
    """Text without control, format (bidi override) and surrogate characters, on one line, capped."""
    kept = (
        " " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c
        for c in text[: 4 * limit]
        if c in "\u200c\u200d" or unicodedata.category(c) not in ("Cf", "Cs", "Co", "Cn")
    )
    flat = " ".join("".join(kept).split())
    return flat if len(flat) <= limit else flat[: limit - 1] + "…"


def cues_for(
    sentences: Sequence[Sentence],
    ranges: Sequence[TimeRange],
    *,
    width: int,
    height: int,
    style: CaptionStyle | None = None,
    lines: int = 2,
) -> list[Cue]:
    """Readable cues of what is said in ``ranges``, on the time line of the clip that joins them.

    Args:
        sentences: of the source, in order.
        ranges: of the source, in the clip's order.
        width: of the clip's picture in pixels (what it is burnt onto); 0 for no picture.
        height: likewise.
        style: what it is burnt in; decides how much fits on a line.
        lines: of a cue at most, 1 or 2; one each where two languages share the picture.
    """
    units = _line_units(width, height, style)
    cues: list[Cue] = []
    offset = 0
    for piece in ranges:
        groups: list[list[CueWord]] = []
        for sentence in sentences:
            words = _words_inside(sentence, piece, offset)
            groups += _groups(words, units, lines) if words else []
        cues += _timed(groups, offset + piece.duration_ms, units)
        offset += piece.duration_ms
    return cues


def shifted(cues: Sequence[Cue], by_ms: int) -> list[Cue]:
    """The same cues ``by_ms`` later."""
    return [
        Cue(
            cue.start_ms + by_ms, cue.end_ms + by_ms, cue.text,
            tuple(CueWord(w.text, w.start_ms + by_ms, w.end_ms + by_ms) for w in cue.words),
        )
        for cue in cues
    ]  # fmt: skip


def _line_units(width: int, height: int, style: CaptionStyle | None) -> int:
    """How many half-width characters fit on a line of this picture."""
    limit = style.max_units if style else _MAX_UNITS
    if width <= 0 or height <= 0:
        return limit
    # An average Latin letter is about 0.42 of libass's font size wide.
    room = width - 2 * side_margin(width, height)
    fitting = int(room / (0.42 * font_size(width, height, style)))
    return max(10, min(limit, fitting))


def _words_inside(sentence: Sentence, piece: TimeRange, offset: int) -> list[CueWord]:
    """The sentence's words whose middle lies in the range, moved to the clip's time line."""
    shift = offset - piece.start_ms
    limit = offset + piece.duration_ms
    words = []
    for word in sentence.words:
        if piece.start_ms <= (word.start_ms + word.end_ms) // 2 < piece.end_ms:
            text = clean_text(word.text)
            start = max(offset, word.start_ms + shift)
            if text:
                words.append(CueWord(text, start, min(limit, max(start, word.end_ms + shift))))
    return words


def _units(text: str) -> int:
    return sum(
        2 if unicodedata.east_asian_width(c) in "WF" else 0 if unicodedata.combining(c) else 1
        for c in text
    )


def _is_wide(char: str) -> bool:
    return unicodedata.east_asian_width(char) in "WF"


def _glue(left: str, right: str) -> str:
    """What stands between two words: nothing beside CJK and before closing punctuation."""
    if not left or not right or _is_wide(left[-1]) or _is_wide(right[0]):
        return ""
    return "" if right[0] in _CLOSING or left[-1] in _OPENING else " "


def _join(words: Sequence[str]) -> str:
    text = ""
    for word in words:
        text += _glue(text, word) + word
    return text


def _groups(words: list[CueWord], units: int, lines: int) -> Iterator[list[CueWord]]:
    """Cut a sentence into cue-sized runs, at punctuation and pauses where there is a choice."""
    rest = [part for word in words for part in _split_long(word, units)]
    while rest:
        size = _fitting(rest, units, lines)
        if size < len(rest):
            size = _best_border(rest, size)
        yield rest[:size]
        rest = rest[size:]


def _split_long(word: CueWord, units: int) -> list[CueWord]:
    """A word longer than a line (a URL, unsegmented CJK) in pieces, times shared by length."""
    if _units(word.text) <= units:
        return [word]
    step = max(1, units // 2 if any(map(_is_wide, word.text)) else units)
    parts = [word.text[i : i + step] for i in range(0, len(word.text), step)]
    span, total = word.end_ms - word.start_ms, len(word.text)
    pieces, done = [], 0
    for part in parts:
        start = word.start_ms + span * done // total
        done += len(part)
        pieces.append(CueWord(part, start, word.start_ms + span * done // total))
    return pieces


def _fitting(words: list[CueWord], units: int, lines: int) -> int:
    """How many words fit into one cue: its lines, seven seconds, no long pause inside."""
    for size in range(1, len(words)):
        if words[size].start_ms - words[size - 1].end_ms >= _PAUSE_MS:
            return size
        if words[size].end_ms - words[0].start_ms > _MAX_MS:
            return size
        if not _fits([word.text for word in words[: size + 1]], units, lines):
            return size
    return len(words)


def _best_border(words: list[CueWord], size: int) -> int:
    """Up to ``size`` words, but rather end at punctuation, and leave no orphan behind."""
    if words[size].start_ms - words[size - 1].end_ms >= _PAUSE_MS:
        return size
    for marks in (_ENDS, _COMMAS):
        for border in range(size, size // 2, -1):
            if words[border - 1].text[-1] in marks:
                return border
    left = len(words) - size
    if left < 3 and len(words) >= 4:
        size = (len(words) + 1) // 2
    while size > 1 and (words[size].text[0] in _CLOSING or words[size - 1].text[-1] in _OPENING):
        size -= 1
    return size


def _limit(text: str, units: int) -> int:
    return min(units, _MAX_CJK_UNITS) if any(map(_is_wide, text)) else units


def _fits(words: list[str], units: int, lines: int) -> bool:
    text = _join(words)
    limit = _limit(text, units)
    if _units(text) <= limit or lines == 1:
        return _units(text) <= limit
    border = _line_border(words)
    halves = (words[:border], words[border:])
    return all(_units(_join(line)) <= limit for line in halves)


def _line_border(words: list[str]) -> int:
    """Where to begin the second line so that both are about as long, the lower a little longer."""
    best, best_cost = max(1, len(words) - 1), float("inf")
    for border in range(1, len(words)):
        if words[border][0] in _CLOSING or words[border - 1][-1] in _OPENING:
            continue
        upper, lower = _units(_join(words[:border])), _units(_join(words[border:]))
        cost = abs(upper - lower) + (1 if upper > lower else 0)
        if words[border - 1][-1] in _ENDS + _COMMAS:
            cost -= 4
        if cost < best_cost:
            best, best_cost = border, cost
    return best


def _lines(words: list[str], units: int) -> str:
    text = _join(words)
    if _units(text) <= _limit(text, units) or len(words) < 2:
        return text
    border = _line_border(words)
    return f"{_join(words[:border])}\n{_join(words[border:])}"


def _timed(groups: list[list[CueWord]], end_ms: int, units: int) -> list[Cue]:
    """Give each run its times: at least a second where there is room, never over the next one."""
    cues = []
    for index, group in enumerate(groups):
        start = group[0].start_ms
        limit = groups[index + 1][0].start_ms if index + 1 < len(groups) else end_ms
        wanted = max(group[-1].end_ms, start + _MIN_MS)
        # A short gap to the next cue is closed: flicker is harder to read than a longer cue.
        if limit - wanted < 300:
            wanted = limit - (_GAP_MS if index + 1 < len(groups) else 0)
        end = min(max(wanted, group[-1].end_ms), limit, start + _MAX_MS + _MIN_MS)
        if end > start:
            cues.append(Cue(start, end, _lines([w.text for w in group], units), tuple(group)))
    return cues


# --------------------------------------------------------------------------- files


def _safe_lines(text: str) -> list[str]:
    """Lines of a cue without tags that a player would obey, none empty, no timing arrow."""
    lines = (clean_text(_TAGS.sub("", line)).replace("-->", "→") for line in text.split("\n")[:3])
    return [line for line in lines if line]


def write_srt(cues: Sequence[Cue], path: Path) -> None:
    """Write SubRip, UTF-8."""
    blocks: list[str] = []
    for cue in cues:
        lines = _safe_lines(cue.text)
        if lines:
            times = f"{format_stamp(cue.start_ms)} --> {format_stamp(cue.end_ms)}"
            blocks.append(f"{len(blocks) + 1}\n{times}\n" + "\n".join(lines) + "\n")
    path.write_text("\n".join(blocks), encoding="utf-8", newline="\n")


def write_vtt(cues: Sequence[Cue], path: Path) -> None:
    """Write WebVTT, UTF-8; markup characters are escaped."""
    blocks = ["WEBVTT\n"]
    for cue in cues:
        lines = [
            line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
            for line in _safe_lines(cue.text)
        ]
        if lines:
            times = f"{format_stamp(cue.start_ms, '.')} --> {format_stamp(cue.end_ms, '.')}"
            blocks.append(f"{times}\n" + "\n".join(lines) + "\n")
    path.write_text("\n".join(blocks), encoding="utf-8", newline="\n")


def write_ass(
    cues: Sequence[Cue],
    path: Path,
    *,
    width: int,
    height: int,
    style: CaptionStyle,
    font: str,
    second: Sequence[Cue] = (),
    watermark: str | None = None,
    mark: Mark | None = None,
    title: tuple[str, int, int] | None = None,
    duration_ms: int = 0,
) -> None:
    """Write an ASS script for burning in; see ``videoclip.media.ass``.

    Args:
        cues: on the clip's time line.
        path: the file to write.
        width: of the picture, pixels.
        height: likewise.
        style: look of the captions.
        font: family name.
        second: cues in a second language, below the first.
        watermark: text shown all the time.
        mark: where and how it is shown.
        title: text of the title card, when it comes and goes (ms).
        duration_ms: of the clip.
    """
    from videoclip.media.ass import save_script, write_script
    from videoclip.media.titlecard import add_title
    from videoclip.media.watermark import Mark, add_text_mark

    script = write_script(
        cues, path, width=width, height=height, style=style, font=font, second=second
    )
    if title is not None:
        text, start_ms, end_ms = title
        add_title(
            script, text, width=width, height=height, font=font, start_ms=start_ms, end_ms=end_ms
        )
    if watermark:
        add_text_mark(
            script, watermark, mark or Mark(), width=width, height=height, font=font,
            duration_ms=duration_ms,
        )  # fmt: skip
    save_script(script, path)
