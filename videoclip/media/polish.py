"""Speech made easier to listen to: steady noise taken out, quiet and loud voices brought together.

Both work in place on the clip's 48 kHz stereo floats and keep every sample at its time. FFmpeg's
own filters were measured for the same: ``afftdn`` comes 25 ms late and gains 2 to 4 dB against pink
noise or a fan; ``dynaudnorm``, set short enough to level voices 15 dB apart, raises the pauses by
24 dB, and ``acompressor`` does it by flattening each word.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from videoclip.media.loudness import STEP, Samples, momentary, stretch

__all__ = ["level_voices", "reduce_noise"]

_Floats = npt.NDArray[np.float32]

# ------------------------------------------------------------------ steady noise

_SIZE = 2_048
"""43 ms: voiced speech is still steady, and its harmonics stand apart from the noise between."""
_HOP = 512
_FRAMES = 512
"""Frames that are worked on at a time, 5.5 s."""
_QUIET = 0.1
"""Share of the frames that is taken for noise alone."""
_SEEN = 6_000
"""Frames at most that the noise is learnt from, spread over the sound."""
_SILENT = 1e-10
"""Mean square (-100 dBFS) under which a frame is digital silence, from which nothing is learnt."""
_NOISELESS = 3e-9
_FEWEST = 8
_SPEECH = slice(4, 341)
"""Bins of 94 to 8000 Hz; below them is rumble and no speech."""
_BIAS = 1.4
"""The quietest frames hold a little less than the mean of the noise."""
_RUMBLE = 2
"""Bins under 47 Hz."""
_MEMORY = 0.94
"""How much the last frame's speech decides on this one's: keeps residual noise from chirping."""
_FLOOR = 10 ** (-18 / 20)
"""No part of the spectrum is lowered by more, so that a room still sounds like one."""

_WINDOW = np.sqrt(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(_SIZE) / _SIZE)).astype(np.float32)
_GAIN = np.float32(_SIZE / _HOP / 2)
"""What overlapping squared windows add up to."""


def reduce_noise(sound: Samples) -> bool:
    """Take steady noise (fan, hum, hiss, room) out of speech, in place.

    A Wiener filter with decision-directed estimate (Ephraim and Malah, 1984) over a noise spectrum
    learnt from the quietest frames; both channels get the same factors, so the image stays.

    Args:
        sound: shape ``(samples, 2)``; changed.

    Returns:
        False, and nothing changed, where there is too little sound or no noise to learn from.
    """
    noise = _noise(sound)
    if noise is None:
        return False
    last = np.zeros(_SIZE // 2 + 1, np.float32)
    carry = np.zeros((_SIZE - _HOP, 2), np.float32)
    step = _FRAMES * _HOP
    # The first frames lie mostly before the sound, so that each sample is in as many frames.
    for first in range(_HOP - _SIZE, len(sound), step):
        block = stretch(sound, first, step + _SIZE - _HOP)
        spectra = _spectra(block)
        factors = _wiener(_power(spectra), noise, last)
        spectra *= factors[:, None, :]
        out = np.zeros_like(block)
        pieces = np.fft.irfft(spectra, _SIZE, axis=2) * (_WINDOW / _GAIN)
        for number, piece in enumerate(pieces):
            out[number * _HOP : number * _HOP + _SIZE] += piece.T
        out[: len(carry)] += carry
        carry = out[step:].copy()
        low, high = max(0, first), min(len(sound), first + step)
        sound[low:high] = out[low - first : high - first]
    return True


def _noise(sound: Samples) -> _Floats | None:
    """Power of the noise in each bin, from the quietest frames."""
    count = (len(sound) - _SIZE) // _HOP + 1
    if count < _FEWEST / _QUIET:
        return None
    rows, stride = [], max(1, count // _SEEN)
    for number in range(0, count, stride * _FRAMES):
        starts = range(number, min(count, number + stride * _FRAMES), stride)
        frames = np.stack([stretch(sound, i * _HOP, _SIZE).T for i in starts])
        rows.append(_power(np.fft.rfft(frames * _WINDOW, axis=2)))
    power = np.concatenate(rows)
    total = power.sum(axis=1) / _SIZE**2
    heard = np.flatnonzero(total > _SILENT)
    if len(heard) < _FEWEST / _QUIET:
        return None
    # By the mean of decibels: a sum would choose by the few bins in which the noise is strongest.
    calm = np.log(power[heard, _SPEECH] + 1e-12).mean(axis=1)
    quietest = heard[np.argsort(calm)[: max(_FEWEST, int(len(heard) * _QUIET))]]
    if float(total[quietest].mean()) < _NOISELESS:
        return None
    # The median of a power that falls off exponentially, as noise's does, is ln 2 of its mean; a
    # word that leaks into some of these frames moves it less.
    mean = np.median(power[quietest], axis=0) / np.log(2)
    smooth = np.convolve(np.pad(mean, 1, mode="edge"), [0.25, 0.5, 0.25], mode="valid")
    found: _Floats = (np.maximum(smooth, 1e-20) * _BIAS).astype(np.float32)
    return found


def _spectra(block: Samples) -> npt.NDArray[np.complex64]:
    """Shape ``(frames, 2, bins)``."""
    frames = np.lib.stride_tricks.sliding_window_view(block, _SIZE, axis=0)[::_HOP]
    return np.fft.rfft(frames * _WINDOW, axis=2).astype(np.complex64, copy=False)


def _power(spectra: npt.NDArray[Any]) -> _Floats:
    """Of both channels together, shape ``(frames, bins)``."""
    found: _Floats = (np.square(spectra.real) + np.square(spectra.imag)).sum(axis=1)
    return found


def _wiener(power: _Floats, noise: _Floats, last: _Floats) -> _Floats:
    """Factors for each frame and bin; ``last`` (speech over noise in the frame before) is updated."""
    ratio = power / noise
    factors = np.empty_like(ratio)
    for number, now in enumerate(ratio):
        prior = _MEMORY * last + (1 - _MEMORY) * np.maximum(now - 1, 0)
        factor = np.maximum(prior / (1 + prior), _FLOOR)
        last[:] = factor * factor * now
        factors[number] = factor
    factors[:, :_RUMBLE] = _FLOOR
    return factors


# ------------------------------------------------------------------ voices

_NEAR_STEPS = 8
"""A voice's level is the median over 0.8 s on either side: it follows turns, not syllables."""
_UNDER_LU = 30.0
"""What lies so far under the loudest speech is no voice."""
_OVER_FLOOR_LU = 8.0
_MOST_DB = 20.0
"""A voice is raised by at most so much, and lowered by half of it."""
_BLOCK = STEP * 100


def level_voices(sound: Samples) -> None:
    """Bring quiet and loud voices together, in place.

    The loudness of speech is followed by the median of its momentary loudness (ITU-R BS.1770),
    which keeps the turn from one voice to the other sharp. Between words the factor stays, so
    that pauses are not pumped up.

    Args:
        sound: shape ``(samples, 2)``; changed.
    """
    levels = momentary(sound)
    if len(levels) < 4:
        return
    loud = float(np.percentile(levels, 95))
    floor = float(np.percentile(levels, 5))
    spoken = levels > max(loud - _UNDER_LU, min(floor + _OVER_FLOOR_LU, loud - 3))
    if spoken.sum() < 4:
        return
    places = np.flatnonzero(spoken)
    voice = np.array(
        [
            np.median(levels[max(0, p - _NEAR_STEPS) : p + _NEAR_STEPS + 1][
                spoken[max(0, p - _NEAR_STEPS) : p + _NEAR_STEPS + 1]
            ])
            for p in places
        ]
    )  # fmt: skip
    power = 10 ** (levels[places] / 10)
    target = 10 * np.log10(power[power > power.mean() / 10].mean())
    wanted = np.clip(target - voice, -_MOST_DB / 2, _MOST_DB)
    # Step n is measured around its middle; between steps the decibels are interpolated.
    middles = (places + 0.5) * STEP
    for first in range(0, len(sound), _BLOCK):
        stop = min(len(sound), first + _BLOCK)
        gain = 10 ** (np.interp(np.arange(first, stop), middles, wanted) / 20)
        sound[first:stop] *= gain.astype(np.float32)[:, None]
