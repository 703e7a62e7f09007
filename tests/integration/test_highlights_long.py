"""The extractive ranker stays quick and small on two hours of speech."""

from __future__ import annotations

import time
import tracemalloc

import pytest

from tests.support.show_texts import KITCHEN_EN, LIVE_ZH
from tests.support.shows import make_show
from videoclip.highlights.extractive import ExtractiveHighlighter
from videoclip.highlights.protocol import Brief
from videoclip.highlights.selection import select
from videoclip.highlights.windows import plan_windows
from videoclip.schemas import Candidate, Genre, Transcript


def long_transcript(script: str, language: str, times: int) -> Transcript:
    return make_show("\n".join([script] * times), language=language, word_errors=0.3).transcript


def clips(transcript: Transcript) -> list[Candidate]:
    brief = Brief(Genre.AUTO, "", transcript.language, 5, 15_000, 90_000)
    (window,) = plan_windows(transcript, energy=(), max_tokens=0, overlap_ms=0)
    proposals = ExtractiveHighlighter().propose(window, brief).proposals
    return select(proposals, transcript, brief, pauses_ms=(), duration_ms=transcript.duration_ms)


@pytest.mark.parametrize(("script", "language"), [(KITCHEN_EN, "en"), (LIVE_ZH, "zh")])
def test_three_thousand_sentences_take_seconds(script: str, language: str) -> None:
    transcript = long_transcript(script, language, 60)
    assert len(transcript.sentences) > 3_000
    begun = time.process_time()
    assert sum(clip.selected for clip in clips(transcript)) == 5
    # 1.5 s on a machine of its own; what grew with the square would take minutes.
    assert time.process_time() - begun < 15.0


def test_memory_grows_no_faster_than_the_transcript() -> None:
    def peak(times: int) -> int:
        transcript = long_transcript(KITCHEN_EN, "en", times)
        tracemalloc.start()
        try:
            clips(transcript)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert peak(24) < 4.5 * peak(6)
