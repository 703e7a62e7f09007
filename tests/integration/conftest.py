"""Shared by the integration tests: one Ray for the whole session."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from cluster.local import ENVIRONMENT
from pipelines.ray_runtime import RayRuntime
from videoclip.settings import RaySettings


@pytest.fixture(scope="session")
def ray_runtime() -> Iterator[RayRuntime]:
    """A private Ray with two processors and a pretended GPU, and Serve on it as `videoclip up` starts it."""
    os.environ.update(ENVIRONMENT)
    with RayRuntime(RaySettings(num_cpus=2, num_gpus=1)) as runtime:
        runtime.start()
        yield runtime
