"""What a source is."""

from __future__ import annotations

from pydantic import Field, model_validator

from videoclip.schemas.base import Milliseconds, Record

__all__ = ["AudioStream", "MediaInfo", "SourceInfo", "TimeRange", "VideoStream"]


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
