"""The guardian of a private Ray ends what its owner started, and never the owner."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines import ray_guardian

SLEEP = "import time; time.sleep(120)"


@pytest.fixture
def started() -> Iterator[list[subprocess.Popen[bytes]]]:
    processes: list[subprocess.Popen[bytes]] = []
    yield processes
    for process in processes:
        process.kill()
        process.wait()


def test_it_ends_the_marked_and_those_with_a_file_in_the_folder_but_not_its_owner(
    tmp_path: Path, started: list[subprocess.Popen[bytes]]
) -> None:
    folder = tmp_path / "ray"
    folder.mkdir()
    marked = subprocess.Popen([sys.executable, "-c", SLEEP], env={**os.environ, "GUARD": "one"})
    with (folder / "agent.log").open("wb") as log:  # as Ray's agents, whose titles hide the mark
        agent = subprocess.Popen([sys.executable, "-c", SLEEP], stdout=log)
    stranger = subprocess.Popen([sys.executable, "-c", SLEEP], env={**os.environ, "GUARD": "two"})
    started += [marked, agent, stranger]
    guardian = subprocess.Popen(
        [sys.executable, "-S", "-E", ray_guardian.__file__, "GUARD=one", str(folder)],
        stdin=subprocess.PIPE,
    )
    started.append(guardian)
    assert guardian.stdin is not None
    with (folder / "owner.log").open("wb"):  # this process is the owner, and works there too
        time.sleep(0.5)
        assert marked.poll() is None
        assert agent.poll() is None
        guardian.stdin.close()
        assert guardian.wait(timeout=30) == 0
    assert marked.wait(timeout=5) < 0
    assert agent.wait(timeout=5) < 0
    assert stranger.poll() is None
    assert not folder.exists()
