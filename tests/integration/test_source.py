"""A source is known by its content; one that changes under our hands is refused, not filed wrongly."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from pipelines.context import JobContext
from pipelines.ray_runtime import RayRuntime
from pipelines.source import FileState, open_source
from tests.support.media import make_numbered_video
from videoclip.errors import SourceChanged, SourceMissing
from videoclip.progress import Progress, ignore_events
from videoclip.settings import RaySettings, Settings
from videoclip.store import Store


def test_a_file_that_is_still_being_written_is_refused(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data")
    video = make_numbered_video(tmp_path / "v.mp4", frames=50)
    with Store(settings) as store:
        job = store.ensure_job("clip", "k", {})
        with store.own_job(job.id) as attempt:
            context = JobContext(
                job.id,
                attempt,
                settings,
                store,
                RayRuntime(RaySettings()),
                Progress(ignore_events),
                threading.Event(),
            )
            source = open_source(context, video)
            source.state.check(video)
            with video.open("ab") as file:
                file.write(b"more")
            with pytest.raises(SourceChanged, match="changed or moved"):
                source.state.check(video)
            video.unlink()
            with pytest.raises(SourceChanged):
                source.state.check(video)
            with pytest.raises(SourceMissing):
                open_source(context, video)


def test_an_object_that_somebody_brings_again_is_the_same(tmp_path: Path) -> None:
    path = tmp_path / "object"
    path.write_bytes(b"content")
    state, strict = FileState.of(path, written_once=True), FileState.of(path)
    os.utime(path, (1, 1))  # as the object store does, so that no sweep takes it
    state.check(path)
    with pytest.raises(SourceChanged):
        strict.check(path)
    path.write_bytes(b"longer content")
    with pytest.raises(SourceChanged):
        state.check(path)
