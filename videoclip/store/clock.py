"""The database's clock, which leases are measured with: workers' clocks may be wrong by hours."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

__all__ = ["now_ms"]


class now_ms(FunctionElement[int]):  # noqa: N801 - written in statements like `func.now()`
    """Milliseconds since 1970 by the clock of the database's machine, at the moment of the statement."""

    type = BigInteger()
    name = "now_ms"
    inherit_cache = True


@compiles(now_ms, "postgresql")
def _postgresql(element: now_ms, compiler: Any, **_: Any) -> str:
    del element, compiler
    return "(extract(epoch FROM clock_timestamp()) * 1000)::bigint"


@compiles(now_ms, "sqlite")
def _sqlite(element: now_ms, compiler: Any, **_: Any) -> str:
    del element, compiler
    return "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)"
