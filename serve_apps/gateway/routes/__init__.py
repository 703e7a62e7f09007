"""The resources of the API, one file each; every file has a `router`."""

from __future__ import annotations

from fastapi import APIRouter

from serve_apps.gateway.routes import (
    admin,
    assets,
    audit,
    auth,
    clip_specs,
    clips,
    events,
    files,
    health,
    highlights,
    jobs,
    keys,
    oidc,
    presets,
    quotas,
    search,
    transcripts,
    uploads,
    webhooks,
    workspaces,
)

__all__ = ["ROUTERS", "STREAMED"]

ROUTERS: tuple[APIRouter, ...] = (
    health.router,
    auth.router,
    oidc.router,
    workspaces.router,
    keys.router,
    uploads.tus_router,
    uploads.router,
    assets.router,
    files.router,
    jobs.router,
    events.router,
    presets.router,
    audit.router,
    admin.router,
    clips.router,
    transcripts.router,
    highlights.router,
    clip_specs.router,
    quotas.router,
    search.router,
    webhooks.router,
)
"""All of them, in the order of the documentation; mounted below `/api/v1`."""
STREAMED = ("/api/v1/uploads",)
"""Paths that take bodies of any size and check them by themselves."""
