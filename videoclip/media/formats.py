"""Which containers and codecs a source may have: allow-lists, since every source is hostile.

FFmpeg probes some 300 formats by content, playlists and scripts among them, and links decoders of
the nineties. What is not named here is neither opened nor decoded, whatever a file's name says.
"""

from __future__ import annotations

__all__ = [
    "CODECS",
    "COPYABLE_AUDIO",
    "COPYABLE_VIDEO",
    "DECODERS",
    "DEMUXERS",
    "IMAGE_DEMUXERS",
    "PLAYED_EVERYWHERE",
    "PROTECTED_TAGS",
    "PROTOCOLS",
    "SMART_VIDEO",
    "is_audio_container",
]

PROTOCOLS = "file,pipe"

DEMUXERS: tuple[str, ...] = (
    "mov", "matroska", "mpegts", "mpeg", "flv", "avi", "asf", "ogg", "gif", "mxf", "dv",
    "wav", "w64", "mp3", "flac", "aac", "ac3", "eac3", "caf", "aiff", "amr", "au",
)  # fmt: skip
"""Demuxer names, the first of each alias list; no playlist, script, image sequence or subtitle."""

_AUDIO_DEMUXERS = frozenset(
    {"wav", "w64", "mp3", "flac", "aac", "ac3", "eac3", "caf", "aiff", "amr", "au"}
)

_VIDEO_DECODERS: dict[str, tuple[str, ...]] = {
    "h264": ("h264",),
    "hevc": ("hevc",),
    "av1": ("libdav1d", "libaom-av1", "av1"),
    "vp8": ("vp8",),
    "vp9": ("vp9",),
    "mpeg4": ("mpeg4",),
    "mpeg2video": ("mpeg2video",),
    "mpeg1video": ("mpeg1video",),
    "msmpeg4v2": ("msmpeg4v2",),
    "msmpeg4v3": ("msmpeg4",),
    "wmv1": ("wmv1",),
    "wmv2": ("wmv2",),
    "wmv3": ("wmv3",),
    "vc1": ("vc1",),
    "mjpeg": ("mjpeg",),
    "prores": ("prores",),
    "dnxhd": ("dnxhd",),
    "dvvideo": ("dvvideo",),
    "flv1": ("flv",),
    "h263": ("h263",),
    "theora": ("theora",),
    "gif": ("gif",),
    "ffv1": ("ffv1",),
    "rawvideo": ("rawvideo",),
}

_AUDIO_DECODERS: dict[str, tuple[str, ...]] = {
    "aac": ("aac",),
    "aac_latm": ("aac_latm",),
    "mp3": ("mp3float", "mp3"),
    "mp2": ("mp2float", "mp2"),
    "ac3": ("ac3",),
    "eac3": ("eac3",),
    "dts": ("dca",),
    "opus": ("opus", "libopus"),
    "vorbis": ("vorbis", "libvorbis"),
    "flac": ("flac",),
    "alac": ("alac",),
    "wmav1": ("wmav1",),
    "wmav2": ("wmav2",),
    "wmapro": ("wmapro",),
    "amr_nb": ("amrnb", "libopencore_amrnb"),
    "amr_wb": ("amrwb", "libopencore_amrwb"),
    "speex": ("libspeex", "speex"),
    "adpcm_ms": ("adpcm_ms",),
    "adpcm_ima_wav": ("adpcm_ima_wav",),
    "adpcm_ima_qt": ("adpcm_ima_qt",),
    **{
        name: (name,)
        for name in (
            "pcm_u8", "pcm_s8", "pcm_s16le", "pcm_s16be", "pcm_s24le", "pcm_s24be", "pcm_s32le",
            "pcm_s32be", "pcm_f32le", "pcm_f32be", "pcm_f64le", "pcm_f64be", "pcm_alaw",
            "pcm_mulaw", "pcm_bluray", "pcm_dvd",
        )
    },
}  # fmt: skip

_SUBTITLE_DECODERS = (
    "ass", "ssa", "srt", "subrip", "mov_text", "webvtt", "text", "dvbsub", "dvdsub", "pgssub",
    "libzvbi_teletextdec", "cc_dec",
)  # fmt: skip
"""FFprobe opens a decoder for each stream of a file, or gives up: without these, films with subtitles
would be refused. No subtitle of a source is ever mapped or drawn."""

CODECS: dict[str, frozenset[str]] = {
    "video": frozenset(_VIDEO_DECODERS),
    "audio": frozenset(_AUDIO_DECODERS),
}
"""Codec names (as FFmpeg's descriptors call them) that are accepted, by stream type."""

DECODERS = ",".join(
    sorted(
        {
            name
            for names in (*_VIDEO_DECODERS.values(), *_AUDIO_DECODERS.values(), _SUBTITLE_DECODERS)
            for name in names
        }
    )
)
"""The value of ``-codec_whitelist``: decoder names."""

IMAGE_DEMUXERS: dict[str, str] = {"png_pipe": "png", "jpeg_pipe": "mjpeg", "webp_pipe": "webp"}
"""What a watermark image may be: demuxer to decoder."""

PROTECTED_TAGS = frozenset({"encv", "enca", "drms", "drmi", "drmt"})
"""Sample entries of encrypted tracks (ISO/IEC 23001-7 and FairPlay)."""

COPYABLE_VIDEO = frozenset({"h264", "hevc", "av1", "vp9", "mpeg4"})
COPYABLE_AUDIO = frozenset({"aac", "mp3", "ac3", "eac3", "opus", "alac", "flac"})
"""Codecs that MP4 holds in a way that players read."""

PLAYED_EVERYWHERE = frozenset({("h264", "yuv420p"), ("h264", "yuvj420p")})
"""Codecs with pixel formats that every player decodes; others are copied only where smart cutting is asked for."""

SMART_VIDEO = frozenset({"h264", "hevc"})
"""Codecs whose GOPs are copied and whose edges are encoded anew so that one decoder takes both."""


def is_audio_container(container: str) -> bool:
    """Whether files of this demuxer hold sound only (cover art apart)."""
    return container in _AUDIO_DEMUXERS
