"""`videoclip jobs`: list, show, follow, cancel and run again; and `download`."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from pathlib import Path

import typer
from rich.markup import escape
from rich.table import Table

from videoclip.cli.console import clip_table, new_console, print_table, reporter
from videoclip.cli.remote.follow import follow, goes_on_after_stop, source_of
from videoclip.cli.remote.results import end_of, fetch
from videoclip.cli.remote.session import connected
from videoclip.cli.remote.text import plain, when
from videoclip.cli.statuses import Shown, overall
from videoclip.client import Job, VideoClip, VideoClipError
from videoclip.client.files import placed
from videoclip.schemas.api.jobs import State

__all__ = ["run_cancel", "run_download", "run_follow", "run_list", "run_retry", "run_show"]

_COLOURS = {
    "succeeded": "green", "partial": "yellow", "failed": "red", "dead": "red", "running": "cyan",
}  # fmt: skip


def run_list(
    server: str | None, *, state: Shown | None, kind: str | None, limit: int, as_json: bool
) -> int:
    """Newest first."""
    asked: State | None = "succeeded" if state == "no-clips" else state
    with connected(server) as client:
        jobs = (job for job in client.jobs.list(state=asked, kind=kind) if _is_shown(job, state))
        found = list(itertools.islice(jobs, limit))
    if as_json:
        for job in found:
            typer.echo(job.model_dump_json())
        return 0
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("job", "kind", "state", "asked", "source"):
        table.add_column(name, overflow="fold", no_wrap=name != "source")
    for job in found:
        table.add_row(
            job.id, job.kind, _state(job), when(job.enqueued_ms), escape(source_of(job))
        )  # fmt: skip
    if found:
        print_table(new_console(), table)
    else:
        typer.echo("No jobs", err=True)
    return 0


def run_show(server: str | None, job_id: str, *, as_json: bool) -> int:
    """One job: where it stands, what came of it."""
    with connected(server) as client:
        job = client.jobs.get(job_id)
        clips = client.clips.list(job.id) if job.result and job.kind != "transcribe" else []
        files = client.clips.files(job.id) if job.result else []
    if as_json:
        told = job.model_dump(mode="json")
        told["clips"] = [clip.model_dump(mode="json") for clip in clips]
        told["files"] = [file.model_dump(mode="json") for file in files]
        typer.echo(json.dumps(told))
        return 0
    console = new_console()
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    for name, value in _facts(job, len(files)):
        table.add_row(name, value)
    print_table(console, table)
    if clips:
        print_table(console, clip_table(clips))
    return 0


def _facts(job: Job, files: int) -> list[tuple[str, str]]:
    facts = [
        ("job", job.id), ("kind", job.kind), ("source", escape(source_of(job))),
        ("state", _state(job)), ("asked", when(job.enqueued_ms)),
    ]  # fmt: skip
    if job.standing is not None and not job.is_over:
        facts.append(("stands", escape(plain(job.standing.text))))
    if job.started_ms:
        facts.append(("started", when(job.started_ms)))
    if job.finished_ms:
        facts.append(("finished", when(job.finished_ms)))
    if job.attempt > 1:
        facts.append(("attempt", str(job.attempt)))
    if job.error is not None:
        facts.append(("cause", escape(plain(job.error.cause or job.error.code, 600))))
        facts.append(("what to do", escape(plain(job.error.remedy, 600))))
    for notice in (job.result or {}).get("notices", []):
        facts.append(("note", escape(plain(str(notice.get("message", "")), 600))))  # noqa: PERF401
    if files:
        facts.append(("files", f"{files}; videoclip download {job.id} -o FOLDER"))
    return facts


def _found_nothing(job: Job) -> bool:
    return (job.result or {}).get("status") == "nothing_selected"


def _is_shown(job: Job, state: Shown | None) -> bool:
    return state not in ("succeeded", "no-clips") or _found_nothing(job) == (state == "no-clips")


def _state(job: Job) -> str:
    text = "no-clips" if _found_nothing(job) else job.state
    colour = _COLOURS.get(job.state)
    return f"[{colour}]{text}[/]" if colour else text


def run_follow(
    server: str | None, job_ids: Sequence[str], *, out: Path | None, as_json: bool, quiet: bool
) -> int:
    """Show jobs until they are over; the exit status is theirs."""
    statuses = []
    with (
        connected(server) as client,
        reporter(as_json=as_json, quiet=quiet) as report,
        goes_on_after_stop(client, job_ids),
    ):
        for job in [client.jobs.get(job_id) for job_id in job_ids]:
            place = out / job.id if out is not None and len(job_ids) > 1 else out
            statuses.append(end_of(client, follow(client, job, report), report, place))
    return overall(statuses)


def run_cancel(server: str | None, job_ids: Sequence[str]) -> int:
    """Cancel jobs."""
    with connected(server) as client:
        return _each(client, job_ids, "cancel")


def run_retry(server: str | None, job_ids: Sequence[str]) -> int:
    """Let jobs run again."""
    with connected(server) as client:
        return _each(client, job_ids, "retry")


def _each(client: VideoClip, job_ids: Sequence[str], what: str) -> int:
    statuses = []
    report = reporter(as_json=False, quiet=True)
    for job_id in job_ids:
        try:
            job = client.jobs.cancel(job_id) if what == "cancel" else client.jobs.retry(job_id)
        except VideoClipError as error:
            if len(job_ids) == 1:
                raise
            report.failure(error, plain(job_id))
            statuses.append(error.exit_status)
        else:
            typer.echo(f"{job.id} {job.state}")
            statuses.append(0)
    return overall(statuses)


def run_download(
    server: str | None, job_id: str, *, out: Path, archive: bool, as_json: bool, quiet: bool
) -> int:
    """Bring what a job made here."""
    with connected(server) as client, reporter(as_json=as_json, quiet=quiet) as report:
        job = client.jobs.get(job_id)
        if archive:
            out = placed(out, f"{job.id}.zip")
        fresh = fetch(client, job, out, report, archive=archive)
        report.note(f"In {out}" if fresh else f"All of it was in {out} already")
    return 0
