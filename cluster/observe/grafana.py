"""A dashboard as Grafana reads it, from a short description."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["Dashboard", "Panel", "both", "dashboard_json"]

_COLUMNS = 24
_HEIGHT = 8
_SOURCE = {"type": "prometheus", "uid": "${datasource}"}


@dataclass(frozen=True, slots=True)
class Panel:
    """A picture of one or more queries."""

    title: str
    queries: tuple[tuple[str, str], ...]
    """PromQL and legend."""
    unit: str = "short"
    """As Grafana names units: s, bytes, percentunit, reqps."""
    width: int = 8
    stat: bool = False
    """One number instead of a line over time."""


@dataclass(frozen=True, slots=True)
class Dashboard:
    """Rows of panels; each row has a title."""

    uid: str
    title: str
    rows: tuple[tuple[str, tuple[Panel, ...]], ...]

    @property
    def queries(self) -> list[str]:
        """All PromQL."""
        return [query for _, panels in self.rows for panel in panels for query, _ in panel.queries]


def both(name: str) -> str:
    """Selects a metric of the gateway, whether it serves by itself or Ray counts for it."""
    return f'{{__name__=~"(ray_)?{name}"}}'


def dashboard_json(dashboard: Dashboard) -> dict[str, Any]:
    """The model, schema version 39 (Grafana 10 and later)."""
    panels: list[dict[str, Any]] = []
    top = 0
    for title, row in dashboard.rows:
        panels.append({
            "id": len(panels) + 1, "type": "row", "title": title, "collapsed": False, "panels": [],
            "gridPos": {"x": 0, "y": top, "w": _COLUMNS, "h": 1},
        })  # fmt: skip
        top += 1
        left = 0
        for panel in row:
            if left + panel.width > _COLUMNS:
                left, top = 0, top + _HEIGHT
            place = {"x": left, "y": top, "w": panel.width, "h": _HEIGHT}
            panels.append(_panel(panel, len(panels) + 1, place))
            left += panel.width
        top += _HEIGHT
    return {
        "uid": f"videoclip-{dashboard.uid}", "title": f"Video-Clip: {dashboard.title}",
        "tags": ["video-clip"], "schemaVersion": 39, "version": 1, "editable": True,
        "refresh": "30s", "time": {"from": "now-6h", "to": "now"}, "timezone": "",
        "templating": {"list": [{
            "name": "datasource", "type": "datasource", "query": "prometheus", "label": "Prometheus",
        }]},
        "links": [{
            "title": "Video-Clip", "type": "dashboards", "tags": ["video-clip"], "asDropdown": True,
        }],
        "panels": panels,
    }  # fmt: skip


def _panel(panel: Panel, number: int, place: dict[str, int]) -> dict[str, Any]:
    kind: dict[str, Any] = {"type": "stat" if panel.stat else "timeseries"}
    if not panel.stat:
        kind["options"] = {"tooltip": {"mode": "multi"}, "legend": {"displayMode": "list"}}
    return {
        "id": number, "title": panel.title, **kind, "datasource": _SOURCE, "gridPos": place,
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
        "targets": [
            {
                "refId": chr(ord("A") + index), "expr": query, "legendFormat": legend,
                "datasource": _SOURCE,
            }
            for index, (query, legend) in enumerate(panel.queries)
        ],
    }  # fmt: skip
