"""The commands and their options. The contract that scripts rely on: names, ranges, exit status, output folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from videoclip import __version__
from videoclip.cli import options
from videoclip.cli.console import reporter
from videoclip.cli.export import NleFormat, export_job
from videoclip.cli.jobs import run_targets
from videoclip.cli.sources import Target, targets
from videoclip.errors import UsageError
from videoclip.media.styles import STYLES
from videoclip.schemas import (
    Aspect,
    Captions,
    ClipRequest,
    CutMode,
    CutRequest,
    Encoder,
    Framing,
    Genre,
    HighlighterName,
    JumpCut,
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

Out = Annotated[Path, typer.Option("-o", "--out", metavar="OUT", help="Output folder.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON line an event on standard output.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Print errors only.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show tracebacks.")]
Language = Annotated[str, typer.Option(metavar="auto|zh|en|...", help="Language spoken.")]
Recogniser = Annotated[RecogniserName, typer.Option(help="Speech engine.")]
Hotwords = Annotated[
    str | None, typer.Option(metavar="FILE|TEXT", help="Names and terms to expect.")
]
QualityOption = Annotated[Quality, typer.Option(help="Effort and rate of the encoder.")]
EncoderOption = Annotated[Encoder, typer.Option(help="Which H.264 encoder.")]
FramingOption = Annotated[Framing, typer.Option(help="How the picture gets into another shape.")]
PlaceOption = Annotated[Place, typer.Option(help="Where the watermark stands.")]
Opacity = Annotated[str, typer.Option(metavar="PERCENT", help="100 is opaque.")]
Size = Annotated[str, typer.Option(metavar="PERCENT", help="Of the picture's width.")]
Margin = Annotated[str, typer.Option(metavar="PERCENT", help="From the edge, of the width.")]
Speed = Annotated[str, typer.Option(metavar="X", help="0.5 to 2; the pitch stays.")]
Denoise = Annotated[bool, typer.Option("--denoise", help="Take steady noise out of the sound.")]
LevelDialogue = Annotated[
    bool, typer.Option("--level-dialogue", help="Bring quiet and loud voices together.")
]
Crossfade = Annotated[str, typer.Option(metavar="S", help="Between joined ranges.")]


@app.command()
def clip(
    source: Annotated[
        list[Path], typer.Argument(metavar="SOURCE...", help="File, folder or list.")
    ],
    out: Out,
    top: Annotated[int, typer.Option(min=1, max=100, help="Clips at most.")] = 5,
    prompt: Annotated[
        str | None, typer.Option(metavar="TEXT", help="What to look for, in your words.")
    ] = None,
    genre: Annotated[Genre, typer.Option(help="Kind of video.")] = Genre.AUTO,
    language: Language = "auto",
    recogniser: Recogniser = RecogniserName.AUTO,
    transcript: Annotated[
        Path | None, typer.Option(help="SRT, VTT, ASS or JSON to use instead of recognition.")
    ] = None,
    hotwords: Hotwords = None,
    highlighter: Annotated[
        HighlighterName, typer.Option(help="Who picks the highlights.")
    ] = HighlighterName.AUTO,
    min_seconds: Annotated[str, typer.Option(metavar="S", help="Shortest clip.")] = "15",
    max_seconds: Annotated[str, typer.Option(metavar="S", help="Longest clip.")] = "90",
    mode: Annotated[CutMode, typer.Option(help="How pictures come about.")] = CutMode.AUTO,
    captions: Annotated[Captions, typer.Option(help="Where captions go.")] = Captions.BURN,
    style: Annotated[
        str, typer.Option(metavar="NAME", help=f"Look of burnt captions: {', '.join(STYLES)}.")
    ] = "clean",
    watermark: Annotated[
        str | None, typer.Option(metavar="PATH|TEXT", help="Image or text over the picture.")
    ] = None,
    intro: Annotated[Path | None, typer.Option(help="Video before each clip.")] = None,
    outro: Annotated[Path | None, typer.Option(help="Video after each clip.")] = None,
    aspect: Annotated[Aspect, typer.Option(help="Picture shape.")] = Aspect.SOURCE,
    loudness: Annotated[str, typer.Option(metavar="LUFS|off", help="Loudness target.")] = "-14",
    translation: Annotated[
        Path | None, typer.Option(help="Subtitles in a second language, shown below the first.")
    ] = None,
    quality: QualityOption = Quality.STANDARD,
    encoder: EncoderOption = Encoder.AUTO,
    framing: FramingOption = Framing.AUTO,
    watermark_place: PlaceOption = Place.TOP_RIGHT,
    watermark_opacity: Opacity = "80",
    watermark_size: Size = "12",
    watermark_margin: Margin = "3",
    title_card: Annotated[
        str, typer.Option(metavar="S", help="Show the title that long before each clip.")
    ] = "0",
    speed: Speed = "1",
    denoise: Denoise = False,
    level_dialogue: LevelDialogue = False,
    jump_cut: Annotated[
        list[JumpCut] | None, typer.Option(help="What to cut out between words; repeat it.")
    ] = None,
    crossfade: Crossfade = "0",
    with_look: Annotated[
        bool,
        typer.Option("--look", help="Also make storyboard, waveform and shots of the source."),
    ] = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> int:
    """Find the highlights of SOURCE and make finished clips of them."""
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
    render = options.checked(
        RenderOptions,
        mode=mode,
        captions=captions,
        style=options.style_name(style),
        watermark=options.watermark_value(watermark),
        intro=options.absolute_file(intro, "--intro"),
        outro=options.absolute_file(outro, "--outro"),
        aspect=aspect,
        loudness=options.loudness_value(loudness),
        title_card_ms=options.seconds_ms(title_card, "--title-card"),
        jump_cuts=jump_cut or [],
        **look,
    )
    given = options.absolute_file(transcript, "--transcript")
    words = options.hotword_list(hotwords)
    min_ms = options.seconds_ms(min_seconds, "--min-seconds")
    max_ms = options.seconds_ms(max_seconds, "--max-seconds")
    if max_ms < min_ms:
        raise UsageError(
            f"--max-seconds {max_seconds} is shorter than --min-seconds {min_seconds}",
            "Make the longest clip at least as long as the shortest",
        )

    def request(path: Path) -> ClipRequest:
        return options.checked(
            ClipRequest,
            source=str(path),
            top=top,
            prompt=options.text_value(prompt, "--prompt") or "",
            genre=genre,
            language=language,
            recogniser=recogniser,
            transcript=given,
            translation=options.absolute_file(translation, "--translation"),
            hotwords=words,
            highlighter=highlighter,
            min_ms=min_ms,
            max_ms=max_ms,
            render=render,
            look=with_look,
        )

    request(Path("/"))  # wrong values are found before anything is looked at
    found = targets(source, out)
    if given is not None and len(found) > 1:
        raise UsageError(
            f"--transcript belongs to one video, and {len(found)} were given", "Run them one by one"
        )
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
def doctor(debug: Debug = False) -> int:
    """Check this machine: FFmpeg, fonts, engines, folders; say how to mend what is missing."""
    from videoclip.cli.inspect import show_health

    return show_health(load_settings())


@app.command()
def version() -> int:
    """Print the version."""
    typer.echo(f"video-clip {__version__}")
    return 0
