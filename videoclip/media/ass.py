"""ASS scripts for libass, always made by us: a user's script never reaches it.

A text can neither break out of its line nor carry commands: backslashes and braces are replaced by
look-alikes, control characters are gone, lengths are capped.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pysubs2

from videoclip.media.styles import CaptionStyle, bottom_margin, font_size

if TYPE_CHECKING:
    from videoclip.media.captions import Cue

__all__ = ["harmless", "write_script"]

_LOOK_ALIKES = str.maketrans({"\\": "⧵", "{": "(", "}": ")"})
_MAX_CUES = 20_000


def harmless(text: str, limit: int = 200) -> str:
    """One line of text that libass shows as it is and obeys in nothing."""
    from videoclip.media.captions import clean_text

    return clean_text(text, limit).translate(_LOOK_ALIKES)


def _font_name(font: str) -> str:
    """A family name that cannot leave its field of the style line."""
    return harmless(font, 60).replace(",", " ").strip() or "sans"


def write_script(
    cues: Sequence[Cue],
    path: Path,
    *,
    width: int,
    height: int,
    style: CaptionStyle,
    font: str,
    watermark: str | None = None,
    duration_ms: int = 0,
) -> None:
    """Write captions, and a text watermark at the top right where one is given.

    Args:
        cues: on the clip's time line.
        path: the file to write.
        width: of the picture, pixels.
        height: likewise.
        style: look of the captions.
        font: family name; fontconfig replaces one that is missing.
        watermark: text shown all the time.
        duration_ms: how long that is.
    """
    size = font_size(width, height)
    script = pysubs2.SSAFile()
    script.info.update({
        "PlayResX": str(width), "PlayResY": str(height), "WrapStyle": "0",
        "ScaledBorderAndShadow": "yes", "YCbCr Matrix": "None",
    })  # fmt: skip
    script.styles.clear()
    script.styles["Caption"] = _caption_style(style, font, size, width, height)
    script.styles["Watermark"] = pysubs2.SSAStyle(
        fontname=_font_name(font), fontsize=max(4, round(size * 0.62)), bold=True,
        primarycolor=pysubs2.Color(255, 255, 255, 51), outlinecolor=pysubs2.Color(0, 0, 0, 128),
        outline=size * 0.03, shadow=0, alignment=pysubs2.Alignment.TOP_RIGHT,
        marginl=round(width * 0.04), marginr=round(width * 0.03), marginv=round(height * 0.03),
    )  # fmt: skip
    for cue in cues[:_MAX_CUES]:
        text = _karaoke(cue) if style.highlight and cue.words else _plain(cue.text)
        if text:
            script.append(
                pysubs2.SSAEvent(start=cue.start_ms, end=cue.end_ms, text=text, style="Caption")
            )
    if watermark:
        script.append(
            pysubs2.SSAEvent(start=0, end=duration_ms, text=harmless(watermark), style="Watermark")
        )
    path.write_text(script.to_string("ass"), encoding="utf-8", newline="\n")


def _caption_style(
    style: CaptionStyle, font: str, size: int, width: int, height: int
) -> pysubs2.SSAStyle:
    shown = style.highlight or style.text
    outline = pysubs2.Color(*style.outline)
    return pysubs2.SSAStyle(
        fontname=_font_name(font), fontsize=size, bold=style.bold,
        primarycolor=pysubs2.Color(*shown), secondarycolor=pysubs2.Color(*style.text),
        outlinecolor=outline, backcolor=outline if style.boxed else pysubs2.Color(0, 0, 0, 128),
        borderstyle=3 if style.boxed else 1,
        outline=round(size * style.outline_share, 2), shadow=round(size * style.shadow_share, 2),
        alignment=pysubs2.Alignment.BOTTOM_CENTER,
        marginl=round(width * 0.06), marginr=round(width * 0.06),
        marginv=bottom_margin(width, height),
    )  # fmt: skip


def _plain(text: str) -> str:
    lines = [harmless(line) for line in text.split("\n")[:3]]
    return "\\N".join(line for line in lines if line)


def _karaoke(cue: Cue) -> str:
    r"""Each word with its time as ``\k`` (centiseconds), breaking lines where the cue's text does."""
    rest, said, parts = cue.text, 0, []
    for word in cue.words:
        before, found, rest_after = rest.partition(word.text)
        if not found:
            return _plain(cue.text)
        rest = rest_after
        # Time is counted from the cue's start in whole centiseconds, so that roundings do not add up.
        until = max(said, round((word.end_ms - cue.start_ms) / 10))
        glue = "\\N" if "\n" in before else before
        parts.append(f"{glue}{{\\k{until - said}}}{harmless(word.text)}")
        said = until
    return "".join(parts) + harmless(rest)
