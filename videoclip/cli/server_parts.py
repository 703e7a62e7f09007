"""Reach the pipelines, which live beside the library and which the library must not import by name.

In a checkout they are top-level packages; in an installed wheel they sit under ``videoclip/_server``.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType

from videoclip.errors import EngineUnavailable

__all__ = ["load"]


def load(name: str) -> ModuleType:
    """Import a server module such as ``pipelines.jobs``.

    Raises:
        EngineUnavailable: the server part is not installed.
    """
    package = Path(__file__).resolve().parents[1]
    for root in (package / "_server", package.parent):
        if (root / name.partition(".")[0]).is_dir():
            # First, so that somebody else's `pipelines` or `cluster` is not taken for ours.
            if str(root) not in sys.path:
                sys.path.insert(0, str(root))
            break
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise EngineUnavailable(
            f"this command needs {error.name}, which is not installed",
            'Install the server part: pip install "video-clip[server]"',
        ) from error
