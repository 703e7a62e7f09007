"""What `clip` and `submit` can be told about the clips: the options, declared once, and the request that they make."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Annotated, Any

import typer

from videoclip.cli import options
from videoclip.errors import UsageError
from videoclip.media.image_files import watermark_image
from videoclip.media.styles import STYLES
from videoclip.schemas import (
    Aspect,
    Captions,
    ClipRequest,
    CutMode,
    Encoder,
    Framing,
    Genre,
    HighlighterName,
    JumpCut,
    Place,
    Quality,
    RecogniserName,
    RenderOptions,
)

__all__ = [
    "ClipWishes",
    "Crossfade",
    "Denoise",
    "EncoderOption",
    "FramingOption",
    "Hotwords",
    "Language",
    "LevelDialogue",
    "Margin",
    "Opacity",
    "PlaceOption",
    "QualityOption",
    "Recogniser",
    "Size",
    "Speed",
    "with_wishes",
]

Language = Annotated[str, typer.Option(metavar="auto|zh|en|...", help="Language spoken.")]
Recogniser = Annotated[RecogniserName, typer.Option(help="Speech engine.")]
Hotwords = Annotated[
    str | None, typer.Option(metavar="FILE|TEXT", help="Names and terms to expect.")
]
QualityOption = Annotated[Quality, typer.Option(help="Effort and rate of the encoder.")]
EncoderOption = Annotated[Encoder, typer.Option(help="Which H.264 encoder.")]
FramingOption = Annotated[Framing, typer.Option(help="How the picture gets into another shape.")]
PlaceOption = Annotated[Place, typer.Option(help="Where the watermark stands.")]
Opacity = Annotated[str, typer.Option(metavar="PERCENT", help="100 is opaque.")]
Size = Annotated[str, typer.Option(metavar="PERCENT", help="Of the picture's width.")]
Margin = Annotated[str, typer.Option(metavar="PERCENT", help="From the edge, of the width.")]
Speed = Annotated[str, typer.Option(metavar="X", help="0.5 to 2; the pitch stays.")]
Denoise = Annotated[bool, typer.Option("--denoise", help="Take steady noise out of the sound.")]
LevelDialogue = Annotated[
    bool, typer.Option("--level-dialogue", help="Bring quiet and loud voices together.")
]
Crossfade = Annotated[str, typer.Option(metavar="S", help="Between joined ranges.")]

_OF_ONE_VIDEO = ("transcript", "translation")
_OF_ALL = ("intro", "outro")


@dataclass(frozen=True, slots=True)
class ClipWishes:
    """What was asked for, but for the source."""

    fields: dict[str, Any]
    """Of `ClipRequest`."""
    render: dict[str, Any]
    """Of `RenderOptions`."""

    def request(self, source: str) -> ClipRequest:
        """The request for one video.

        Raises:
            UsageError: a value is out of its range, or two do not go together.
        """
        render = options.checked(RenderOptions, **self.render)
        return options.checked(ClipRequest, source=source, render=render, **self.fields)

    def with_files(self, place: Callable[[str, str], str]) -> ClipWishes:
        """The same, with files as ``place(value, option)`` names them; a watermark that is a text stays one.

        Raises:
            UsageError: the watermark looks like a file, and is no image.
        """
        fields, render = dict(self.fields), dict(self.render)
        for values, names in ((fields, _OF_ONE_VIDEO), (render, _OF_ALL)):
            for name in names:
                if values[name] is not None:
                    values[name] = place(values[name], f"--{name}")
        if watermark_image(render["watermark"]) is not None:
            render["watermark"] = place(render["watermark"], "--watermark")
        return replace(self, fields=fields, render=render)

    def check_many(self, sources: int) -> None:
        """See that nothing that belongs to one video is given for several.

        Raises:
            UsageError: it is.
        """
        for name in _OF_ONE_VIDEO:
            if self.fields[name] is not None and sources > 1:
                raise UsageError(
                    f"--{name} belongs to one video, and {sources} were given",
                    "Run them one by one",
                )


def _wishes(
    top: Annotated[
        int | None,
        typer.Option(
            min=1, max=100, help="Clips at most; default 5, or one a product.", show_default=False
        ),
    ] = None,
    prompt: Annotated[
        str | None, typer.Option(metavar="TEXT", help="What to look for, in your words.")
    ] = None,
    genre: Annotated[Genre, typer.Option(help="Kind of video.")] = Genre.AUTO,
    language: Language = "auto",
    recogniser: Recogniser = RecogniserName.AUTO,
    transcript: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="SRT, VTT, ASS or JSON to use instead of recognition."),
    ] = None,
    hotwords: Hotwords = None,
    highlighter: Annotated[
        HighlighterName, typer.Option(help="Who picks the highlights.")
    ] = HighlighterName.AUTO,
    products: Annotated[
        str | None,
        typer.Option(
            metavar="FILE|TEXT", help="Products sold, one a line, aliases after |: one clip each."
        ),
    ] = None,
    platforms: Annotated[
        str, typer.Option(metavar="all|none|NAMES", help="Platforms to write posts for.")
    ] = "all",
    min_seconds: Annotated[str, typer.Option(metavar="S", help="Shortest clip.")] = "15",
    max_seconds: Annotated[str, typer.Option(metavar="S", help="Longest clip.")] = "90",
    mode: Annotated[CutMode, typer.Option(help="How pictures come about.")] = CutMode.AUTO,
    captions: Annotated[Captions, typer.Option(help="Where captions go.")] = Captions.BURN,
    style: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help=f"Look of burnt captions: {', '.join(STYLES)}.",
            autocompletion=lambda incomplete: [one for one in STYLES if one.startswith(incomplete)],
        ),
    ] = "clean",
    watermark: Annotated[
        str | None, typer.Option(metavar="PATH|TEXT", help="Image or text over the picture.")
    ] = None,
    intro: Annotated[
        str | None, typer.Option(metavar="FILE", help="Video before each clip.")
    ] = None,
    outro: Annotated[
        str | None, typer.Option(metavar="FILE", help="Video after each clip.")
    ] = None,
    aspect: Annotated[Aspect, typer.Option(help="Picture shape.")] = Aspect.SOURCE,
    loudness: Annotated[str, typer.Option(metavar="LUFS|off", help="Loudness target.")] = "-14",
    translation: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Subtitles in a second language, shown below the first."),
    ] = None,
    quality: QualityOption = Quality.STANDARD,
    encoder: EncoderOption = Encoder.AUTO,
    framing: FramingOption = Framing.AUTO,
    watermark_place: PlaceOption = Place.TOP_RIGHT,
    watermark_opacity: Opacity = "80",
    watermark_size: Size = "12",
    watermark_margin: Margin = "3",
    title_card: Annotated[
        str, typer.Option(metavar="S", help="Show the title that long before each clip.")
    ] = "0",
    speed: Speed = "1",
    denoise: Denoise = False,
    level_dialogue: LevelDialogue = False,
    jump_cut: Annotated[
        list[JumpCut] | None, typer.Option(help="What to cut out between words; repeat it.")
    ] = None,
    crossfade: Crossfade = "0",
    with_look: Annotated[
        bool,
        typer.Option("--look", help="Also make storyboard, waveform and shots of the source."),
    ] = False,
) -> ClipWishes:
    look = options.look_values(
        quality=quality,
        encoder=encoder,
        framing=framing,
        watermark_place=watermark_place,
        watermark_opacity=watermark_opacity,
        watermark_size=watermark_size,
        watermark_margin=watermark_margin,
        speed=speed,
        denoise=denoise,
        level_dialogue=level_dialogue,
        crossfade=crossfade,
    )
    min_ms = options.seconds_ms(min_seconds, "--min-seconds")
    max_ms = options.seconds_ms(max_seconds, "--max-seconds")
    if max_ms < min_ms:
        raise UsageError(
            f"--max-seconds {max_seconds} is shorter than --min-seconds {min_seconds}",
            "Make the longest clip at least as long as the shortest",
        )
    sold = options.product_list(products)
    return ClipWishes(
        fields={
            "top": top or min(100, len(sold) or 5),
            "prompt": options.text_value(prompt, "--prompt") or "",
            "genre": genre,
            "language": language,
            "recogniser": recogniser,
            "transcript": transcript,
            "translation": translation,
            "hotwords": options.hotword_list(hotwords),
            "highlighter": highlighter,
            "products": sold,
            "platforms": options.platform_list(platforms),
            "min_ms": min_ms,
            "max_ms": max_ms,
            "look": with_look,
        },
        render={
            "mode": mode,
            "captions": captions,
            "style": options.style_name(style),
            "watermark": options.text_value(watermark, "--watermark"),
            "intro": intro,
            "outro": outro,
            "aspect": aspect,
            "loudness": options.loudness_value(loudness),
            "title_card_ms": options.seconds_ms(title_card, "--title-card"),
            "jump_cuts": jump_cut or [],
            **look,
        },
    )


def with_wishes(command: Callable[..., int]) -> Callable[..., int]:
    """Give a command the options in the place of its parameter ``wishes``, which gets what they say."""
    wishes = inspect.signature(_wishes, eval_str=True).parameters
    parameters: list[inspect.Parameter] = []
    for name, parameter in inspect.signature(command, eval_str=True).parameters.items():
        parameters += wishes.values() if name == "wishes" else [parameter]

    @functools.wraps(command)
    def wrapped(**given: Any) -> int:
        told = {name: given.pop(name) for name in wishes}
        return command(wishes=_wishes(**told), **given)

    named = [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in parameters]
    # Typer reads both.
    wrapped.__signature__ = inspect.Signature(named)  # type: ignore[attr-defined]
    wrapped.__annotations__ = {one.name: one.annotation for one in named}
    return wrapped
