"""Option values as people write them, turned into requests."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from videoclip.cli.sources import MEDIA_SUFFIXES
from videoclip.errors import UsageError, one_line
from videoclip.media.styles import STYLES
from videoclip.schemas import Platform, Product

Model = TypeVar("Model", bound=BaseModel)

__all__ = [
    "absolute_file",
    "checked",
    "hotword_list",
    "is_file",
    "look_values",
    "loudness_value",
    "output_file",
    "percent",
    "platform_list",
    "product_list",
    "seconds_ms",
    "speed_percent",
    "style_name",
    "text_value",
    "watermark_value",
]

_MOST_HOTWORDS = 1000
_MADE = frozenset({".mp4", ".m4a"})


def seconds_ms(value: str, option: str) -> int:
    """Seconds, written as a decimal number, as milliseconds."""
    if not re.fullmatch(r"\d{1,6}(\.\d{1,3})?", value):
        raise UsageError(
            f"{option} {value!r} is not a number of seconds", "Write it like 20 or 7.5"
        )
    whole, _, fraction = value.partition(".")
    return int(whole) * 1000 + int((fraction or "0").ljust(3, "0"))


def speed_percent(value: str) -> int:
    """A speed such as ``1.25`` or ``1.5x`` as percent."""
    found = re.fullmatch(r"(\d)(?:\.(\d{1,2}))?x?", value)
    if found is None:
        raise UsageError(f"--speed {value!r} is not a speed", "Write it like 1.25, from 0.5 to 2")
    return int(found[1]) * 100 + int((found[2] or "0").ljust(2, "0"))


def percent(value: str, option: str) -> float:
    """``12`` or ``12%`` as a share of 1."""
    found = re.fullmatch(r"(\d{1,3}(?:\.\d{1,2})?)%?", value)
    if found is None:
        raise UsageError(f"{option} {value!r} is not a percentage", "Write it like 12 or 12%")
    return float(found[1]) / 100


def loudness_value(value: str) -> float | None:
    """LUFS, or None for ``off``."""
    if value.lower() == "off":
        return None
    try:
        return float(value)
    except ValueError as error:
        raise UsageError(
            f"--loudness {value!r} is neither a number nor off", "Write it like -14, -16 or off"
        ) from error


def look_values(
    *,
    watermark_opacity: str,
    watermark_size: str,
    watermark_margin: str,
    speed: str,
    crossfade: str,
    **as_given: object,
) -> dict[str, Any]:
    """Fields of `RenderOptions` from the options that `clip` and `cut` share."""
    return {
        **as_given,
        "watermark_opacity": percent(watermark_opacity, "--watermark-opacity"),
        "watermark_size": percent(watermark_size, "--watermark-size"),
        "watermark_margin": percent(watermark_margin, "--watermark-margin"),
        "speed": speed_percent(speed),
        "crossfade_ms": seconds_ms(crossfade, "--crossfade"),
    }


def style_name(value: str) -> str:
    """The name of a caption style that there is."""
    if value not in STYLES:
        raise UsageError(
            f"there is no caption style {one_line(value, 40)!r}",
            f"Choose one of {', '.join(STYLES)}",
        )
    return value


def text_value(value: str | None, option: str) -> str | None:
    """A text that says something; an empty one is a variable that was not set, say."""
    if value is not None and not value.strip():
        raise UsageError(f"{option} is empty", f"Give {option} a text, or leave it out")
    return value


def hotword_list(value: str | None) -> list[str]:
    """Words from a file (one a line) or from the text itself (commas or white space between)."""
    if text_value(value, "--hotwords") is None or value is None:
        return []
    in_file = is_file(value)
    try:
        text = Path(value).read_text(encoding="utf-8-sig") if in_file else value
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"--hotwords {value!r} cannot be read", "Give UTF-8 text, one word a line"
        ) from error
    parts = text.splitlines() if in_file else re.split(r"[,，、;；\s]+", text)
    words = list(dict.fromkeys(part.strip() for part in parts if part.strip()))
    if len(words) > _MOST_HOTWORDS:
        raise UsageError(f"{len(words)} hotwords were given", f"Give at most {_MOST_HOTWORDS}")
    return words


def product_list(value: str | None) -> list[Product]:
    """Products of a file (lines, CSV or JSON) or of the text itself (``;`` or a line's end between)."""
    if not value:
        return []
    from videoclip.highlights.products import parse_products

    if not is_file(value):
        if value.lower().endswith((".txt", ".csv", ".json", ".tsv")):
            raise UsageError(f"--products {value!r} is not a file", "Check the path")
        text = value if value.lstrip()[:1] in "[{" else re.sub(r"[;；]", "\n", value)
        return parse_products(text)
    try:
        return parse_products(Path(value).read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--products {value!r} cannot be read", "Give UTF-8 text") from error


def platform_list(value: str) -> list[Platform]:
    """``all``, ``none``, or names of platforms with commas between."""
    if value.strip().lower() in {"all", "none"}:
        return list(Platform) if value.strip().lower() == "all" else []
    names = [name.strip().lower() for name in value.split(",") if name.strip()]
    known = {platform.value for platform in Platform}
    wrong = [name for name in names if name not in known]
    if wrong or not names:
        raise UsageError(
            f"--platforms {value!r} names no such platform",
            f"Write all, none, or some of {','.join(p.value for p in Platform)}",
        )
    return [Platform(name) for name in dict.fromkeys(names)]


def absolute_file(value: str, option: str) -> str:
    """The absolute path of a file that must exist."""
    if not is_file(value):
        raise UsageError(f"{option} {value!r} is not a file", "Check the path")
    return str(Path(value).absolute())


def output_file(out: Path) -> Path | None:
    """The one file that ``-o`` names, or None where it names a folder.

    Raises:
        UsageError: it names a media file of a kind that is not made.
    """
    suffix = out.suffix.lower()
    if out.is_dir() or suffix not in MEDIA_SUFFIXES:
        return None
    if suffix not in _MADE:
        raise UsageError(
            f"clips are .mp4 files (.m4a without picture), not {suffix}",
            f"Name it {out.stem}.mp4, or name a folder",
        )
    return out.absolute()


def watermark_value(value: str | None) -> str | None:
    """An image's absolute path, or the text as it is."""
    if text_value(value, "--watermark") is None or value is None:
        return None
    return str(Path(value).absolute()) if is_file(value) else value


def is_file(value: str) -> bool:
    """Whether a text names a file here."""
    try:
        return Path(value).is_file()
    except (OSError, ValueError):  # too long for a path, or with a null: a text then
        return False


def checked(model: type[Model], **values: object) -> Model:
    """A request or options made from these values, or an error that names the wrong ones.

    Raises:
        UsageError: a value is out of its range, or two do not go together.
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(str(part) for part in fault['loc']) or 'options'}: {fault['msg']}"
            for fault in error.errors(include_url=False, include_input=False)
        )
        raise UsageError(faults.replace("Value error, ", ""), "See the command's --help") from error
