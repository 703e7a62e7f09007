# Made from ../_async/audit.py by `make docs`; do not edit.
"""Who did what, what was used, and what may be used."""

from __future__ import annotations

from videoclip.client._sync.resource import Listing, Resource
from videoclip.client.operations import operation
from videoclip.schemas.api.audit import AuditOut, AuditPage, UsageOut
from videoclip.schemas.api.quotas import QuotaOut

__all__ = ["Audit"]


class Audit(Resource):
    """The workspace's audit, usage and quota."""

    @operation("GET /audit")
    def page(
        self, *, cursor: int | None = None, limit: int = 50, action: str = "",
        user: str | None = None,
    ) -> AuditPage:  # fmt: skip
        """Some records, newest first.

        Args:
            cursor: ``next_cursor`` of the page before.
            limit: at most so many.
            action: only this one, or a whole kind, such as ``member.role`` or ``member``.
            user: only what this user did.
        """
        query = {"cursor": cursor, "limit": limit, "action": action or None, "user": user}
        return self._transport.get("/audit", AuditPage, query)

    def list(self, *, action: str = "", user: str | None = None) -> Listing[AuditPage, AuditOut]:
        """All records, newest first; filters as of ``page``."""
        return Listing(
            lambda cursor: self.page(cursor=cursor, limit=200, action=action, user=user),
            lambda page: page.records,
            lambda page: page.next_cursor,
        )

    @operation("GET /usage")
    def usage(self, *, since_ms: int | None = None, until_ms: int | None = None) -> UsageOut:
        """What jobs used between two moments, milliseconds since 1970; None: as the server says."""
        query = {"since_ms": since_ms, "until_ms": until_ms}
        return self._transport.get("/usage", UsageOut, query)

    @operation("GET /quota")
    def quota(self) -> QuotaOut:
        """What the workspace keeps and has running, and how much of that it may."""
        return self._transport.get("/quota", QuotaOut)
