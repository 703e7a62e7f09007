"""What a workspace may keep and ask for. Checked in the transaction that would exceed it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import BigInteger, Select, cast, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from videoclip.errors import NotFound, QuotaExceeded
from videoclip.settings import QuotaSettings
from videoclip.sizes import size_text
from videoclip.store.clock import now_ms
from videoclip.store.control import FINAL
from videoclip.store.insert import insert_into
from videoclip.store.models import Asset, Job, Quota, Upload, UsageEntry, Workspace

__all__ = ["PERIOD_MS", "Limits", "Quotas", "Usage"]

PERIOD_MS = 30 * 24 * 3600 * 1000
"""What is counted over time is counted over thirty days."""
_ASK = "ask an administrator for more"


@dataclass(frozen=True, slots=True)
class Limits:
    """What a workspace may do; None: no limit."""

    max_bytes: int | None
    max_video_ms: int | None
    max_jobs: int | None
    retention_days: int | None


@dataclass(frozen=True, slots=True)
class Usage:
    """What a workspace does."""

    asset_bytes: int
    upload_bytes: int
    """Announced by uploads that are not assets yet, whether they have arrived or not."""
    result_bytes: int
    """Of the files that its jobs made, as far as the jobs are kept."""
    video_ms: int
    """Length of the videos taken in during thirty days."""
    bytes_in: int
    """Taken in during thirty days."""
    jobs: int
    """That are not over."""


class Quotas:
    """Statements over one session for one workspace; the caller owns the transaction.

    Args:
        session: of the transaction that wants more.
        workspace_id: whose.
        defaults: for workspaces without a quota of their own.
    """

    def __init__(self, session: AsyncSession, workspace_id: str, defaults: QuotaSettings) -> None:
        self._session = session
        self._workspace = workspace_id
        self._defaults = defaults

    async def limits(self) -> Limits:
        """The workspace's own, else the settings'."""
        found = await self._session.get(Quota, self._workspace, populate_existing=True)
        own = found or Quota()
        default = self._defaults

        def chosen(value: int | None, otherwise: int) -> int | None:
            return (otherwise or None) if value is None else value

        return Limits(
            chosen(own.max_bytes, default.max_bytes),
            chosen(own.max_video_ms, default.max_video_minutes * 60_000),
            chosen(own.max_jobs, default.max_jobs),
            chosen(own.retention_days, default.retention_days) or None,
        )

    async def set_limits(
        self,
        *,
        max_bytes: int | None = None,
        max_video_ms: int | None = None,
        max_jobs: int | None = None,
        retention_days: int | None = None,
    ) -> None:
        """Give the workspace limits of its own; None: as the settings say. A limit of 0 allows nothing."""
        values = {
            "max_bytes": max_bytes, "max_video_ms": max_video_ms, "max_jobs": max_jobs,
            "retention_days": retention_days,
        }  # fmt: skip
        await self._session.execute(
            insert_into(self._session, Quota)
            .values(workspace_id=self._workspace, **values)
            .on_conflict_do_update(index_elements=["workspace_id"], set_=values)
        )

    async def usage(self) -> Usage:
        """What counts at this moment."""
        made = Job.result["cost"]["bytes_out"].as_string()
        jobs = select(func.count()).where(
            Job.workspace_id == self._workspace, Job.state.not_in(FINAL)
        )
        return Usage(
            await self._sum(
                select(func.sum(Asset.size)).where(Asset.workspace_id == self._workspace)
            ),
            await self._sum(
                select(func.sum(Upload.size)).where(
                    Upload.workspace_id == self._workspace,
                    Upload.state != "finished",
                    Upload.joined_into.is_(None),
                )
            ),
            await self._sum(
                select(func.sum(cast(made, BigInteger))).where(Job.workspace_id == self._workspace)
            ),
            await self._over_time("video_ms"),
            await self._over_time("bytes_in"),
            await self._sum(jobs),
        )

    async def add_bytes(self, more: int) -> None:
        """Check that so many bytes may be kept beside the others; nobody else adds any until the commit.

        Raises:
            QuotaExceeded: they may not.
        """
        await self.hold()
        await self.check_bytes(more)

    async def check_bytes(self, more: int = 0) -> None:
        """As ``add_bytes``, without waiting for others who add."""
        limit = (await self.limits()).max_bytes
        if limit is None:
            return
        usage = await self.usage()
        total = usage.asset_bytes + usage.upload_bytes + usage.result_bytes + more
        if total > limit:
            raise QuotaExceeded(
                f"the workspace may keep {size_text(limit)}, and this would make it {size_text(total)}",
                f"Delete assets and jobs that are not needed, or {_ASK}",
            )

    async def add_video(self, duration_ms: int, size: int, subject: str) -> None:
        """Count a video that is taken in.

        Raises:
            QuotaExceeded: it would be too much for these thirty days.
        """
        await self.hold()
        await self.check_video(duration_ms)
        for kind, amount in (("video_ms", duration_ms), ("bytes_in", size)):
            self._session.add(
                UsageEntry(
                    workspace_id=self._workspace, at_ms=now_ms(), kind=kind, amount=amount,
                    subject=subject,
                )
            )  # fmt: skip
        await self._session.flush()

    async def check_video(self, duration_ms: int) -> None:
        """As ``add_video``, without counting it.

        Raises:
            QuotaExceeded: it would be too much for these thirty days.
        """
        limit = (await self.limits()).max_video_ms
        if limit is not None and await self._over_time("video_ms") + duration_ms > limit:
            raise QuotaExceeded(
                f"the workspace may take in {limit // 60_000} minutes of video in thirty days",
                f"Wait until older ones no longer count, or {_ASK}",
            )

    async def check_jobs(self) -> None:
        """Check, when a job was just added, that there may be so many, and room for what they make; else roll back.

        Raises:
            QuotaExceeded: there may not, or there is none.
        """
        await self.check_bytes()
        limit = (await self.limits()).max_jobs
        if limit is None:
            return
        await self.hold()
        usage = await self.usage()
        if usage.jobs > limit:
            raise QuotaExceeded(
                f"the workspace may have {limit} jobs that wait or run",
                f"Wait until one is over, cancel one, or {_ASK}",
            )

    async def hold(self) -> None:
        """Whoever wants more of this workspace's quota waits for the transaction before.

        Raises:
            NotFound: there is no such workspace.
        """
        if await self._session.scalar(self._own_row().with_for_update()) is None:
            raise NotFound("there is no such workspace", "Use the id of one of your workspaces")

    async def check_exists(self) -> None:
        """Check that there is such a workspace.

        Raises:
            NotFound: there is none.
        """
        if await self._session.scalar(self._own_row()) is None:
            raise NotFound("there is no such workspace", "Use the id of one of your workspaces")

    def _own_row(self) -> Select[str]:
        return select(Workspace.id).where(Workspace.id == self._workspace)

    async def _over_time(self, kind: str) -> int:
        return await self._sum(
            select(func.sum(UsageEntry.amount)).where(
                UsageEntry.workspace_id == self._workspace,
                UsageEntry.kind == kind,
                UsageEntry.at_ms > now_ms() - PERIOD_MS,
            )
        )

    async def _sum(self, statement: object) -> int:
        return int(await self._session.scalar(statement) or 0)  # type: ignore[call-overload]
