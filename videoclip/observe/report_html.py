"""A report as one HTML file without scripts: tables, and a Gantt chart of the units."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timezone
from html import escape

from videoclip.observe.report import Report, ReportUnit
from videoclip.sizes import size_text

__all__ = ["report_html"]

_WIDTH = 1000
_LEFT = 120
_LANE = 14
_COLOURS = ("#4e79a7", "#f28e2b", "#59a14f", "#b07aa1", "#76b7b2", "#edc948", "#9c755f", "#ff9da7")
_STYLE = """body{font:14px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:72rem;padding:0 1rem;color:#222;background:#fff}
table{border-collapse:collapse;margin:.5rem 0 1.5rem}td,th{padding:.2rem .8rem;border-bottom:1px solid #ddd;text-align:left}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}svg{max-width:100%;height:auto}h2{margin-top:2rem}
@media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}td,th{border-color:#444}svg text{fill:#ddd}}"""


def report_html(report: Report) -> str:
    """The page. Whatever texts the report holds are shown as texts."""
    parts = [
        "<!DOCTYPE html><html lang=en><head><meta charset=utf-8>",
        "<meta http-equiv=Content-Security-Policy content=\"default-src 'none'; style-src 'unsafe-inline'\">",
        f"<title>Job {escape(report.job)}</title><style>{_STYLE}</style></head><body>",
        f"<h1>Job {escape(report.job)}</h1>",
        _table((), _summary(report)),
    ]
    if report.lines:
        rows = [
            (line.what, f"{line.amount:g} {line.unit}", f"{line.price:g}", f"{line.cost:.4f}")
            for line in report.lines
        ]
        rows.append(("together", "", "", f"{report.cost:.4f}"))
        parts += ["<h2>Cost</h2>", _table(("", "amount", "price", report.currency), rows, 1)]
    parts += ["<h2>Stages</h2>", _stages(report)]
    if report.attempts:
        parts += ["<h2>Attempts</h2>", _attempts(report)]
    parts += ["<h2>Units</h2>", _gantt(report.units)]
    failed = [unit for unit in report.units if unit.error]
    if failed:
        rows = [(f"{u.stage}/{u.key}", *_error(u.error)) for u in failed]
        parts += ["<h2>Failed</h2>", _table(("unit", "code", "cause", "what to do"), rows)]
    return "\n".join((*parts, "</body></html>\n"))


def _summary(report: Report) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = [("kind", report.kind), ("state", report.state)]
    if report.error:
        rows.append(("error", ": ".join(word for word in _error(report.error) if word)))
    for name, seconds in (
        ("waited", report.waited_s), ("ran", report.wall_s), ("processors", report.cpu_s),
        ("graphics cards", report.gpu_s),
    ):  # fmt: skip
        if seconds is not None:
            rows.append((name, f"{seconds:g} s"))
    if report.video_ms:
        rows.append(("video", f"{report.video_ms / 1000:g} s"))
    if report.prompt_tokens or report.completion_tokens:
        rows.append(("tokens", f"{report.prompt_tokens} + {report.completion_tokens}"))
    if report.bytes_in is not None and report.bytes_out is not None:
        rows.append(
            ("bytes", f"{size_text(report.bytes_in)} in, {size_text(report.bytes_out)} out")
        )
    if report.failures:
        rows.append(("failures", str(report.failures)))
    if report.trace_id:
        rows.append(("trace", report.trace_id))
    return rows


def _stages(report: Report) -> str:
    head = ("stage", "units", "done", "reused", "failed", "from first to last, s", "units together, s", "processors, s", "cards, s")  # fmt: skip
    rows = [
        (
            stage.name, str(stage.units), str(stage.done), str(stage.reused), str(stage.failed),
            "" if stage.span_s is None else f"{stage.span_s:.3f}", f"{stage.wall_s:.3f}",
            f"{stage.cpu_s:.3f}", f"{stage.gpu_s:.3f}",
        )
        for stage in report.stages
    ]  # fmt: skip
    return _table(head, rows, 1)


def _attempts(report: Report) -> str:
    rows = []
    for one in report.attempts:
        took = "" if one.ended_ms is None else f"{(one.ended_ms - one.started_ms) / 1000:.1f}"
        rows.append(
            (str(one.attempt), _time(one.started_ms), took, one.outcome, *_error(one.error))
        )
    return _table(("attempt", "began", "took, s", "then", "code", "cause", "what to do"), rows)


def _gantt(units: list[ReportUnit]) -> str:
    """Bars of the units that were done, in as few lanes a stage as they overlap."""
    timed = [
        (unit, unit.started_ms, unit.finished_ms)
        for unit in units
        if unit.started_ms is not None and unit.finished_ms is not None
    ]
    if not timed:
        return "<p>All units were taken from earlier work.</p>"
    first = min(start for _, start, _ in timed)
    length = max(1, max(end for _, _, end in timed) - first)
    scale = (_WIDTH - _LEFT - 10) / length
    stages: dict[str, list[tuple[ReportUnit, int, int]]] = {}
    for entry in sorted(timed, key=lambda entry: entry[1]):
        stages.setdefault(entry[0].stage, []).append(entry)
    bars: list[str] = []
    lane = 0
    for number, (stage, entries) in enumerate(stages.items()):
        colour = _COLOURS[number % len(_COLOURS)]
        bars.append(f'<text x="0" y="{lane * _LANE + 11}" font-size="12">{escape(stage)}</text>')
        busy: list[int] = []
        for unit, start, end in entries:
            free = next((i for i, until in enumerate(busy) if until <= start), len(busy))
            busy[free : free + 1] = [end]
            x, width = _LEFT + (start - first) * scale, max(1.0, (end - start) * scale)
            said = f"{unit.stage}/{unit.key}: {unit.wall_s:g} s, processors {unit.cpu_s:g} s, attempt {unit.attempt}"
            bars.append(
                f'<rect x="{x:.1f}" y="{(lane + free) * _LANE + 1}" width="{width:.1f}" height="{_LANE - 2}" '
                f'fill="{colour}" stroke="#fff" stroke-width=".5"><title>{escape(said)}</title></rect>'
            )
        lane += len(busy)
    height = lane * _LANE + 20
    bars.append(
        f'<text x="{_LEFT}" y="{height - 4}" font-size="11">0</text>'
        f'<text x="{_WIDTH - 10}" y="{height - 4}" font-size="11" text-anchor="end">{length / 1000:g} s</text>'
    )
    return (
        f'<svg viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="when each unit was done">'
        + "".join(bars)
        + "</svg>"
    )


def _table(
    head: Iterable[str], rows: Iterable[Iterable[str]], numbers_from: int | None = None
) -> str:
    def row(cells: Iterable[str], tag: str) -> str:
        return "".join(
            f"<{tag}{' class=n' if numbers_from is not None and i >= numbers_from else ''}>{escape(cell)}</{tag}>"
            for i, cell in enumerate(cells)
        )

    top = row(head, "th")
    lines = [f"<tr>{top}</tr>"] if top else []
    lines += [f"<tr>{row(cells, 'td')}</tr>" for cells in rows]
    return "<table>" + "\n".join(lines) + "</table>"


def _error(error: dict[str, object] | None) -> tuple[str, str, str]:
    found = error or {}
    return tuple(str(found.get(key, "")) for key in ("code", "cause", "remedy"))  # type: ignore[return-value]


def _time(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, timezone.utc).strftime("%Y-%m-%d %H:%M:%S UTC")
