"""Clips of one video, a folder or a prefix in a bucket, on a Ray cluster, as a Ray job.

    ray job submit --address http://head:8265 -- python -m cluster.submit SOURCE... -o OUT [options of videoclip clip]

With a server (`--server`, or `VIDEOCLIP_SERVER` in the job's environment) the jobs are those of that server, asked for,
followed and, if this one is stopped, cancelled. Else the work is done here, units on this cluster, through the store of
the settings, so that what is there already is not done again.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from videoclip.cli import options
from videoclip.cli.clip_options import ClipWishes, with_wishes
from videoclip.cli.console import Reporter, reporter
from videoclip.cli.jobs import run_targets
from videoclip.cli.main import call, guarded
from videoclip.cli.remote.follow import moving
from videoclip.cli.remote.results import folder_name
from videoclip.cli.remote.submit import run_submit
from videoclip.cli.server_parts import load
from videoclip.cli.sources import MEDIA_SUFFIXES, Target, expanded, is_collection
from videoclip.cli.statuses import overall
from videoclip.cli.stopping import leave, stop_on_signals
from videoclip.errors import Cancelled, SourceEmpty, UsageError
from videoclip.schemas import ClipRequest
from videoclip.settings import Settings, load_settings

__all__ = ["main"]

_BUCKET = "s3://"
_MOST = 100_000

app = typer.Typer(pretty_exceptions_enable=False, add_completion=False)


@app.command()
@with_wishes
def submit(
    source: Annotated[
        list[str],
        typer.Argument(
            metavar="SOURCE...",
            help="File, folder or list that all machines see; s3://bucket/prefix.",
        ),
    ],
    wishes: ClipWishes,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", metavar="OUT", help="Output folder.")
    ] = None,
    server: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Let this server do it; else VIDEOCLIP_SERVER."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON line an event.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print errors only.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False,
) -> int:
    """Find the highlights of SOURCE and make finished clips of them, on this Ray cluster or by a server."""
    server = server or os.environ.get("VIDEOCLIP_SERVER")
    if server:
        return run_submit(
            server, source, wishes, out=out, wait=True, as_json=as_json, quiet=quiet, stops=True
        )
    if out is None:
        raise UsageError("no output folder was named", "Add -o OUT, a folder that lasts")
    return _here(source, wishes, out.absolute(), as_json=as_json, quiet=quiet, debug=debug)


def _here(
    arguments: Sequence[str],
    wishes: ClipWishes,
    out: Path,
    *,
    as_json: bool,
    quiet: bool,
    debug: bool,
) -> int:
    """Do it on the Ray of this job."""
    wishes = wishes.with_files(options.absolute_file)

    def request(path: Path) -> ClipRequest:
        return wishes.request(str(path))

    request(Path("/"))  # wrong values are found before anything is looked at
    settings = _on_this_ray(load_settings())
    sources = _sources(arguments, settings, out)
    wishes.check_many(len(sources))
    statuses = []
    with reporter(as_json=as_json, quiet=quiet) as report:
        for address, place in sources:
            if not address.startswith(_BUCKET):
                target = Target(Path(address), place)
                statuses.append(run_targets([target], request, settings, report, debug=debug))
            else:
                statuses.append(
                    _from_bucket(address, place, request, settings, report, debug=debug)
                )
            if statuses[-1] == Cancelled.exit_status:
                break
    return overall(statuses)


def _on_this_ray(settings: Settings) -> Settings:
    """Settings that join the cluster whose job this is, unless they name one."""
    address = settings.ray.address or os.environ.get("RAY_ADDRESS", "")
    return settings.model_copy(
        update={"ray": settings.ray.model_copy(update={"address": address})}
    )  # fmt: skip


def _sources(arguments: Sequence[str], settings: Settings, out: Path) -> list[tuple[str, Path]]:
    """All sources, and where what is made of each goes.

    Raises:
        SourceError: one is missing, or holds no video.
        FetchFailed: a bucket cannot be listed.
    """
    found: list[str] = []
    many = len(arguments) > 1
    for argument in arguments:
        if argument.startswith(_BUCKET):
            keys = _keys(argument, settings)
            many = many or keys != [argument]
            found += keys
        else:
            many = many or is_collection(Path(argument))
            found += [str(path) for path in expanded(Path(argument), out)]
    used: set[str] = set()
    return [
        (source, out / folder_name(source, used) if many else out)
        for source in dict.fromkeys(found)
    ]


def _keys(address: str, settings: Settings) -> list[str]:
    """The videos below a prefix; a name of a video is that one."""
    buckets = load("pipelines.buckets")
    place = buckets.Place.of(address)
    if Path(place.key).suffix.lower() in MEDIA_SUFFIXES and not address.endswith("/"):
        return [address]
    files = asyncio.run(buckets.listed(place, settings, MEDIA_SUFFIXES, _MOST))
    if not files:
        raise SourceEmpty(f"no video or audio file is below {address}", "Check bucket and prefix")
    return [f"{place}/{file.name}" for file in files]


def _from_bucket(
    address: str,
    out: Path,
    request: Callable[[Path], ClipRequest],
    settings: Settings,
    report: Reporter,
    *,
    debug: bool,
) -> int:
    """Fetch one video, make its clips, and let go of it."""
    buckets = load("pipelines.buckets")
    place = buckets.Place.of(address)
    # The same address is the same path, and so the same job.
    mark = hashlib.sha256(address.encode("utf-8", "replace")).hexdigest()[:32]
    folder = settings.data_dir.absolute() / "fetched" / mark
    video = folder / Path(place.key).name
    cancel = threading.Event()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with stop_on_signals(cancel.set), moving(report, "download", video.name, 0) as tell:
            buckets.fetch(place, video, settings, told=tell, cancel=cancel)
        return run_targets([Target(video, out)], request, settings, report, debug=debug)
    finally:
        with suppress(OSError):
            shutil.rmtree(folder)


def main() -> int:
    """Command line."""
    return guarded(lambda arguments: call(app, arguments, "cluster.submit"), sys.argv[1:])


if __name__ == "__main__":
    sys.exit(leave(main()))
