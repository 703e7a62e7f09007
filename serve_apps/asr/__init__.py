"""The speech application: a recogniser on Ray Serve that batches pieces of sound from all jobs."""

from __future__ import annotations

from serve_apps.asr.builder import application, build

__all__ = ["application", "build"]
