"""No room for a file: exit status 5, nothing half-written, finished work is kept. With and without a real full disk."""

from __future__ import annotations

import functools
import resource
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.command import SAMPLE, Command, check_error, manifest
from tests.support.media import make_numbered_video

pytestmark = pytest.mark.slow


def no_file_over(size: int) -> Callable[[], None]:
    """The kernel refuses to let files grow over this many bytes: a full disk that needs no rights."""

    def limit() -> None:
        _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, most))

    return limit


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_numbered_video(
        tmp_path_factory.mktemp("source") / "v.mp4", frames=2000, size=(640, 360), audio="noise"
    )


def cut(source: Path, out: Path) -> tuple[str | Path, ...]:
    return ("cut", source, "--range", "0-80", "-o", out, "--quiet")


def check_nothing_half_written(out: Path) -> None:
    left = [path for path in out.rglob("*") if path.is_file()]
    assert [path for path in left if path.suffix == ".mp4"] == []
    assert [path for path in left if path.name.startswith(".videoclip-part-")] == []
    assert not (out / "manifest.json").exists()


def test_no_room_in_the_data_folder(source: Path, tmp_path: Path) -> None:
    command = Command(tmp_path / "data")
    done = command.run(*cut(source, tmp_path / "out"), preexec_fn=no_file_over(900_000))
    check_error(done, 5, "may not grow")
    check_nothing_half_written(tmp_path / "out")
    assert [path for path in (tmp_path / "data").rglob("*#*") if path.is_file()] == []
    assert list((tmp_path / "data" / "work").iterdir()) == []
    again = command.run(*cut(source, tmp_path / "out"))
    assert again.returncode == 0, again.stderr


def test_no_room_for_the_sound(tmp_path: Path) -> None:
    command = Command(tmp_path / "data")
    done = command.run(
        *("transcribe", SAMPLE, "-o", tmp_path / "out", "--quiet"),
        preexec_fn=no_file_over(2**20),
    )
    check_error(done, 5, "may not grow")
    check_nothing_half_written(tmp_path / "out")


def test_no_room_in_the_output_folder(source: Path, tmp_path: Path) -> None:
    command = Command(tmp_path / "data")
    assert command.run(*cut(source, tmp_path / "before")).returncode == 0
    done = command.run(*cut(source, tmp_path / "out"), preexec_fn=no_file_over(900_000))
    check_error(done, 5, "may not grow")
    assert str(tmp_path / "out") in done.stderr
    check_nothing_half_written(tmp_path / "out")
    again = command.run(*cut(source, tmp_path / "out"))
    assert again.returncode == 0, again.stderr
    assert manifest(tmp_path / "out")["stages"][0]["reused"] == 1


# ---------------------------------------------------------------------- a disk that is really full


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder]
    subprocess.run(mount, check=True, capture_output=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


@functools.cache
def may_mount() -> bool:
    """Tried, not guessed: root in a container usually may not."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            with small_disk(Path(folder) / "disk", "64k"):
                return True
        except (OSError, subprocess.CalledProcessError):
            return False


needs_mount = pytest.mark.skipif(
    "not may_mount()", reason="may not mount; the tests above hold the promise without"
)


@needs_mount
def test_a_full_disk_under_the_data_folder(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "1m") as disk:
        command = Command(disk / "data")
        done = command.run("transcribe", SAMPLE, "-o", tmp_path / "out", "--quiet")
        check_error(done, 5, "is full")
        check_nothing_half_written(tmp_path / "out")


@needs_mount
def test_a_full_disk_under_the_output_folder(source: Path, tmp_path: Path) -> None:
    command = Command(tmp_path / "data")
    with small_disk(tmp_path / "disk", "64k") as disk:
        done = command.run(*cut(source, disk / "out"))
        check_error(done, 5, "is full")
        check_nothing_half_written(disk / "out")
    again = command.run(*cut(source, tmp_path / "room"))
    assert again.returncode == 0, again.stderr
    assert manifest(tmp_path / "room")["stages"][0]["reused"] == 1
