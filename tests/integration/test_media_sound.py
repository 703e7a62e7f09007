"""Clips are as loud as asked, never clip, and sound better where that was asked for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.support.clips import clip_of
from tests.support.media import make_numbered_video
from tests.support.sounds import (
    RATE,
    Floats,
    levels_of,
    music,
    noise,
    read_sound,
    speech,
    write_sound,
)

TALK = "This is a short test of the clip maker. The price is nine dollars today."
MORE = "It comes with a free bag, and we send it to you within a week."


def dynamic(seconds: float) -> Floats:
    """A murmur with a shout each two seconds, 35 dB above it."""
    time = np.arange(round(seconds * RATE)) / RATE
    swell = np.where(time % 2 < 0.25, 1.0, 10 ** (-35 / 20))
    return 0.3 * noise(len(time), 1.0) * swell


SOURCES = {
    "speech": lambda: speech(TALK),
    "music with hard peaks": lambda: music(5),
    "very quiet": lambda: speech(TALK, rms=0.006),
    "clipped at full scale": lambda: np.clip(speech(TALK) * 40, -1, 1),
    "clipped noise": lambda: np.clip(2 * noise(4 * RATE), -1, 1),
    "very dynamic": lambda: dynamic(8),
    "one second": lambda: speech(TALK)[RATE // 2 : RATE * 3 // 2],
    "three seconds": lambda: music(3),
}


def check_loud(path: Path, target: float) -> None:
    loudness, peak = levels_of(path)
    assert loudness == pytest.approx(target, abs=0.5)
    assert peak <= -1.0


@pytest.mark.parametrize("kind", list(SOURCES))
@pytest.mark.parametrize("target", [-14.0, -23.0])
def test_every_kind_of_sound_comes_out_as_loud_as_asked(
    tmp_path: Path, kind: str, target: float
) -> None:
    sound = SOURCES[kind]()
    source = write_sound(tmp_path / "s.wav", sound)
    done = clip_of(source, [(0, len(sound) * 1000 // RATE)], tmp_path / "w", loudness=target)
    assert {notice.code for notice in done.notices} <= {"repaired"}
    assert done.proof.ok, done.proof
    check_loud(done.video, target)


@pytest.mark.parametrize(("rate", "channels"), [(44_100, 1), (48_000, 6), (96_000, 2), (22_050, 1)])
def test_rates_and_channels_make_no_difference(tmp_path: Path, rate: int, channels: int) -> None:
    time = np.arange(4 * rate) / rate
    tone = 0.2 * np.sin(2 * np.pi * 440 * time) * (1 + np.sin(2 * np.pi * 3 * time))
    source = write_sound(tmp_path / "s.wav", np.stack([tone] * channels, axis=1), rate)
    done = clip_of(source, [(500, 3_500)], tmp_path / "w", loudness=-16.0)
    assert done.duration_ms == pytest.approx(3_000, abs=25)
    check_loud(done.video, -16.0)


def test_surround_is_mixed_down_as_it_should_be(tmp_path: Path) -> None:
    """Centre to both sides alike, sides and surrounds to their own, the bass channel left out."""
    part = RATE
    sound = np.zeros((6 * part, 6))
    for channel in range(6):  # FL FR FC LFE SL SR
        sound[channel * part : (channel + 1) * part, channel] = 0.3 * np.sin(
            2 * np.pi * (60 if channel == 3 else 440) * np.arange(part) / RATE
        )
    source = write_sound(tmp_path / "s.wav", sound)
    done = clip_of(source, [(0, 6_000)], tmp_path / "w", loudness=None)
    made = read_sound(done.video)
    rms = np.array(
        [
            np.sqrt(np.mean(made[n * part + 4_800 : (n + 1) * part - 4_800] ** 2, axis=0))
            for n in range(6)
        ]
    )
    left, right, centre, bass, left_back, right_back = rms
    assert left[0] > 20 * left[1]
    assert right[1] > 20 * right[0]
    assert centre[0] == pytest.approx(centre[1], rel=0.02)
    assert 20 * np.log10(centre[0] / left[0]) == pytest.approx(-3, abs=0.3)
    assert bass.max() < 0.01 * left[0]
    assert left_back[0] > 20 * left_back[1]
    assert right_back[1] > 20 * right_back[0]


def test_too_short_silent_and_hopeless_sounds_are_told(tmp_path: Path) -> None:
    short = write_sound(tmp_path / "a.wav", speech(TALK))
    done = clip_of(short, [(1_000, 1_300)], tmp_path / "a")
    assert [notice.code for notice in done.notices] == ["loudness_skipped"]
    clicks = 0.0005 * noise(4 * RATE)
    clicks[:: RATE // 2] = 0.9
    hopeless = write_sound(tmp_path / "b.wav", clicks)
    done = clip_of(hopeless, [(0, 4_000)], tmp_path / "b", loudness=-6.0)
    assert [notice.code for notice in done.notices] == ["loudness_not_reached"]
    assert levels_of(done.video)[1] <= -1.0


def test_the_clip_with_a_picture_is_as_loud_too(tmp_path: Path) -> None:
    wav = write_sound(tmp_path / "s.wav", music(4))
    source = make_numbered_video(tmp_path / "s.mp4", frames=100, size=(64, 36), audio=wav)
    done = clip_of(source, [(0, 4_000)], tmp_path / "w", loudness=-9.0)
    assert done.proof.ok, done.proof
    check_loud(done.video, -9.0)


# ------------------------------------------------------------------ denoise


def likeness(made: Floats, clean: Floats) -> tuple[float, float]:
    """Signal to noise in dB after the best scaling, and correlation; two samples early or late allowed."""
    best = (-99.0, 0.0)
    for late in range(-2, 3):
        a = clean[4_800:-4_800]
        b = made[4_800 + late : len(clean) - 4_800 + late]
        scaled = a * (a @ b) / (a @ a)
        error = float(np.mean((b - scaled) ** 2))
        best = max(
            best, (float(10 * np.log10(np.mean(scaled**2) / error)), float(np.corrcoef(a, b)[0, 1]))
        )
    return best


@pytest.mark.parametrize(("colour", "snr"), [(0.0, 5.0), (1.0, 5.0), (2.0, 5.0)])
def test_denoise_gains_six_decibels_and_leaves_the_speech(
    tmp_path: Path, colour: float, snr: float
) -> None:
    pause = np.zeros(RATE // 2)
    clean = np.concatenate([pause, speech(TALK), pause, speech(MORE, "slt"), pause])
    hiss = noise(len(clean), colour) * np.sqrt(np.mean(clean**2)) * 10 ** (-snr / 20)
    source = write_sound(tmp_path / "s.wav", clean + hiss)
    span = [(0, len(clean) * 1000 // RATE)]
    before = clip_of(source, span, tmp_path / "a", loudness=-16.0)
    after = clip_of(source, span, tmp_path / "b", loudness=-16.0, denoise=True)
    was = likeness(read_sound(before.video)[:, 0], clean)
    now = likeness(read_sound(after.video)[:, 0], clean)
    assert now[0] >= was[0] + 6
    assert now[1] > max(0.96, was[1])
    check_loud(after.video, -16.0)


def test_denoise_leaves_clean_speech_alone(tmp_path: Path) -> None:
    pause = np.zeros(RATE // 2)
    clean = np.concatenate([pause, speech(TALK), pause])
    source = write_sound(tmp_path / "s.wav", clean)
    done = clip_of(
        source, [(0, len(clean) * 1000 // RATE)], tmp_path / "w", loudness=None, denoise=True
    )
    assert likeness(read_sound(done.video)[:, 0], clean)[1] > 0.99


# ------------------------------------------------------------------ dialogue leveller


def test_the_leveller_brings_two_voices_within_six_decibels(tmp_path: Path) -> None:
    quiet = 10 ** (-15 / 20)
    turns = [("rms", 1.0, TALK), ("slt", quiet, MORE), ("rms", 1.0, MORE), ("slt", quiet, TALK)]
    parts, borders, at = [], [], 0
    for voice, gain, text in turns:
        said = speech(text, voice) * gain
        parts += [said, np.zeros(RATE * 2 // 5)]
        borders.append((at, at + len(said)))
        at += len(parts[-2]) + len(parts[-1])
    sound = np.concatenate(parts) + 1e-4 * noise(at)
    source = write_sound(tmp_path / "s.wav", sound)
    span = [(0, at * 1000 // RATE)]

    def voices(path: Path) -> list[float]:
        made = read_sound(path)[:, 0]
        return [float(20 * np.log10(np.sqrt(np.mean(made[a:b] ** 2)))) for a, b in borders]

    before = voices(clip_of(source, span, tmp_path / "a", loudness=-16.0).video)
    done = clip_of(source, span, tmp_path / "b", loudness=-16.0, level_dialogue=True)
    after = voices(done.video)
    assert max(before) - min(before) > 12
    assert max(after) - min(after) <= 6
    check_loud(done.video, -16.0)
    made = read_sound(done.video)[:, 0]
    pause = made[borders[0][1] + 4_800 : borders[1][0] - 4_800]
    assert 20 * np.log10(np.sqrt(np.mean(pause**2))) < max(after) - 35  # pauses are not pumped up


def test_intro_and_outro_are_left_as_they_are(tmp_path: Path) -> None:
    wav = write_sound(tmp_path / "i.wav", 0.05 * noise(2 * RATE, 1.0))
    intro = make_numbered_video(tmp_path / "i.mp4", frames=50, size=(64, 36), audio=wav)
    talk = write_sound(tmp_path / "t.wav", speech(TALK) + 0.01 * noise(len(speech(TALK))))
    source = make_numbered_video(tmp_path / "s.mp4", frames=75, size=(64, 36), audio=talk)
    done = clip_of(
        source, [(0, 3_000)], tmp_path / "w", intro=str(intro), loudness=None, denoise=True
    )
    made = read_sound(done.video)
    assert np.sqrt(np.mean(made[4_800 : 2 * RATE - 4_800, 0] ** 2)) == pytest.approx(0.05, rel=0.1)
