"""Flite's voices through its C library: samples with the true times of every word.

FFmpeg's ``flite`` source speaks the same voices but does not tell when each word is said. Debian's
``libflite1``, on which FFmpeg with flite depends, has all that is needed.
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

__all__ = ["RATE", "VOICES", "Utterance", "has_libflite", "speak_words"]

RATE = 16_000  # Hz
VOICES = ("rms", "slt", "awb")
_LAST_SEGMENT_END = "R:SylStructure.daughtern.daughtern.R:Segment.end"
_FIRST_SEGMENT_START = "R:SylStructure.daughter1.daughter1.R:Segment.p.end"


@dataclass(frozen=True, slots=True)
class Utterance:
    """One utterance: ``samples`` at 16 kHz and its words as ``(text, start_ms, end_ms)``."""

    samples: NDArray[np.int16]
    words: tuple[tuple[str, int, int], ...]


class _Wave(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_char_p),
        ("sample_rate", ctypes.c_int),
        ("num_samples", ctypes.c_int),
        ("num_channels", ctypes.c_int),
        ("samples", ctypes.POINTER(ctypes.c_short)),
    )


class _Voice(ctypes.Structure):
    _fields_ = (("name", ctypes.c_char_p), ("features", ctypes.c_void_p))


@cache
def _library() -> ctypes.CDLL:
    # Each library names symbols of the one before without linking to it.
    loaded = [
        ctypes.CDLL(f"lib{name}.so.1", mode=ctypes.RTLD_GLOBAL)
        for name in ("flite", "flite_cmulex", "flite_usenglish")
    ]
    flite = loaded[0]
    pointer, text = ctypes.c_void_p, ctypes.c_char_p
    signatures = {
        "flite_init": (ctypes.c_int, []),
        "flite_synth_text": (pointer, [text, pointer]),
        "utt_wave": (ctypes.POINTER(_Wave), [pointer]),
        "utt_relation": (pointer, [pointer, text]),
        "relation_head": (pointer, [pointer]),
        "item_next": (pointer, [pointer]),
        "ffeature_string": (text, [pointer, text]),
        "ffeature_float": (ctypes.c_float, [pointer, text]),
        "feat_set_float": (None, [pointer, text, ctypes.c_float]),
        "delete_utterance": (None, [pointer]),
    }
    for name, (result, arguments) in signatures.items():
        function = getattr(flite, name)
        function.restype, function.argtypes = result, arguments
    flite.flite_init()
    return flite


@cache
def _voice(name: str) -> ctypes._Pointer[_Voice]:
    _library()
    clustergen = ctypes.CDLL(f"libflite_cmu_us_{name}.so.1", mode=ctypes.RTLD_GLOBAL)
    register = getattr(clustergen, f"register_cmu_us_{name}")
    register.restype, register.argtypes = ctypes.POINTER(_Voice), [ctypes.c_char_p]
    return register(None)  # type: ignore[no-any-return]


def has_libflite() -> bool:
    """Whether the library and its voices are on this machine."""
    try:
        for name in VOICES:
            _voice(name)
    except OSError:
        return False
    return True


def speak_words(text: str, voice: str, stretch: float = 1.0) -> Utterance:
    """Speak ``text``; words that are spoken as several parts (numbers, contractions) come as these parts.

    Args:
        text: English.
        voice: one of ``VOICES``.
        stretch: of all durations; 1.1 is a tenth slower.

    Raises:
        OSError: flite is not installed.
    """
    flite, speaker = _library(), _voice(voice)
    flite.feat_set_float(speaker.contents.features, b"duration_stretch", stretch)
    utterance = flite.flite_synth_text(text.encode("ascii"), ctypes.cast(speaker, ctypes.c_void_p))
    try:
        wave = flite.utt_wave(utterance).contents
        samples = np.ctypeslib.as_array(wave.samples, (wave.num_samples,)).astype(np.int16)
        words: list[tuple[str, int, int]] = []
        item = flite.relation_head(flite.utt_relation(utterance, b"Word"))
        while item:
            name = flite.ffeature_string(item, b"name").decode("ascii")
            start = round(1000 * flite.ffeature_float(item, _FIRST_SEGMENT_START.encode()))
            end = round(1000 * flite.ffeature_float(item, _LAST_SEGMENT_END.encode()))
            words.append((name.lstrip("_"), start, end))  # the letter is "_a"
            item = flite.item_next(item)
    finally:
        flite.delete_utterance(utterance)
    return Utterance(samples, tuple(words))
