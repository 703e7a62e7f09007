"""The records that travel between the parts: transcript, highlight, clip, proof sheet, manifest.

Times are integer milliseconds from the first frame of the source (or of the clip, where said so).
Every record refuses unknown fields. These are also what the SDK returns.
"""

from __future__ import annotations

from enum import Enum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, FailFast, Field, model_validator

__all__ = [
    "Aspect",
    "AudioStream",
    "Candidate",
    "Captions",
    "Clip",
    "ClipRequest",
    "CutMode",
    "CutRequest",
    "Encoder",
    "Engine",
    "Failure",
    "Framing",
    "Genre",
    "HighlighterName",
    "JobRequest",
    "JumpCut",
    "LlmUsage",
    "Look",
    "Manifest",
    "MediaInfo",
    "Milliseconds",
    "Notice",
    "Place",
    "Platform",
    "Post",
    "Product",
    "Proof",
    "ProofCheck",
    "ProofFinding",
    "Quality",
    "RecogniserName",
    "RenderOptions",
    "Sentence",
    "SourceInfo",
    "StageReport",
    "TimeRange",
    "TranscribeRequest",
    "Transcript",
    "VideoStream",
    "Word",
]

Milliseconds = Annotated[int, Field(ge=0, description="integer milliseconds")]
_LANGUAGE = r"^(auto|[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*)$"
Score = Annotated[float, Field(ge=0.0, le=1.0, description="0 worst, 1 best")]


class Record(BaseModel):
    """Base: immutable, unknown fields refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


# --------------------------------------------------------------------------- choices


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


# --------------------------------------------------------------------------- media


class TimeRange(Record):
    """Half-open range ``[start_ms, end_ms)`` on the source's time line."""

    start_ms: Milliseconds
    end_ms: Milliseconds

    @model_validator(mode="after")
    def _ordered(self) -> TimeRange:
        if self.end_ms <= self.start_ms:
            raise ValueError("end_ms must be greater than start_ms")
        return self

    @property
    def duration_ms(self) -> int:
        """Length in milliseconds."""
        return self.end_ms - self.start_ms


class VideoStream(Record):
    """The video stream that is used. Sizes in pixels; rationals as ``num/den`` text."""

    index: int = Field(ge=0, description="stream index in the container")
    codec: str
    width: int = Field(gt=0, description="coded width, before rotation")
    height: int = Field(gt=0, description="coded height, before rotation")
    display_width: int = Field(
        gt=0, description="width as shown: rotation and sample aspect applied"
    )
    display_height: int = Field(gt=0, description="height as shown")
    rotation: int = Field(0, description="clockwise degrees to turn for display: 0, 90, 180 or 270")
    sample_aspect: str = "1/1"
    frame_rate: str = Field(description="average frame rate, exact, such as 30000/1001")
    variable_frame_rate: bool = False
    time_base: str = Field(description="seconds a tick, such as 1/12800")
    start_ms: int = Field(0, description="presentation time of the first frame")
    pixel_format: str | None = None
    color_transfer: str | None = None
    color_space: str | None = Field(None, description="matrix, such as bt709 or smpte170m")
    color_primaries: str | None = None
    color_range: str | None = Field(None, description="tv (limited) or pc (full)")
    bit_rate: int | None = Field(None, description="bits a second")


class AudioStream(Record):
    """An audio stream."""

    index: int = Field(ge=0)
    codec: str
    sample_rate: int = Field(gt=0, description="Hz")
    channels: int = Field(gt=0)
    language: str | None = None
    start_ms: int = Field(0, description="presentation time of the first sample")
    bit_rate: int | None = None


class MediaInfo(Record):
    """What a probe found. At least one of ``video`` and ``audio`` is there."""

    container: str = Field(description="demuxer that opens the file, such as mov or matroska")
    duration_ms: Milliseconds
    size_bytes: int = Field(ge=0)
    video: VideoStream | None = None
    audio: AudioStream | None = None
    warnings: list[str] = Field(default_factory=list, description="oddities, one sentence each")


class SourceInfo(Record):
    """Which file was read."""

    name: str = Field(description="file name without folders")
    path: str = Field(description="path as given; bytes that are not UTF-8 are escaped")
    sha256: str
    size_bytes: int = Field(ge=0)


# --------------------------------------------------------------------------- transcript


class Word(Record):
    """One spoken word (or Chinese character) with its time."""

    id: int = Field(ge=0, description="number in the transcript, from 0")
    text: str = Field(min_length=1, description="as shown, with punctuation that belongs to it")
    start_ms: Milliseconds
    end_ms: Milliseconds
    confidence: Score | None = None
    speaker: str | None = None


class Sentence(Record):
    """A run of words that belong together; what highlights and captions refer to."""

    id: int = Field(ge=0, description="number in the transcript, from 0")
    text: str
    start_ms: Milliseconds = Field(description="start of the first word")
    end_ms: Milliseconds = Field(description="end of the last word")
    words: Annotated[list[Word], FailFast()] = Field(min_length=1)
    speaker: str | None = None


class Engine(Record):
    """Which engine did the work, so that a result can be made again."""

    name: str
    version: str = ""
    model: str = ""
    device: str = "cpu"


class Transcript(Record):
    """Everything that was said, in order. An empty one (no speech) is legal."""

    version: Literal[1] = 1
    language: str = Field(description="BCP 47, such as en or zh")
    duration_ms: Milliseconds = Field(description="length of the source")
    engine: Engine
    sentences: Annotated[list[Sentence], FailFast()] = Field(default_factory=list)
    untranscribed: list[TimeRange] = Field(
        default_factory=list, description="ranges whose recognition failed"
    )

    @property
    def words(self) -> list[Word]:
        """All words in order."""
        return [word for sentence in self.sentences for word in sentence.words]


# --------------------------------------------------------------------------- highlights


class Product(Record):
    """A product that the video may sell; one clip at most is made of each."""

    name: str = Field(min_length=1, max_length=120, description="as clips are titled")
    aliases: list[str] = Field(
        default_factory=list, max_length=20, description="other words that are said for it"
    )


class Candidate(Record):
    """A run of whole sentences that might become a clip, chosen or dropped, and why."""

    id: str = Field(description="stable within a job, such as c03")
    first_sentence: int = Field(ge=0)
    last_sentence: int = Field(ge=0, description="inclusive")
    start_ms: Milliseconds = Field(
        description="derived from words, snapped into the silence before"
    )
    end_ms: Milliseconds = Field(description="derived from words, snapped into the silence after")
    title: str
    reason: str = Field(description="why it was picked, one sentence for people")
    quote: str = Field("", description="its strongest sentence, word for word")
    hook: str = Field("", description="a line that makes one watch; empty without a model")
    product: str = Field("", description="product of the request's list that it shows")
    score: Score
    scores: dict[str, float] = Field(default_factory=dict, description="score by criterion")
    hashtags: list[str] = Field(default_factory=list)
    engine: str = Field(description="highlighter that proposed it")
    selected: bool = False
    dropped: str | None = Field(
        None, description="why it was not selected, one sentence for people"
    )


# --------------------------------------------------------------------------- requests


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
    language: str = Field("auto", pattern=_LANGUAGE, description="BCP 47 or auto")
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
    language: str = Field("auto", pattern=_LANGUAGE, description="BCP 47 or auto")
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


JobRequest = Annotated[ClipRequest | TranscribeRequest | CutRequest, Field(discriminator="kind")]


# --------------------------------------------------------------------------- results


class Notice(Record):
    """Something that the user should know: a fallback, a repair, a limit."""

    code: str
    message: str
    remedy: str = ""


class ProofCheck(Record):
    """One check of a rendered file."""

    name: str
    ok: bool
    measured: str = ""
    expected: str = ""


class ProofFinding(Record):
    """Something in a rendered file that is worth a look, but no fault of ours."""

    name: str = Field(
        description="black, frozen, silent, silent_start, silent_end, reading_speed or colour_tags"
    )
    start_ms: Milliseconds | None = Field(None, description="of the clip; null: all of it")
    end_ms: Milliseconds | None = Field(None, description="of the clip")
    detail: str = ""


class Proof(Record):
    """What was found when the rendered file was opened again."""

    ok: bool
    checks: list[ProofCheck]
    findings: list[ProofFinding] = Field(default_factory=list)
    frames: int | None = Field(None, description="video frames decoded")
    duration_ms: Milliseconds | None = None
    loudness_lufs: float | None = None
    true_peak_dbtp: float | None = None


class Post(Record):
    """What goes beside a clip on a platform, within its limits."""

    platform: Platform
    title: str = Field(description="empty where the platform has none")
    description: str = Field(description="without the hashtags")
    hashtags: list[str] = Field(default_factory=list, description="without #")
    engine: str = Field(description="llm, or template where no model wrote it")


class Clip(Record):
    """A finished clip. File names are relative to the output folder, with forward slashes."""

    id: str
    file: str
    start_ms: Milliseconds = Field(description="of the source")
    end_ms: Milliseconds = Field(description="of the source")
    duration_ms: Milliseconds = Field(description="of the file, intro and outro included")
    mode: CutMode
    title: str
    reason: str = Field("", description="why it was picked; empty for a cut by hand")
    quote: str = ""
    hook: str = ""
    product: str = ""
    score: Score | None = None
    scores: dict[str, float] = Field(default_factory=dict)
    hashtags: list[str] = Field(default_factory=list)
    posts: list[Post] = Field(default_factory=list, description="one a platform; none for a cut")
    sentences: list[int] = Field(default_factory=list, description="ids, in order")
    ranges: list[TimeRange] = Field(description="of the source, in the order they play")
    captions: dict[str, str] = Field(
        default_factory=dict, description="caption files by kind: srt, vtt"
    )
    thumbnail: str | None = None
    proof: Proof
    sha256: str


class Look(Record):
    """What one sees of the source without playing it. File names as in `Clip`."""

    sheets: list[str] = Field(default_factory=list, description="JPEG sheets of small pictures")
    storyboard: str | None = Field(None, description="WebVTT index of the sheets (#xywh=)")
    waveform: str | None = Field(None, description="peaks, audiowaveform's JSON of version 2")
    shots: str | None = Field(None, description="JSON: cuts, dissolves, fades, and the shots")


class StageReport(Record):
    """What a stage cost."""

    name: str
    units: int = Field(ge=0, description="units of work in all")
    reused: int = Field(0, ge=0, description="units taken from earlier runs")
    failed: int = Field(0, ge=0)
    wall_s: float = Field(ge=0)
    cpu_s: float = Field(ge=0, description="processor seconds, children included")


class LlmUsage(Record):
    """What the language model cost in this run, failed requests included."""

    model: str
    requests: int = Field(0, ge=0)
    cached: int = Field(0, ge=0, description="requests answered by earlier runs, not asked again")
    prompt_tokens: int = Field(0, ge=0)
    completion_tokens: int = Field(0, ge=0)
    seconds: float = Field(0.0, ge=0, description="waited for answers, all requests added up")
    estimated: bool = Field(False, description="the endpoint did not count every request's tokens")


class Failure(Record):
    """A unit of work that failed for good."""

    stage: str
    unit: str
    code: str
    cause: str
    remedy: str


class Manifest(Record):
    """``manifest.json``: what came out, why, and how."""

    version: Literal[1] = 1
    product: str = Field(description="name and version of the program that wrote it")
    job: str = Field(description="job id")
    status: Literal["succeeded", "partial", "nothing_selected", "failed"]
    source: SourceInfo
    media: MediaInfo
    request: JobRequest
    language: str | None = Field(None, description="BCP 47; null where nothing was transcribed")
    recogniser: Engine | None = None
    highlighter: Engine | None = None
    llm: LlmUsage | None = Field(None, description="null where no language model was asked")
    transcript: dict[str, str] = Field(
        default_factory=dict, description="transcript files by kind: json, srt, vtt"
    )
    look: Look | None = Field(None, description="null unless it was asked for")
    stages: list[StageReport]
    clips: list[Clip]
    candidates: list[Candidate] = Field(description="all of them, the dropped ones with the reason")
    notices: list[Notice] = Field(default_factory=list)
    failures: list[Failure] = Field(default_factory=list)
