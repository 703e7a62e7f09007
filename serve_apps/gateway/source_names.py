"""What people call the sources of jobs, instead of asset:ID."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote

from serve_apps.gateway.sources import asset_of
from videoclip.store.assets import Assets
from videoclip.store.jobs import JobView

__all__ = ["source_names"]


async def source_names(assets: Assets, jobs: Sequence[JobView]) -> dict[str, str]:
    """Names by the jobs' ids, with one statement for all; a job whose source has none is left out."""
    told = {job.id: _source(job.request) for job in jobs}
    ids = {asset for source in told.values() if (asset := asset_of(source))}
    known = await assets.names(ids)
    names = {
        job: known.get(asset_of(source) or "") or _end_of(source) for job, source in told.items()
    }
    return {job: name for job, name in names.items() if name}


def _source(request: dict[str, Any]) -> str:
    for name in ("source", "folder", "prefix"):
        if isinstance(value := request.get(name), str):
            return value
    return ""


def _end_of(source: str) -> str:
    """The last part of an address or a path; nothing for what is no name, such as an asset that is gone."""
    if source.startswith(("asset:", "transcript:")):
        return ""
    path = source.partition("?")[0] if source.startswith(("http://", "https://")) else source
    return unquote(path.rstrip("/").rpartition("/")[2])
