"""Figures of the quality harness, and the shows that it measures on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipelines.eval_highlights import evaluate, main
from scripts.make_shows import TEXTS, make_shows, read_texts
from videoclip.errors import UsageError
from videoclip.highlights.scoring import intersection_over_union, score_clips, score_together
from videoclip.schemas import Transcript
from videoclip.settings import Settings


@pytest.fixture(scope="module")
def shows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shows")
    make_shows(folder)
    return folder


# ------------------------------------------------------------------ figures


def test_overlap_over_union() -> None:
    assert intersection_over_union((0, 10), (5, 15)) == pytest.approx(1 / 3)
    assert intersection_over_union((0, 10), (10, 20)) == 0.0
    assert intersection_over_union((2, 8), (2, 8)) == 1.0


def test_a_perfect_choice_scores_perfectly() -> None:
    windows = [(0, 10_000), (20_000, 30_000)]
    score = score_clips(windows[::-1], windows)
    assert (score.recall, score.mean_iou, score.boundary_ms) == (1.0, 1.0, 0)
    assert (score.precise, score.redundancy, score.clips) == (1.0, 0.0, 2)


def test_misses_borders_and_repetitions_are_counted() -> None:
    windows = [(0, 10_000), (20_000, 30_000)]
    clips = [(1_000, 10_000), (0, 7_000), (50_000, 60_000)]
    score = score_clips(clips, windows)
    assert score.found == 1
    assert score.recall == 0.5
    assert score.mean_iou == pytest.approx(0.45)
    assert score.boundary_ms == 500  # of 1000 at the start and 0 at the end
    assert score.precise == pytest.approx(2 / 3)
    assert score.redundancy == pytest.approx(1 / 3)


def test_only_the_first_k_clips_count() -> None:
    windows = [(0, 10_000)]
    assert score_clips([(50_000, 60_000), (0, 10_000)], windows, k=1).recall == 0.0
    assert score_clips([(50_000, 60_000), (0, 10_000)], windows, k=2).recall == 1.0


def test_together_each_window_counts_the_same() -> None:
    one = ([(0, 10)], [(0, 10)])
    none: tuple[list[tuple[int, int]], list[tuple[int, int]]] = ([], [(0, 10), (20, 30), (40, 50)])
    assert score_together([one, none]).recall == 0.25
    assert score_clips([], [(0, 10)]).boundary_ms is None
    with pytest.raises(ValueError, match="labelled"):
        score_together([([], [])])


# ------------------------------------------------------------------ the made shows


def test_there_are_two_halves_of_both_languages_and_every_genre(shows: Path) -> None:
    names = sorted(file.name.removesuffix(".labels.json") for file in shows.glob("*.labels.json"))
    assert len(names) == 32
    for half in ("dev", "held"):
        for language in ("zh", "en"):
            own = [name for name in names if name.startswith(f"{half}-{language}-")]
            assert len(own) == 8
            assert {name.split("-")[2] for name in own} == {
                "commerce",
                "talk",
                "interview",
                "course",
            }


def test_the_shows_are_the_same_every_time(shows: Path, tmp_path: Path) -> None:
    make_shows(tmp_path, ("dev",))
    for file in tmp_path.iterdir():
        assert file.read_bytes() == (shows / file.name).read_bytes()


def test_transcripts_are_whole_and_labels_lie_on_their_sentences(shows: Path) -> None:
    for file in shows.glob("*.labels.json"):
        labels = json.loads(file.read_text(encoding="utf-8"))
        own = file.with_name(file.name.replace(".labels.", ".transcript."))
        transcript = Transcript.model_validate_json(own.read_bytes())
        starts = {sentence.start_ms for sentence in transcript.sentences}
        ends = {sentence.end_ms for sentence in transcript.sentences}
        assert 3 <= len(labels["windows"]) <= 5
        for window in labels["windows"]:
            assert window["start_ms"] in starts
            assert window["end_ms"] in ends
            assert 15_000 <= window["end_ms"] - window["start_ms"] <= 110_000


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_halves_share_no_line(language: str) -> None:
    halves = read_texts(TEXTS / f"{language}.txt")

    def lines(half: str) -> set[str]:
        texts = halves[half]
        found = {line for pool in texts.pools.values() for line in pool}
        found |= {line for names, facts in texts.products for line in (names[0], *facts)}
        return found | {
            line for genre in texts.speeches.values() for part in genre.values() for line in part
        }

    assert not lines("dev") & lines("held")


# ------------------------------------------------------------------ the command


def test_the_command_prints_a_table_and_writes_json(
    shows: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "figures.json"
    assert main([str(shows), "--only", "dev-en-talk", "--json", str(out)]) == 0
    table = capsys.readouterr().out
    assert "dev-en-talk" in table
    assert "mean IoU" in table
    figures = json.loads(out.read_text())
    assert figures["engine"] == "extractive"
    assert figures["shows"]["dev-en-talk"]["recall"] == figures["together"]["recall"] > 0


def test_a_folder_without_shows_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path)]) == 2
    assert "no show" in capsys.readouterr().err
    (tmp_path / "a.labels.json").write_text('{"windows": []}')
    with pytest.raises(UsageError, match="cannot be read"):
        evaluate(tmp_path, Settings())
    (tmp_path / "a.labels.json").write_text(
        '{"windows": [{"name": "a", "start_ms": 0, "end_ms": 9}]}'
    )
    with pytest.raises(UsageError, match="neither transcript nor video"):
        evaluate(tmp_path, Settings())
