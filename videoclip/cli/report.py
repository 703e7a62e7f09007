"""`videoclip report` and `videoclip replay`: where a job's time went, and one of its units again."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path

from rich.markup import escape
from rich.table import Table

from videoclip.cli.console import new_console, print_table
from videoclip.cli.export import write_text
from videoclip.cli.server_parts import load
from videoclip.client.output import open_output
from videoclip.errors import UsageError
from videoclip.observe.report import Report, report_of
from videoclip.observe.report_html import report_html
from videoclip.settings import Settings
from videoclip.store import Store
from videoclip.store.reports import job_run

__all__ = ["run_replay", "show_report"]

_DIFFERS = 5


def show_report(settings: Settings, job: str, out: Path | None, *, as_json: bool) -> int:
    """Write a job's report.

    Args:
        settings: of the store; prices.
        job: an id, or the output folder of ``clip`` or ``cut``.
        out: FILE.html or FILE.json; None: standard output.
        as_json: as JSON; else, on standard output, a table of the stages.

    Raises:
        StoreError: there is no such job.
        UsageError: the file's name says no format.
        OutputUnwritable: the file cannot be written.
    """
    if out is not None and out.suffix.lower() not in (".html", ".htm", ".json"):
        raise UsageError(f"{out.name} says no format", "Name it .html or .json")
    job_id = _job_id(job)
    with Store(settings) as store:
        report = report_of(store.session(lambda s: job_run(s, job_id)), settings.observe)
    if out is not None:
        plain = as_json or out.suffix.lower() == ".json"
        text = _json(report) if plain else report_html(report)
        write_text(out, text)
        return 0
    if as_json:
        new_console().out(_json(report), highlight=False, end="")
    else:
        _show(report)
    return 0


def run_replay(settings: Settings, job: str, unit: str, *, as_json: bool) -> int:
    """Do a unit again; 0: it gave the same, 5: it did not.

    Raises:
        UsageError: the job has no such unit.
        StoreError: what it was made from is no longer there.
    """
    done = load("pipelines.replay").replay(_job_id(job), unit, settings)
    console = new_console()
    if as_json:
        console.out(json.dumps(asdict(done), ensure_ascii=True), highlight=False)
        return 0 if done.equal else _DIFFERS
    verdict = "equal" if done.equal else "not equal"
    console.out(f"{unit}: {verdict}; before: {done.before}, now: {done.now}", highlight=False)
    if done.cause:
        console.out(f"  {done.cause}", highlight=False)
    for place in done.differences:
        console.out(f"  differs: {place}", highlight=False)
    console.out(
        f"  took {done.wall_s:g} s, {done.cpu_s:g} s of processors; before {done.wall_s_before:g} s",
        highlight=False,
    )
    return 0 if done.equal else _DIFFERS


def _job_id(job: str) -> str:
    """The id itself, or that of the manifest in an output folder.

    Raises:
        SourceMissing: the folder holds no manifest.
        SourceNotMedia: the manifest is not one of ours.
    """
    is_folder = os.sep in job or Path(job).is_dir()
    return open_output(job).manifest.job if is_folder else job


def _json(report: Report) -> str:
    return json.dumps(report.model_dump(mode="json"), ensure_ascii=True, indent=2) + "\n"


def _show(report: Report) -> None:
    console = new_console()
    ran = "" if report.wall_s is None else f", {report.wall_s:g} s"
    console.out(f"{report.job}: {report.kind}, {report.state}{ran}", highlight=False)
    table = Table(box=None, pad_edge=False)
    for name in ("stage", "units", "reused", "failed", "units, s", "processors, s", "cards, s"):
        table.add_column(name, justify="left" if name == "stage" else "right")
    for stage in report.stages:
        table.add_row(
            escape(stage.name), str(stage.units), str(stage.reused), str(stage.failed),
            f"{stage.wall_s:.2f}", f"{stage.cpu_s:.2f}", f"{stage.gpu_s:.2f}",
        )  # fmt: skip
    print_table(console, table)
    if report.lines:
        console.out(f"{report.cost:.4f} {report.currency}", highlight=False)
