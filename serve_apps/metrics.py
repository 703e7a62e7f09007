"""Counting in replicas: Ray carries their metrics to its own endpoint on each node, under names that begin with `ray_`."""

from __future__ import annotations

from typing import Any

from videoclip.observe.catalogue import Kind, Metric, metric

__all__ = ["RayMeter"]


class RayMeter:
    """A `Meter` over `ray.util.metrics`; Prometheus adds replicas up by itself."""

    def __init__(self) -> None:
        self._made: dict[str, Any] = {}

    def count(self, name: str, amount: float = 1.0, **labels: str) -> None:
        """Add to a counter."""
        if amount > 0:
            self._of(name).inc(amount, tags=labels)

    def observe(self, name: str, value: float, **labels: str) -> None:
        """Put a value into a histogram."""
        self._of(name).observe(value, tags=labels)

    def set(self, name: str, value: float, **labels: str) -> None:
        """Set a gauge."""
        self._of(name).set(value, tags=labels)

    def _of(self, name: str) -> Any:
        found = self._made.get(name)
        if found is None:
            found = self._made[name] = _made(metric(name))
        return found


def _made(wanted: Metric) -> Any:
    from ray.util.metrics import Counter, Gauge, Histogram

    if wanted.kind is Kind.COUNTER:
        return Counter(wanted.name, wanted.help, wanted.labels)
    if wanted.kind is Kind.GAUGE:
        return Gauge(wanted.name, wanted.help, wanted.labels)
    return Histogram(wanted.name, wanted.help, list(wanted.buckets), wanted.labels)
