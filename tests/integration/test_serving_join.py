"""`up` waits for the node of a Ray whose control service answers already."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import ray

from cluster import local, serving
from videoclip.errors import EngineUnavailable
from videoclip.settings import Settings

RECORD = {"address": "127.0.0.1:1"}


class Door:
    """`ray.init` that refuses some times."""

    def __init__(self, refusals: int) -> None:
        self.left, self.inside = refusals, False

    def init(self, **_: Any) -> None:
        if self.left:
            self.left -= 1
            raise ConnectionError("Failed to connect to Ray cluster")
        self.inside = True


@pytest.fixture
def patched(monkeypatch: pytest.MonkeyPatch) -> Door:
    door = Door(2)
    monkeypatch.setattr(ray, "init", door.init)
    monkeypatch.setattr(ray, "is_initialized", lambda: door.inside)
    monkeypatch.setattr(ray, "shutdown", lambda: None)
    monkeypatch.setattr(serving.time, "sleep", lambda _: None)
    return door


def test_it_is_asked_again_while_ray_runs(
    patched: Door, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(local, "status", lambda _: RECORD)
    with serving._joined(Settings(data_dir=tmp_path), RECORD):
        assert patched.inside
    assert patched.left == 0


def test_a_ray_that_has_ended_is_told(patched: Door, tmp_path: Path) -> None:
    with (
        pytest.raises(EngineUnavailable, match=r"127\.0\.0\.1:1 does not let us in"),
        serving._joined(Settings(data_dir=tmp_path), RECORD),
    ):
        pytest.fail("it was let in")
    assert patched.left == 1
