"""Lines of a text: where to break a title, and two languages in one subtitle."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from videoclip.media.captions import _CLOSING, _OPENING, Cue, _is_wide, _join, _units

__all__ = ["bilingual", "break_lines"]

_CLAUSES = re.compile(r"[^，。：；！？]+[，。：；！？”’）」』》]*|[，。：；！？]+")
_MAX_CLAUSES = 3


def break_lines(text: str, fits: Callable[[str], bool]) -> list[str]:
    """A text in the fewest lines that fit, about equally long, broken where a reader expects it.

    Args:
        text: one line.
        fits: whether a line is short enough. A word that is too long alone keeps its line.
    """
    if not fits(text):
        # Chinese has no spaces: between clauses no word is torn.
        clauses = [part.strip() for part in _CLAUSES.findall(text) if part.strip()]
        if 1 < len(clauses) <= _MAX_CLAUSES and all(map(fits, clauses)):
            return clauses
    words = _breakable(text)
    wanted = len(_filled_lines(words, fits))
    # The same number of lines, but with the last as long as the others: fill up to less.
    best = _filled_lines(words, fits)
    total = _units(text)
    for share in (100, 108, 116, 125, 135, 150):
        room = max(1, total * share // (100 * wanted))
        lines = _filled_lines(words, lambda line: fits(line) and _units(line) <= room)  # noqa: B023
        if len(lines) == wanted:
            return lines
    return best


def _breakable(text: str) -> list[str]:
    """Latin words, and CJK characters with the marks that must not be torn off them."""
    parts: list[str] = []
    for token in re.findall(r"\s+|[^\s]", text):
        wide = bool(parts) and (_is_wide(token[0]) or _is_wide(parts[-1][-1]))
        begins = not parts or parts[-1].endswith(" ") or (wide and not token.isspace())
        if token.isspace():
            parts[-1:] = [parts[-1] + " "] if parts else []
        elif not begins or token in _CLOSING or (parts[-1:] and parts[-1][-1] in _OPENING):
            parts[-1:] = [(parts[-1] if parts else "") + token]
        else:
            parts.append(token)
    return parts


def _filled_lines(words: list[str], fits: Callable[[str], bool]) -> list[str]:
    lines: list[str] = []
    for word in words:
        if lines and fits((lines[-1] + word).rstrip()):
            lines[-1] += word
        else:
            lines.append(word)
    return [line.strip() for line in lines]


def bilingual(cues: Sequence[Cue], second: Sequence[Cue]) -> list[Cue]:
    """Cues that hold both languages, the second below the first, for subtitle files.

    A second cue goes to the cue over whose time its middle lies, else to the one that it shares most
    time with; one that meets none stands alone.
    """
    if not second:
        return list(cues)
    taken: dict[int, list[Cue]] = {}
    alone = []
    for cue in second:
        middle = (cue.start_ms + cue.end_ms) // 2
        shared = [
            (first.start_ms <= middle < first.end_ms,
             min(first.end_ms, cue.end_ms) - max(first.start_ms, cue.start_ms), -number)
            for number, first in enumerate(cues)
        ]  # fmt: skip
        best = max(shared, default=(False, 0, 0))
        if best[1] > 0:
            taken.setdefault(-best[2], []).append(cue)
        else:
            alone.append(cue)
    both = []
    for number, first in enumerate(cues):
        below = taken.get(number) or [
            # One long translation may lie over several cues.
            cue for cue in second
            if min(first.end_ms, cue.end_ms) - max(first.start_ms, cue.start_ms)
            > (first.end_ms - first.start_ms) // 2
        ]  # fmt: skip
        upper = first.text.replace("\n", " ") if below else first.text
        lower = _join([cue.text.replace("\n", " ") for cue in below])
        both.append(
            Cue(first.start_ms, first.end_ms, f"{upper}\n{lower}" if lower else upper, first.words)
        )
    return sorted([*both, *alone], key=lambda cue: (cue.start_ms, cue.end_ms))
