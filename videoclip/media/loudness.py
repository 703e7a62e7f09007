"""Loudness of raw samples (ITU-R BS.1770-4), and the gain and limiter that bring it to a target.

It works on the 48 kHz stereo floats that our own FFmpeg has written, in numpy and in place: no
further process reads the sound, and each correction is computed instead of tried on a file. Memory
stays flat: a block of some seconds at a time.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["STEP", "Levels", "Samples", "limit", "measure", "momentary", "normalise", "stretch"]

Samples = npt.NDArray[np.float32]
"""Shape ``(samples, 2)``, 48 kHz, full scale 1; may be a memory map."""
_Floats = npt.NDArray[np.float32]

STEP = 4_800
"""Samples (100 ms) after which the next gating block of 400 ms begins."""
_FFT = 1 << 17
_TAIL = 1 << 13
"""Samples until the weighting filters have forgotten their input (below -120 dB)."""
_BLOCK = (_FFT - _TAIL) // STEP * STEP
_REACH = 720
"""15 ms: the limiter begins to act so long before a peak and lets go so long behind it."""
_TAPS = 10
"""On each side of a point between two samples, for the true peak."""
_HALO = 2 * _REACH + 2 * _TAPS
_WORST = 2.0
"""A true peak is taken to be at most this much above the highest sample near it."""
_ROUNDS = 10
_CLOSE_LU = 0.1
_STEP_DB = 9.0
_MOST_DB = 24.0
"""What the limiter may take away in all; more would leave nothing of the sound's dynamics."""
_KEPT = 10 * 60 * 48_000
"""Envelopes of sounds up to this long stay in memory (4 bytes a sample)."""
_FLOOR_LUFS = -70.0
_CODED_HZ = 18_000
"""What lies above, AAC leaves out at our rate: up to 1.3 LU of a hiss that would be counted in vain."""
_LOUDEST = 1000.0


@dataclass(frozen=True, slots=True)
class Levels:
    """What a signal measures; None where it is silent or shorter than a gating block."""

    integrated: float | None
    """LUFS."""
    true_peak: float | None
    """dBTP."""


def measure(sound: Samples) -> Levels:
    """Integrated loudness and true peak (four points a sample) of a signal."""
    energies, peak = [], 0.0
    for first, count in _blocks(len(sound)):
        block = stretch(sound, first - _TAIL, _TAIL + count)
        energies.append(_energies(block))
        peak = max(peak, float(_envelope(block[_TAIL - _TAPS :]).max(initial=0.0)))
    return Levels(_gated(np.concatenate(energies)) if energies else None, _decibels(peak))


def momentary(sound: Samples) -> npt.NDArray[np.float64]:
    """Loudness of the 400 ms around each step of 100 ms, LUFS; -120 for silence."""
    energies = [_energies(stretch(sound, a - _TAIL, _TAIL + n)) for a, n in _blocks(len(sound))]
    steps = np.concatenate(energies) if energies else np.zeros(0)
    if len(steps) < 4:
        return np.zeros(0)
    padded = np.pad(steps, 2, mode="edge")
    around = (padded[:-4] / 2 + padded[1:-3] + padded[2:-2] + padded[3:-1] + padded[4:] / 2) / 4
    found: npt.NDArray[np.float64] = 10 * np.log10(np.maximum(around / STEP, 1e-12)) - 0.691
    return found


def limit(sound: Samples, ceiling: float) -> None:
    """Keep the true peak under ``ceiling`` (dBTP), in place, and change nothing else."""
    _Work(sound, 10 ** (ceiling / 20)).apply(1.0)


def normalise(
    sound: Samples, target: float, ceiling: float, *, floor: float = _FLOOR_LUFS
) -> float | None:
    """Bring a signal to a loudness in place, by one linear gain and a limiter for its peaks.

    Args:
        sound: changed in place.
        target: LUFS.
        ceiling: dBTP that no peak may pass.
        floor: LUFS under which a sound is taken for silence.

    Returns:
        The loudness reached, LUFS; None (and nothing changed) where it cannot be measured.
        Where the limiter takes more away than gain can give, it is short of ``target``.
    """
    work = _Work(sound, 10 ** (ceiling / 20))
    before = work.loudness(1.0, limited=False)
    if before is None or before < floor:
        return None
    # The limiter takes a part of each correction back: step by what the last step really gave.
    gain, slope = target - before, 1.0
    best: tuple[float, float] | None = None
    last: tuple[float, float] | None = None
    for _ in range(_ROUNDS):
        now = work.loudness(10 ** (gain / 20))
        if now is None:
            break
        if best is None or abs(target - now) < abs(target - best[1]):
            best = (gain, now)
        if abs(target - now) <= _CLOSE_LU:
            break
        if last is not None and gain != last[0]:
            slope = min(1.0, max(0.2, (now - last[1]) / (gain - last[0])))
        last = (gain, now)
        gain = min(gain + (target - now) / slope, gain + _STEP_DB, target - before + _MOST_DB)
        if gain == last[0]:
            break
    if best is None:
        return None
    work.apply(10 ** (best[0] / 20))
    return best[1]


def stretch(sound: Samples, first: int, count: int) -> Samples:
    """A copy of a stretch; zeros before the start and behind the end."""
    out = np.zeros((count, 2), np.float32)
    low, high = max(0, first), min(len(sound), first + count)
    if high > low:
        # Hostile files hold what is no number, or numbers that would overflow when squared.
        out[low - first : high - first] = np.clip(
            np.nan_to_num(sound[low:high]), -_LOUDEST, _LOUDEST
        )
    return out


class _Work:
    """A signal under correction: what each block weighs and peaks at is measured once."""

    def __init__(self, sound: Samples, ceiling: float) -> None:
        self._sound = sound
        self._ceiling = ceiling
        self._energies: list[npt.NDArray[np.float64]] = []
        self._peaks: list[float] = []
        """Of each block and what lies within a halo; at first a bound, later the true peak."""
        self._envelopes: dict[int, _Floats] = {}
        self._blocks = list(_blocks(len(sound)))
        for first, count in self._blocks:
            block = stretch(sound, first - _TAIL - _HALO, _TAIL + count + 2 * _HALO)
            self._energies.append(_energies(block[_HALO:-_HALO], _CODED))
            self._peaks.append(_WORST * float(np.abs(block).max(initial=0.0)))

    def loudness(self, gain: float, *, limited: bool = True) -> float | None:
        """LUFS with a linear gain, and the limiter behind it."""
        found = []
        for number, energy in enumerate(self._energies):
            envelope = self._envelope(number, gain) if limited else None
            if envelope is None:
                found.append(energy * gain**2)
                continue
            first, count = self._blocks[number]
            block = stretch(self._sound, first - _TAIL, _TAIL + count)
            found.append(_energies(block * self._factors(envelope, gain), _CODED))
        return _gated(np.concatenate(found)) if found else None

    def apply(self, gain: float) -> None:
        """Change the signal."""
        late: tuple[int, Samples] | None = None
        for number, (first, count) in enumerate(self._blocks):
            envelope = self._envelope(number, gain)
            factors = gain if envelope is None else self._factors(envelope, gain)[_TAIL:]
            done = stretch(self._sound, first, count) * np.float32(factors)
            # The next block's envelope still has to see the end of this one as it was.
            self._put(late)
            late = (first, done)
        self._put(late)

    def _put(self, done: tuple[int, Samples] | None) -> None:
        if done is not None:
            self._sound[done[0] : done[0] + len(done[1])] = done[1]

    def _envelope(self, number: int, gain: float) -> _Floats | None:
        """True peaks of a block, the tail in front and halos around; None where none is too high."""
        if self._peaks[number] * gain <= self._ceiling:
            return None
        found = self._envelopes.get(number)
        if found is None:
            first, count = self._blocks[number]
            found = _envelope(
                stretch(self._sound, first - _TAIL - _HALO, _TAIL + count + 2 * _HALO)
            )
            self._peaks[number] = float(found.max())
            if len(self._sound) <= _KEPT:
                self._envelopes[number] = found
        return found if self._peaks[number] * gain > self._ceiling else None

    def _factors(self, envelope: _Floats, gain: float) -> _Floats:
        reduction = _reduction(envelope, self._ceiling / gain)[_HALO:-_HALO, None]
        return (reduction * gain).astype(np.float32)


def _blocks(samples: int) -> Iterator[tuple[int, int]]:
    """First sample and length of each block."""
    return ((first, min(_BLOCK, samples - first)) for first in range(0, samples, _BLOCK))


# ------------------------------------------------------------------ BS.1770-4: weighting, gating


def _weighting() -> npt.NDArray[np.complex64]:
    """Frequency response of the two filters of annex 1 at 48 kHz: head, and low frequencies."""
    z = np.exp(-2j * np.pi * np.arange(_FFT // 2 + 1) / _FFT)
    powers = np.stack([np.ones_like(z), z, z**2])

    def response(over: tuple[float, ...], under: tuple[float, ...]) -> npt.NDArray[np.complex128]:
        found: npt.NDArray[np.complex128] = (np.array(over) @ powers) / (np.array(under) @ powers)
        return found

    head = response(
        (1.53512485958697, -2.69169618940638, 1.19839281085285),
        (1.0, -1.69065929318241, 0.73248077421585),
    )
    low = response((1.0, -2.0, 1.0), (1.0, -1.99004745483398, 0.99007225036621))
    return (head * low).astype(np.complex64)


_RESPONSE = _weighting()
_CODED = np.where(np.arange(_FFT // 2 + 1) * 48_000 < _CODED_HZ * _FFT, _RESPONSE, 0)


def _energies(
    block: Samples, response: npt.NDArray[np.complex64] = _RESPONSE
) -> npt.NDArray[np.float64]:
    """Weighted energy of each 100 ms behind the first ``_TAIL`` samples, summed over the channels."""
    total = np.zeros((len(block) - _TAIL) // STEP)
    channels = _different(block)
    for channel in channels:
        spectrum = np.fft.rfft(block[:, channel], _FFT) * response
        weighted = np.fft.irfft(spectrum, _FFT)[_TAIL : _TAIL + len(total) * STEP]
        total += np.square(weighted.reshape(-1, STEP)).sum(axis=1, dtype=np.float64)
    return total * (2 / len(channels))


def _different(block: Samples) -> tuple[int, ...]:
    """The channels, or one where both are the same, as of most speech: half of the work."""
    return (0,) if np.array_equal(block[:, 0], block[:, 1]) else (0, 1)


def _gated(energies: npt.NDArray[np.float64]) -> float | None:
    """LUFS over the blocks that pass the absolute gate and the one 10 LU below their mean."""
    if len(energies) < 4:
        return None
    sums = np.cumsum(np.concatenate([[0.0], energies]))
    power = (sums[4:] - sums[:-4]) / (4 * STEP)
    loud = power[power > _power(_FLOOR_LUFS)]
    if not loud.size:
        return None
    loud = loud[loud > loud.mean() / 10]
    return float(10 * np.log10(loud.mean()) - 0.691)


def _power(lufs: float) -> float:
    return float(10 ** ((lufs + 0.691) / 10))


def _decibels(peak: float) -> float | None:
    return 20 * math.log10(peak) if peak > 0 else None


# ------------------------------------------------------------------ true peak and limiter


def _between() -> list[_Floats]:
    """Windowed-sinc filters for the points a quarter, a half and three quarters behind a sample."""
    filters = []
    for quarter in (1, 2, 3):
        at = np.arange(1 - _TAPS, _TAPS + 1) - quarter / 4
        taps = np.sinc(at) * np.i0(4 * np.sqrt(1 - (at / _TAPS) ** 2))
        filters.append((taps / taps.sum()).astype(np.float32)[::-1].copy())
    return filters


_BETWEEN = _between()


def _envelope(block: Samples) -> _Floats:
    """The highest true peak of both channels within a sample's distance, at each sample."""
    highest: _Floats = np.abs(block).max(axis=1)
    if len(block) < 2 * _TAPS:
        return highest
    for channel in _different(block):
        track = np.ascontiguousarray(block[:, channel])
        for taps in _BETWEEN:
            # Value i lies between the samples i and i + 1.
            points = np.abs(np.convolve(track, taps)[_TAPS : _TAPS + len(track) - 1])
            np.maximum(highest[:-1], points, out=highest[:-1])
            np.maximum(highest[1:], points, out=highest[1:])
    return highest


def _reduction(envelope: _Floats, ceiling: float) -> _Floats:
    """Factors, at most 1, that keep the true peak under ``ceiling``: smooth, looking ahead.

    The lowest factor needed within reach, smoothed by a kernel no longer than that reach, is
    nowhere above what the sample itself needs. Right but for ``_HALO`` samples at both ends.
    """
    needed = np.minimum(1, ceiling / np.maximum(envelope, 1e-9)).astype(np.float32)
    if float(needed.min(initial=1.0)) >= 1:
        return needed
    padded = np.pad(needed, _REACH, mode="edge")
    lowest = _sliding_minimum(padded, 2 * _REACH + 1)
    half = _REACH // 2
    for _ in range(2):  # two boxes make a triangle
        sums = np.cumsum(np.pad(lowest, (half + 1, half), mode="edge"), dtype=np.float64)
        lowest = ((sums[2 * half + 1 :] - sums[: -2 * half - 1]) / (2 * half + 1)).astype(
            np.float32
        )
    return lowest


def _sliding_minimum(values: _Floats, width: int) -> _Floats:
    """Minimum of each run of ``width`` values, by doubling."""
    have = 1
    while have < width:
        step = min(have, width - have)
        values = np.minimum(values[:-step], values[step:])
        have += step
    return values
