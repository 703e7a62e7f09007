"""Checks this machine's FFmpeg, fonts and process tools, and says how to mend what is missing."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass

from videoclip.errors import EngineUnavailable
from videoclip.media import encoders, faces
from videoclip.media.advisories import exposed, parse_release, unfixed
from videoclip.media.ffmpeg import find_tool

__all__ = ["Finding", "diagnose"]

_OLDEST = (5, 1)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. ``ok`` false with an empty ``remedy`` is for information."""

    name: str
    ok: bool
    detail: str
    remedy: str = ""


def diagnose() -> list[Finding]:
    """Look at everything that media work needs; never raises."""
    findings = []
    for tool in ("ffmpeg", "ffprobe"):
        try:
            findings.append(_version(tool, find_tool(tool)))
        except EngineUnavailable as error:
            findings.append(Finding(tool, ok=False, detail=error.cause, remedy=error.remedy))
    if findings[0].detail.startswith("version"):
        findings.append(_security(find_tool("ffmpeg")))
        findings += _abilities(find_tool("ffmpeg"))
        findings += [_hardware(encoders.try_encoder(each)) for each in encoders.HARDWARE]
    findings += [_process_tool("prlimit"), _process_tool("setpriv"), _cjk_font(), _faces()]
    return findings


def _output(*command: str) -> str:
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=20, check=False,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout


def _version(tool: str, path: str) -> Finding:
    found = re.match(r"\w+ version (\S+)", _output(path, "-version"))
    if found is None:
        return Finding(tool, ok=False, detail=f"{path} does not run", remedy="Install FFmpeg again")
    number = re.match(r"n?(\d+)\.(\d+)(?:\.(\d+))?", found[1])
    if number is None:
        return Finding(tool, ok=True, detail=f"version {found[1]} (a development build)")
    version = (int(number[1]), int(number[2]), int(number[3] or 0))
    if version[:2] < _OLDEST:
        return Finding(
            tool, ok=False, detail=f"version {found[1]} is too old",
            remedy=f"Install FFmpeg {_OLDEST[0]}.{_OLDEST[1]} or newer",
        )  # fmt: skip
    return Finding(tool, ok=True, detail=f"version {found[1]}")


def _security(path: str) -> Finding:
    """Which published faults this FFmpeg still has, told apart by whether a source can reach them."""
    name = "ffmpeg security fixes"
    release = parse_release(_output(path, "-version").partition("\n")[0])
    if release is None:
        return Finding(name, ok=True, detail="a development build: not known")
    missing = unfixed(release)
    reachable = [f"{a.cve} ({a.component} {a.kind}: {a.effect})" for a in missing if exposed(a)]
    sealed = [f"{a.cve} ({a.component})" for a in missing if not exposed(a)]
    never = f"never run by Video-Clip: {', '.join(sealed)}" if sealed else ""
    if not reachable:
        return Finding(name, ok=True, detail=f"known ones are in; {never}" if never else "all in")
    detail = f"not known to be in: {', '.join(reachable)}"
    package = (
        " (your distribution may have it mended under this number)" if release.packaged else ""
    )
    return Finding(
        name, ok=False, detail=f"{detail}; {never}" if never else detail,
        remedy=f"Install the latest release of FFmpeg's series, or of your distribution{package}",
    )  # fmt: skip


def _abilities(path: str) -> list[Finding]:
    encoders = _names(_output(path, "-hide_banner", "-encoders"))
    filters = _names(_output(path, "-hide_banner", "-filters"))
    remedy = "Install a full build of FFmpeg, such as Debian's ffmpeg package"
    wanted = [
        ("H.264 encoder (libx264)", "libx264" in encoders, remedy),
        ("AAC encoder", "aac" in encoders, remedy),
        ("captions (libass)", "ass" in filters, remedy),
        ("loudness (ebur128, alimiter)", {"ebur128", "alimiter"} <= filters, remedy),
        ("loudnorm", "loudnorm" in filters, remedy),
        ("HDR tone mapping (zscale)", {"zscale", "tonemap"} <= filters, ""),
        ("speech for samples (flite)", "flite" in filters, ""),
    ]
    return [
        Finding(
            name, ok=there, detail="there" if there else "missing", remedy="" if there else cure
        )
        for name, there, cure in wanted
    ]


def _hardware(trial: encoders.Trial) -> Finding:
    """Information only: software encodes everywhere."""
    name = f"hardware encoder ({trial.encoder.value})"
    if trial.usable:
        return Finding(name, ok=True, detail="usable")
    return Finding(
        name,
        ok=False,
        detail=f"listed, but fails: {trial.reason}" if trial.listed else "not built in",
    )


def _faces() -> Finding:
    there = faces.available()
    return Finding(
        "faces (OpenCV)", ok=there,
        detail="there" if there else "missing, so --framing face crops around the middle; it comes with "
        "opencv-python-headless 4",
    )  # fmt: skip


def _names(listing: str) -> set[str]:
    return {words[1] for line in listing.splitlines() if len(words := line.split()) > 1}


def _process_tool(name: str) -> Finding:
    there = shutil.which(name)
    return Finding(
        name, ok=there is not None, detail=there or "missing: FFmpeg runs with fewer limits",
        remedy="" if there else "Install util-linux",
    )  # fmt: skip


def _cjk_font() -> Finding:
    """The bundled font has Chinese; whatever it lacks comes from the system's."""
    name = "font for Chinese captions"
    family = _output("fc-match", "-f", "%{family[0]}", "sans:lang=zh-cn").strip()
    covers = _output("fc-list", ":lang=zh-cn", "family").strip()
    more = f", {family} for rare characters" if family and covers else ", none for rare characters"
    return Finding(name, ok=True, detail=f"bundled{more}")
