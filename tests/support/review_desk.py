"""Finished jobs to be reviewed, put into the store as if they had run: an asset, a transcript, candidates."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from uuid_utils import uuid7

from tests.support.command import ROOT
from tests.unit.test_nle import manifest as made_manifest
from videoclip.media.probe import probe
from videoclip.schemas import Candidate, Engine, Sentence, Transcript, Word
from videoclip.settings import Settings
from videoclip.store import Store
from videoclip.store.assets import Assets
from videoclip.store.models import Job
from videoclip.store.objects import ObjectRef, Objects, open_objects

__all__ = ["HOSTILE", "ReviewDesk", "candidate", "long_transcript", "sample_transcript"]

SAMPLE = ROOT / "assets" / "sample"
LENGTH_MS = 75_000
"""So much of the sample is the asset: a talk and the first product."""
HOSTILE = '<img src=x onerror="window.attacked=1">${window.attacked=2}{{1}}</script><script>window.attacked=3</script>'


@dataclass
class ReviewDesk:
    """A store with one asset, and short ways to jobs that can be reviewed."""

    settings: Settings
    store: Store
    workspace_id: str
    folder: Path
    asset_id: str = ""
    objects: Objects = field(init=False)

    def __post_init__(self) -> None:
        self.objects = open_objects(self.settings)

    def bring_sample(self, name: str = "show.mp4") -> None:
        """The first part of the sample as an asset of the workspace."""
        path = self.folder / "part.mp4"
        command = ["ffmpeg", "-v", "error", "-y", "-i", SAMPLE / "show.mp4", "-t", str(LENGTH_MS // 1000),
                   "-c", "copy", path]  # fmt: skip
        subprocess.run(command, check=True)
        media = probe(path, self.settings.media).model_dump(mode="json")
        ref = self.objects.put(path)
        self.asset_id = self.store.session(
            lambda session: Assets(session, self.workspace_id).add(name, ref, media)
        ).id

    def job(
        self, transcript: Transcript | None, candidates: list[Candidate], state: str = "succeeded"
    ) -> str:
        """A job that has found these candidates; its id. Without a transcript nothing was said."""
        made = made_manifest([[(0, 1000)]]).model_copy(
            update={"candidates": candidates, "clips": []}
        )
        source = made.source.model_copy(update={"name": f"show {HOSTILE}.mp4"})
        made = made.model_copy(update={"source": source})
        files = {"transcript.json": transcript.model_dump_json()} if transcript else {}
        result = {
            "manifest": self._stored(made.model_dump_json()),
            "files": [
                {"name": name, "media_type": "application/json", **self._stored(text)}
                for name, text in files.items()
            ],
        }  # fmt: skip
        job_id = str(uuid7())
        request = {"kind": "clip", "source": f"asset:{self.asset_id}", "render": {"encoder": "software", "quality": "draft"}}  # fmt: skip
        job = Job(
            id=job_id, key=job_id, kind="clip", request=request, state=state, workspace_id=self.workspace_id,
            result=result if state == "succeeded" else None, started_ms=1, finished_ms=2,
        )  # fmt: skip

        async def add(session: Any) -> None:
            session.add(job)

        self.store.session(add)
        return job_id

    def _stored(self, text: str) -> dict[str, Any]:
        path = self.folder / "object"
        path.write_text(text, encoding="utf-8")
        ref: ObjectRef = self.objects.put(path)
        return {"sha256": ref.sha256, "size": ref.size}


def sample_transcript() -> Transcript:
    """What is said in the asset; words share their sentence's time by their letters."""
    truth = json.loads((SAMPLE / "truth.json").read_text(encoding="utf-8"))
    lines = [
        (line["text"], line["start_ms"], line["end_ms"], line["voice"])
        for line in truth["sentences"]
        if line["end_ms"] < LENGTH_MS
    ]
    return _transcript(lines, LENGTH_MS)


def long_transcript(hours: int = 3, words: int = 30_000) -> Transcript:
    """Somebody who talks for hours, in sentences of 12 words."""
    each = hours * 3_600_000 // words
    lines = []
    for number in range(words // 12):
        start = number * 12 * each
        text = (
            " ".join(
                f"word{number}x{n}" if n % 5 == 0 else ["and", "so", "on"][n % 3] for n in range(12)
            )
            + "."
        )
        lines.append((text, start, start + 12 * each - each // 4, f"S{number // 7 % 3}"))
    return _transcript(lines, hours * 3_600_000)


def candidate(number: int, first: Sentence, last: Sentence, score: float, **more: Any) -> Candidate:
    """A candidate of whole sentences."""
    values = {
        "title": f"Title {number}", "reason": f"reason {number}", "quote": first.text, "scores": {"offer": score},
        "selected": False, **more,
    }  # fmt: skip
    return Candidate(
        id=f"c{number:02}", first_sentence=first.id, last_sentence=last.id, start_ms=first.start_ms, end_ms=last.end_ms,
        score=score, engine="test", **values,
    )  # fmt: skip


def _transcript(lines: list[tuple[str, int, int, str]], duration_ms: int) -> Transcript:
    sentences: list[Sentence] = []
    number = 0
    for text, start, end, speaker in lines:
        words: list[Word] = []
        pieces = text.split()
        letters = sum(len(piece) + 1 for piece in pieces)
        at = 0
        for piece in pieces:
            begin = start + (end - start) * at // letters
            at += len(piece) + 1
            until = start + (end - start) * at // letters
            words.append(
                Word(
                    id=number, text=piece, start_ms=begin, end_ms=max(begin + 1, until - 20),
                    confidence=0.3 if number % 17 == 5 else 0.9, speaker=speaker,
                )
            )  # fmt: skip
            number += 1
        sentences.append(
            Sentence(
                id=len(sentences), text=text, start_ms=words[0].start_ms, end_ms=words[-1].end_ms, words=words,
                speaker=speaker,
            )
        )  # fmt: skip
    return Transcript(
        language="en", duration_ms=duration_ms, engine=Engine(name="test"), sentences=sentences
    )
