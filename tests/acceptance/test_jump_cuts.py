"""Jump cuts from the command line: the manifest says what is played, captions and frames follow."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest

from tests.support.command import SAMPLE, Command, manifest, truth
from tests.support.frames import frame_numbers
from videoclip.speech.subtitles import Cue, cue_words

pytestmark = pytest.mark.slow
WISHES = ("--top", "1", "--jump-cut", "silence", "--jump-cut", "fillers", "--captions", "sidecar")


def transcript(path: Path, engine: str) -> Path:
    """The sample's true sentences; their words share the time, and each third one is an um."""
    sentences, number = [], 0
    for place, sentence in enumerate(truth()["sentences"]):
        words = []
        for word in cue_words(Cue(sentence["start_ms"], sentence["end_ms"], sentence["text"])):
            words.append(
                {"id": number, "text": word.text, "start_ms": word.start_ms, "end_ms": word.end_ms}
            )
            number += 1
        if len(words) >= 5:
            words[2]["text"] = "um,"
        sentences.append({"id": place, "text": sentence["text"], "words": words,
                          "start_ms": words[0]["start_ms"], "end_ms": words[-1]["end_ms"]})  # fmt: skip
    content = {"version": 1, "language": "en", "duration_ms": truth()["duration_ms"],
               "engine": {"name": engine}, "sentences": sentences}  # fmt: skip
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def test_pauses_are_cut_out_and_everything_follows(tmp_path: Path) -> None:
    words = transcript(tmp_path / "t.json", "truth")
    done = Command(tmp_path / "data").run(
        "clip", SAMPLE, "-o", tmp_path / "out", "--transcript", words, *WISHES
    )
    assert done.returncode == 0, done.stderr
    (clip,) = manifest(tmp_path / "out")["clips"]
    ranges = [(part["start_ms"], part["end_ms"]) for part in clip["ranges"]]
    assert len(ranges) > 1
    assert (ranges[0][0], ranges[-1][1]) == (clip["start_ms"], clip["end_ms"])
    assert all(a[1] < b[0] for a, b in pairwise(ranges))
    wanted = [
        number
        for start, end in ranges
        for number in range(-(-start * 25 // 1000), -(-end * 25 // 1000))
    ]
    assert frame_numbers(tmp_path / "out" / clip["file"]) == wanted
    assert clip["duration_ms"] == len(wanted) * 40
    assert clip["proof"]["ok"], clip["proof"]
    captions = (tmp_path / "out" / clip["captions"]["srt"]).read_text(encoding="utf-8")
    assert "-->" in captions
    assert "um," not in captions


def test_guessed_word_times_make_no_cuts_and_a_notice(tmp_path: Path) -> None:
    words = transcript(tmp_path / "t.json", "transcript")
    done = Command(tmp_path / "data").run(
        "clip", SAMPLE, "-o", tmp_path / "out", "--transcript", words, *WISHES
    )
    assert done.returncode == 0, done.stderr
    told = manifest(tmp_path / "out")
    assert "jump_cuts_skipped" in [notice["code"] for notice in told["notices"]]
    assert [len(clip["ranges"]) for clip in told["clips"]] == [1]
