"""Rules for every test; unit tests may not start Ray."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.postgres import Postgres, run_postgres
from videoclip.settings import Settings

ROOT = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Quick ones first, so that a fault shows early; side by side long ones first, so that none is left over."""
    kinds = ["unit", "integration", "browser", "acceptance"]
    if "PYTEST_XDIST_WORKER" in os.environ:
        kinds.reverse()
    items.sort(key=lambda item: kinds.index(item.path.relative_to(ROOT).parts[0]))


@pytest.fixture(autouse=True)
def _own_data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test touches the user's data, configuration or caches of jobs."""
    monkeypatch.setenv("VIDEOCLIP_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("VIDEOCLIP_CONFIG", "/dev/null")
    monkeypatch.setenv("VIDEOCLIP_OFFLINE", "true")


@pytest.fixture(autouse=True)
def _unit_tests_refuse_ray(request: pytest.FixtureRequest) -> Iterator[None]:
    """A unit test that initialises Ray fails. Another kind of test may have left one in this process."""
    before = _ray_runs()
    yield
    if "unit" in Path(str(request.node.fspath)).parts:
        assert before or not _ray_runs(), "unit tests must not start Ray"


def _ray_runs() -> bool:
    ray = sys.modules.get("ray")
    return ray is not None and bool(ray.is_initialized())


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A real PostgreSQL for the whole session."""
    with run_postgres() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def store_settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Settings with an empty database: every promise holds on both."""
    if request.param == "sqlite":
        return Settings(data_dir=tmp_path / "data")
    server: Postgres = request.getfixturevalue("postgres")
    return Settings(data_dir=tmp_path / "data", database_url=asyncio.run(server.new_database()))
