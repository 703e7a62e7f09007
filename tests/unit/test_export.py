"""The output folder: whole files or none, the manifest last, nothing of other people's touched."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipelines import export as exporting
from pipelines.manifests import JobResult
from videoclip.errors import OutputUnwritable
from videoclip.schemas import ClipRequest, Manifest, MediaInfo, SourceInfo
from videoclip.store import ObjectRef, Objects


def manifest(**changes: object) -> Manifest:
    values: dict[str, object] = {
        "product": "video-clip 0",
        "job": "j",
        "status": "succeeded",
        "source": SourceInfo(name="a", path="/a", sha256="0" * 64, size_bytes=1),
        "media": MediaInfo(container="mov", duration_ms=1, size_bytes=1),
        "request": ClipRequest(source="/a"),
        "stages": [],
        "clips": [],
        "candidates": [],
    }
    return Manifest.model_validate(values | changes)


def stored(objects: Objects, tmp_path: Path, content: bytes) -> ObjectRef:
    file = tmp_path / "draft"
    file.write_bytes(content)
    return objects.put(file)


def test_files_first_and_the_manifest_last(tmp_path: Path) -> None:
    objects = Objects(tmp_path / "objects")
    ref = stored(objects, tmp_path, b"video")
    result = JobResult(manifest(), {"clips/01-a.mp4": ref})
    seen: list[bool] = []
    out = tmp_path / "out"
    exporting.export(
        result, objects, out, on_file=lambda _: seen.append((out / "manifest.json").exists())
    )
    assert (out / "clips/01-a.mp4").read_bytes() == b"video"
    assert seen == [False]
    assert json.loads((out / "manifest.json").read_text())["status"] == "succeeded"


def test_a_new_run_removes_what_the_old_one_made_and_nothing_else(tmp_path: Path) -> None:
    objects = Objects(tmp_path / "objects")
    ref = stored(objects, tmp_path, b"t")
    out = tmp_path / "out"
    exporting.export(
        JobResult(manifest(transcript={"srt": "transcript.srt"}), {"transcript.srt": ref}),
        objects,
        out,
    )
    (out / "clips").mkdir()
    (out / "clips/mine.mp4").write_bytes(b"mine")
    exporting.export(JobResult(manifest(), {}), objects, out)
    assert not (out / "transcript.srt").exists()
    assert (out / "clips/mine.mp4").read_bytes() == b"mine"


@pytest.mark.parametrize("name", ["../victim", "/etc/hostname", "victim", "clips/../../victim"])
def test_a_forged_manifest_cannot_remove_files_elsewhere(tmp_path: Path, name: str) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (tmp_path / "victim").write_text("keep")
    (out / "victim").write_text("keep")
    forged = {"product": "video-clip 0", "transcript": {"srt": name}, "clips": []}
    (out / "manifest.json").write_text(json.dumps(forged))
    exporting.export(JobResult(manifest(), {}), Objects(tmp_path / "objects"), out)
    assert (tmp_path / "victim").exists()
    assert (out / "victim").exists()


def test_a_copy_that_is_interrupted_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, target = tmp_path / "source", tmp_path / "out" / "clip.mp4"
    source.write_bytes(b"x" * 100)

    def torn(stream: object, copy: object, size: int = 0) -> None:
        copy.write(b"half")  # type: ignore[attr-defined]
        raise KeyboardInterrupt

    monkeypatch.setattr(exporting.shutil, "copyfileobj", torn)
    with pytest.raises(KeyboardInterrupt):
        exporting.place(source, target)
    assert list(target.parent.iterdir()) == []


def test_an_output_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputUnwritable, match="cannot be written"):
        exporting.check_writable(tmp_path / "file" / "out")


def test_a_kill_between_two_manifests_leaves_nothing_that_the_next_run_forgets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    objects = Objects(tmp_path / "objects")
    out = tmp_path / "out"
    exporting.export(
        JobResult(
            manifest(transcript={"srt": "transcript.srt"}),
            {"transcript.srt": stored(objects, tmp_path, b"old")},
        ),
        objects,
        out,
    )

    def killed(name: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        exporting.export(
            JobResult(manifest(), {"clips/01-b.mp4": stored(objects, tmp_path, b"b")}),
            objects,
            out,
            killed,
        )
    assert not (out / "manifest.json").exists(), "an old manifest must not speak of new files"
    exporting.export(
        JobResult(manifest(), {"clips/01-c.mp4": stored(objects, tmp_path, b"c")}), objects, out
    )
    names = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}
    assert names == {"manifest.json", "clips/01-c.mp4"}
