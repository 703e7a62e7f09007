"""Reading subtitles of any origin, writing our own."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from videoclip.errors import OutputUnwritable, UsageError
from videoclip.schemas import Engine, Transcript
from videoclip.speech.protocol import TimedWord
from videoclip.speech.sentences import build_sentences
from videoclip.speech.transcript_io import MAX_TRANSCRIPT_BYTES, read_transcript, write_transcript

HOUR = 3_600_000

SRT = """1
00:00:01,000 --> 00:00:03,000
Hello everybody, and welcome

2
00:00:03,100 --> 00:00:05,000
to the show. This is the first product.

3
00:00:10,000 --> 00:00:12,000
Thank you!
"""

VTT = """WEBVTT

NOTE a comment

00:01.000 --> 00:03.000 align:start
<v Ann>Fish &amp; chips, <c.red>please</c>.

00:00:04.000 --> 00:00:05.000
Done.
"""

ASS = """[Script Info]
ScriptType: v4.00+

[V4+ Styles]
Format: Name, Fontname, Fontsize
Style: Default,Arial,20

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
Dialogue: 0,0:00:01.00,0:00:03.00,Default,,0,0,0,,{\\b1\\pos(10,20)}Good\\Nmorning.{\\fad(1,2)}
Comment: 0,0:00:03.00,0:00:04.00,Default,,0,0,0,,not shown
Dialogue: 0,0:00:04.00,0:00:05.00,Default,,0,0,0,,{\\p1}m 0 0 l 100 0 100 100{\\p0}
Dialogue: 0,0:00:06.00,0:00:07.00,Default,,0,0,0,,Bye.
"""


def save(path: Path, content: str | bytes, encoding: str = "utf-8") -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return path


def sentences(transcript: Transcript) -> list[str]:
    return [sentence.text for sentence in transcript.sentences]


def check_times(transcript: Transcript) -> None:
    spans = [(word.start_ms, word.end_ms) for word in transcript.words]
    assert all(start < end <= transcript.duration_ms for start, end in spans)
    assert all(left[1] <= right[0] for left, right in pairwise(spans))
    assert [word.id for word in transcript.words] == list(range(len(spans)))


def test_sentences_run_over_subtitles(tmp_path: Path) -> None:
    transcript = read_transcript(save(tmp_path / "a.srt", SRT), duration_ms=HOUR)
    check_times(transcript)
    assert sentences(transcript) == [
        "Hello everybody, and welcome to the show.",
        "This is the first product.",
        "Thank you!",
    ]
    first = transcript.sentences[0]
    assert first.start_ms == 1_000
    assert 3_500 < first.end_ms < 3_900  # "to the show." is a third of its subtitle
    assert transcript.language == "en"
    assert transcript.engine.name == "transcript"


def test_vtt_tags_settings_and_entities(tmp_path: Path) -> None:
    transcript = read_transcript(save(tmp_path / "a.vtt", VTT), duration_ms=HOUR)
    assert sentences(transcript) == ["Fish & chips, please.", "Done."]


def test_ass_overrides_comments_and_drawings(tmp_path: Path) -> None:
    transcript = read_transcript(save(tmp_path / "a.ass", ASS), duration_ms=HOUR)
    assert sentences(transcript) == ["Good morning.", "Bye."]


def test_hostile_text_is_only_text(tmp_path: Path) -> None:
    hostile = (
        "1\n00:00:01,000 --> 00:00:03,000\n"
        "<img src=x onerror=alert(1)>Buy {\\an8}now\x1b[31m &lt;script&gt;x\u202e.\n"
    )
    transcript = read_transcript(save(tmp_path / "a.srt", hostile), duration_ms=HOUR)
    text = " ".join(sentences(transcript))
    assert "onerror" not in text
    assert "script" not in text
    assert text.isprintable()
    assert text.startswith("Buy now")


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gb18030"]
)
def test_encodings(tmp_path: Path, encoding: str) -> None:
    content = "1\n00:00:01,000 --> 00:00:03,000\n欢迎大家，今天只要九十九元。\n"
    transcript = read_transcript(save(tmp_path / "a.srt", content, encoding), duration_ms=HOUR)
    assert sentences(transcript) == ["欢迎大家，今天只要九十九元。"]
    assert transcript.language == "zh"
    assert len(transcript.words) == 12


def test_without_punctuation_each_subtitle_is_a_sentence(tmp_path: Path) -> None:
    content = "".join(
        f"{i}\n00:00:0{i},000 --> 00:00:0{i},900\n第{'一二三'[i - 1]}个产品很好\n\n"
        for i in (1, 2, 3)
    )
    transcript = read_transcript(save(tmp_path / "a.srt", content), duration_ms=HOUR)
    assert sentences(transcript) == ["第一个产品很好", "第二个产品很好", "第三个产品很好"]
    assert transcript.sentences[1].start_ms == 2_000
    assert transcript.sentences[1].end_ms == 2_900


def test_overlapping_and_repeated_subtitles(tmp_path: Path) -> None:
    content = (
        "1\n00:00:01,000 --> 00:00:04,000\nOne two.\n\n2\n00:00:01,000 --> 00:00:04,000\nOne two.\n\n"
        "3\n00:00:03,000 --> 00:00:06,000\nThree four.\n"
    )
    transcript = read_transcript(save(tmp_path / "a.srt", content), duration_ms=HOUR)
    check_times(transcript)
    assert sentences(transcript) == ["One two.", "Three four."]


def test_what_lies_beyond_the_video_is_dropped(tmp_path: Path) -> None:
    path = save(tmp_path / "a.srt", SRT)
    transcript = read_transcript(path, duration_ms=4_000)
    check_times(transcript)
    assert transcript.words[-1].end_ms == 4_000
    assert "Thank" not in " ".join(sentences(transcript))
    with pytest.raises(UsageError, match="beyond the end"):
        read_transcript(path, duration_ms=900)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.srt", b"", "no subtitle"),
        ("a.srt", b"just some text\nwithout times\n", "no subtitle"),
        ("a.srt", b"1\n00:00:01,000 --> 00:00:02,000\n...\n", "no words"),
        ("a.srt", b"\xff\xfe\x00\xd8\x00\xd8", "not text"),
        ("a.srt", bytes(range(128, 256)) * 9, "not text"),
        ("a.ass", b"[Events]\nDialogue: nonsense\n", "ASS|no subtitle"),
        ("a.json", b"{", "not a transcript"),
        ("a.json", b'{"version": 2}', "not a transcript"),
    ],
)
def test_bad_files_are_refused(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        read_transcript(save(tmp_path / name, content), duration_ms=HOUR)
    assert caught.value.remedy
    assert "\n" not in caught.value.cause


def test_missing_folders_and_giants_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no transcript file"):
        read_transcript(tmp_path / "none.srt", duration_ms=HOUR)
    with pytest.raises(UsageError, match="no transcript file"):
        read_transcript(tmp_path, duration_ms=HOUR)
    with (tmp_path / "big.srt").open("wb") as stream:
        stream.truncate(MAX_TRANSCRIPT_BYTES + 1)
    with pytest.raises(UsageError, match="larger than 20 MB"):
        read_transcript(tmp_path / "big.srt", duration_ms=HOUR)


def test_the_format_is_seen_from_the_content(tmp_path: Path) -> None:
    for number, content in enumerate((SRT, VTT, ASS)):
        path = save(tmp_path / f"{number}.txt", content)
        assert read_transcript(path, duration_ms=HOUR).sentences


def made(language: str = "en") -> Transcript:
    texts = {
        "en": "One <b> two --> three & four. "
        + "A rather long sentence that goes on and on " * 2
        + "ends.",
        "zh": "欢 迎 大 家， 今 天 的 价 格 只 要 九 十 九 元。",
    }
    words = [
        TimedWord(word, 1_000 + i * 400, 1_350 + i * 400, 0.5)
        for i, word in enumerate(texts[language].split())
    ]
    return Transcript(
        language=language,
        duration_ms=HOUR,
        engine=Engine(name="test", version="1"),
        sentences=build_sentences(words, language, punctuated=True),
    )


@pytest.mark.parametrize("language", ["en", "zh"])
def test_json_comes_back_the_same(tmp_path: Path, language: str) -> None:
    transcript = made(language)
    files = write_transcript(transcript, tmp_path)
    assert set(files) == {"json", "srt", "vtt"}
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "transcript.json",
        "transcript.srt",
        "transcript.vtt",
    ]
    assert read_transcript(files["json"], duration_ms=HOUR) == transcript


def test_written_subtitles_are_short_and_read_back(tmp_path: Path) -> None:
    transcript = made()
    files = write_transcript(transcript, tmp_path)
    srt = files["srt"].read_text(encoding="utf-8")
    assert all(len(line) <= 60 for line in srt.splitlines())
    assert srt.count("-->") == srt.count("\n\n") + 1
    assert "00:00:01,000 --> " in srt
    vtt = files["vtt"].read_text(encoding="utf-8")
    assert vtt.startswith("WEBVTT\n")
    assert "&lt;b&gt;" in vtt
    again = read_transcript(files["srt"], duration_ms=HOUR)
    assert [s.words[-1].text for s in again.sentences] == ["four.", "ends."]
    assert again.sentences[-1].text == transcript.sentences[-1].text


def test_an_empty_transcript_can_be_written(tmp_path: Path) -> None:
    files = write_transcript(
        Transcript(language="und", duration_ms=5, engine=Engine(name="x")), tmp_path
    )
    assert files["srt"].read_text() == ""
    assert files["vtt"].read_text() == "WEBVTT\n"


def test_a_missing_folder_is_an_error_with_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(OutputUnwritable) as caught:
        write_transcript(made(), tmp_path / "none")
    assert caught.value.remedy
