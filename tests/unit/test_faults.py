"""Which errors let the same job be tried again."""

from __future__ import annotations

import pytest

from pipelines.faults import RayAway, may_pass
from pipelines.ray_runtime import check_address
from videoclip.errors import EngineUnavailable


def test_a_ray_that_is_away_may_come_back() -> None:
    with pytest.raises(RayAway, match="no Ray cluster answers") as caught:
        check_address("127.0.0.1:1")
    assert (caught.value.code, caught.value.exit_status) == ("engine_unavailable", 2)
    assert may_pass(caught.value)
    assert not may_pass(EngineUnavailable("no such model", "Name another one"))
