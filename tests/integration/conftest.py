"""Shared by the integration tests: one Ray for the whole session."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pipelines.ray_runtime import RayRuntime
from videoclip.settings import RaySettings


@pytest.fixture(scope="session")
def ray_runtime() -> Iterator[RayRuntime]:
    """A private Ray with two processors."""
    with RayRuntime(RaySettings(num_cpus=2)) as runtime:
        runtime.start()
        yield runtime
