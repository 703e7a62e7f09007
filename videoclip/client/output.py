"""Read what a job wrote into its output folder, typed."""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import ValidationError

from videoclip.errors import SourceMissing, SourceNotMedia
from videoclip.schemas import Clip, Manifest, Transcript

__all__ = ["Output", "open_output"]


class Output:
    """An output folder: its manifest, clips and transcript."""

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self.folder = folder
        self.manifest = manifest

    @property
    def clips(self) -> list[Clip]:
        """The finished clips, best first."""
        return self.manifest.clips

    def path(self, name: str) -> Path:
        """Absolute path of a file that the manifest names, such as ``clip.file``.

        Raises:
            SourceMissing: the name leads out of the folder, or the file is not there.
        """
        path = (self.folder / name).resolve()
        if not path.is_relative_to(self.folder.resolve()) or not path.is_file():
            raise SourceMissing(
                f"{name} is not a file of this output", "Run the job again into the same folder"
            )
        return path

    def transcript(self) -> Transcript:
        """The whole transcript, with words and times.

        Raises:
            SourceMissing: the job made none (a cut by hand has no transcript).
        """
        name = self.manifest.transcript.get("json")
        if name is None:
            raise SourceMissing("this job made no transcript", "Use videoclip clip or transcribe")
        return Transcript.model_validate_json(self.path(name).read_bytes())


def open_output(folder: str | os.PathLike[str]) -> Output:
    """Open an output folder of ``videoclip clip``, ``transcribe`` or ``cut``.

    Raises:
        SourceMissing: there is no manifest (the job has not finished).
        SourceNotMedia: the manifest is of another version or damaged.
    """
    root = Path(folder)
    try:
        text = (root / "manifest.json").read_bytes()
    except OSError as error:
        raise SourceMissing(
            f"{root} has no manifest.json", "Wait until the job has finished, or check the path"
        ) from error
    try:
        return Output(root, Manifest.model_validate_json(text))
    except ValidationError as error:
        raise SourceNotMedia(
            f"{root / 'manifest.json'} is not a manifest of version 1",
            "Use the video-clip release that wrote it",
        ) from error
