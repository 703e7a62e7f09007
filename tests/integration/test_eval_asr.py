"""The speech harness on speech whose words, times and speakers are known, with the real recogniser."""

from __future__ import annotations

import json
import shutil
import subprocess
import wave
from pathlib import Path

import numpy as np
import pytest

from pipelines.eval_asr import main

SENTENCES = (
    ("rms", "Welcome to the show, and thank you for watching tonight."),
    ("slt", "It makes a perfect cup in thirty seconds, and it is very quiet."),
    ("rms", "The next product is a small vacuum cleaner for your car."),
    ("slt", "You have thirty days to change your mind and send it back."),
)
GAP_MS = 700


def _flite() -> bool:
    found = subprocess.run(["ffmpeg", "-hide_banner", "-filters"], capture_output=True, check=False)
    return b" flite " in found.stdout


pytestmark = pytest.mark.skipif(not _flite(), reason="this ffmpeg speaks no text (no flite filter)")


@pytest.fixture(scope="module")
def talk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``talk.wav`` and sentences marked by where their sound begins and ends."""
    folder = tmp_path_factory.mktemp("talk")
    parts, rows, at = [np.zeros(GAP_MS * 16, "<i2")], [], GAP_MS * 16
    for voice, text in SENTENCES:
        source = f"flite=text='{text.replace(',', chr(92) + ',')}':voice={voice}"
        raw = ["-ar", "16000", "-ac", "1", "-f", "s16le", "-"]
        made = subprocess.run(
            ["ffmpeg", "-v", "error", "-nostdin", "-f", "lavfi", "-i", source, *raw],
            capture_output=True,
            check=True,
        )
        spoken = np.frombuffer(made.stdout, "<i2")
        loud = np.flatnonzero(np.abs(spoken.astype(int)) > 300)
        rows.append(
            {
                "text": text,
                "speaker": voice,
                "start_ms": (at + int(loud[0])) // 16,
                "end_ms": (at + int(loud[-1])) // 16,
            }
        )
        parts += [spoken, np.zeros(GAP_MS * 16, "<i2")]
        at += len(spoken) + GAP_MS * 16
    with wave.open(str(folder / "talk.wav"), "wb") as out:
        out.setparams((1, 2, 16_000, 0, "NONE", ""))
        out.writeframes(np.concatenate(parts).tobytes())
    (folder / "talk.json").write_text(json.dumps({"language": "en", "sentences": rows}))
    return folder


def figures(folder: Path, out: Path, *options: str) -> dict:
    assert main([str(folder), "--json", str(out), *options]) == 0
    return json.loads(out.read_text())


def test_a_recogniser_is_scored_on_what_was_really_said(
    talk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = figures(talk, tmp_path / "f.json", "--recogniser", "pocketsphinx", "--language", "en")
    one = found["files"]["talk.wav"]
    assert found["engine"]["name"] == "pocketsphinx"
    assert found["together"] == {"word": one}
    assert one["reference_tokens"] == sum(len(text.split()) for _, text in SENTENCES)
    assert one["error_rate"] <= 0.10
    assert one["timed_edges"] >= 6  # two a sentence, less those of words heard wrong
    assert one["time_median_ms"] <= 100
    assert one["der"] is None  # this engine tells no speakers
    assert 0 < one["rtf"] == one["work_ms"] / one["audio_ms"]
    shown = capsys.readouterr().out
    assert "talk.wav" in shown
    assert f"{one['error_rate'] * 100:.1f} %" in shown


def test_transcripts_from_elsewhere_are_scored_with_their_errors(
    talk: Path, tmp_path: Path
) -> None:
    """Times moved by 80 ms, one word wrong in each sentence, and both voices called the same."""
    reference = json.loads((talk / "talk.json").read_text())
    sentences, number = [], 0
    for i, row in enumerate(reference["sentences"]):
        shown = row["text"].split()
        shown[2] = "wrong"
        start, end = row["start_ms"] + 80, row["end_ms"] + 80
        step = (end - start) // len(shown)
        words = [
            {
                "id": number + k,
                "text": word,
                "start_ms": start + k * step,
                "end_ms": end if k == len(shown) - 1 else start + (k + 1) * step,
                "speaker": "S1",
            }
            for k, word in enumerate(shown)
        ]
        number += len(words)
        sentences.append(
            {
                "id": i, "text": " ".join(shown), "start_ms": start, "end_ms": end, "words": words,
            }
        )  # fmt: skip
    duration = sentences[-1]["end_ms"] + GAP_MS
    made = {
        "language": "en", "duration_ms": duration, "engine": {"name": "hand"}, "sentences": sentences,
    }  # fmt: skip
    heard = tmp_path / "heard"
    heard.mkdir()
    (heard / "talk.json").write_text(json.dumps(made))
    options = ("--hypotheses", str(heard), "--collar", "0")
    one = figures(talk, tmp_path / "f.json", *options)["files"]["talk.wav"]
    assert (one["substitutions"], one["deletions"], one["insertions"]) == (4, 0, 0)
    assert one["timed_edges"] == 8
    assert one["time_median_ms"] == one["time_p95_ms"] == 80
    assert one["rtf"] is None
    # One name for two voices: the time of the voice that speaks less is confused.
    spans = {voice: 0 for voice, _ in SENTENCES}
    for row in reference["sentences"]:
        spans[row["speaker"]] += row["end_ms"] - row["start_ms"]
    assert one["der_confused_ms"] == pytest.approx(min(spans.values()), abs=4 * 80)
    assert one["der_missed_ms"] == one["der_false_alarm_ms"] == 4 * 80
    assert one["der"] == pytest.approx(
        (one["der_confused_ms"] + 8 * 80) / sum(spans.values()), abs=1e-9
    )


def test_chinese_and_english_are_counted_apart(talk: Path, tmp_path: Path) -> None:
    folder, heard = tmp_path / "both", tmp_path / "heard"
    folder.mkdir()
    heard.mkdir()
    for name in ("en", "zh"):
        shutil.copy(talk / "talk.wav", folder / f"{name}.wav")
    (folder / "en.txt").write_text("It's thirty-five dollars.")
    (folder / "zh.txt").write_text("价格是35元，很便宜。")
    (heard / "en.srt").write_text("1\n00:00:01,000 --> 00:00:03,000\nit is 35 dollar\n")
    (heard / "zh.srt").write_text("1\n00:00:01,000 --> 00:00:03,000\n价格是三十五元很便移。\n")
    together = figures(folder, tmp_path / "f.json", "--hypotheses", str(heard))["together"]
    assert together["word"]["error_rate"] == 1 / 4
    assert together["character"]["error_rate"] == 1 / 10


def test_a_folder_without_references_is_refused_with_a_remedy(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path)]) == 2
    assert "no recording with a reference" in capsys.readouterr().err
    assert main([str(tmp_path / "nowhere")]) == 2
    assert "no folder" in capsys.readouterr().err
