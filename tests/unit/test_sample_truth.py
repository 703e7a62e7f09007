"""The bundled ground truth holds together and says what the show's text says."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from scripts.make_sample import load_show

SAMPLE = Path(__file__).parents[2] / "assets" / "sample"


@pytest.fixture(scope="module")
def truth() -> dict[str, Any]:
    return json.loads((SAMPLE / "truth.json").read_text(encoding="utf-8"))


def test_the_truth_is_the_text_of_the_show(truth: dict[str, Any]) -> None:
    show = load_show()
    expected = [
        (segment.id, show.speakers[sentence.speaker][0], sentence.text)
        for segment in show.segments
        for sentence in segment.sentences
    ]
    assert [(s["segment"], s["voice"], s["text"]) for s in truth["sentences"]] == expected
    assert [(s["id"], s["kind"], s["title"]) for s in truth["segments"]] == [
        (segment.id, segment.kind, segment.title) for segment in show.segments
    ]


def test_numbers_are_written_as_they_are_spoken(truth: dict[str, Any]) -> None:
    assert not [s["text"] for s in truth["sentences"] if any(map(str.isdigit, s["text"]))]


def test_the_length_is_about_four_minutes_and_whole_frames(truth: dict[str, Any]) -> None:
    assert 230_000 <= truth["duration_ms"] <= 260_000
    assert truth["duration_ms"] == truth["frames"] * 40
    assert truth["sentences"][-1]["end_ms"] < truth["duration_ms"]


def test_sentences_are_numbered_and_apart(truth: dict[str, Any]) -> None:
    sentences = truth["sentences"]
    assert [s["id"] for s in sentences] == list(range(len(sentences)))
    assert all(s["start_ms"] < s["end_ms"] for s in sentences)
    for one, two in pairwise(sentences):
        least, most = (450, 700) if one["segment"] == two["segment"] else (1_000, 1_500)
        assert least <= two["start_ms"] - one["end_ms"] <= most


def test_segments_are_the_hulls_of_their_sentences(truth: dict[str, Any]) -> None:
    sentences = truth["sentences"]
    ids = []
    for segment in truth["segments"]:
        inside = sentences[segment["first_sentence"] : segment["last_sentence"] + 1]
        assert {s["segment"] for s in inside} == {segment["id"]}
        assert (segment["start_ms"], segment["end_ms"]) == (
            inside[0]["start_ms"],
            inside[-1]["end_ms"],
        )
        ids += [s["id"] for s in inside]
    assert ids == list(range(len(sentences)))


def test_three_products_each_in_one_voice_with_talk_between(truth: dict[str, Any]) -> None:
    kinds = [segment["kind"] for segment in truth["segments"]]
    assert kinds == ["talk", "product"] * 3 + ["talk"]
    voices = []
    for segment in truth["segments"]:
        if segment["kind"] == "product":
            assert 40_000 <= segment["end_ms"] - segment["start_ms"] <= 60_000
            (voice,) = {s["voice"] for s in truth["sentences"] if s["segment"] == segment["id"]}
            voices.append(voice)
    assert len(set(voices)) == 3
