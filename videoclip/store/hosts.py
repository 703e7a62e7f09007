"""Connections to whichever of several PostgreSQL servers takes writes: it may be another one than a moment ago."""

from __future__ import annotations

import asyncio
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.ext.asyncio import AsyncEngine

__all__ = ["Hosts", "leave_standbys"]

_SHORTEST_S = 2.0
"""A server that is far away may need so long, however many there are."""
_READ_ONLY_STATE = "25006"
_WHO = """
SELECT pg_is_in_recovery(),
       CASE WHEN pg_is_in_recovery() THEN '' ELSE substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) END
"""
"""Whether it is a standby; else its timeline, in eight hexadecimal digits, which each promotion raises."""
_WRITING = ("primary", "read-write")


class Hosts:
    """Makes the connections of an engine; with one server, as asyncpg does.

    With several, each is asked in turn, the last good one first, each with its own share of the time: a machine that
    swallows packets must not use up what the others need. A primary whose timeline is older than one that this
    process has seen was replaced, and is passed over.
    """

    def __init__(self) -> None:
        self._good: tuple[str, int] | None = None
        self._timeline = ""

    async def connect(self, *arguments: Any, **options: Any) -> Any:
        """As ``asyncpg.connect``; ``host`` and ``port`` may be lists.

        Raises:
            ConnectionError: none of several takes writes now; says what each answered.
        """
        import asyncpg

        hosts, ports = options.get("host"), options.get("port")
        wanted = options.get("target_session_attrs", _WRITING[0])
        if not isinstance(hosts, list) or not isinstance(ports, list) or wanted not in _WRITING:
            return await asyncpg.connect(*arguments, **options)
        servers = [(host, int(port)) for host, port in zip(hosts, ports, strict=True)]
        servers.sort(key=lambda server: server != self._good)
        each_s = max(_SHORTEST_S, float(options.pop("timeout", 60.0)) / len(servers))
        for name in ("host", "port", "target_session_attrs"):
            options.pop(name, None)
        told = []
        for host, port in servers:
            try:
                made = self._ask(*arguments, host=host, port=port, **options)
                connection, refused = await asyncio.wait_for(made, each_s)
            except _away() as error:
                told.append(f"{host}:{port} {str(error) or 'gave no answer'}")
                continue
            if not refused:
                self._good = host, port
                return connection
            told.append(f"{host}:{port} {refused}")
        message = f"no server takes writes now ({'; '.join(told)})"
        raise ConnectionError(message)

    async def _ask(self, *arguments: Any, **options: Any) -> tuple[Any, str]:
        """A connection, and why it will not do; empty: it will."""
        import asyncpg

        connection = await asyncpg.connect(*arguments, **options)
        refused = "gave no answer"
        try:
            refused = self._refusal(*await connection.fetchrow(_WHO))
        finally:
            if refused:
                connection.terminate()
        return connection, refused

    def _refusal(self, standby: bool, timeline: str) -> str:
        if standby:
            return "is a standby"
        if timeline < self._timeline:
            return f"was replaced: its timeline is {timeline}, there is {self._timeline}"
        self._timeline = timeline
        return ""


def _away() -> tuple[type[Exception], ...]:
    from asyncpg import CannotConnectNowError, PostgresConnectionError, TooManyConnectionsError

    return (
        *(OSError, asyncio.TimeoutError),
        *(CannotConnectNowError, PostgresConnectionError, TooManyConnectionsError),
    )


def leave_standbys(engine: AsyncEngine) -> None:
    """A connection that turns out to lead to a standby is dropped with all others, and made anew."""

    @event.listens_for(engine.sync_engine, "handle_error")
    def _look(context: ExceptionContext) -> None:
        original = context.original_exception
        if getattr(original, "sqlstate", None) == _READ_ONLY_STATE:
            context.is_disconnect = True
