"""Known security faults of FFmpeg that a hostile file may reach, and which releases have them mended.

Only what is documented is listed: a release's own changelog, or the advisory. A series that is missing from
``fixed`` counts as not mended. Distributions mend without changing the upstream number, so the package's
revision, which ``ffmpeg -version`` prints, is read too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from videoclip.media.formats import DECODERS, DEMUXERS

__all__ = ["ADVISORIES", "Advisory", "Release", "exposed", "parse_release", "unfixed"]


@dataclass(frozen=True, slots=True)
class Release:
    """A version of FFmpeg, such as ``5.1.9-0+deb12u1``."""

    number: tuple[int, int, int]
    debian: tuple[int, int] | None = None
    """Debian's release and the revision of its security update: 12 and 1."""
    packaged: bool = False
    """Whether a distribution made it, which may have mended more than the number says."""


@dataclass(frozen=True, slots=True)
class Advisory:
    """One published fault."""

    cve: str
    kind: str
    """``decoder``, ``demuxer`` or ``filter``."""
    component: str
    """FFmpeg's name of it."""
    effect: str
    fixed: dict[tuple[int, ...], tuple[int, int, int]]
    """First mended release by series; a series is a major or a major and minor number."""
    debian: dict[int, tuple[tuple[int, int, int], int]] = field(default_factory=dict)
    """First mended package by Debian release: upstream number and revision of the update."""


ADVISORIES: tuple[Advisory, ...] = (
    Advisory(
        "CVE-2026-8461", "decoder", "magicyuv", "heap overflow, code execution shown",
        {(7,): (7, 1, 5), (8, 0): (8, 0, 3), (8,): (8, 1, 2)},
    ),
    Advisory(
        "CVE-2026-40962", "demuxer", "mov", "write out of bounds by encryption data",
        {(5,): (5, 1, 9), (8,): (8, 1, 0)},
    ),
    Advisory(
        "CVE-2025-22919", "decoder", "aac", "crash by a crafted stream",
        {(5,): (5, 1, 7), (8,): (8, 0, 0)},
    ),
    Advisory(
        "CVE-2025-0518", "filter", "pan", "read out of bounds", {(5,): (5, 1, 7), (8,): (8, 0, 0)}
    ),
    Advisory(
        "CVE-2024-7055", "decoder", "pnm", "heap overflow",
        {(5,): (5, 1, 6), (7, 0): (7, 0, 2), (7,): (7, 1, 0), (8,): (8, 0, 0)},
    ),
    Advisory(
        "CVE-2023-6605", "demuxer", "dash", "playlists reach other hosts",
        {(5,): (5, 1, 7), (8,): (8, 0, 0)},
    ),
)  # fmt: skip
_FUTURE = 9
"""Series from here on were begun after every fault above was mended."""


def exposed(advisory: Advisory) -> bool:
    """Whether a source can reach the component: it is on our allow-lists. Sources choose no filters."""
    names = {"decoder": DECODERS.split(","), "demuxer": DEMUXERS}.get(advisory.kind, ())
    return advisory.component in names


def parse_release(text: str) -> Release | None:
    """The release that the first line of ``ffmpeg -version`` names; None for development builds."""
    found = re.search(r"version n?(\d+)\.(\d+)(?:\.(\d+))?(\S*)", text)
    if found is None:
        return None
    number = (int(found[1]), int(found[2]), int(found[3] or 0))
    debian = re.search(r"\+deb(\d+)u(\d+)", found[4])
    return Release(
        number, (int(debian[1]), int(debian[2])) if debian else None,
        packaged=re.match(r"-\d", found[4]) is not None,
    )  # fmt: skip


def unfixed(release: Release) -> list[Advisory]:
    """What this release is not known to have mended."""
    return [advisory for advisory in ADVISORIES if not _mended(advisory, release)]


def _mended(advisory: Advisory, release: Release) -> bool:
    if release.number[0] >= _FUTURE:
        return True
    if release.debian is not None and release.debian[0] in advisory.debian:
        number, update = advisory.debian[release.debian[0]]
        return (release.number, release.debian[1]) >= (number, update)
    first = advisory.fixed.get(release.number[:2], advisory.fixed.get(release.number[:1]))
    return first is not None and release.number >= first
