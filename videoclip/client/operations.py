"""Which operations of the API a method of the client asks for: a test compares them with the API's description."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

__all__ = ["operation", "operations_of"]

F = TypeVar("F", bound=Callable[..., object])


def operation(*names: str) -> Callable[[F], F]:
    """Mark a method with its operations, such as ``GET /jobs/{job_id}``."""

    def mark(method: F) -> F:
        method.__dict__["__operations__"] = names
        return method

    return mark


def operations_of(method: object) -> tuple[str, ...]:
    """The operations that a method is marked with."""
    return tuple(getattr(method, "__operations__", ()))
