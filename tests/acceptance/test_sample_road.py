"""The main road on the bundled sample: what the README promises, checked against the ground truth."""

from __future__ import annotations

import json
import statistics
from pathlib import Path
from typing import Any, NamedTuple

import jsonschema
import pysubs2
import pytest
from rapidfuzz.distance import Levenshtein

from tests.support.command import ROOT, SAMPLE, Command, events, iou, manifest, truth
from tests.support.frames import frame_numbers
from tests.support.wer import normalise, word_errors
from videoclip.highlights.platforms import LIMITS
from videoclip.schemas import Platform

pytestmark = [pytest.mark.ray, pytest.mark.slow]


class Run(NamedTuple):
    command: Command
    out: Path
    events: list[dict[str, Any]]
    manifest: dict[str, Any]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("road")
    command = Command(folder / "data")
    done = command.run("clip", SAMPLE, "-o", folder / "out", "--top", "3", "--json", timeout=280)
    assert done.returncode == 0, done.stderr
    return Run(command, folder / "out", events(done.stdout), manifest(folder / "out"))


def test_each_product_is_covered_by_one_clip(run: Run) -> None:
    products = [s for s in truth()["segments"] if s["kind"] == "product"]
    assert len(products) == 3
    for product in products:
        best = max(
            iou((product["start_ms"], product["end_ms"]), (c["start_ms"], c["end_ms"]))
            for c in run.manifest["clips"]
        )
        assert best >= 0.5, f"{product['title']}: IoU {best:.2f}"


def test_each_clip_has_a_post_for_every_platform(run: Run) -> None:
    for clip in run.manifest["clips"]:
        assert [post["platform"] for post in clip["posts"]] == [p.value for p in Platform]
        for post in clip["posts"]:
            limits = LIMITS[Platform(post["platform"])]
            assert len(post["title"]) <= limits.title
            assert 0 < len(post["description"]) <= limits.description
            assert 0 < len(post["hashtags"]) <= limits.hashtags
    assert run.manifest["llm"] is None


def test_first_and_last_frames_are_the_expected_ones(run: Run) -> None:
    for clip in run.manifest["clips"]:
        numbers = frame_numbers(run.out / clip["file"])
        first = -(-clip["start_ms"] * 25 // 1000)
        last = -(-clip["end_ms"] * 25 // 1000) - 1
        assert numbers[0] == first
        assert numbers[-1] == last
        assert numbers == list(range(first, last + 1)), "a frame is missing or doubled"


def test_clips_start_and_end_at_sentence_borders(run: Run) -> None:
    for clip in run.manifest["clips"]:
        for sentence in truth()["sentences"]:
            length = sentence["end_ms"] - sentence["start_ms"]
            inside = min(clip["end_ms"], sentence["end_ms"]) - max(
                clip["start_ms"], sentence["start_ms"]
            )
            assert inside <= 150 or inside >= length - 150, f"{sentence['text']!r} is cut"


def test_word_error_rate_of_the_default_recogniser(run: Run) -> None:
    transcript = json.loads((run.out / "transcript.json").read_text())
    said = " ".join(s["text"] for s in truth()["sentences"])
    heard = " ".join(s["text"] for s in transcript["sentences"])
    errors, words = word_errors(said, heard)
    assert errors / words <= 0.10, f"{errors} of {words}"


def test_caption_times_are_near_the_truth(run: Run) -> None:
    transcript = json.loads((run.out / "transcript.json").read_text())
    errors = caption_errors(transcript)
    assert statistics.median(errors) <= 150
    for shift in (-1_000, 400, 2_000):  # the measure itself must notice
        moved = json.loads(json.dumps(transcript))
        for sentence in moved["sentences"]:
            for word in sentence["words"]:
                word["start_ms"] += shift
                word["end_ms"] += shift
        assert statistics.median(caption_errors(moved)) > 150
    starts = {sentence["start_ms"] for sentence in transcript["sentences"]}
    cues = pysubs2.load(str(run.out / "transcript.srt"))
    assert len(cues) >= len(starts)
    assert starts <= {cue.start for cue in cues}


def caption_errors(transcript: dict[str, Any]) -> list[int]:
    """How far off the first and last words of the spoken sentences are, ms; words are matched by their text."""
    said = [
        (word, number)
        for number, sentence in enumerate(truth()["sentences"])
        for word in normalise(sentence["text"])
    ]
    heard = [
        (word, spoken)
        for sentence in transcript["sentences"]
        for spoken in sentence["words"]
        for word in normalise(spoken["text"])
    ]
    codes = Levenshtein.opcodes([word for word, _ in said], [word for word, _ in heard])
    matched = {
        code.src_start + k: heard[code.dest_start + k][1]
        for code in codes
        if code.tag == "equal"
        for k in range(code.src_end - code.src_start)
    }
    errors = []
    for number, sentence in enumerate(truth()["sentences"]):
        places = [place for place, (_, owner) in enumerate(said) if owner == number]
        if places[0] in matched:
            errors.append(abs(matched[places[0]]["start_ms"] - sentence["start_ms"]))
        if places[-1] in matched:
            errors.append(abs(matched[places[-1]]["end_ms"] - sentence["end_ms"]))
    assert len(errors) >= len(truth()["sentences"]), "too few words were matched to say anything"
    return errors


def test_every_clip_is_proved_and_has_its_side_files(run: Run) -> None:
    for clip in run.manifest["clips"]:
        assert clip["proof"]["ok"], clip["proof"]
        assert abs(clip["proof"]["loudness_lufs"] + 14) <= 1.0
        for name in (clip["file"], clip["thumbnail"], *clip["captions"].values()):
            assert (run.out / name).stat().st_size > 0
        assert set(clip["captions"]) == {"srt", "vtt"}


def test_the_manifest_follows_its_published_schema(run: Run) -> None:
    schema = json.loads((ROOT / "docs" / "manifest.schema.json").read_text())
    jsonschema.validate(run.manifest, schema)
    assert {s["name"] for s in run.manifest["stages"]} == {
        "audio",
        "recognise",
        "highlight",
        "render",
    }
    assert all(c["selected"] or c["dropped"] for c in run.manifest["candidates"])


def test_progress_told_every_stage_and_the_fallback(run: Run) -> None:
    finished = [e for e in run.events if e["event"] == "stage_finished"]
    assert [e["stage"] for e in finished] == ["read", "audio", "recognise", "highlight", "render"]
    assert all(e["done"] == e["total"] for e in finished)
    assert any(e.get("eta_s") is not None for e in run.events if e["event"] == "progress")
    assert "recogniser_fallback" in [n["code"] for n in run.manifest["notices"]]
    assert run.events[-1]["event"] == "job_finished"


def test_no_process_is_left(run: Run) -> None:
    assert run.command.survivors() == []


def test_another_prompt_transcribes_nothing_again(run: Run, tmp_path: Path) -> None:
    done = run.command.run(
        *("clip", SAMPLE, "-o", tmp_path, "--top", "1", "--prompt", "vacuum cleaner", "--json")
    )
    assert done.returncode == 0, done.stderr
    stages = {stage["name"]: stage for stage in manifest(tmp_path)["stages"]}
    assert stages["audio"]["reused"] == 1
    assert stages["recognise"]["reused"] == stages["recognise"]["units"] > 1
    assert (tmp_path / "transcript.json").read_bytes() == (run.out / "transcript.json").read_bytes()


def test_the_same_command_again_does_nothing_again(run: Run, tmp_path: Path) -> None:
    done = run.command.run("clip", SAMPLE, "-o", tmp_path, "--top", "3", "--json", timeout=30)
    assert done.returncode == 0, done.stderr
    again = manifest(tmp_path)
    assert all(s["reused"] == s["units"] for s in again["stages"])
    assert [c["sha256"] for c in again["clips"]] == [c["sha256"] for c in run.manifest["clips"]]


def test_a_transcript_given_skips_recognition(run: Run, tmp_path: Path) -> None:
    done = run.command.run(
        *("clip", SAMPLE, "-o", tmp_path, "--top", "1", "--json"),
        *("--transcript", run.out / "transcript.srt"),
    )
    assert done.returncode == 0, done.stderr
    assert "recognise" not in {stage["name"] for stage in manifest(tmp_path)["stages"]}
    assert len(manifest(tmp_path)["clips"]) == 1


def test_nothing_passes_is_told_with_every_reason(run: Run, tmp_path: Path) -> None:
    done = run.command.run(
        *("clip", SAMPLE, "-o", tmp_path, "--min-seconds", "1", "--max-seconds", "1")
    )
    assert done.returncode == 4, done.stderr
    told = manifest(tmp_path)
    assert told["status"] == "nothing_selected"
    assert told["clips"] == []
    assert told["candidates"]
    assert all(candidate["dropped"] for candidate in told["candidates"])
