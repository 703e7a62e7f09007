"""What the default ranker reaches on the made shows, and the harness on something that has to be heard first."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.eval_highlights import evaluate
from scripts.make_shows import make_shows
from tests.support.command import ROOT
from videoclip.settings import Settings

PITCH = """our first product tonight is the glass water kettle. it boils one and a half litres of water in only three
minutes. the handle stays cool so your children are safe. the usual price of the kettle is sixty dollars. tonight you
pay only thirty nine dollars. click the link below and order the kettle now."""


@pytest.fixture(scope="module")
def shows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shows")
    make_shows(folder)
    return folder


def test_the_ranker_finds_eight_of_ten_windows_of_the_held_out_half(shows: Path) -> None:
    report = evaluate(shows, Settings(), only="held-*")
    assert len(report.shows) == 16
    assert report.together.windows > 50
    assert report.together.recall >= 0.8
    assert report.together.redundancy <= 0.1


def test_given_the_products_it_finds_them(shows: Path) -> None:
    report = evaluate(shows, Settings(), only="held-*-commerce-*", with_products=True)
    assert report.together.windows > 40
    assert report.together.recall >= 0.8


@pytest.mark.ray
@pytest.mark.slow
def test_what_has_no_transcript_is_recognised_first(tmp_path: Path) -> None:
    text = tmp_path / "pitch.txt"
    text.write_text(PITCH.replace("\n", " "), encoding="ascii")
    sound = tmp_path / "pitch.wav"
    subprocess.run(
        ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", f"flite=textfile={text}:voice=rms", sound],
        check=True,
        stdin=subprocess.DEVNULL,
        timeout=60,
    )
    labels = {"language": "en", "windows": [{"name": "kettle", "start_ms": 0, "end_ms": 24_000}]}
    (tmp_path / "pitch.labels.json").write_text(json.dumps(labels), encoding="utf-8")
    out = tmp_path / "figures.json"
    # In a process of its own: it starts a Ray of its own.
    done = subprocess.run(
        [sys.executable, "-m", "pipelines.eval_highlights", tmp_path, "--json", out],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )
    assert done.returncode == 0, done.stderr
    figures = json.loads(out.read_text())["shows"]["pitch"]
    assert (figures["recall"], figures["clips"]) == (1.0, 1)
