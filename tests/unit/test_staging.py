"""Names, ids and checksums that clients send with uploads."""

from __future__ import annotations

from pathlib import Path

import pytest

from videoclip.errors import UsageError, VideoClipError
from videoclip.store.staging import Checksum, Staging
from videoclip.store.uploads import display_name


@pytest.mark.parametrize("header", ["md4 AAAA", "sha1", "sha1 !!", "sha256 AAAA", "", "crc32 AAA"])
def test_a_checksum_that_is_none_is_refused(header: str) -> None:
    with pytest.raises(UsageError):
        Checksum.parse(header)


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("/", "upload"),
        ("..", "upload"),
        ("", "upload"),
        ("a\x00b\nc.mp4", "abc.mp4"),
        ("直播 回放.mp4", "直播 回放.mp4"),
        ("\u202egpj.mp4", "gpj.mp4"),
    ],
)
def test_a_name_is_for_people_and_never_a_path(told: str, shown: str) -> None:
    assert display_name(told) == shown


def test_a_long_name_is_cut_between_characters() -> None:
    assert display_name("剪" * 200) == "剪" * 85


@pytest.mark.parametrize("name", ["../x", "x", "", "a/b", "0" * 36, "\0"])
def test_only_ids_of_ours_become_paths(tmp_path: Path, name: str) -> None:
    with pytest.raises(VideoClipError):
        Staging(tmp_path).path(name)
