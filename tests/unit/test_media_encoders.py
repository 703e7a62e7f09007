"""Hardware encodes only where a trial went well; software is always there; presets mean what they say."""

from __future__ import annotations

import pytest

from videoclip.media import encoders
from videoclip.media.encoders import HARDWARE, Trial, decide, settings, try_encoder
from videoclip.schemas import Encoder, Quality


def trials(*working: Encoder) -> object:
    return lambda encoder: Trial(
        encoder, True, encoder in working, "" if encoder in working else "no such device"
    )


@pytest.mark.parametrize(
    ("wish", "working", "used", "told"),
    [
        (Encoder.AUTO, (), Encoder.SOFTWARE, False),
        (Encoder.AUTO, (Encoder.VAAPI,), Encoder.VAAPI, False),
        (Encoder.AUTO, HARDWARE, Encoder.NVENC, False),
        (Encoder.SOFTWARE, HARDWARE, Encoder.SOFTWARE, False),
        *[(each, (each,), each, False) for each in HARDWARE],
        *[(each, (), Encoder.SOFTWARE, True) for each in HARDWARE],
    ],
)
def test_the_encoder_for_a_wish(
    wish: Encoder, working: tuple[Encoder, ...], used: Encoder, told: bool
) -> None:
    choice = decide(wish, trials(*working))  # type: ignore[arg-type]
    assert choice.encoder is used
    assert (choice.notice is not None) is told
    if choice.notice is not None:
        assert choice.notice.code == "encoder_fallback"
        assert "no such device" in choice.notice.message
        assert f"h264_{wish.value}" in choice.notice.message


@pytest.mark.parametrize("encoder", [Encoder.SOFTWARE, *HARDWARE])
def test_every_encoder_has_its_own_settings_for_every_quality(encoder: Encoder) -> None:
    made = [settings(encoder, quality) for quality in Quality]
    assert len({str(options) for options in made}) == len(Quality)
    assert all(options["profile:v"] == "high" for options in made)


def test_the_standard_preset_is_what_it_was() -> None:
    assert settings(Encoder.SOFTWARE, Quality.STANDARD) == {
        "c:v": "libx264", "profile:v": "high", "preset": "veryfast", "crf": 20
    }  # fmt: skip


@pytest.mark.parametrize("encoder", HARDWARE)
def test_a_real_trial_ends_with_a_verdict_and_a_reason(encoder: Encoder) -> None:
    trial = try_encoder(encoder)
    assert trial.usable or trial.reason
    assert trial.listed or not trial.usable
    assert try_encoder(encoder) is trial


def test_the_trial_passes_what_works() -> None:
    assert encoders.try_encoder(Encoder.SOFTWARE) == Trial(Encoder.SOFTWARE, True, True)


def test_a_chip_gets_the_address_space_that_its_driver_maps() -> None:
    limits = encoders.MediaLimits()
    assert encoders.Choice(Encoder.SOFTWARE).limits(limits) == limits
    assert encoders.Choice(Encoder.NVENC).limits(limits).memory_bytes >= 1 << 40
