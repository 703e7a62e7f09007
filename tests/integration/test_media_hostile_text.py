"""Transcripts, titles and watermarks made to do harm: text is shown as text, or not at all."""

from __future__ import annotations

import time
from pathlib import Path

import av
import numpy as np
import pysubs2
import pytest

from tests.support.clips import clip_of
from tests.support.media import make_numbered_video
from videoclip.errors import UsageError
from videoclip.media.captions import STYLES, cues_for, write_ass
from videoclip.schemas import Captions, TimeRange
from videoclip.speech.transcript_io import read_transcript

FONT = "Noto Sans CJK SC"
ASS = (
    "[Script Info]\nScriptType: v4.00+\n[V4+ Styles]\n"
    "Format: Name, Fontname, Fontsize, PrimaryColour\n"
    "Style: Default,../../etc/evil.ttf,9999,&H000000FF\n"
    "[Fonts]\nfontname: evil.ttf\n"
    + ("!" * 80 + "\n") * 50
    + "[Graphics]\nfilename: evil.bmp\n"
    + ("!" * 80 + "\n") * 50
    + "[Events]\n"
    "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
)
EVIL = (
    "{\\fnEvil}{\\fs4000}{\\an7\\pos(0,0)}{\\p1}m 0 0 l 99999 0 99999 99999{\\p0} hello \\N there "
    "{\\t(0,9999,\\fscx99999)\\clip(m 0 0)\\iclip(evil.png)} %{pts} ':textfile=/etc/passwd friend"
)
# An ASS line with a drawing in it is dropped whole.
DIALOGUE = (
    "Dialogue: 0,0:00:00.00,0:00:02.00,Default,,0,0,0,,"
    + EVIL.replace("{\\p1}m 0 0 l 99999 0 99999 99999{\\p0}", "")
    + "\n"
)
INJECTIONS = [
    "%{pts}",
    "%{metadata:title}",
    "':textfile=/etc/passwd:x='",
    "text=x[a];[a]movie=/etc/passwd",
    "{\\fs400}big",
    "{\\p1}m 0 0 l 999 0 999 999 0 999{\\p0}",
    "\\N\\N\\N\\N\\n\\h",
    "\x1b[31mred\x07",
    "\u202eneddih\u202c",
    "$(touch /tmp/owned)`id`",
    "a" * 70_000,
    "\u0301" * 5_000,
]


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_numbered_video(tmp_path_factory.mktemp("v") / "v.mp4", frames=50)


def script_of(path: Path) -> list[str]:
    """Texts of the events of a script that was made for libass."""
    return [event.text for event in pysubs2.SSAFile.load(str(path)).events]


# ---------------------------------------------------------------------- transcripts


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.ass", ASS + DIALOGUE),
        ("a.srt", f"1\n00:00:00,000 --> 00:00:02,000\n{EVIL}\n"),
        ("a.vtt", f"WEBVTT\n\nSTYLE\n::cue {{ background: url(http://x) }}\n\n00:00.000 --> 00:02.000\n{EVIL}\n"),
    ],
    ids=["ass", "srt", "vtt"],
)  # fmt: skip
@pytest.mark.parametrize("style", ["clean", "karaoke"])
def test_no_command_of_a_transcript_reaches_libass(
    tmp_path: Path, name: str, content: str, style: str
) -> None:
    (tmp_path / name).write_text(content)
    transcript = read_transcript(tmp_path / name, duration_ms=2_000)
    whole = [TimeRange(start_ms=0, end_ms=2_000)]
    cues = cues_for(transcript.sentences, whole, width=320, height=180)
    write_ass(cues, tmp_path / "o.ass", width=320, height=180, style=STYLES[style], font=FONT)
    said = "".join(script_of(tmp_path / "o.ass"))
    assert "hello" in said
    for command in ("\\fn", "\\fs", "\\p1", "\\pos", "\\t(", "\\clip", "\\iclip", "\\an"):
        assert command not in said
    script = (tmp_path / "o.ass").read_text()
    assert "[Fonts]" not in script
    assert "evil" not in script.split("[Events]")[0]


def test_captions_of_a_hostile_transcript_stay_in_their_place(tmp_path: Path, video: Path) -> None:
    """Whatever the text says, the upper half of the picture is the source's."""
    (tmp_path / "a.ass").write_text(ASS + DIALOGUE)
    transcript = read_transcript(tmp_path / "a.ass", duration_ms=2_000)
    whole = [TimeRange(start_ms=0, end_ms=2_000)]
    cues = cues_for(transcript.sentences, whole, width=320, height=180)
    burnt = clip_of(
        video, [(0, 2_000)], tmp_path / "b", cues, captions=Captions.BURN, loudness=None
    )
    bare = clip_of(video, [(0, 2_000)], tmp_path / "n", loudness=None)
    changed = np.zeros((180, 320), bool)
    for one, other in zip(pictures(burnt.video), pictures(bare.video), strict=True):
        changed |= np.abs(one.astype(int) - other.astype(int)) > 60
    assert changed[90:].any()
    assert not changed[:90].any()


def pictures(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]


HEAD = "1\n00:00:00,000 --> 00:00:50,000\n"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("words.srt", HEAD + "a " * 2_000_000),
        ("braces.srt", HEAD + "{" * 3_000_000),
        ("tags.srt", HEAD + "<a" * 1_500_000),
        ("many.srt", "1\n00:00:00,000 --> 00:00:50,000\nx\n\n" * 90_000),
        ("digits.srt", "0" * 3_000_000),
        ("drawings.ass", ASS + ("Dialogue: 0,0:00:00.00,0:00:05.00,Default,,0,0,0,," + "{\\p" * 3_000 + "\n") * 100),
        ("fonts.ass", ASS.replace("[Events]", "[Fonts]\nfontname: x.ttf\n" + ("M" * 80 + "\n") * 30_000 + "[Events]")),
        ("bomb.ass", ASS + "Dialogue: 0,0:00:00.00,0:00:02.00,Default,,0,0,0,," + "{\\p1}m 0 0 l 9 9 " * 3_700 + "\n"),
        ("deep.json", '{"sentences":' + "[" * 2_000_000),
        ("keys.json", '{"a":' * 500_000),
        ("wide.json", '{"language":"en","sentences":[' + "{}," * 500_000 + "{}]}"),
        ("huge.json", '{"language":"en","duration_ms":' + "9" * 100_000 + "}"),
        ("entities.vtt", "WEBVTT\n\n00:00.000 --> 00:05.000\n" + "&amp;lt;" * 400_000),
    ],
    ids=lambda value: value if len(value) < 30 else "",
)  # fmt: skip
def test_transcripts_that_exhaust_end_soon(tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content)
    started = time.monotonic()
    if name == "drawings.ass":  # broken drawings are text like any other
        assert len(read_transcript(tmp_path / name, duration_ms=60_000).sentences) == 1
    else:
        with pytest.raises(UsageError) as caught:
            read_transcript(tmp_path / name, duration_ms=60_000)
        assert len(str(caught.value)) < 700
        assert str(caught.value).isprintable()
    assert time.monotonic() - started < 20


def test_ids_of_a_billion_and_times_without_end_are_put_right_or_refused(tmp_path: Path) -> None:
    word = '{"id":1000000000,"text":"hi","start_ms":%s,"end_ms":%s}'
    sentence = '{"id":1000000000,"text":"hi","start_ms":0,"end_ms":9,"words":[%s]}'
    whole = (
        '{"language":"en","duration_ms":60000,"engine":{"name":"a","model":"b"},"sentences":[%s]}'
    )
    path = tmp_path / "t.json"
    for times in (("0", "99999999999999999999"), ("-5", "5"), ("0", "1e400"), ("0", "5")):
        path.write_text(whole % (sentence % (word % times)))
        try:
            found = read_transcript(path, duration_ms=60_000)
        except UsageError:
            continue
        for each in found.sentences:
            assert each.id < 10
            assert each.words[-1].end_ms <= 60_000


def test_angle_brackets_that_are_no_tags_are_kept(tmp_path: Path) -> None:
    (tmp_path / "t.srt").write_text("1\n00:00:00,000 --> 00:00:02,000\n3 < 5 and <i>so</i> {on\n")
    said = read_transcript(tmp_path / "t.srt", duration_ms=2_000).sentences[0].text
    assert "3 < 5 and so {on" in said


# ---------------------------------------------------------------------- watermarks and titles


@pytest.mark.parametrize("text", INJECTIONS, ids=range(len(INJECTIONS)))
def test_a_watermark_text_is_shown_as_it_is_or_dropped(tmp_path: Path, text: str) -> None:
    out = tmp_path / "o.ass"
    write_ass(
        [], out, width=320, height=180, style=STYLES["clean"], font=FONT, watermark=text,
        duration_ms=2_000,
    )  # fmt: skip
    for shown in script_of(out):
        assert "{" not in shown
        assert "\\" not in shown
        assert len(shown) <= 200
        assert shown.isprintable()
    assert out.stat().st_size < 8_000
    for font in ("Evil,99,&H0", "x\nStyle: y", "{\\fs9}"):
        write_ass([], out, width=320, height=180, style=STYLES["clean"], font=font, watermark="x")
        assert out.read_text().count("\nStyle: ") == 2


def test_a_watermark_with_commands_covers_no_more_than_its_letters(
    tmp_path: Path, video: Path
) -> None:
    bare = pictures(clip_of(video, [(0, 400)], tmp_path / "n", loudness=None).video)[0]
    for number, text in enumerate(
        ("{\\fs400}%{pts}", "':textfile=/etc/passwd:'", "{\\p1}m 0 0 l 9 9")
    ):
        done = clip_of(video, [(0, 400)], tmp_path / str(number), loudness=None, watermark=text)
        changed = np.abs(pictures(done.video)[0].astype(int) - bare.astype(int)) > 40
        assert changed.any()
        assert not changed[40:].any()
        assert {path.name for path in done.video.parent.iterdir()} == {"clip.mp4", "clip.jpg"}
