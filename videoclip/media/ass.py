"""ASS scripts for libass, always made by us: a user's script never reaches it.

A text can neither break out of its line nor carry commands: backslashes and braces are replaced by
look-alikes, control characters are gone, lengths are capped.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pysubs2

from videoclip.media.lettering import plain_quotes, text_width
from videoclip.media.styles import CaptionStyle, Colour, bottom_margin, font_size, side_margin

if TYPE_CHECKING:
    from videoclip.media.captions import Cue

__all__ = ["fitted", "font_name", "harmless", "new_script", "save_script", "write_script"]

_LOOK_ALIKES = str.maketrans({"\\": "⧵", "{": "(", "}": ")"})
_MAX_CUES = 20_000
_MAX_EVENTS = 60_000
_SECOND_SHARE = 0.8
"""Size of the second language, of the first one's."""
_POP = 107
"""Size of the current word in percent, and how long it takes to get there."""
_POP_MS = 90
_BAR_HOLD_MS = 1_500
"""The bar stays through pauses up to this."""


def harmless(text: str, limit: int = 200) -> str:
    """One line of text that libass shows as it is and obeys in nothing."""
    from videoclip.media.captions import clean_text

    return clean_text(plain_quotes(text), limit).translate(_LOOK_ALIKES)


def font_name(font: str) -> str:
    """A family name that cannot leave its field of the style line."""
    return harmless(font, 60).replace(",", " ").strip() or "sans"


def new_script(width: int, height: int) -> pysubs2.SSAFile:
    """An empty script for a picture of this size, in its pixels."""
    script = pysubs2.SSAFile()
    script.info.update({
        "PlayResX": str(width), "PlayResY": str(height), "WrapStyle": "0",
        "ScaledBorderAndShadow": "yes", "YCbCr Matrix": "None",
    })  # fmt: skip
    script.styles.clear()
    return script


def save_script(script: pysubs2.SSAFile, path: Path) -> None:
    """Write a script, UTF-8."""
    path.write_text(script.to_string("ass"), encoding="utf-8", newline="\n")


def fitted(lines: Iterable[str], size: float, room: float) -> float:
    """The font size at which every line fits into ``room`` pixels, ``size`` at most."""
    widest = max((text_width(line, size) for line in lines), default=0.0)
    return size if widest <= room else size * room / widest


def write_script(
    cues: Sequence[Cue],
    path: Path,
    *,
    width: int,
    height: int,
    style: CaptionStyle,
    font: str,
    second: Sequence[Cue] = (),
) -> pysubs2.SSAFile:
    """Write captions; the script is returned too, for more to be put into it.

    Args:
        cues: on the clip's time line.
        path: the file to write.
        width: of the picture, pixels.
        height: likewise.
        style: look of the captions.
        font: family name; fontconfig replaces one that is missing.
        second: cues in a second language, shown below the first in smaller letters.
    """
    script = new_script(width, height)
    layout = _Layout(width, height, style, font, cues[:_MAX_CUES], second[:_MAX_CUES])
    layout.fill(script)
    save_script(script, path)
    return script


def _tag(number: int, colour: Colour) -> str:
    """Override tags of a colour: ``number`` 1 is the text, 3 the outline, 4 the shadow."""
    red, green, blue, clear = colour
    return f"\\{number}c&H{blue:02X}{green:02X}{red:02X}&\\{number}a&H{clear:02X}&"


class _Layout:
    """Where the captions of one clip stand."""

    def __init__(
        self,
        width: int,
        height: int,
        style: CaptionStyle,
        font: str,
        cues: Sequence[Cue],
        second: Sequence[Cue],
    ) -> None:
        self.width, self.height, self.style, self.font = width, height, style, font
        self.cues, self.second = cues, second
        self.size = font_size(width, height, style)
        self.small = max(4, round(self.size * _SECOND_SHARE))
        self.side, self.bottom = side_margin(width, height), bottom_margin(width, height)
        self.room = width - 2 * self.side
        self.pad = round(self.size * 0.35)
        if style.place == "bar":
            self.room -= 3 * self.pad
        if style.highlight and style.words == "pop":
            self.room = round(self.room * 0.88)  # for wide gaps and the larger word

    def fill(self, script: pysubs2.SSAFile) -> None:
        script.styles["Caption"] = self._style(self.size)
        if self.second:
            script.styles["Second"] = self._style(self.small)
        if self.style.place == "bar":
            script.extend(self._bars())
        for cue in self.cues:
            script.extend(self._events(cue))
        for cue in self.second:
            text = _plain(cue.text)
            if text:
                size = self._fit(cue.text, self.small)
                tags = self._tags(self._second_place(), self.small, size)
                script.append(_event(cue.start_ms, cue.end_ms, tags + text, "Second"))
        del script[_MAX_EVENTS:]

    def _style(self, size: int) -> pysubs2.SSAStyle:
        style = self.style
        outline = pysubs2.Color(*style.outline)
        filled = style.highlight if style.words == "fill" and size == self.size else None
        return pysubs2.SSAStyle(
            fontname=font_name(self.font), fontsize=size, bold=style.bold,
            primarycolor=pysubs2.Color(*(filled or style.text)),
            secondarycolor=pysubs2.Color(*style.text),
            # Border style 4 is libass's: one box for all lines, which the outline's width pads.
            outlinecolor=pysubs2.Color(0, 0, 0, 255) if style.boxed else outline,
            backcolor=outline if style.boxed else pysubs2.Color(*style.shadow),
            borderstyle=4 if style.boxed else 1,
            outline=round(size * style.outline_share, 2),
            shadow=round(size * style.shadow_share, 2),
            alignment=pysubs2.Alignment.BOTTOM_CENTER,
            marginl=self.side, marginr=self.side, marginv=self.bottom,
        )  # fmt: skip

    # ------------------------------------------------------------------ places

    def _anchor(self) -> int:
        """Where the first language ends and the second begins, pixels from the top."""
        if self.style.place == "lower_third":
            return round(self.height * (0.7 if self.height > self.width else 0.78))
        if self.style.place == "bar":
            top, bottom = self._bar_edges()
            return top + round((bottom - top) * self.size / (self.size + self.small))
        lines = max((cue.text.count("\n") + 1 for cue in self.second), default=1)
        return self.height - self.bottom - lines * self.small

    def _first_place(self) -> str:
        bar = self.style.place == "bar"
        x = self.side + 2 * self.pad if bar else self.width // 2
        if self.second:
            return f"\\an{1 if bar else 2}\\pos({x},{self._anchor()})"
        if bar:
            return f"\\an4\\pos({x},{sum(self._bar_edges()) // 2})"
        if self.style.place == "lower_third":
            return f"\\an5\\pos({x},{self._anchor()})"
        return ""

    def _second_place(self) -> str:
        bar = self.style.place == "bar"
        x = self.side + 2 * self.pad if bar else self.width // 2
        gap = round(self.size * (2 * self.style.outline_share if self.style.boxed else 0.02))
        return f"\\an{7 if bar else 8}\\pos({x},{self._anchor() + gap})"

    def _bar_edges(self) -> tuple[int, int]:
        lines = self.size + self.small if self.second else self._lines() * self.size
        bottom = self.height - self.bottom + self.pad
        return bottom - lines - 2 * self.pad, bottom

    def _lines(self) -> int:
        return max((cue.text.count("\n") + 1 for cue in self.cues), default=1)

    def _bars(self) -> list[pysubs2.SSAEvent]:
        """A bar behind the text, from the first cue of a run to the last."""
        style, (top, bottom) = self.style, self._bar_edges()
        left, right = self.side, self.width - self.side
        runs: list[list[int]] = []
        for cue in sorted([*self.cues, *self.second], key=lambda cue: cue.start_ms):
            if runs and cue.start_ms - runs[-1][1] < _BAR_HOLD_MS:
                runs[-1][1] = max(runs[-1][1], cue.end_ms)
            else:
                runs.append([cue.start_ms, cue.end_ms])
        events = []
        for start, end in runs:
            for colour, edge in ((style.bar, right), (style.accent, left + self.pad)):
                if colour is not None:
                    box = f"m {left} {top} l {edge} {top} {edge} {bottom} {left} {bottom}"
                    tags = f"{{\\an7\\pos(0,0)\\bord0\\shad0{_tag(1, colour)}\\p1}}"
                    events.append(_event(start, end, tags + box, "Caption"))
        return events

    # ------------------------------------------------------------------ texts

    def _fit(self, text: str, size: int) -> int:
        return int(fitted(text.split("\n"), size, self.room))

    def _tags(self, place: str, size: int, fit: int, more: str = "") -> str:
        tags = place + more
        if fit < size:
            tags += f"\\fs{fit}"
        if self.style.blur_share:
            tags += f"\\blur{size * self.style.blur_share:.1f}"
        return f"{{{tags}}}" if tags else ""

    def _events(self, cue: Cue) -> list[pysubs2.SSAEvent]:
        fit = self._fit(cue.text, self.size)
        parts = _word_parts(cue) if self.style.highlight else None
        if parts is not None and self.style.words == "pop":
            return self._popped(cue, parts, fit)
        text = _plain(cue.text) if parts is None else _filled(cue, parts)
        if parts is None and self.style.highlight and self.style.words == "fill":
            text = f"{{{_tag(1, self.style.text)}}}{text}"
        if not text:
            return []
        tags = self._tags(self._first_place(), self.size, fit)
        return [_event(cue.start_ms, cue.end_ms, tags + text, "Caption")]

    def _popped(self, cue: Cue, parts: list[tuple[str, str]], fit: int) -> list[pysubs2.SSAEvent]:
        """While a word is said: all others, and over the gap that it leaves the word, lit and larger.

        Two layers, because a larger word inside the text would push its neighbours about; alone in an
        otherwise clear line that is centred it grows around its own middle.
        """
        assert self.style.highlight is not None
        head = self._tags(self._first_place(), self.size, fit, "\\q2")
        lit = _tag(1, self.style.highlight)
        grow = f"\\t(0,{_POP_MS},\\fscx{_POP}\\fscy{_POP})"
        events = []
        # A wider gap than usual, which the larger word does not fill.
        gap = "{\\fscx150} {\\fscx100}"
        parts = [(gap if glue == " " else glue, word) for glue, word in parts]
        later = [max(cue.start_ms, word.start_ms) for word in cue.words[1:]]
        borders = [cue.start_ms, *later, cue.end_ms]
        for number, (start, end) in enumerate(itertools.pairwise(borders)):
            if end <= start:
                continue
            others, current = [], ["{\\alpha&HFF&}"]
            for place, (glue, word) in enumerate(parts):
                if place == number:
                    others.append(f"{glue}{{\\alpha&HFF&}}{word}{{\\r}}{{{head[1:-1]}}}")
                    current.append(
                        f"{glue}{{\\alpha&H00&{_tag(4, self.style.shadow)}{lit}{grow}}}{word}"
                        "{\\fscx100\\fscy100\\alpha&HFF&}"
                    )
                else:
                    others.append(glue + word)
                    current.append(glue + word)
            events += [
                _event(start, end, head + "".join(others), "Caption"),
                _event(start, end, head + "".join(current), "Caption", layer=1),
            ]
        return events


def _event(start: int, end: int, text: str, style: str, layer: int = 0) -> pysubs2.SSAEvent:
    return pysubs2.SSAEvent(start=start, end=end, text=text, style=style, layer=layer)


def _plain(text: str) -> str:
    lines = [harmless(line) for line in text.split("\n")[:3]]
    return "\\N".join(line for line in lines if line)


def _word_parts(cue: Cue) -> list[tuple[str, str]] | None:
    """Each word with what stands before it, breaking lines where the cue's text does.

    None where the words are not those of the text; what follows the last word belongs to it.
    """
    rest, parts = cue.text, []
    for word in cue.words:
        before, found, rest = rest.partition(word.text)
        if not found:
            return None
        parts.append(
            ("\\N" if "\n" in before else harmless(before) or before[:1], harmless(word.text))
        )
    if parts and rest.strip():
        parts[-1] = (parts[-1][0], parts[-1][1] + harmless(rest))
    return parts or None


def _filled(cue: Cue, parts: list[tuple[str, str]]) -> str:
    r"""Each word with its time as ``\k`` (centiseconds): lit from when it is said on."""
    text, lit = "", 0
    for number, (glue, word) in enumerate(parts):
        # Time is counted from the cue's start in whole centiseconds, so that roundings do not add up.
        begin = max(lit, round((cue.words[number].start_ms - cue.start_ms) / 10))
        if number == 0 and begin > 0:
            text += f"{{\\k{begin}}}"
            lit = begin
        last = number + 1 == len(parts)
        then = cue.words[number].end_ms if last else cue.words[number + 1].start_ms
        until = max(lit, round((then - cue.start_ms) / 10))
        text += f"{glue}{{\\k{until - lit}}}{word}"
        lit = until
    return text
