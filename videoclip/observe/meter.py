"""Counting: one interface for the metrics of the catalogue; in this process for Prometheus, elsewhere for Ray."""

from __future__ import annotations

from typing import Any, Protocol

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from videoclip.observe.catalogue import Kind, Metric, metric

__all__ = ["Meter", "PrometheusMeter"]


class Meter(Protocol):
    """Counts metrics of the catalogue by their names; labels are given by name, all of them."""

    def count(self, name: str, amount: float = 1.0, **labels: str) -> None:
        """Add to a counter; nothing where the amount is not above 0."""
        ...

    def observe(self, name: str, value: float, **labels: str) -> None:
        """Put a value into a histogram."""
        ...

    def set(self, name: str, value: float, **labels: str) -> None:
        """Set a gauge."""
        ...


class PrometheusMeter:
    """Counts in this process.

    Args:
        registry: that Prometheus reads.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry
        self._made: dict[str, Any] = {}

    def count(self, name: str, amount: float = 1.0, **labels: str) -> None:
        """Add to a counter."""
        if amount > 0:
            self._of(name, labels).inc(amount)

    def observe(self, name: str, value: float, **labels: str) -> None:
        """Put a value into a histogram."""
        self._of(name, labels).observe(value)

    def set(self, name: str, value: float, **labels: str) -> None:
        """Set a gauge."""
        self._of(name, labels).set(value)

    def _of(self, name: str, labels: dict[str, str]) -> Any:
        found = self._made.get(name)
        if found is None:
            found = self._made[name] = _made(metric(name), self._registry)
        return found.labels(**labels) if labels else found


def _made(wanted: Metric, registry: CollectorRegistry) -> Counter | Gauge | Histogram:
    if wanted.kind is Kind.COUNTER:
        return Counter(wanted.name, wanted.help, wanted.labels, registry=registry)
    if wanted.kind is Kind.GAUGE:
        return Gauge(wanted.name, wanted.help, wanted.labels, registry=registry)
    return Histogram(
        wanted.name, wanted.help, wanted.labels, registry=registry, buckets=wanted.buckets
    )
