"""Run jobs in this process: one store, one Ray, one source after the other, each in its own folder."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from videoclip.cli.console import Reporter
from videoclip.cli.server_parts import load
from videoclip.cli.sources import Target, show
from videoclip.cli.statuses import EXIT, overall
from videoclip.cli.stopping import stop_on_signals
from videoclip.errors import Cancelled, UsageError, VideoClipError
from videoclip.schemas import JobRequest, Manifest
from videoclip.settings import Settings

__all__ = ["run_targets"]

_LONGEST_LOG_BYTES = 16 * 2**20


def run_targets(
    jobs: Sequence[Target],
    request: Callable[[Path], JobRequest],
    settings: Settings,
    reporter: Reporter,
    *,
    single_file: Path | None = None,
    debug: bool = False,
) -> int:
    """Do one job for each target; returns the exit status.

    Args:
        jobs: sources with their output folders.
        request: makes a source's request.
        settings: of this process.
        reporter: hears of progress and results.
        single_file: instead of a folder, put the only clip here.
        debug: show the traceback of what goes wrong.

    Raises:
        UsageError: an output would replace an input.
    """
    for target in jobs:
        _check_inputs_survive(request(target.source), single_file, target.out)
    pipelines_jobs = load("pipelines.jobs")
    export = load("pipelines.export")
    runtime = load("pipelines.ray_runtime")
    from videoclip.store import Store

    fresh = [target.out for target in jobs if not target.out.exists()]
    for target in jobs:
        export.check_writable(single_file.parent if single_file else target.out)
    statuses: list[int] = []
    at_work = ""
    with (
        stop_on_signals(lambda: reporter.failure(_cancelled(), at_work)) as stop,
        Store(settings) as store,
        _native_log(settings.data_dir / "logs" / "native.log"),
        runtime.RayRuntime(settings.ray) as ray,
    ):
        store.sweep()
        for target in jobs:
            at_work = show(target.source.name) if len(jobs) > 1 else ""
            try:
                job = pipelines_jobs.submit(store, request(target.source))
                result = pipelines_jobs.run_job(
                    job.id, store=store, settings=settings, ray=ray, sink=reporter.event
                )
                if single_file is None:
                    export.export(result, store.objects, target.out)
                for clip in result.manifest.clips if single_file else ():
                    _same_kind(clip.file, single_file)
                    export.place(store.objects.path(result.files[clip.file]), single_file)
            except Exception as caught:  # noqa: BLE001 - the other sources go on
                error = caught if isinstance(caught, VideoClipError) else _defect(caught)
                if debug:
                    traceback.print_exception(caught)
                if isinstance(error, Cancelled) or stop.asked.is_set():  # Ray may fail first
                    statuses.append(Cancelled.exit_status)
                    stop.say()
                    break
                reporter.failure(error, at_work)
                statuses.append(error.exit_status)
            except KeyboardInterrupt:
                statuses.append(Cancelled.exit_status)
                stop.say()
                break
            else:
                manifest: Manifest = result.manifest
                reporter.result(manifest, show(single_file or target.out))
                statuses.append(EXIT[manifest.status])
        if stop.asked.is_set():
            ray.abandon()
    _remove_empty(fresh)
    return overall(statuses)


def _same_kind(made: str, wanted: Path | None) -> None:
    suffix = Path(made).suffix
    if wanted is not None and wanted.suffix.lower() != suffix:
        raise UsageError(
            f"the clip of this source is a {suffix} file, and -o names {wanted.suffix}",
            f"Name it {wanted.stem}{suffix}",
        )


def _check_inputs_survive(request: JobRequest, single_file: Path | None, out: Path) -> None:
    """Refuse what would write a result over a file that it is made from."""
    render = getattr(request, "render", None)
    extras = (render.intro, render.outro, render.watermark) if render is not None else ()
    for name in (request.source, *extras):
        path = Path(name) if name else None
        with suppress(OSError):  # missing, or a text: said later
            if path is None or not path.is_file():
                continue
            if single_file is not None and single_file.exists() and path.samefile(single_file):
                place = single_file
            elif single_file is None and path.resolve().is_relative_to((out / "clips").resolve()):
                place = out
            else:
                continue
            raise UsageError(
                f"{show(path.name)} is read and would be replaced by the result in {show(place)}",
                "Name another output with -o",
            )


def _defect(caught: Exception) -> VideoClipError:
    return VideoClipError(
        f"unexpected {type(caught).__name__}: {caught}",
        "This is a defect: run again with --debug and report what it prints",
    )


def _cancelled() -> Cancelled:
    return Cancelled("cancelled", "Run the same command again to go on from here")


def _remove_empty(folders: Sequence[Path]) -> None:
    """Folders that were made for results that never came."""
    for folder in folders:
        with suppress(OSError):
            folder.rmdir()


@contextmanager
def _native_log(path: Path) -> Iterator[None]:
    """Send what native libraries write to standard error into a file; ours still goes to the terminal.

    Ray's core writes its own notes straight to file descriptor 2, in the middle of the progress bars.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size > _LONGEST_LOG_BYTES:
        path.unlink()
    sys.stderr.flush()
    terminal = os.dup(2)
    ours, python_stderr = (
        os.fdopen(os.dup(2), "w", buffering=1, errors="backslashreplace"),
        sys.stderr,
    )
    log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.dup2(log, 2)
        sys.stderr = ours
        yield
    finally:
        ours.flush()
        sys.stderr = python_stderr
        os.dup2(terminal, 2)
        for descriptor in (terminal, log):
            os.close(descriptor)
        ours.close()
