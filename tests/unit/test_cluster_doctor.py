"""What the doctor of a cluster says of a node: each fault has its line and a remedy."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from cluster.doctor import Line, Node, judge
from cluster.looking import Seen, versions
from videoclip.store.models import HEAD

WELL = Seen(
    versions=versions(), auth_mode="token", key="k", schema=HEAD, engine="funasr", free_gib=50,
    cards=(("L4", 23.7, "580.1"),),
)  # fmt: skip


def lines(kind: str = "gpu-asr", skew_s: float = 0.0, gpu_gib: float = 24, **changes: Any) -> list[Line]:  # fmt: skip
    labels = {"videoclip/kind": kind}
    node = Node("n1", "10.0.0.1", labels, dataclasses.replace(WELL, **changes), skew_s)
    return judge(node, "k", gpu_gib)


def test_a_node_that_is_well_has_only_good_lines() -> None:
    said = lines()
    assert [line for line in said if not line.ok] == []
    assert {line.name for line in said} == {
        "versions", "clock", "token", "secret key", "shared storage", "objects", "database", "language model",
        "database schema", "tools", "disk", "graphics card", "model cache",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "name", "said"),
    [
        ({"versions": {**versions(), "ray": "2.59.0"}}, "versions", "ray 2.59.0 (here"),
        ({"skew_s": -4.2}, "clock", "-4.2 s"),
        ({"auth_mode": "disabled"}, "token", "no token"),
        ({"key": "other"}, "secret key", "another one"),
        ({"storage": "/data: no such file"}, "shared storage", "/data: no such file"),
        ({"objects": "what was just stored is not there"}, "objects", "is not there"),
        ({"database": "refused"}, "database", "refused"),
        ({"schema": "0001"}, "database schema", f"this release has {HEAD}"),
        ({"endpoint": "http://x: ConnectError"}, "language model", "ConnectError"),
        ({"tools": (("ffmpeg: missing", "Install it"),)}, "tools", "ffmpeg: missing"),
        ({"free_gib": 0.5}, "disk", "0.5 GiB"),
        ({"cards": ()}, "graphics card", "no NVIDIA card"),
        ({"cards": (("T4", 14.6, "580.1"),)}, "graphics card", "T4 (15 GiB"),
        ({"engine": "pocketsphinx"}, "model cache", "pocketsphinx"),
        ({"settings": "there is no setting VIDEOCLIP_X"}, "settings", "VIDEOCLIP_X"),
    ],
)
def test_each_fault_has_its_line_and_a_remedy(
    changes: dict[str, Any], name: str, said: str
) -> None:
    (bad,) = (line for line in lines(**changes) if not line.ok)
    assert bad.name == name
    assert said in bad.detail
    assert bad.remedy


def test_a_node_that_says_nothing_is_told() -> None:
    (line,) = judge(Node("n1", "10.0.0.1", {}, None), "k", 0)
    assert not line.ok
    assert "raylet.out" in line.remedy


def test_a_ray_on_loopback_needs_no_token_and_processors_no_card() -> None:
    seen = dataclasses.replace(WELL, auth_mode="disabled", cards=(), engine="pocketsphinx")
    said = judge(Node("n1", "127.0.0.1", {"videoclip/kind": "cpu"}, seen), "k", 24)
    assert [line for line in said if not line.ok] == []
