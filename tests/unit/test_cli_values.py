"""Times, ranges, option values, sources and names: what is accepted, what is refused, and how it says so."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.table import Table

from pipelines.naming import clip_stem, slug
from videoclip.cli import options
from videoclip.cli.console import JsonReporter, new_console, print_table, reporter
from videoclip.cli.main import main
from videoclip.cli.sources import targets
from videoclip.errors import SourceEmpty, SourceMissing, UsageError, VideoClipError
from videoclip.media.styles import STYLES
from videoclip.schemas import ClipRequest, RenderOptions
from videoclip.settings import load_settings
from videoclip.sizes import size_text
from videoclip.timecode import format_ms, format_stamp, parse_range, parse_time


@pytest.mark.parametrize(
    ("text", "ms"),
    [("0", 0), ("7.5", 7500), ("90.25", 90250), ("1:05", 65000), ("1:02:03.004", 3723004)],
)
def test_times_as_the_contract_writes_them(text: str, ms: int) -> None:
    assert parse_time(text) == ms


@pytest.mark.parametrize("text", ["", "-1", "1:60", "1:2:3:4", "1e3", "0x1", "1.2345", "nan"])
def test_other_forms_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is not a time"):
        parse_time(text)


@pytest.mark.parametrize("text", ["5", "7-5", "5-5", "a-b", "-5"])
def test_bad_ranges_are_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_range(text)


@given(st.integers(min_value=0, max_value=100 * 3600 * 1000))
def test_a_time_printed_is_the_time_read(ms: int) -> None:
    assert parse_time(format_ms(ms)) == ms
    assert len(format_stamp(ms).rpartition(",")[2]) == 3


def test_loudness_seconds_and_hotwords(tmp_path: Path) -> None:
    assert options.loudness_value("OFF") is None
    assert options.loudness_value("-16.5") == -16.5
    assert options.seconds_ms("7.25", "--min-seconds") == 7250
    assert options.hotword_list("Video-Clip, 达摩院、vLLM") == ["Video-Clip", "达摩院", "vLLM"]
    (tmp_path / "words.txt").write_text("one word\n\nother\none word\n")
    assert options.hotword_list(str(tmp_path / "words.txt")) == ["one word", "other"]
    for bad in (
        lambda: options.loudness_value("loud"),
        lambda: options.seconds_ms("1m", "--max-seconds"),
        lambda: options.checked(RenderOptions, loudness=5.0),
        lambda: options.absolute_file(str(tmp_path / "none.mp4"), "--intro"),
    ):
        with pytest.raises(UsageError):
            bad()


def test_one_file_goes_to_out_and_several_each_to_a_folder(tmp_path: Path) -> None:
    for name in ("a.mp4", "b.mov", "notes.txt", ".hidden.mp4", "sub/a.mkv"):
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / name).write_bytes(b"x")
    out = tmp_path / "out"
    assert [t.out for t in targets([tmp_path / "in/a.mp4"], out)] == [out]
    found = targets([tmp_path / "in"], out)
    assert [t.source.name for t in found] == ["a.mp4", "b.mov", "a.mkv"]
    assert [t.out.name for t in found] == ["a", "b", "a-2"]


def test_a_list_names_files_relative_to_itself(tmp_path: Path) -> None:
    (tmp_path / "one.mp4").write_bytes(b"x")
    (tmp_path / "all.txt").write_text("# today\none.mp4\n\n")
    assert [t.source.name for t in targets([tmp_path / "all.txt"], tmp_path)] == ["one.mp4"]
    (tmp_path / "all.txt").write_text("gone.mp4\n")
    with pytest.raises(SourceMissing, match=r"gone\.mp4"):
        targets([tmp_path / "all.txt"], tmp_path)
    (tmp_path / "all.txt").write_text("\n")
    with pytest.raises(SourceEmpty):
        targets([tmp_path / "all.txt"], tmp_path)


def test_missing_sources_and_folders_without_media(tmp_path: Path) -> None:
    with pytest.raises(SourceMissing, match="does not exist"):
        targets([tmp_path / "none.mp4"], tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceMissing, match="holds no video or audio"):
        targets([tmp_path / "empty"], tmp_path)


@given(st.text(max_size=300))
def test_names_of_clips_are_safe(title: str) -> None:
    stem = clip_stem(7, title)
    assert stem.startswith("07-")
    assert len(stem.encode()) <= 100
    assert not set(stem) & set("/\\:*?\"<>|'\n\t %;$`")


def test_names_of_clips_are_readable() -> None:
    assert slug("Sixty minutes, one charge!") == "sixty-minutes-one-charge"
    assert slug("第二款产品：无线吸尘器") == "第二款产品-无线吸尘器"
    assert clip_stem(3, "!!!") == "03-clip"


def test_unknown_settings_are_refused_and_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "config.toml"
    config.write_text("[media]\nmax_duratoin_s = 5\n")
    monkeypatch.setenv("VIDEOCLIP_CONFIG", str(config))
    with pytest.raises(UsageError, match="max_duratoin_s"):
        load_settings()


def test_the_key_of_the_language_model_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIDEOCLIP_LLM__API_KEY", "sk-very-secret")
    settings = load_settings()
    assert settings.llm.api_key.get_secret_value() == "sk-very-secret"
    assert "sk-very-secret" not in repr(settings) + str(settings.model_dump()) + str(
        settings.model_dump_json()
    )


def test_an_error_survives_pickling_and_stays_on_one_line() -> None:
    import pickle

    error = SourceMissing("a\nforged: line\x1b[31m", "look", path="/x")
    copy = pickle.loads(pickle.dumps(error))
    assert isinstance(copy, VideoClipError)
    assert (copy.cause, copy.remedy, copy.context) == (error.cause, "look", {"path": "/x"})
    assert "\n" not in copy.cause
    assert "\x1b" not in copy.cause


def test_a_folder_gives_nothing_that_we_made_ourselves(tmp_path: Path) -> None:
    for name in ("a.mp4", "out/b.mp4", "earlier/clips/01-c.mp4", "earlier/manifest.json"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "earlier" / "manifest.json").write_text('{"version": 1, "product": "video-clip 1"}')
    foreign = tmp_path / "camera"
    foreign.mkdir()
    (foreign / "manifest.json").write_text('{"product": "camera"}')
    (foreign / "d.mp4").write_bytes(b"x")
    found = targets([tmp_path], tmp_path / "out")
    assert [target.source.name for target in found] == ["a.mp4", "d.mp4"]


def test_a_pipe_is_no_list_and_a_name_too_long_is_missing(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "all.txt")
    with pytest.raises(SourceMissing, match="not a regular file"):
        targets([tmp_path / "all.txt"], tmp_path)
    with pytest.raises(SourceMissing):
        targets([tmp_path / ("x" * 300 + ".mp4")], tmp_path)


def test_long_texts_are_texts_and_not_file_names() -> None:
    words = [f"词语{number:03}" for number in range(100)]
    assert options.hotword_list(",".join(words)) == words
    assert options.watermark_value("水印" * 200) == "水印" * 200


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("VIDEOCLIP_OFLINE", "true", "VIDEOCLIP_OFLINE"),
        ("VIDEOCLIP_MEDIA__MAX_PIXLES", "5", "VIDEOCLIP_MEDIA__MAX_PIXLES"),
        ("VIDEOCLIP_MEDIA", "x", "media"),
        ("VIDEOCLIP_CONFIG", "/nowhere/config.toml", "does not exist"),
    ],
)
def test_a_typing_error_in_a_variable_is_told(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, told: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(UsageError, match=told):
        load_settings()


def test_a_damaged_configuration_file_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config.toml").write_text("[media\n")
    monkeypatch.setenv("VIDEOCLIP_CONFIG", str(tmp_path / "config.toml"))
    with pytest.raises(UsageError, match="cannot be read"):
        load_settings()


def test_wishes_that_would_do_nothing_are_refused() -> None:
    for wishes in (
        {"transcript": "/t.srt", "recogniser": "funasr"},
        {"transcript": "/t.srt", "hotwords": ["a"]},
        {"language": "klingon language"},
        {"render": {"captions": "none", "style": "karaoke"}},
    ):
        with pytest.raises(UsageError):
            options.checked(ClipRequest, source="/a.mp4", **wishes)


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 bytes"), (1023, "1023 bytes"), (1024, "1.0 KiB"), (9_800, "9.6 KiB"), (14_541, "14 KiB"), (5_347_737, "5.1 MiB"), (3 * 2**30, "3.0 GiB")],
)  # fmt: skip
def test_sizes_for_people(size: int, text: str) -> None:
    assert size_text(size) == text


@pytest.mark.parametrize("option", ["--watermark", "--hotwords", "--prompt"])
def test_an_empty_text_is_refused_not_ignored(
    option: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["clip", str(tmp_path / "v.mp4"), "-o", str(tmp_path / "out"), option, " "]) == 2
    assert f"error: {option} is empty" in capsys.readouterr().err


def test_an_unknown_style_is_refused_before_anything_is_looked_at(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (
        main(["clip", str(tmp_path / "v.mp4"), "-o", str(tmp_path / "out"), "--style", "no"]) == 2
    )
    told = capsys.readouterr()
    assert "there is no caption style 'no'" in told.err
    assert all(name in told.err for name in STYLES)
    assert told.out == ""


def test_a_table_in_a_pipe_breaks_no_word_and_ends_its_lines(
    capsys: pytest.CaptureFixture[str],
) -> None:
    console, table = new_console(), Table(box=None)
    table.add_column(overflow="fold")
    table.add_row("a" * 300)
    table.add_row("b")
    print_table(console, table)
    lines = capsys.readouterr().out.splitlines()
    assert [line.strip() for line in lines if line.strip()] == ["a" * 300, "b"]
    assert all(line == line.rstrip() for line in lines)


def test_lines_of_json_are_printed_even_where_quiet_is_asked_for() -> None:
    assert isinstance(reporter(as_json=True, quiet=True), JsonReporter)
