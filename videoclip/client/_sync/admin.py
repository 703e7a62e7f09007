# Made from ../_async/admin.py by `make docs`; do not edit.
"""The installation, for its administrators. They sign in: a key never administers."""

from __future__ import annotations

from collections.abc import Sequence

from videoclip.client._sync.resource import Listing, Resource, segment
from videoclip.client.bodies import dumped, read, valid
from videoclip.client.operations import operation
from videoclip.schemas.api.admin import (
    AdminJobOut,
    AdminJobsPage,
    AdminUserOut,
    DisabledIn,
    StatusOut,
    UsersPage,
    WorkspaceShareIn,
    WorkspacesPage,
)
from videoclip.schemas.api.audit import AuditOut, AuditPage
from videoclip.schemas.api.jobs import State
from videoclip.schemas.api.quotas import QuotaIn, QuotaOut
from videoclip.schemas.api.workspaces import WorkspaceOut

__all__ = ["Admin"]


class Admin(Resource):
    """Users, workspaces and their share, dispatchers, the installation's audit."""

    @operation("GET /admin/status")
    def status(self) -> StatusOut:
        """Jobs by state, who hands them out, the disk, and the cluster where there is one."""
        return self._transport.get("/admin/status", StatusOut)

    @operation("GET /admin/jobs")
    def jobs_page(
        self, *, state: Sequence[State] = (), cursor: str | None = None, limit: int = 20,
        oldest_first: bool = False,
    ) -> AdminJobsPage:  # fmt: skip
        """Some jobs of all workspaces, newest first; ``state``: only these."""
        query = {
            "state": list(state), "cursor": cursor, "limit": limit, "oldest_first": oldest_first,
        }  # fmt: skip
        return self._transport.get("/admin/jobs", AdminJobsPage, query)

    def jobs(
        self, *, state: Sequence[State] = (), oldest_first: bool = False
    ) -> Listing[AdminJobsPage, AdminJobOut]:
        """All jobs of all workspaces, newest first, with why they wait or failed; ``state``: only these."""
        return Listing(
            lambda cursor: self.jobs_page(
                state=state, cursor=cursor, limit=50, oldest_first=oldest_first
            ),
            lambda page: page.jobs,
            lambda page: page.next_cursor,
        )

    @operation("POST /admin/jobs/{job_id}/retry")
    def retry_job(self, job_id: str) -> AdminJobOut:
        """Let a job of any workspace wait again, such as one that was given up.

        Raises:
            WrongState: it is not over, or went well.
        """
        return self._transport.post(f"/admin/jobs/{segment(job_id)}/retry", AdminJobOut)

    @operation("GET /admin/users")
    def users_page(self, *, cursor: str | None = None, limit: int = 50) -> UsersPage:
        """Some users, oldest first."""
        query = {"cursor": cursor, "limit": limit}
        return self._transport.get("/admin/users", UsersPage, query)

    def users(self) -> Listing[UsersPage, AdminUserOut]:
        """All users, oldest first."""
        return Listing(
            lambda cursor: self.users_page(cursor=cursor, limit=200),
            lambda page: page.users,
            lambda page: page.next_cursor,
        )

    @operation("PATCH /admin/users/{user_id}")
    def disable_user(self, user_id: str, *, disabled: bool = True) -> AdminUserOut:
        """Lock a user out, at once and with all their keys; or let them in again."""
        path = f"/admin/users/{segment(user_id)}"
        body = dumped(valid(DisabledIn, disabled=disabled))
        answer = self._transport.send("PATCH", path, json=body, safe=True)
        return read(AdminUserOut, answer.content)

    @operation("DELETE /admin/users/{user_id}/sign-ins")
    def end_sign_ins(self, user_id: str) -> None:
        """End all sign-ins of a user; their password and keys stay."""
        self._transport.send("DELETE", f"/admin/users/{segment(user_id)}/sign-ins")

    @operation("GET /admin/workspaces")
    def workspaces_page(self, *, cursor: str | None = None, limit: int = 50) -> WorkspacesPage:
        """Some workspaces, oldest first."""
        query = {"cursor": cursor, "limit": limit}
        return self._transport.get("/admin/workspaces", WorkspacesPage, query)

    def workspaces(self) -> Listing[WorkspacesPage, WorkspaceOut]:
        """All workspaces, oldest first; what is in them stays theirs."""
        return Listing(
            lambda cursor: self.workspaces_page(cursor=cursor, limit=200),
            lambda page: page.workspaces,
            lambda page: page.next_cursor,
        )

    @operation("PATCH /admin/workspaces/{workspace_id}")
    def set_share(
        self, workspace_id: str, *, weight: int = 1, max_running: int | None = None
    ) -> WorkspaceOut:
        """How much of the machines a workspace gets while others wait, and how many of its jobs run at once."""
        path = f"/admin/workspaces/{segment(workspace_id)}"
        body = dumped(valid(WorkspaceShareIn, weight=weight, max_running=max_running))
        answer = self._transport.send("PATCH", path, json=body, safe=True)
        return read(WorkspaceOut, answer.content)

    @operation("GET /admin/workspaces/{workspace_id}/quota")
    def quota(self, workspace_id: str) -> QuotaOut:
        """What a workspace keeps and has running, and how much of that it may."""
        path = f"/admin/workspaces/{segment(workspace_id)}/quota"
        return self._transport.get(path, QuotaOut)

    @operation("PUT /admin/workspaces/{workspace_id}/quota")
    def set_quota(
        self, workspace_id: str, *, max_bytes: int | None = None, max_video_ms: int | None = None,
        max_jobs: int | None = None, retention_days: int | None = None,
    ) -> QuotaOut:  # fmt: skip
        """Give a workspace limits of its own; None: as the settings say. 0 allows nothing."""
        wanted = valid(
            QuotaIn, max_bytes=max_bytes, max_video_ms=max_video_ms, max_jobs=max_jobs,
            retention_days=retention_days,
        )  # fmt: skip
        path = f"/admin/workspaces/{segment(workspace_id)}/quota"
        answer = self._transport.send("PUT", path, json=dumped(wanted))
        return read(QuotaOut, answer.content)

    @operation("GET /admin/audit")
    def audit_page(
        self, *, cursor: int | None = None, limit: int = 50, action: str = "",
        user: str | None = None,
    ) -> AuditPage:  # fmt: skip
        """Some of what was done to users and to the installation, newest first; filters as of ``audit.page``."""
        query = {"cursor": cursor, "limit": limit, "action": action or None, "user": user}
        return self._transport.get("/admin/audit", AuditPage, query)

    def audit(self, *, action: str = "", user: str | None = None) -> Listing[AuditPage, AuditOut]:
        """All that was done to users and to the installation, newest first; filters as of ``audit.page``."""
        return Listing(
            lambda cursor: self.audit_page(cursor=cursor, limit=200, action=action, user=user),
            lambda page: page.records,
            lambda page: page.next_cursor,
        )
