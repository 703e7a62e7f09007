"""Tables. Application code goes through the repositories, never here."""

from __future__ import annotations

from videoclip.store.models.accounts import (
    ApiKey,
    Audit,
    Invitation,
    Membership,
    Preset,
    RateWindow,
    RefreshToken,
    User,
)
from videoclip.store.models.base import HEAD, SCHEMA_VERSION, Base, SchemaVersion
from videoclip.store.models.files import Asset, AssetFile, Quota, ShareLink, Upload, UsageEntry
from videoclip.store.models.jobs import Artifact, FileDigest, Job, JobEvent, UnitRow, Workspace
from videoclip.store.models.outbox import Delivery, Destination
from videoclip.store.models.review import (
    ClipSpec,
    HighlightDecision,
    TranscriptRow,
    TranscriptVersion,
)
from videoclip.store.models.search import SearchSentence
from videoclip.store.models.work import DispatcherRow, WatchedFile

__all__ = [
    "HEAD",
    "SCHEMA_VERSION",
    "ApiKey",
    "Artifact",
    "Asset",
    "AssetFile",
    "Audit",
    "Base",
    "ClipSpec",
    "Delivery",
    "Destination",
    "DispatcherRow",
    "FileDigest",
    "HighlightDecision",
    "Invitation",
    "Job",
    "JobEvent",
    "Membership",
    "Preset",
    "Quota",
    "RateWindow",
    "RefreshToken",
    "SchemaVersion",
    "SearchSentence",
    "ShareLink",
    "TranscriptRow",
    "TranscriptVersion",
    "UnitRow",
    "Upload",
    "UsageEntry",
    "User",
    "WatchedFile",
    "Workspace",
]
