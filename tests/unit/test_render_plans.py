"""What is burnt, in which language and for which picture, is decided before anything is rendered."""

from __future__ import annotations

from pathlib import Path

from pipelines.clip import _plan
from pipelines.render_stage import _cues
from tests.unit.test_media_options import media
from videoclip.schemas import (
    Aspect,
    Candidate,
    ClipRequest,
    Engine,
    RenderOptions,
    Sentence,
    Transcript,
    Word,
)

ASKED = ClipRequest(source="/a.mp4")


def transcript(language: str, texts: list[str], step: int) -> Transcript:
    sentences, number = [], 0
    for place, text in enumerate(texts):
        words = []
        for part in text.split():
            start = number * step
            words.append(Word(id=number, text=part, start_ms=start, end_ms=start + step - 20))
            number += 1
        sentences.append(
            Sentence(
                id=place,
                text=text,
                start_ms=words[0].start_ms,
                end_ms=words[-1].end_ms,
                words=words,
            )
        )
    return Transcript(
        language=language, duration_ms=60_000, engine=Engine(name="x"), sentences=sentences
    )


FIRST = transcript("zh", ["你好 世界", "再见 朋友", "很 久 以后"], 1_000)
SECOND = transcript("en", ["Hello world", "Goodbye friends", "A long time after"], 1_000)
CHOSEN = Candidate(
    id="c01", first_sentence=0, last_sentence=1, start_ms=0, end_ms=4_000, title="t", reason="r",
    score=0.5, engine="x",
)  # fmt: skip


def test_the_translation_of_what_lies_in_the_clip_goes_with_it() -> None:
    plan = _plan(CHOSEN, FIRST, SECOND, [], ASKED)
    assert [sentence.text for sentence in plan.second] == ["Hello world", "Goodbye friends"]
    first, second = _cues(plan, media(), RenderOptions())
    assert "".join(cue.text for cue in first) == "你好世界再见朋友"
    assert [cue.text for cue in second] == ["Hello world", "Goodbye friends"]
    assert all("\n" not in cue.text for cue in (*first, *second))


def test_without_a_translation_there_is_no_second_language() -> None:
    assert _cues(_plan(CHOSEN, FIRST, None, [], ASKED), media(), RenderOptions())[1] == ()


def test_a_style_with_large_letters_gets_shorter_lines() -> None:
    said = transcript("en", ["one two three four five six seven eight nine ten eleven"], 300)
    plan = _plan(CHOSEN.model_copy(update={"last_sentence": 0}), said, None, [], ASKED)
    longest = {
        style: max(
            len(line)
            for cue in _cues(plan, media(), RenderOptions(style=style, aspect=Aspect.TALL))[0]
            for line in cue.text.split("\n")
        )
        for style in ("clean", "bold")
    }
    assert longest["bold"] < longest["clean"]


def test_the_fonts_travel_with_the_package() -> None:
    from videoclip.media import compose

    folder = Path(compose.__file__).parent / compose.FONTS
    names = {path.name for path in folder.iterdir()}
    assert names >= {"OFL.txt", "VideoClipSans-Bold.otf", "VideoClipSans-Regular.otf"}
    assert sum(path.stat().st_size for path in folder.iterdir()) < 8_000_000
