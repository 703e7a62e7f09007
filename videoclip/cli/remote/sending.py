"""Local files become assets of the server; what is there already is named as it is."""

from __future__ import annotations

import re
from pathlib import Path

from videoclip.cli.console import Reporter
from videoclip.cli.options import is_file
from videoclip.cli.remote.credentials import state_folder
from videoclip.cli.remote.follow import moving
from videoclip.cli.sources import show
from videoclip.client import AssetOut, Cancelled, VideoClip
from videoclip.client.resuming import Remembered
from videoclip.errors import NotAllowed, NotFound, SourceMissing, UsageError

__all__ = ["Sender", "is_reference"]

_REFERENCE = re.compile(r"(https?://|s3://|asset:|job:|transcript:)\S.*", re.IGNORECASE)
_TEXTS = frozenset({"--transcript", "--translation"})


def is_reference(text: str) -> bool:
    """Whether a source is one that the server reads itself: an address, an asset, a file that a job made."""
    return _REFERENCE.fullmatch(text) is not None


class Sender:
    """Uploads each file once, goes on where an earlier run was stopped, and shows how far it is."""

    def __init__(self, client: VideoClip, reporter: Reporter) -> None:
        self._client, self._reporter = client, reporter
        self._sent: dict[Path, str] = {}

    def place(self, value: str, option: str) -> str:
        """What an option's file is called in a request.

        Raises:
            UsageError: it is no file, or one that cannot be uploaded.
        """
        self.check(value, option)
        return value if is_reference(value) else self.file(Path(value))

    @staticmethod
    def check(value: str, option: str) -> str:
        """The value again, if its file can be uploaded, as far as can be told here.

        Raises:
            UsageError: it cannot.
        """
        if is_reference(value):
            return value
        if option in _TEXTS:
            raise UsageError(
                f"{option} {value!r} cannot be uploaded: a server takes videos, sounds and images",
                "Name what the server can read: transcript:ID, job:ID/transcript.json, https://... or s3://...",
            )
        if not is_file(value):
            raise UsageError(f"{option} {value!r} is not a file", "Check the path")
        return value

    def file(self, path: Path) -> str:
        """The reference of a file, which is there when this returns.

        Raises:
            SourceError: it cannot be read, or is no video, sound or image.
            Cancelled: Ctrl-C; the next run goes on from there.
        """
        path = path.absolute()
        if path not in self._sent:
            self._sent[path] = self._upload(path).reference
        return self._sent[path]

    def _upload(self, path: Path) -> AssetOut:
        name = show(path.name)
        try:
            status = path.stat()
        except OSError as error:
            raise SourceMissing(
                f"{show(path)} cannot be read: {error.strerror}", "Check it"
            ) from error
        memory = Remembered(
            state_folder() / "assets.json",
            self._client.base_url,
            f"{path}\0{status.st_size}\0{status.st_mtime_ns}",
        )
        if (known := self._known(memory)) is not None:
            self._reporter.note(f"{name} is in the library already, as {known.reference}")
            return known
        try:
            with moving(self._reporter, "upload", name, status.st_size) as tell:
                made = self._client.assets.upload(
                    path, on_progress=tell, resume=state_folder() / "uploads.json"
                )
        except KeyboardInterrupt:
            raise Cancelled(
                f"the upload of {name} was stopped",
                "Run the same command again to go on from there",
            ) from None
        memory.keep(made.id)
        return made

    def _known(self, memory: Remembered) -> AssetOut | None:
        """What an earlier command made of the file as it is now, if that is still there."""
        asset_id = memory.find()
        if asset_id is None:
            return None
        try:
            return self._client.assets.get(asset_id)
        except (
            NotFound,
            NotAllowed,
        ):  # removed, another workspace's, or the key may not read assets
            return None
