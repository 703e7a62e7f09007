"""Bad input, each with its exit status and its message: one line of cause, one of remedy, nothing left behind."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.command import SAMPLE, Command, check_error, manifest
from tests.support.media import make_numbered_video
from videoclip.media.probe import probe
from videoclip.settings import MediaLimits

pytestmark = pytest.mark.slow

SRT = "1\n00:00:00,000 --> 00:00:05,000\nThe price tonight is nine dollars only, so order it now.\n"


@pytest.fixture(scope="module")
def command(tmp_path_factory: pytest.TempPathFactory) -> Command:
    return Command(tmp_path_factory.mktemp("data"))


def ffmpeg(*arguments: str | Path) -> None:
    subprocess.run(["ffmpeg", "-v", "error", "-y", *arguments], check=True)


# ---------------------------------------------------------------------- refused sources


def missing(folder: Path) -> Path:
    return folder / "none.mp4"


def folder_without_media(folder: Path) -> Path:
    (folder / "notes").mkdir()
    (folder / "notes" / "readme.md").write_text("nothing here")
    return folder / "notes"


def text_renamed(folder: Path) -> Path:
    path = folder / "talk.mp4"
    path.write_text("this is not a video\n" * 100)
    return path


def zero_length(folder: Path) -> Path:
    path = folder / "empty.mp4"
    path.touch()
    return path


def truncated(folder: Path) -> Path:
    """The index stands at the end and is cut off."""
    whole = make_numbered_video(folder / "whole.mp4", frames=100, extra=["-movflags", "0"])
    path = folder / "cut.mp4"
    path.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    return path


def pipe(folder: Path) -> Path:
    os.mkfifo(folder / "pipe.mp4")
    return folder / "pipe.mp4"


def playlist(folder: Path) -> Path:
    make_numbered_video(folder / "secret.ts", frames=25)
    path = folder / "list.mp4"
    path.write_text("#EXTM3U\n#EXTINF:1,\nsecret.ts\n#EXT-X-ENDLIST\n")
    return path


@pytest.mark.parametrize(
    ("make", "cause"),
    [
        (missing, "does not exist"),
        (folder_without_media, "holds no video or audio file"),
        (text_renamed, "not"),
        (zero_length, "empty"),
        (truncated, "incomplete"),
        (pipe, "not a regular file"),
        (playlist, "not"),
    ],
)
def test_sources_that_cannot_be_used(
    command: Command, tmp_path: Path, make: Callable[[Path], Path], cause: str
) -> None:
    out = tmp_path / "out"
    done = command.run("clip", make(tmp_path), "-o", out, "--quiet")
    check_error(done, 3, cause)
    assert not out.exists() or list(out.iterdir()) == []


# ---------------------------------------------------------------------- odd sources that work


def rotated(folder: Path) -> Path:
    return make_numbered_video(folder / "v.mp4", frames=150, rotation=90)


def odd_dimensions(folder: Path) -> Path:
    return make_numbered_video(folder / "v.mkv", frames=150, size=(321, 181))


def one_pixel(folder: Path) -> Path:
    path = folder / "v.mkv"
    ffmpeg(
        *("-f", "lavfi", "-i", "color=red:size=16x16:rate=25:duration=6", "-f", "lavfi"),
        *(
            "-i",
            "sine=duration=6",
            "-vf",
            "format=yuv444p,crop=1:1:0:0",
            "-c:v",
            "libx264",
            "-c:a",
            "aac",
            path,
        ),
    )
    return path


def variable_rate(folder: Path) -> Path:
    path = folder / "v.mp4"
    source = make_numbered_video(folder / "c.mp4", frames=150)
    ffmpeg(
        *("-i", source, "-vf", "setpts='if(gt(mod(N,10),5),PTS+0.3/TB*0.04,PTS)'"),
        *("-fps_mode", "vfr", "-c:a", "copy", path),
    )
    return path


def wrong_suffix(folder: Path) -> Path:
    path = make_numbered_video(folder / "v.mp4", frames=150)
    return path.rename(folder / "v.avi")


def without_sound(folder: Path) -> Path:
    return make_numbered_video(folder / "v.mp4", frames=150, audio="none")


def only_sound(folder: Path) -> Path:
    path = folder / "talk.mp3"
    ffmpeg("-f", "lavfi", "-i", "sine=frequency=300:duration=6", path)
    return path


def truncated_but_playable(folder: Path) -> Path:
    whole = make_numbered_video(folder / "whole.mkv", frames=250)
    path = folder / "v.mkv"
    path.write_bytes(whole.read_bytes()[: whole.stat().st_size * 8 // 10])
    return path


HOSTILE = [
    "'; rm -rf x; '.mp4",
    "100%d.mp4",
    "two\nlines.mp4",
    "-o.mp4",
    "视频 你好.mp4",
    "a:b,[c]=d.mp4",
]


def hostile(name: str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        return make_numbered_video(folder / "v.mp4", frames=150).rename(folder / name)

    return make


@pytest.mark.parametrize(
    "make",
    [
        rotated,
        odd_dimensions,
        one_pixel,
        variable_rate,
        wrong_suffix,
        without_sound,
        only_sound,
        truncated_but_playable,
        *(pytest.param(hostile(name), id=repr(name)) for name in HOSTILE),
        pytest.param(
            lambda folder: make_numbered_video(folder / "v.mp4", frames=150).rename(
                Path(os.fsdecode(os.fsencode(folder) + b"/bytes-\xff\xfe.mp4"))
            ),
            id="not UTF-8",
        ),
    ],
)
def test_odd_sources_become_clips(
    command: Command, tmp_path: Path, make: Callable[[Path], Path]
) -> None:
    (tmp_path / "t.srt").write_text(SRT)
    source, out = make(tmp_path), tmp_path / "out"
    done = command.run(
        *("clip", "-o", out, "--transcript", tmp_path / "t.srt", "--min-seconds", "2"),
        *("--json", "--", source),
    )
    assert done.returncode == 0, done.stderr
    made = manifest(out)
    assert len(made["clips"]) == 1
    assert made["clips"][0]["proof"]["ok"]
    assert (out / made["clips"][0]["file"]).suffix == (".m4a" if make is only_sound else ".mp4")
    assert {path.name for path in out.iterdir()} == {
        "clips",
        "manifest.json",
        *(f"transcript.{kind}" for kind in ("json", "srt", "vtt")),
    }


def test_a_source_without_sound_and_transcript_says_so(command: Command, tmp_path: Path) -> None:
    done = command.run("clip", without_sound(tmp_path), "-o", tmp_path / "out", "--json")
    assert done.returncode == 4, done.stderr
    told = manifest(tmp_path / "out")
    assert told["status"] == "nothing_selected"
    assert "no_audio" in [notice["code"] for notice in told["notices"]]


def test_a_damaged_video_track_is_named_as_the_cause(command: Command, tmp_path: Path) -> None:
    """Its sample entry is of a kind that nobody knows."""
    source = make_numbered_video(tmp_path / "v.mp4", frames=150)
    content = source.read_bytes()
    place = content.index(b"avc1", content.index(b"stsd"))
    source.write_bytes(content[:place] + b"zzzz" + content[place + 4 :])
    done = command.run("cut", source, "--range", "0-2", "-o", tmp_path / "out", "--quiet")
    assert done.returncode == 0, done.stderr
    told = manifest(tmp_path / "out")
    assert "track_left_out" in [notice["code"] for notice in told["notices"]]
    assert "video track cannot be read" in told["media"]["warnings"][0]
    assert told["clips"][0]["file"].endswith(".m4a")


# ---------------------------------------------------------------------- output


def test_an_output_folder_that_cannot_be_written(command: Command, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    done = command.run("clip", SAMPLE, "-o", tmp_path / "file" / "out", "--quiet")
    check_error(done, 2, "cannot be written")


def test_a_source_is_never_replaced_by_its_own_clip(command: Command, tmp_path: Path) -> None:
    source = make_numbered_video(tmp_path / "v.mp4", frames=50)
    content = source.read_bytes()
    done = command.run("cut", source, "--range", "0-1", "-o", source, "--quiet")
    check_error(done, 2, "would be replaced")
    done = command.run("cut", source, "--range", "0-1", "-o", tmp_path / "out", "--quiet")
    assert done.returncode == 0, done.stderr
    clip = next((tmp_path / "out" / "clips").glob("*.mp4"))
    done = command.run("cut", clip, "--range", "0-0.5", "-o", tmp_path / "out", "--quiet")
    check_error(done, 2, "would be replaced")
    assert source.read_bytes() == content


def test_one_bad_source_does_not_stop_the_others(command: Command, tmp_path: Path) -> None:
    make_numbered_video(tmp_path / "a.mp4", frames=50, audio="none")
    (tmp_path / "loop.mp4").symlink_to("loop.mp4")
    make_numbered_video(tmp_path / "z.mp4", frames=50, audio="none")
    (tmp_path / "all.txt").write_text("a.mp4\nloop.mp4\nz.mp4\n")
    done = command.run("clip", tmp_path / "all.txt", "-o", tmp_path / "out", "--json")
    assert done.returncode == 5, done.stderr
    assert manifest(tmp_path / "out" / "a")["status"] == "nothing_selected"
    assert manifest(tmp_path / "out" / "z")["status"] == "nothing_selected"
    assert "loop.mp4 cannot be read" in done.stderr


def test_debug_shows_the_traceback(command: Command, tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("no video")
    quiet = command.run("clip", tmp_path / "text.mp4", "-o", tmp_path / "out", "--quiet")
    loud = command.run("clip", tmp_path / "text.mp4", "-o", tmp_path / "out", "--quiet", "--debug")
    assert quiet.returncode == loud.returncode == 3
    assert "Traceback" not in quiet.stderr
    assert "Traceback" in loud.stderr


# ---------------------------------------------------------------------- usage


@pytest.mark.parametrize(
    ("arguments", "cause"),
    [
        (["--top", "0"], "--top"),
        (["--genre", "opera"], "genre"),
        (["--loudness", "loud"], "neither a number nor off"),
        (["--min-seconds", "60", "--max-seconds", "30"], "--max-seconds 30 is shorter"),
        (["--style", "no-such-style"], "style"),
        (["--mode", "smart"], "--captions soft"),
        (["--mode", "copy"], "copy"),
        (["--recogniser", "funasr"], "FunASR"),
        (["--language", "zh"], "zh"),
        (["--highlighter", "llm"], "endpoint"),
        (["--transcript", "none.srt"], "not a file"),
        (["--watermark", "none/logo.png"], "logo.png"),
        (["--intro", "none.mp4"], "not a file"),
        (["--no-such-option"], "No such option"),
    ],
)
def test_wrong_options_are_refused_never_ignored(
    command: Command, tmp_path: Path, arguments: list[str], cause: str
) -> None:
    done = command.run("clip", SAMPLE, "-o", tmp_path / "out", "--quiet", *arguments)
    check_error(done, 2, cause)


def test_a_rotated_phone_video_is_upright(command: Command, tmp_path: Path) -> None:
    source = rotated(tmp_path)
    done = command.run("cut", source, "--range", "1-3", "-o", tmp_path / "one.mp4", "--json")
    assert done.returncode == 0, done.stderr
    made = probe(tmp_path / "one.mp4", MediaLimits()).video
    assert made is not None
    assert (made.display_width, made.display_height) == (180, 320)


def test_a_data_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    done = Command(tmp_path / "file" / "data").run(
        "cut", SAMPLE, "--range", "0-1", "-o", tmp_path / "out", "--quiet"
    )
    check_error(done, 2, "data folder")


def test_a_file_where_the_clips_go(command: Command, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "clips").write_text("in the way")
    source = make_numbered_video(tmp_path / "v.mp4", frames=50)
    done = command.run("cut", source, "--range", "0-1", "-o", tmp_path / "out", "--quiet")
    check_error(done, 2, "in the way")


@pytest.mark.parametrize(
    ("arguments", "cause"),
    [
        (["--range", "0-1", "--range", "1-2", "--join", "--mode", "copy"], "copy"),
        (["--range", "99-100"], "behind the end"),
        ([f"--range={second}-{second + 1}" for second in range(1001)], "ranges"),
        (["--range", "1-0"], "empty"),
    ],
)
def test_wrong_cuts_are_refused(
    command: Command, tmp_path: Path, arguments: list[str], cause: str
) -> None:
    source = make_numbered_video(tmp_path / "v.mp4", frames=50)
    done = command.run("cut", source, "-o", tmp_path / "out", "--quiet", *arguments)
    check_error(done, 2, cause)


@pytest.mark.parametrize(("name", "cause"), [("one.mkv", "not .mkv"), ("one.m4a", ".mp4 file")])
def test_an_output_name_of_another_kind(
    command: Command, tmp_path: Path, name: str, cause: str
) -> None:
    source = make_numbered_video(tmp_path / "v.mp4", frames=50)
    done = command.run("cut", source, "--range", "0-1", "-o", tmp_path / name, "--quiet")
    check_error(done, 2, cause)
    assert not (tmp_path / name).exists()


def test_a_range_beyond_the_end_is_shortened_and_told(command: Command, tmp_path: Path) -> None:
    source = make_numbered_video(tmp_path / "v.mp4", frames=50)
    done = command.run("cut", source, "--range", "1-60", "-o", tmp_path / "out", "--quiet")
    assert done.returncode == 0, done.stderr
    clip = manifest(tmp_path / "out")["clips"][0]
    assert (clip["start_ms"], clip["end_ms"], clip["duration_ms"]) == (1000, 2000, 1000)


def test_a_bad_intro_is_found_before_any_work(command: Command, tmp_path: Path) -> None:
    (tmp_path / "intro.mp4").write_text("no video")
    done = command.run(
        *("clip", SAMPLE, "-o", tmp_path / "out", "--intro", tmp_path / "intro.mp4", "--json")
    )
    check_error(done, 3, "intro.mp4")
    assert '"audio"' not in done.stdout


def test_a_title_in_a_locale_that_cannot_print_it(tmp_path: Path) -> None:
    command = Command(tmp_path / "data", {"PYTHONIOENCODING": "latin-1", "LC_ALL": "C"})
    source = make_numbered_video(tmp_path / "视频.mp4", frames=50)
    done = command.run("cut", source, "--range", "0-1", "-o", tmp_path / "出")
    assert done.returncode == 0, done.stderr


@pytest.mark.ray
def test_two_clips_at_once_whatever_ray_address_says(tmp_path: Path) -> None:
    command = Command(tmp_path / "data", {"RAY_ADDRESS": "127.0.0.1:1"})
    source = make_numbered_video(tmp_path / "v.mp4", frames=100)
    done = command.run(
        *("cut", source, "--range", "0-1", "--range", "2-3", "-o", tmp_path / "out", "--json")
    )
    assert done.returncode == 0, done.stderr
    assert len(manifest(tmp_path / "out")["clips"]) == 2
    assert command.survivors() == []
