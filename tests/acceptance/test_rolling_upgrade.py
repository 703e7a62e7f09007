"""A release is replaced by the next one, process by process, under load: no request fails, and jobs go on."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.support.postgres import Postgres
from tests.support.rolling import roll
from videoclip.settings import Settings

pytestmark = [pytest.mark.slow, pytest.mark.alone]


def test_no_request_fails_and_no_unit_is_done_again_while_each_process_is_replaced(
    postgres: Postgres, tmp_path: Path
) -> None:
    url = asyncio.run(postgres.new_database())
    seen = roll(Settings(data_dir=tmp_path / "data", database_url=url), tmp_path)
    assert seen.failed == []
    assert seen.requests >= 50, "there was load"
    assert seen.units_kept >= 1
