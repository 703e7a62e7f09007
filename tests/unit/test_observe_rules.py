"""Dashboards and alert rules speak of metrics that there are, in the way Prometheus understands."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

import pytest

from cluster.observe.dashboards import DASHBOARDS, RAY_METRICS
from cluster.observe.rules import RULES, RUNBOOKS
from videoclip.observe.catalogue import CATALOGUE, RAY_PREFIX, Kind

ROOT = Path(__file__).resolve().parents[2]
_FOREIGN = {"process_resident_memory_bytes"}


def series() -> set[str]:
    own = {name for metric in CATALOGUE for name in metric.series}
    return own | {RAY_PREFIX + name for name in own} | set(RAY_METRICS) | _FOREIGN


def named(query: str) -> set[str]:
    """Metrics that a query names."""
    return set(re.findall(r"\b(?:ray_|videoclip_|process_)\w+", query.replace("(ray_)?", "")))


@pytest.mark.parametrize("dashboard", DASHBOARDS, ids=lambda one: one.uid)
def test_every_panel_shows_a_metric_that_there_is(dashboard) -> None:
    assert dashboard.queries
    for query in dashboard.queries:
        assert named(query) <= series(), query
        assert named(query) or query.startswith(("count(up", "up")), query


def test_every_metric_is_shown_or_watched() -> None:
    said = " ".join([*(q for one in DASHBOARDS for q in one.queries), *(r.expr for r in RULES)])
    unseen = [
        m.name
        for m in CATALOGUE
        if not set(m.series) & {n.removeprefix(RAY_PREFIX) for n in named(said)}
    ]
    assert unseen == []


def test_alerts_name_metrics_that_there_are_and_link_their_runbooks() -> None:
    heads = re.findall(r"^## (\w+)$", (ROOT / RUNBOOKS).read_text(encoding="utf-8"), re.MULTILINE)
    chinese = re.findall(
        r"^## (\w+)$", (ROOT / "docs/zh/runbooks.md").read_text("utf-8"), re.MULTILINE
    )
    assert set(heads) >= {rule.name for rule in RULES}
    assert chinese == heads
    for rule in RULES:
        assert named(rule.expr) <= series(), rule.name


def test_names_and_labels_are_as_prometheus_wants_them() -> None:
    for metric in CATALOGUE:
        assert re.fullmatch(r"videoclip_[a-z0-9_]+", metric.name)
        assert metric.name.endswith("_total") == (metric.kind is Kind.COUNTER), metric.name
        assert bool(metric.buckets) == (metric.kind is Kind.HISTOGRAM)
        assert not {"user", "job_id", "path", "url", "id", "workspace"} & set(metric.labels)


def test_metrics_of_ray_that_are_shown_are_named_in_the_release_that_is_installed() -> None:
    """They are no public interface: an upgrade that renames one is noticed here."""
    package = Path(str(find_spec("ray").submodule_search_locations[0]))  # type: ignore[union-attr,index]
    places = ("dashboard/modules/reporter/reporter_agent.py", "serve/_private/replica.py")
    source = "".join((package / place).read_text("utf-8") for place in places)
    for name in RAY_METRICS:
        bare = name.removeprefix(RAY_PREFIX).removesuffix("_bucket").removesuffix("_total")
        said = (f'"{name.removeprefix(RAY_PREFIX)}"', f'"{bare}"')
        assert any(word in source for word in said), name
