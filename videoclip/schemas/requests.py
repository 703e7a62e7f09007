"""What can be asked for."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from videoclip.schemas.base import LANGUAGE, Record
from videoclip.schemas.choices import (
    Aspect,
    Captions,
    CutMode,
    Encoder,
    Framing,
    Genre,
    HighlighterName,
    JumpCut,
    Place,
    Platform,
    Quality,
    RecogniserName,
)
from videoclip.schemas.media import TimeRange
from videoclip.schemas.transcript import Product

__all__ = [
    "ClipRequest",
    "CutRequest",
    "EditedClip",
    "JobRequest",
    "RenderOptions",
    "RenderRequest",
    "TranscribeRequest",
]


class RenderOptions(Record):
    """How clips are made. Paths are absolute."""

    mode: CutMode = CutMode.AUTO
    captions: Captions = Captions.BURN
    style: str = Field("clean", description="caption style by name")
    watermark: str | None = Field(None, description="path of an image, or a text")
    intro: str | None = Field(None, description="path of a video before the clip")
    outro: str | None = Field(None, description="path of a video after the clip")
    aspect: Aspect = Aspect.SOURCE
    loudness: float | None = Field(
        -14.0, ge=-40.0, le=-5.0, description="integrated loudness in LUFS; null leaves it alone"
    )
    quality: Quality = Quality.STANDARD
    encoder: Encoder = Encoder.AUTO
    framing: Framing = Framing.AUTO
    watermark_place: Place = Place.TOP_RIGHT
    watermark_opacity: float = Field(0.8, gt=0.0, le=1.0, description="1 is opaque")
    watermark_size: float = Field(0.12, ge=0.01, le=1.0, description="share of the picture's width")
    watermark_margin: float = Field(
        0.03, ge=0.0, le=0.4, description="distance from the edge, share of the picture's width"
    )
    title_card_ms: int = Field(
        0,
        ge=0,
        le=10_000,
        description="how long the title is shown before the clip, ms; 0: not at all",
    )
    crossfade_ms: int = Field(
        0, ge=0, le=2_000, description="between joined ranges, ms; 0: a hard cut"
    )
    speed: int = Field(100, ge=50, le=200, description="percent of the source's; the pitch stays")
    denoise: bool = Field(False, description="take steady noise out of the sound")
    level_dialogue: bool = Field(False, description="bring quiet and loud voices together")
    jump_cuts: list[JumpCut] = Field(
        default_factory=list, description="what is cut out between words"
    )

    @model_validator(mode="after")
    def _style_is_used(self) -> RenderOptions:
        if self.style != "clean" and self.captions is not Captions.BURN:
            raise ValueError("a caption style needs captions that are burnt in (--captions burn)")
        return self


class ClipRequest(Record):
    """What a clip job is asked to do: pick highlights and make clips."""

    kind: Literal["clip"] = "clip"
    source: str = Field(description="absolute path of the source")
    top: int = Field(5, ge=1, le=100, description="clips at most")
    prompt: str = Field("", max_length=4000, description="what to look for, in the user's words")
    genre: Genre = Genre.AUTO
    language: str = Field("auto", pattern=LANGUAGE, description="BCP 47 or auto")
    recogniser: RecogniserName = RecogniserName.AUTO
    transcript: str | None = Field(None, description="absolute path of a transcript to use instead")
    translation: str | None = Field(
        None, description="absolute path of subtitles in a second language, shown below the first"
    )
    hotwords: list[str] = Field(default_factory=list, description="names and terms to expect")
    highlighter: HighlighterName = HighlighterName.AUTO
    products: list[Product] = Field(
        default_factory=list,
        max_length=200,
        description="products to look for; then only these become clips, one each",
    )
    platforms: list[Platform] = Field(
        default_factory=lambda: list(Platform), description="platforms to write posts for"
    )
    min_ms: int = Field(15_000, ge=1_000, description="shortest clip")
    max_ms: int = Field(90_000, ge=1_000, description="longest clip")
    render: RenderOptions = Field(default_factory=RenderOptions)
    look: bool = Field(False, description="also make storyboard, waveform and shots of the source")

    @model_validator(mode="after")
    def _transcript_or_recogniser(self) -> ClipRequest:
        chosen = self.recogniser is not RecogniserName.AUTO or self.hotwords
        if self.transcript is not None and chosen:
            raise ValueError("with a transcript, recogniser and hotwords would do nothing")
        return self

    @model_validator(mode="after")
    def _lengths(self) -> ClipRequest:
        if self.max_ms < self.min_ms:
            raise ValueError("the longest clip must not be shorter than the shortest")
        return self


class TranscribeRequest(Record):
    """What a transcription job is asked to do."""

    kind: Literal["transcribe"] = "transcribe"
    source: str = Field(description="absolute path of the source")
    language: str = Field("auto", pattern=LANGUAGE, description="BCP 47 or auto")
    recogniser: RecogniserName = RecogniserName.AUTO
    hotwords: list[str] = Field(default_factory=list, description="names and terms to expect")


class CutRequest(Record):
    """What a cut job is asked to do: given ranges become clips."""

    kind: Literal["cut"] = "cut"
    source: str = Field(description="absolute path of the source")
    ranges: list[TimeRange] = Field(min_length=1, max_length=1000)
    join: bool = Field(False, description="one file of all ranges in order, instead of one each")
    render: RenderOptions = Field(
        default_factory=lambda: RenderOptions(captions=Captions.NONE, loudness=None)
    )


class EditedClip(Record):
    """A clip as a person wants it: ranges of the source in the order they play, and a style."""

    title: str = Field("", max_length=300, description="for the title card and the file's name")
    ranges: list[TimeRange] = Field(min_length=1, max_length=1000)
    render: RenderOptions | None = Field(None, description="null: that of the request")


class RenderRequest(Record):
    """What a render job is asked to do: edited clips become files."""

    kind: Literal["render"] = "render"
    source: str = Field(description="absolute path of the source")
    clips: list[EditedClip] = Field(min_length=1, max_length=100)
    transcript: str | None = Field(
        None, description="absolute path of the transcript that captions are made from"
    )
    render: RenderOptions = Field(default_factory=RenderOptions)


JobRequest = Annotated[
    ClipRequest | TranscribeRequest | CutRequest | RenderRequest, Field(discriminator="kind")
]
