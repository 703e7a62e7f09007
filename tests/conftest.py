"""Rules for every test; unit tests may not start Ray."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.postgres import Postgres, run_postgres
from videoclip.settings import Settings
from videoclip.store import Store

ROOT = Path(__file__).parent
# Ray's workers are nice to what else runs; beside other tests they would get next to nothing.
os.environ.setdefault("RAY_worker_niceness", "0")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Quick ones first, so that a fault shows early; side by side long ones first, so that none is left over."""
    kinds = ["unit", "integration", "browser", "acceptance"]
    if "PYTEST_XDIST_WORKER" in os.environ:
        kinds.reverse()
    items.sort(key=lambda item: kinds.index(item.path.relative_to(ROOT).parts[0]))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tell ``scripts/run_tests.py`` which tests failed."""
    if path := os.environ.get("FAILED_TESTS_FILE"):
        reports = [
            one for kind in ("failed", "error") for one in terminalreporter.stats.get(kind, [])
        ]
        Path(path).write_text("\n".join(dict.fromkeys(report.nodeid for report in reports)))


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
def empty_settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Settings whose database has no tables yet."""
    if request.param == "sqlite":
        return Settings(data_dir=tmp_path / "data")
    server: Postgres = request.getfixturevalue("postgres")
    return Settings(data_dir=tmp_path / "data", database_url=asyncio.run(server.new_database()))


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file with this release's tables, to be copied: migrations take half a second."""
    settings = Settings(data_dir=tmp_path_factory.mktemp("template"))
    Store(settings).close()
    return settings.data_dir / "videoclip.db"


@pytest.fixture(scope="session")
def postgres_template(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The same on PostgreSQL: a database's name."""
    url = asyncio.run(postgres.new_database())
    Store(Settings(data_dir=tmp_path_factory.mktemp("template"), database_url=url)).close()
    return url.rpartition("/")[2]


def _prepared(request: pytest.FixtureRequest, folder: Path) -> Settings:
    if request.param == "sqlite":
        folder.mkdir(parents=True)
        shutil.copy(request.getfixturevalue("sqlite_template"), folder / "videoclip.db")
        return Settings(data_dir=folder)
    server: Postgres = request.getfixturevalue("postgres")
    template: str = request.getfixturevalue("postgres_template")
    return Settings(data_dir=folder, database_url=asyncio.run(server.new_database(template)))


@pytest.fixture(params=["sqlite", "postgresql"])
def store_settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Settings with a database without rows: every promise holds on both."""
    return _prepared(request, tmp_path / "data")


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def lasting_settings(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Settings:
    """As ``store_settings``, for a database that all tests of a module share; each leaves it empty."""
    return _prepared(request, tmp_path_factory.mktemp("lasting") / "data")
