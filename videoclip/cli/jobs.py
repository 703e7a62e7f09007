"""Run jobs in this process: one store, one Ray, one source after the other, each in its own folder."""

from __future__ import annotations

import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from videoclip.cli.console import Reporter
from videoclip.cli.server_parts import load
from videoclip.cli.sources import Target, show
from videoclip.errors import Cancelled, UsageError, VideoClipError
from videoclip.schemas import JobRequest, Manifest
from videoclip.settings import Settings

if TYPE_CHECKING:
    from types import FrameType

__all__ = ["run_targets"]

_STATUS_EXIT = {"succeeded": 0, "nothing_selected": 4, "partial": 5, "failed": 5}
_STOP_WITHIN_S = 4.0
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
    with (
        _stop_on_signals(lambda: reporter.failure(_cancelled())),
        Store(settings) as store,
        _native_log(settings.data_dir / "logs" / "native.log"),
        runtime.RayRuntime(settings.ray) as ray,
    ):
        store.sweep()
        for target in jobs:
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
                reporter.failure(error, show(target.source.name) if len(jobs) > 1 else "")
                statuses.append(error.exit_status)
                if error.exit_status == Cancelled.exit_status:
                    break
            except KeyboardInterrupt:
                reporter.failure(_cancelled(), show(target.source.name) if len(jobs) > 1 else "")
                statuses.append(Cancelled.exit_status)
                break
            else:
                manifest: Manifest = result.manifest
                reporter.result(manifest, show(single_file or target.out))
                statuses.append(_STATUS_EXIT[manifest.status])
    _remove_empty(fresh)
    return _overall(statuses)


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


def _overall(statuses: Sequence[int]) -> int:
    """One status for all: theirs when they agree, else 5, 'some failed, the rest is there'."""
    if Cancelled.exit_status in statuses:
        return Cancelled.exit_status
    kinds = set(statuses)
    if len(kinds) == 1:
        return kinds.pop()
    return 4 if kinds == {0, 4} else 5


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


@contextmanager
def _stop_on_signals(tell: Callable[[], None]) -> Iterator[None]:
    """SIGTERM stops like Ctrl-C; whatever hangs on the way out, or swallows it, is ended after seconds."""
    watchdog = _watchdog(tell)

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        watchdog.start()
        for again in previous:
            signal.signal(again, signal.SIG_IGN)
        raise KeyboardInterrupt

    previous = {
        number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)
    }
    usual = sys.unraisablehook

    def hook(fault: sys.UnraisableHookArgs) -> None:
        # The interrupt came inside a callback that swallows it: nothing to show, the watchdog ends us.
        if not issubclass(fault.exc_type, KeyboardInterrupt):
            usual(fault)

    sys.unraisablehook = hook
    try:
        yield
    finally:
        sys.unraisablehook = usual
        watchdog.cancel()
        for number, handler in previous.items():
            signal.signal(number, handler)


def _watchdog(tell: Callable[[], None]) -> threading.Timer:
    def end() -> None:
        tell()
        os._exit(Cancelled.exit_status)  # what hangs on in Ray ends with this process

    timer = threading.Timer(_STOP_WITHIN_S, end)
    timer.daemon = True
    return timer
