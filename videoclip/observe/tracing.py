"""Traces: one for each job, over all processes that work on it, sent by OTLP. Off, nothing is imported and nothing is kept.

A span is made only inside another one, or where a parent is named, so that no stray call begins a trace of its own.
Attributes hold no text, address or path of a user.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span, Tracer

    from videoclip.settings import ObserveSettings

__all__ = [
    "About",
    "Handle",
    "begin",
    "carry",
    "continued",
    "flush",
    "is_on",
    "set_up",
    "shut_down",
    "span",
    "trace_id",
    "trace_id_of",
    "traceparent",
]

_TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")
_TIMEOUT_S = 5
_FLUSH_MS = 2_000
_MILLION = 1_000_000
About = Mapping[str, str | int | float]


@dataclass(slots=True)
class _State:
    provider: TracerProvider
    tracer: Tracer
    observe: ObserveSettings


_state: _State | None = None


def set_up(observe: ObserveSettings, service: str) -> None:
    """Begin to send, once in a process, if an endpoint is set.

    Args:
        observe: endpoint, headers, share.
        service: name that this process's spans carry.
    """
    global _state  # noqa: PLW0603 - one exporter in a process, as there is one log
    if _state is not None or not observe.otlp_endpoint:
        return
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased

    words = observe.otlp_headers.get_secret_value().split(",")
    headers = dict(word.strip().split("=", 1) for word in words if "=" in word)
    exporter = OTLPSpanExporter(
        observe.otlp_endpoint.rstrip("/") + "/v1/traces", headers=headers, timeout=_TIMEOUT_S
    )
    provider = TracerProvider(
        resource=Resource.create({"service.name": service}),
        sampler=ParentBased(TraceIdRatioBased(observe.trace_share)),
        shutdown_on_exit=False,
    )
    provider.add_span_processor(BatchSpanProcessor(exporter))
    # A collector that is away must not fill the log.
    logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
    _state = _State(provider, provider.get_tracer("videoclip"), observe)


def shut_down() -> None:
    """Send what is left, for seconds at most, and stop."""
    global _state  # noqa: PLW0603
    if _state is not None:
        _state.provider.force_flush(_FLUSH_MS)
        _state.provider.shutdown()
        _state = None


def flush() -> None:
    """Send what is left, for seconds at most: this process may be killed without notice."""
    if _state is not None:
        _state.provider.force_flush(_FLUSH_MS)


def is_on() -> bool:
    """Whether spans are made."""
    return _state is not None


class Handle:
    """A span that ends elsewhere than it began; in between it is nobody's parent unless it is named."""

    def __init__(self, made: Span | None) -> None:
        self._span = made

    @property
    def traceparent(self) -> str | None:
        """To be its child by (W3C)."""
        return None if self._span is None else _written(self._span)

    def rename(self, name: str, about: About) -> None:
        """Say what it was, once that is known."""
        if self._span is not None:
            self._span.update_name(name)
            self._span.set_attributes(about)

    def end(self, error: str | None = None) -> None:
        """It is over; ``error`` is a code."""
        if self._span is not None:
            if error is not None:
                from opentelemetry.trace import Status, StatusCode

                self._span.set_attribute("error.type", error)
                self._span.set_status(Status(StatusCode.ERROR, error))
            self._span.end()
            self._span = None


_NOTHING = Handle(None)


def begin(
    name: str,
    about: About | None = None,
    *,
    parent: str | None = None,
    root: bool = False,
    start_ms: int | None = None,
) -> Handle:
    """Begin a span that `Handle.end` ends.

    Args:
        name: few different ones; what varies is an attribute.
        about: attributes: numbers and words of this program.
        parent: a `traceparent`; None: the span around this.
        root: begin a trace where there is no parent.
        start_ms: when it began, ms since 1970; None: now.
    """
    if _state is None:
        return _NOTHING
    from opentelemetry import trace

    context = _context_of(parent)
    there = trace.get_current_span(context).get_span_context().is_valid
    if not there and not root:
        return _NOTHING
    start = None if start_ms is None else start_ms * _MILLION
    return Handle(_state.tracer.start_span(name, context, attributes=about, start_time=start))


def span(
    name: str,
    about: About | None = None,
    *,
    parent: str | None = None,
    root: bool = False,
) -> AbstractContextManager[Handle]:
    """A span around a block; what begins inside is its child. Arguments as `begin`."""
    if _state is None:
        return nullcontext(_NOTHING)
    return _around(begin(name, about, parent=parent, root=root))


@contextmanager
def _around(handle: Handle) -> Iterator[Handle]:
    made = handle._span
    if made is None:
        yield handle
        return
    from opentelemetry import trace

    error: str | None = None
    try:
        with trace.use_span(made, record_exception=False, set_status_on_exception=False):
            yield handle
    except BaseException as caught:
        error = str(getattr(caught, "code", type(caught).__name__))
        raise
    finally:
        handle.end(error)


def traceparent() -> str | None:
    """Of the span around this."""
    if _state is None:
        return None
    from opentelemetry import trace

    current = trace.get_current_span()
    return _written(current) if current.get_span_context().is_valid else None


def trace_id() -> str | None:
    """Of the trace that this is in."""
    return trace_id_of(traceparent())


def trace_id_of(parent: str | None) -> str | None:
    """Of a `traceparent` whose trace is kept; None: there is none."""
    found = _TRACEPARENT.fullmatch(parent or "")
    return found[1] if found and int(found[3], 16) & 1 else None


def carry() -> str:
    """What another process needs to go on with this trace; empty: there is none."""
    parent = traceparent()
    if _state is None or parent is None:
        return ""
    headers = _state.observe.otlp_headers.get_secret_value()
    return json.dumps([parent, _state.observe.otlp_endpoint, headers, _state.observe.trace_share])


def continued(
    carried: str, service: str, name: str, about: About | None = None
) -> AbstractContextManager[Handle]:
    """A span around a block, as the child of what another process carried here.

    Args:
        carried: of `carry`.
        service: of this process, where nobody has said so before.
        name: of the span.
        about: as for `begin`.
    """
    if not carried:
        return nullcontext(_NOTHING)
    parent, endpoint, headers, share = json.loads(carried)
    from videoclip.settings import ObserveSettings  # late: who only asks a server has none

    set_up(
        ObserveSettings(otlp_endpoint=endpoint, otlp_headers=headers, trace_share=share), service
    )
    return span(name, about, parent=parent)


def _written(made: Span) -> str:
    context = made.get_span_context()
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{int(context.trace_flags):02x}"


def _context_of(parent: str | None) -> Context | None:
    found = _TRACEPARENT.fullmatch(parent or "")
    if found is None or not int(found[1], 16) or not int(found[2], 16):
        return None
    from opentelemetry import trace

    known = trace.SpanContext(
        int(found[1], 16), int(found[2], 16), is_remote=True,
        trace_flags=trace.TraceFlags(int(found[3], 16) & 1),
    )  # fmt: skip
    wrapped: Any = trace.NonRecordingSpan(known)
    return trace.set_span_in_context(wrapped)
