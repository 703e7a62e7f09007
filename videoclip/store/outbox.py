"""The outbox: what happens to a job and what is to be told of it become rows in the same transaction.

pending -> delivered | dead (refused for a day, or for good) -> pending (sent again by hand)
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils import uuid7

from videoclip.store.clock import now_ms
from videoclip.store.models import Delivery, Destination, Job

__all__ = ["EVENTS", "KEPT_MS", "Outbox", "Parcel", "announce", "message"]

_ANNOUNCED = ("running", "succeeded", "partial", "failed", "cancelled", "dead")
EVENTS = tuple(f"job.{kind}" for kind in _ANNOUNCED)
"""What can be told."""
KEPT_MS = 24 * 3600 * 1000
"""How long a message is tried."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """A message that is to be sent now, and where to."""

    id: str
    attempt: int
    """Which try this is, from 1; the fence of its outcome."""
    event: str
    body: dict[str, Any]
    destination_id: str
    channel: str
    address: str
    """Sealed."""
    secret: str | None
    """Sealed."""
    language: str


def message(event: str, at_ms: int, data: dict[str, Any]) -> dict[str, Any]:
    """The body of a message."""
    at = datetime.fromtimestamp(at_ms / 1000, timezone.utc).isoformat(timespec="milliseconds")
    return {"type": event, "timestamp": at.replace("+00:00", "Z"), "data": data}


async def announce(
    session: AsyncSession, job_id: str, event_id: int, kind: str, at_ms: int, data: dict[str, Any]
) -> None:
    """Queue what is to be told of a job's event, in the transaction that the event is written in.

    Args:
        session: of that transaction.
        job_id: what it happened to.
        event_id: of the event.
        kind: of the event: the job's new state.
        at_ms: when.
        data: of the event.
    """
    if kind not in _ANNOUNCED:
        return
    event = f"job.{kind}"
    rows = await session.execute(
        select(
            Destination.id.label("to"), Destination.workspace_id, Destination.channel,
            Destination.events, Job.kind, Job.attempt, Job.parent_id,
        )
        .join(Job, Job.workspace_id == Destination.workspace_id)
        .where(Job.id == job_id, Destination.enabled.is_(True))
    )  # fmt: skip
    for job in rows.all():
        if event not in job.events and "*" not in job.events:
            continue
        if job.channel != "webhook" and job.parent_id is not None:
            continue  # people are told of the whole, not of each part
        told = {
            "id": job_id, "kind": job.kind, "state": kind, "attempt": job.attempt,
            "parent_id": job.parent_id, "error": data.get("error"), "event_id": event_id,
        }  # fmt: skip
        session.add(
            Delivery(
                id=str(uuid7()), destination_id=job.to, workspace_id=job.workspace_id, event=event,
                event_id=event_id, job_id=job_id, body=message(event, at_ms, told), state="pending",
                attempts=0, next_ms=at_ms, until_ms=at_ms + KEPT_MS, created_ms=at_ms,
            )
        )  # fmt: skip
    await session.flush()


class Outbox:
    """What deliverers do, over one session; the caller owns the transaction.

    Several work side by side. One that dies loses its hold after the lease, and the message is sent again: at
    least once, never lost.
    """

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def is_due(self) -> bool:
        """Whether something waits to be sent, or to be given up."""
        due = select(Delivery.id).where(Delivery.state == "pending", Delivery.next_ms <= now_ms())
        return await self._session.scalar(due.limit(1)) is not None

    async def claim(
        self, limit: int, *, lease_ms: int, without: Collection[str] = ()
    ) -> list[Parcel]:
        """Take messages to send now.

        Args:
            limit: how many at most.
            lease_ms: for how long nobody else takes them.
            without: ids of destinations that have enough on their way.
        """
        now = await self._now()
        await self._session.execute(
            update(Delivery)
            .where(Delivery.state == "pending", Delivery.next_ms <= now, Delivery.until_ms < now)
            .values(state="dead", finished_ms=now)
        )
        due = (
            select(Delivery, Destination)
            .join(Destination, Destination.id == Delivery.destination_id)
            .where(
                Delivery.state == "pending", Delivery.next_ms <= now, Destination.enabled.is_(True)
            )
            .order_by(Delivery.next_ms, Delivery.id)
            .limit(limit)
            .with_for_update(skip_locked=True, of=Delivery)
            .execution_options(populate_existing=True)
        )
        if without:
            due = due.where(Destination.id.not_in(list(without)))
        parcels = []
        for delivery, to in (await self._session.execute(due)).all():
            delivery.attempts += 1
            delivery.next_ms = now + lease_ms
            parcels.append(
                Parcel(
                    delivery.id, delivery.attempts, delivery.event, delivery.body, to.id, to.channel,
                    to.address, to.secret, to.language,
                )
            )  # fmt: skip
        await self._session.flush()
        return parcels

    async def delivered(self, parcel: Parcel, status: int | None = None) -> None:
        """It arrived."""
        await self._settle(
            parcel, state="delivered", status=status, error=None, finished_ms=await self._now()
        )

    async def failed(
        self, parcel: Parcel, error: str, *, status: int | None = None, pause_ms: int | None
    ) -> None:
        """It did not arrive.

        Args:
            parcel: from `claim`.
            error: why, without secrets.
            status: of the answer.
            pause_ms: before it is tried again; None: never.
        """
        now = await self._now()
        until = await self._session.scalar(
            select(Delivery.until_ms).where(Delivery.id == parcel.id)
        )
        again = pause_ms is not None and until is not None and now + pause_ms <= until
        await self._settle(
            parcel, status=status, error=error[:300],
            **({"next_ms": now + (pause_ms or 0)} if again else {"state": "dead", "finished_ms": now}),
        )  # fmt: skip

    async def disable(self, destination_id: str) -> None:
        """Send nothing there any more: it asked for that."""
        await self._session.execute(
            update(Destination).where(Destination.id == destination_id).values(enabled=False)
        )

    async def prune(self, older_ms: int) -> None:
        """Forget messages that were done with so long ago."""
        before = await self._now() - older_ms
        await self._session.execute(
            delete(Delivery).where(Delivery.state != "pending", Delivery.finished_ms < before)
        )

    async def _settle(self, parcel: Parcel, **values: Any) -> None:
        # A slower deliverer's outcome does not count once somebody else has tried again.
        await self._session.execute(
            update(Delivery)
            .where(
                Delivery.id == parcel.id,
                Delivery.attempts == parcel.attempt,
                Delivery.state == "pending",
            )
            .values(**values)
        )

    async def _now(self) -> int:
        return int(await self._session.scalar(select(now_ms())) or 0)
