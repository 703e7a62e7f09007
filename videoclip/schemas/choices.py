"""Closed lists of wishes."""

from __future__ import annotations

from enum import Enum

__all__ = [
    "Aspect",
    "Captions",
    "CutMode",
    "Encoder",
    "Framing",
    "Genre",
    "HighlighterName",
    "JumpCut",
    "Place",
    "Platform",
    "Quality",
    "RecogniserName",
]


class Genre(str, Enum):
    """What kind of video it is; decides cue phrases and prompts."""

    AUTO = "auto"
    COMMERCE = "commerce"
    TALK = "talk"
    INTERVIEW = "interview"
    COURSE = "course"


class RecogniserName(str, Enum):
    """Speech engines."""

    AUTO = "auto"
    FUNASR = "funasr"
    POCKETSPHINX = "pocketsphinx"


class HighlighterName(str, Enum):
    """Engines that pick highlights."""

    AUTO = "auto"
    LLM = "llm"
    EXTRACTIVE = "extractive"


class CutMode(str, Enum):
    """How a clip's pictures come about; ``auto`` takes the cheapest exact one."""

    AUTO = "auto"
    COPY = "copy"
    SMART = "smart"
    ENCODE = "encode"


class Captions(str, Enum):
    """``burn`` into the picture, ``soft`` as a stream, ``sidecar`` as SRT and VTT beside, or ``none``.

    SRT and VTT files are written beside the clip in every case but ``none``.
    """

    BURN = "burn"
    SOFT = "soft"
    SIDECAR = "sidecar"
    NONE = "none"


class Aspect(str, Enum):
    """Picture shape of the clip, width to height."""

    SOURCE = "source"
    WIDE = "16:9"
    TALL = "9:16"
    SQUARE = "1:1"
    PORTRAIT = "4:5"


class Quality(str, Enum):
    """Effort and rate of the encoder: ``draft`` for a look, ``archive`` for a master."""

    DRAFT = "draft"
    STANDARD = "standard"
    HIGH = "high"
    ARCHIVE = "archive"


class Encoder(str, Enum):
    """Which H.264 encoder is used; ``auto`` takes hardware that passed a trial, else software."""

    AUTO = "auto"
    SOFTWARE = "software"
    NVENC = "nvenc"
    QSV = "qsv"
    VAAPI = "vaapi"
    VIDEOTOOLBOX = "videotoolbox"


class Framing(str, Enum):
    """How a picture gets into another shape.

    ``auto`` crops where little is lost and blurs else; ``face`` crops and follows the face (the centre where
    none is seen); ``centre`` crops around the middle; ``blur`` shows all of it over itself blurred.
    """

    AUTO = "auto"
    FACE = "face"
    CENTRE = "centre"
    BLUR = "blur"


class Place(str, Enum):
    """Where a watermark stands."""

    TOP_LEFT = "top-left"
    TOP_RIGHT = "top-right"
    BOTTOM_LEFT = "bottom-left"
    BOTTOM_RIGHT = "bottom-right"
    CENTRE = "centre"


class Platform(str, Enum):
    """Where a clip is published; decides how long a post's title and text may be."""

    DOUYIN = "douyin"
    XIAOHONGSHU = "xiaohongshu"
    BILIBILI = "bilibili"
    CHANNELS = "channels"
    TIKTOK = "tiktok"
    SHORTS = "shorts"
    REELS = "reels"
    X = "x"


class JumpCut(str, Enum):
    """What is cut out of a clip between its words."""

    SILENCE = "silence"
    FILLERS = "fillers"
