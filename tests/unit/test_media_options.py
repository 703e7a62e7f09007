"""Wishes that cannot be met are refused before work begins, in words; frames keep their proportions."""

from __future__ import annotations

import pickle
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from videoclip.errors import UsageError
from videoclip.media.cut import RenderJob, check_options, choose_mode, clip_size
from videoclip.media.ffmpeg import input_args, last_line
from videoclip.media.geometry import plan_frame
from videoclip.media.image_files import watermark_image
from videoclip.media.programme import Loudness, parse_ebur128
from videoclip.schemas import (
    Aspect,
    AudioStream,
    Captions,
    CutMode,
    JumpCut,
    MediaInfo,
    RenderOptions,
    TimeRange,
    VideoStream,
)

PNG = b"\x89PNG\r\n\x1a\n" + bytes(16)


def video(width: int = 1920, height: int = 1080, **more: Any) -> VideoStream:
    fields: dict[str, Any] = {
        "index": 0, "codec": "h264", "width": width, "height": height,
        "display_width": width, "display_height": height,
        "frame_rate": "25/1", "time_base": "1/12800",
    }  # fmt: skip
    return VideoStream(**{**fields, **more})


def media(**more: Any) -> MediaInfo:
    audio = AudioStream(index=1, codec="aac", sample_rate=48_000, channels=2)
    fields: dict[str, Any] = {
        "container": "mov", "duration_ms": 60_000, "size_bytes": 1, "video": video(), "audio": audio
    }  # fmt: skip
    return MediaInfo(**{**fields, **more})


COPY = RenderOptions(mode=CutMode.COPY, captions=Captions.SIDECAR)


def test_auto_takes_the_cheapest_exact_way_and_copy_only_when_asked_for() -> None:
    plain = RenderOptions(captions=Captions.SOFT)
    assert choose_mode(RenderOptions(), media()) is CutMode.ENCODE  # captions are burnt
    assert choose_mode(plain, media()) is CutMode.SMART
    assert choose_mode(plain, media(), ranges=3) is CutMode.SMART
    assert choose_mode(plain, media(video=video(codec="hevc"))) is CutMode.ENCODE
    assert choose_mode(plain, media(video=video(codec="vp9"))) is CutMode.ENCODE
    assert choose_mode(plain, media(video=None)) is CutMode.ENCODE
    # Pictures that few players take are not handed on unasked.
    assert choose_mode(plain, media(video=video(pixel_format="yuv444p"))) is CutMode.ENCODE
    assert choose_mode(plain, media(video=video(321, 181))) is CutMode.ENCODE
    assert choose_mode(COPY, media()) is CutMode.COPY


SMART = RenderOptions(mode=CutMode.SMART, captions=Captions.SIDECAR)


def test_auto_is_smart_where_pixels_stay_as_they_are() -> None:
    untouched = RenderOptions(captions=Captions.SOFT)
    assert choose_mode(untouched, media()) is CutMode.SMART
    assert choose_mode(untouched, media(), ranges=3) is CutMode.SMART
    assert choose_mode(SMART, media()) is CutMode.SMART
    vp9 = media(video=video(codec="vp9"))
    assert choose_mode(untouched, vp9) is CutMode.ENCODE
    assert choose_mode(untouched.model_copy(update={"speed": 125}), media()) is CutMode.ENCODE


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"captions": Captions.BURN}, "burnt captions"),
        ({"watermark": "brand"}, "watermark"),
        ({"aspect": Aspect.TALL}, "aspect"),
        ({"title_card_ms": 1_000}, "title card"),
        ({"speed": 150}, "speed"),
        ({"crossfade_ms": 200, "jump_cuts": [JumpCut.SILENCE]}, "cross-fade"),
    ],
)
def test_smart_refuses_what_changes_pixels(change: dict[str, Any], word: str) -> None:
    with pytest.raises(UsageError, match=word):
        check_options(SMART.model_copy(update=change), media())


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"captions": Captions.BURN}, "burnt captions"),
        ({"watermark": "brand"}, "watermark"),
        ({"aspect": Aspect.TALL}, "aspect"),
        ({"intro": __file__}, "intro"),
        ({"outro": __file__}, "outro"),
    ],
)
def test_copy_refuses_what_changes_pixels(change: dict[str, Any], word: str) -> None:
    with pytest.raises(UsageError, match=word):
        check_options(COPY.model_copy(update=change), media())


def test_copy_refuses_joined_ranges_and_codecs_that_mp4_does_not_hold() -> None:
    with pytest.raises(UsageError, match="joined"):
        check_options(COPY, media(), ranges=2)
    with pytest.raises(UsageError, match="prores"):
        check_options(COPY, media(video=video(codec="prores")))


def test_unknown_style_names_the_known_ones() -> None:
    with pytest.raises(UsageError, match="boxed, clean, karaoke"):
        check_options(RenderOptions(style="comic"), media())


def test_sound_only_sources_refuse_picture_wishes() -> None:
    sound = media(video=None)
    check_options(RenderOptions(), sound)
    with pytest.raises(UsageError, match="no picture"):
        check_options(RenderOptions(aspect=Aspect.TALL), sound)


def test_missing_intro_is_refused() -> None:
    with pytest.raises(UsageError, match="intro"):
        check_options(RenderOptions(intro="/nowhere/intro.mp4"), media())


def test_a_watermark_is_an_image_or_a_text_but_never_a_missing_file(tmp_path: Path) -> None:
    image = tmp_path / "logo without suffix"
    image.write_bytes(PNG)
    assert watermark_image(str(image)) == (image, "png_pipe")
    assert watermark_image("Brand 50% off") is None
    assert watermark_image("AC/DC") is None
    for value in ("logo.png", "/nowhere/logo", "./logo"):
        with pytest.raises(UsageError, match="does not exist"):
            watermark_image(value)
    (tmp_path / "list.png").write_text("#EXTM3U\n")
    with pytest.raises(UsageError, match="not a PNG"):
        watermark_image(str(tmp_path / "list.png"))


@pytest.mark.parametrize("aspect", [Aspect.WIDE, Aspect.TALL, Aspect.SQUARE, Aspect.PORTRAIT])
@pytest.mark.parametrize(
    "size", [(1920, 1080), (1080, 1920), (3840, 2160), (640, 480), (321, 181), (2, 2)]
)
def test_frames_have_the_wished_shape_are_even_and_never_larger_than_the_source(
    aspect: Aspect, size: tuple[int, int]
) -> None:
    frame = plan_frame(video(*size), aspect)
    across, down = map(int, aspect.value.split(":"))
    assert frame.width % 2 == frame.height % 2 == 0
    assert abs(frame.width - frame.height * Fraction(across, down)) <= 2 * max(
        1, Fraction(across, down)
    )
    assert frame.width * frame.height <= max(4, size[0] * size[1] * 1.05)
    assert min(frame.width, frame.height) <= 1080


def test_a_small_loss_is_cropped_and_a_large_one_is_shown_whole() -> None:
    assert plan_frame(video(640, 480), Aspect.SQUARE).way == "crop"
    assert plan_frame(video(1920, 1080), Aspect.TALL).way == "blur"


def test_rotation_and_sample_aspect_decide_the_size_of_the_clip() -> None:
    turned = video(1920, 1080, display_width=1080, display_height=1920, rotation=90)
    assert clip_size(media(video=turned), RenderOptions()) == (1080, 1920)
    wide = video(720, 576, display_width=1024, display_height=576, sample_aspect="64/45")
    assert clip_size(media(video=wide), RenderOptions()) == (1024, 576)
    assert clip_size(media(video=None), RenderOptions()) == (0, 0)


def test_inputs_are_forced_to_the_probed_format_and_to_files() -> None:
    args = input_args(Path("/x/http:y%03d.mp4"), "mov")
    assert args[-2:] == ["-i", "file:/x/http:y%03d.mp4"]
    pairs = dict(zip(args[::2], args[1::2], strict=True))
    assert pairs["-f"] == pairs["-format_whitelist"] == "mov"
    assert pairs["-protocol_whitelist"] == "file,pipe"
    assert "magicyuv" not in pairs["-codec_whitelist"]


def test_ffmpegs_last_word_is_one_harmless_line() -> None:
    stderr = "[h264 @ 0x55d0c0de] broken \x1b[31m stream\nConversion failed!\n\n"
    assert last_line(stderr) == "broken [31m stream"


def test_loudness_is_read_from_the_summary_and_silence_is_none() -> None:
    text = "Summary:\n  Integrated loudness:\n    I: {}\n  True peak:\n    Peak: {}\n"
    assert parse_ebur128(text.format("-14.2 LUFS", " -1.1 dBFS")) == Loudness(-14.2, -1.1)
    assert parse_ebur128(text.format("-70.0 LUFS", " -inf dBFS")) == Loudness(None, None)
    assert parse_ebur128("nothing") == Loudness(None, None)


def test_a_job_travels_between_processes() -> None:
    job = RenderJob(
        Path("/a"), media(), (TimeRange(start_ms=0, end_ms=1),), RenderOptions(), (), "t", Path("/w"), "s", "f"
    )  # fmt: skip
    assert pickle.loads(pickle.dumps(job)) == job
