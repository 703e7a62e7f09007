"""Which FFmpeg lacks which security fix, and whether a source can reach it."""

from __future__ import annotations

import pytest

from videoclip.media.advisories import ADVISORIES, Advisory, exposed, parse_release, unfixed
from videoclip.media.doctor import Finding, _security


def finding(monkeypatch: pytest.MonkeyPatch, version: str) -> Finding:
    line = f"ffmpeg version {version} Copyright (c) 2000-2026 the FFmpeg developers\n"
    monkeypatch.setattr("videoclip.media.doctor._output", lambda *_: line)
    return _security("ffmpeg")


@pytest.mark.parametrize(
    ("version", "ok", "told"),
    [
        ("5.1.9-0+deb12u1", True, "never run by Video-Clip: CVE-2026-8461 (magicyuv)"),
        ("5.1.8-0+deb12u1", False, "CVE-2026-40962 (mov demuxer"),
        ("5.1.6", False, "CVE-2025-22919 (aac decoder"),
        ("8.1.2", True, "all in"),
        ("n8.1.1", True, "magicyuv"),
        ("8.0.3", False, "CVE-2026-40962"),
        ("9.0", True, "all in"),
        ("N-112233-gabcdef", True, "not known"),
    ],
)
def test_the_doctor_tells_what_a_release_lacks(
    monkeypatch: pytest.MonkeyPatch, version: str, ok: bool, told: str
) -> None:
    found = finding(monkeypatch, version)
    assert found.ok is ok
    assert told in found.detail
    assert bool(found.remedy) is not ok


def test_a_package_is_told_to_be_one(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "distribution may" in finding(monkeypatch, "5.1.8-0+deb12u1").remedy
    assert "distribution may" not in finding(monkeypatch, "5.1.8").remedy


def test_only_what_is_on_the_allow_lists_is_exposed() -> None:
    reach = {advisory.cve: exposed(advisory) for advisory in ADVISORIES}
    assert reach["CVE-2026-40962"]
    assert not reach["CVE-2026-8461"]
    assert not reach["CVE-2023-6605"]


def test_a_backport_of_debian_is_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    fault = Advisory("X", "demuxer", "mov", "x", {(5,): (5, 1, 20)}, {12: ((5, 1, 9), 3)})
    monkeypatch.setattr("videoclip.media.advisories.ADVISORIES", (fault,))
    for text, mended in (("5.1.9-0+deb12u2", False), ("5.1.9-0+deb12u3", True), ("5.1.20", True)):
        release = parse_release(f"ffmpeg version {text}")
        assert release is not None
        assert (unfixed(release) == []) is mended
