"""The commands and their options. The contract that scripts rely on: names, ranges, exit status, output folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from videoclip import __version__
from videoclip.cli import options
from videoclip.cli.clip_options import (
    ClipWishes,
    Crossfade,
    Denoise,
    EncoderOption,
    FramingOption,
    Hotwords,
    Language,
    LevelDialogue,
    Margin,
    Opacity,
    PlaceOption,
    QualityOption,
    Recogniser,
    Size,
    Speed,
    with_wishes,
)
from videoclip.cli.console import reporter
from videoclip.cli.export import NleFormat, export_job
from videoclip.cli.jobs import run_targets
from videoclip.cli.platform import commands
from videoclip.cli.remote.commands import commands as remote_commands
from videoclip.cli.sources import Target, targets
from videoclip.errors import UsageError
from videoclip.schemas import (
    Aspect,
    Captions,
    ClipRequest,
    CutMode,
    CutRequest,
    Encoder,
    Framing,
    Place,
    Quality,
    RecogniserName,
    RenderOptions,
    TimeRange,
    TranscribeRequest,
)
from videoclip.settings import load_settings
from videoclip.timecode import parse_range

__all__ = ["app"]

app = typer.Typer(
    help="Long videos in, finished clips out.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

app.add_typer(commands)
app.add_typer(remote_commands)

Out = Annotated[Path, typer.Option("-o", "--out", metavar="OUT", help="Output folder.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON line an event on standard output.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Print errors only.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show tracebacks.")]


@app.command()
@with_wishes
def clip(
    source: Annotated[
        list[Path], typer.Argument(metavar="SOURCE...", help="File, folder or list.")
    ],
    out: Out,
    wishes: ClipWishes,
    as_json: AsJson = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> int:
    """Find the highlights of SOURCE and make finished clips of them."""
    wishes = wishes.with_files(options.absolute_file)

    def request(path: Path) -> ClipRequest:
        return wishes.request(str(path))

    request(Path("/"))  # wrong values are found before anything is looked at
    found = targets(source, out)
    wishes.check_many(len(found))
    with reporter(as_json=as_json, quiet=quiet) as report:
        return run_targets(found, request, load_settings(), report, debug=debug)


@app.command()
def transcribe(
    source: Annotated[Path, typer.Argument(metavar="SOURCE", help="File, folder or list.")],
    out: Out,
    language: Language = "auto",
    recogniser: Recogniser = RecogniserName.AUTO,
    hotwords: Hotwords = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> int:
    """Write down what is said in SOURCE, with times: JSON, SRT and VTT."""
    words = options.hotword_list(hotwords)

    def request(path: Path) -> TranscribeRequest:
        return options.checked(
            TranscribeRequest,
            source=str(path),
            language=language,
            recogniser=recogniser,
            hotwords=words,
        )

    with reporter(as_json=as_json, quiet=quiet) as report:
        return run_targets(targets([source], out), request, load_settings(), report, debug=debug)


@app.command()
def cut(
    source: Annotated[Path, typer.Argument(metavar="SOURCE", help="File.")],
    ranges: Annotated[
        list[str],
        typer.Option("--range", metavar="A-B", help="S.mmm, M:SS.mmm or H:MM:SS.mmm; repeat it."),
    ],
    out: Annotated[
        Path, typer.Option("-o", "--out", metavar="OUT", help="Output folder, or one file.mp4.")
    ],
    mode: Annotated[CutMode, typer.Option(help="How pictures come about.")] = CutMode.AUTO,
    join: Annotated[bool, typer.Option("--join", help="One file of all ranges in order.")] = False,
    watermark: Annotated[
        str | None, typer.Option(metavar="PATH|TEXT", help="Image or text over the picture.")
    ] = None,
    aspect: Annotated[Aspect, typer.Option(help="Picture shape.")] = Aspect.SOURCE,
    loudness: Annotated[str, typer.Option(metavar="LUFS|off", help="Loudness target.")] = "off",
    quality: QualityOption = Quality.STANDARD,
    encoder: EncoderOption = Encoder.AUTO,
    framing: FramingOption = Framing.AUTO,
    watermark_place: PlaceOption = Place.TOP_RIGHT,
    watermark_opacity: Opacity = "80",
    watermark_size: Size = "12",
    watermark_margin: Margin = "3",
    speed: Speed = "1",
    denoise: Denoise = False,
    level_dialogue: LevelDialogue = False,
    crossfade: Crossfade = "0",
    as_json: AsJson = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> int:
    """Cut given ranges out of SOURCE, exact to the frame."""
    look = options.look_values(
        quality=quality,
        encoder=encoder,
        framing=framing,
        watermark_place=watermark_place,
        watermark_opacity=watermark_opacity,
        watermark_size=watermark_size,
        watermark_margin=watermark_margin,
        speed=speed,
        denoise=denoise,
        level_dialogue=level_dialogue,
        crossfade=crossfade,
    )
    render: RenderOptions = options.checked(
        RenderOptions,
        mode=mode,
        captions=Captions.NONE,
        watermark=options.watermark_value(watermark),
        aspect=aspect,
        loudness=options.loudness_value(loudness),
        **look,
    )
    parts = [TimeRange(start_ms=a, end_ms=b) for a, b in (parse_range(text) for text in ranges)]
    one_file = options.output_file(out)
    if one_file is not None and len(parts) > 1 and not join:
        raise UsageError(
            f"{len(parts)} ranges make {len(parts)} files, and -o names one",
            "Add --join for one file of all ranges, or name a folder",
        )
    found = targets([source], out)
    if len(found) != 1 or found[0].out != out.absolute():
        raise UsageError("cut takes one file", "Name the video itself")

    def request(path: Path) -> CutRequest:
        return options.checked(CutRequest, source=str(path), ranges=parts, join=join, render=render)

    with reporter(as_json=as_json, quiet=quiet) as report:
        return run_targets(
            [Target(found[0].source, out.absolute())],
            request,
            load_settings(),
            report,
            single_file=one_file,
            debug=debug,
        )


@app.command()
def export(
    folder: Annotated[Path, typer.Argument(metavar="OUT", help="Output folder of clip or cut.")],
    kind: Annotated[NleFormat, typer.Option("--format", help="Format of the editing program.")],
    out: Annotated[Path, typer.Option("-o", "--out", metavar="FILE", help="File to write.")],
    source: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where the source is now, if moved.")
    ] = None,
    timecode: Annotated[
        str | None,
        typer.Option(
            metavar="HH:MM:SS:FF", help="Of the source's first frame; else the file's own."
        ),
    ] = None,
    debug: Debug = False,
) -> int:
    """Write the clips of a finished job as a cut list for editing programs: EDL, FCPXML or OTIO."""
    return export_job(folder, kind, out, load_settings(), source=source, timecode=timecode)


@app.command()
def probe(
    source: Annotated[Path, typer.Argument(metavar="SOURCE", help="File.")],
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
    debug: Debug = False,
) -> int:
    """Say what SOURCE is, or why it cannot be used."""
    from videoclip.cli.inspect import show_media

    return show_media(source, load_settings(), as_json=as_json)


@app.command()
def doctor(
    cluster: Annotated[
        bool, typer.Option("--cluster", help="Check every node of the Ray cluster instead.")
    ] = False,
    as_json: AsJson = False,
    debug: Debug = False,
) -> int:
    """Check this machine: FFmpeg, fonts, engines, folders; say how to mend what is missing."""
    from videoclip.cli.inspect import show_cluster_health, show_health

    show = show_cluster_health if cluster else show_health
    return show(load_settings(), as_json=as_json)


@app.command()
def version() -> int:
    """Print the version."""
    typer.echo(f"video-clip {__version__}")
    return 0
