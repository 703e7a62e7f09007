"""What a job of a server made: told, and brought here."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from videoclip.cli.console import Made, Reporter
from videoclip.cli.remote.follow import moving, source_of
from videoclip.cli.remote.text import plain
from videoclip.cli.sources import show
from videoclip.cli.statuses import EXIT, overall
from videoclip.client import Job, VideoClip
from videoclip.errors import VideoClipError, WrongState

__all__ = ["end_of", "fetch", "folder_name"]


def end_of(client: VideoClip, job: Job, reporter: Reporter, out: Path | None) -> int:
    """Tell what became of a job that is over, bring its files; its exit status.

    Args:
        client: of the server.
        job: that is over.
        reporter: shows it.
        out: folder for its files; None: they stay there.

    Raises:
        VideoClipError: the files cannot be had or written.
    """
    name = source_of(job)
    try:
        job.raise_if_failed()
    except VideoClipError as error:
        reporter.failure(error, name)
        return error.exit_status
    if job.kind in ("batch", "watch"):
        return _parts(client, job, reporter, out)
    status = str((job.result or {}).get("status") or job.state)
    clips = client.clips.list(job.id) if job.kind != "transcribe" else []
    candidates = []
    if job.kind == "clip" and not clips:
        candidates = [one.candidate for one in client.highlights.list(job.id)]
    if out is not None:
        fetch(client, job, out, reporter)
    reporter.made(Made(job.id, name, status, clips, candidates), "" if out is None else show(out))
    if out is None:
        reporter.note(f"To have the files here: videoclip download {job.id} -o FOLDER")
    return EXIT.get(status, 5)


def _parts(client: VideoClip, job: Job, reporter: Reporter, out: Path | None) -> int:
    statuses: list[int] = []
    used: set[str] = set()
    for part in client.jobs.list(parent=job.id):
        place = None if out is None else out / folder_name(source_of(part), used)
        statuses.append(end_of(client, client.jobs.get(part.id), reporter, place))
    return overall(statuses)


def fetch(
    client: VideoClip, job: Job, out: Path, reporter: Reporter, *, archive: bool = False
) -> bool:
    """Bring all files of a job here, each whole or not at all.

    Returns:
        Whether any of them was not here yet.

    Raises:
        WrongState: there is nothing yet.
    """
    files = client.clips.files(job.id)
    if not files:
        raise WrongState(
            f"the job is {job.state} and has no files", f"Follow it: videoclip jobs follow {job.id}"
        )
    if archive:
        client.clips.archive(job.id, out)
        return True
    before = {file.name: _written_ns(out / file.name) for file in files}
    total = sum(file.size for file in files)
    with moving(reporter, "download", source_of(job), total) as tell:
        client.clips.download_all(job.id, out, on_progress=tell)
    return any(_written_ns(out / name) != at_ns for name, at_ns in before.items())


def _written_ns(path: Path) -> int | None:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return None


def folder_name(source: str, used: set[str]) -> str:
    """A folder for what was made of a source, unlike those that are used."""
    is_address = source.lower().startswith(("http://", "https://"))
    path = unquote(urlsplit(source).path) if is_address else source
    last = PurePosixPath(path).stem or source
    stem = "".join(c if c.isalnum() or c in "-_. " else "_" for c in plain(last, 80)).strip(". ")
    name, number = stem or "source", 2
    while name.casefold() in used:
        name, number = f"{stem}-{number}", number + 1
    used.add(name.casefold())
    return name
