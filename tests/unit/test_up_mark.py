"""`videoclip up` knows whether settings have changed since it was last told them."""

from __future__ import annotations

import pytest

from cluster.serving import _mark
from serve_apps.resources import Plan
from videoclip.settings import LlmSettings, RaySettings, Settings

PLAN = Plan(0.0, None, None)
TOLD = {
    "VIDEOCLIP_RAY__ADDRESS": "127.0.0.1:6379",
    "VIDEOCLIP_RAY__NUM_CPUS": "2",
    "VIDEOCLIP_LLM__BASE_URL": "http://127.0.0.1:8080/llm/v1",
    "VIDEOCLIP_LLM__MAY_SLEEP": "true",
}


def test_what_up_itself_told_is_no_change(monkeypatch: pytest.MonkeyPatch) -> None:
    first = _mark(Settings(ray=RaySettings(num_cpus=2)), PLAN, {})
    for name, value in TOLD.items():  # eval "$(videoclip up)"
        monkeypatch.setenv(name, value)
    assert Settings().ray.address == TOLD["VIDEOCLIP_RAY__ADDRESS"]
    assert _mark(Settings(), PLAN, TOLD) == first


@pytest.mark.parametrize(
    "changed",
    [
        Settings(ray=RaySettings(num_cpus=3)),
        Settings(
            ray=RaySettings(num_cpus=2), llm=LlmSettings(base_url="https://models.example/v1")
        ),
    ],
)
def test_another_endpoint_or_number_of_processors_is_one(changed: Settings) -> None:
    first = _mark(Settings(ray=RaySettings(num_cpus=2)), PLAN, {})
    assert _mark(changed, PLAN, TOLD) != first
