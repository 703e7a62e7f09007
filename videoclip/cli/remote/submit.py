"""`videoclip submit`: what is here is uploaded, what is elsewhere is named; a job for each video, followed if wanted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from videoclip.cli.clip_options import ClipWishes
from videoclip.cli.console import Reporter, counted, reporter
from videoclip.cli.remote.follow import cancelled_by_stop, follow, goes_on_after_stop
from videoclip.cli.remote.results import end_of, folder_name
from videoclip.cli.remote.sending import Sender, is_reference
from videoclip.cli.remote.session import connected
from videoclip.cli.sources import expanded, is_collection, show
from videoclip.cli.statuses import overall
from videoclip.client import BatchRequest, Job, VideoClip, VideoClipError
from videoclip.errors import UsageError
from videoclip.progress import Event

__all__ = ["run_submit", "submitted"]


@dataclass(frozen=True, slots=True)
class _Source:
    """One source, and where what is made of it goes."""

    name: str
    path: Path | None
    """Of a file that is here."""
    out: Path | None


def run_submit(
    server: str | None,
    arguments: Sequence[str],
    wishes: ClipWishes,
    *,
    out: Path | None,
    wait: bool,
    as_json: bool,
    quiet: bool,
    stops: bool = False,
) -> int:
    """Ask for a job for each source; returns the exit status.

    Args:
        server: where; None: the usual one.
        arguments: sources.
        wishes: for all of them.
        out: folder for what they become, which is waited for; None: it stays there.
        wait: show the jobs until they are over.
        as_json: one line an event.
        quiet: errors only.
        stops: SIGINT and SIGTERM cancel the jobs, instead of leaving them at work.

    Raises:
        UsageError: an option is wrong.
        SourceError: the only source is missing, or is no video.
        VideoClipError: the server refused, or stayed away.
    """
    wishes.request("asset:none")  # wrong values are found before anything is sent
    sources = list(_sources(arguments, out))
    wishes.check_many(len(sources))
    wishes.with_files(Sender.check)
    with connected(server) as client, reporter(as_json=as_json, quiet=quiet) as report:
        sender = Sender(client, report)
        wishes = wishes.with_files(sender.place)
        jobs, statuses = _ask(client, sources, wishes, sender, report)
        for source, job in jobs:
            if wait or out:
                report.note(f"{show(source.name)}: job {job.id}")
            elif not as_json:
                typer.echo(job.id)
        if not (wait or out):
            if jobs:
                ids = " ".join(job.id for _, job in jobs)
                report.note(f"{counted(len(jobs), 'job')}. To follow: videoclip jobs follow {ids}")
            return overall(statuses)
        ending = cancelled_by_stop if stops else goes_on_after_stop
        with ending(client, [job.id for _, job in jobs]):
            for source, job in jobs:
                over = follow(client, job, report)
                statuses.append(end_of(client, over, report, source.out))
    return overall(statuses)


def submitted(client: VideoClip, reference: str, wishes: ClipWishes) -> Job:
    """Ask for the job of one source; a prefix in a bucket becomes a batch."""
    request: Any = wishes.request(reference)
    if reference.lower().startswith("s3://") and reference.endswith("/"):
        each = request.model_dump(mode="json", exclude={"source"})
        request = BatchRequest(folder=reference, each=each)
    return client.jobs.create(request)


def _ask(
    client: VideoClip,
    sources: Sequence[_Source],
    wishes: ClipWishes,
    sender: Sender,
    report: Reporter,
) -> tuple[list[tuple[_Source, Job]], list[int]]:
    """Upload and ask, one after the other: the server begins with the first while the next is sent."""
    jobs: list[tuple[_Source, Job]] = []
    statuses: list[int] = []
    for source in sources:
        try:
            reference = source.name if source.path is None else sender.file(source.path)
            job = submitted(client, reference, wishes)
        except VideoClipError as error:
            if len(sources) == 1 or error.exit_status == 130:
                raise
            report.failure(error, show(source.name))
            statuses.append(error.exit_status)
            continue
        jobs.append((source, job))
        report.event(Event("job_submitted", job.id, show(source.name), data={"kind": job.kind}))
    return jobs, statuses


def _sources(arguments: Sequence[str], out: Path | None) -> Iterator[_Source]:
    alone = len(arguments) == 1 and (
        is_reference(arguments[0]) or not is_collection(Path(arguments[0]))
    )
    used: set[str] = set()
    seen: set[str] = set()
    for name, path in _named(arguments, out or Path("/nowhere")):
        key = name if path is None else str(path)
        if key not in seen:
            seen.add(key)
            place = out if alone or out is None else out / folder_name(name, used)
            yield _Source(name, path, place)
    if not seen:
        raise UsageError("no SOURCE was given", "Name a video, a folder, a list or an address")


def _named(arguments: Sequence[str], out: Path) -> Iterator[tuple[str, Path | None]]:
    """What each source is called, and where it is if it is here."""
    for argument in arguments:
        if is_reference(argument):
            yield argument, None
        else:
            yield from ((path.name, path) for path in expanded(Path(argument), out))
