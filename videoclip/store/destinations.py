"""The webhooks and notifications of one workspace, and what was sent to them. A stranger's are not found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils import uuid7

from videoclip.errors import InvalidRequest, NotFound, WrongState
from videoclip.store.clock import now_ms
from videoclip.store.models import Delivery, Destination
from videoclip.store.outbox import EVENTS, KEPT_MS, message
from videoclip.store.secrets import Secrets

__all__ = ["DeliveryRecord", "DestinationRecord", "Destinations", "address_place", "secret_place"]

_MOST = 50


@dataclass(frozen=True, slots=True)
class DestinationRecord:
    """A destination, without its secrets."""

    id: str
    channel: str
    name: str
    shown: str
    events: tuple[str, ...]
    language: str
    enabled: bool
    created_by: str | None
    created_ms: int


@dataclass(frozen=True, slots=True)
class DeliveryRecord:
    """A message and how it fares."""

    id: str
    destination_id: str
    event: str
    job_id: str | None
    body: dict[str, Any]
    state: str
    attempts: int
    next_ms: int
    status: int | None
    error: str | None
    created_ms: int
    finished_ms: int | None


def address_place(destination_id: str) -> str:
    """Where an address is sealed for."""
    return f"destination/{destination_id}/address"


def secret_place(destination_id: str) -> str:
    """Where a secret is sealed for."""
    return f"destination/{destination_id}/secret"


class Destinations:
    """Statements over one session and one workspace; the caller owns the transaction."""

    def __init__(self, session: AsyncSession, workspace_id: str, secrets: Secrets) -> None:
        self._session = session
        self._workspace_id = workspace_id
        self._secrets = secrets

    async def create(
        self, channel: str, name: str, address: str, shown: str, events: Sequence[str], *,
        secret: str | None = None, language: str = "en", created_by: str | None = None,
    ) -> DestinationRecord:  # fmt: skip
        """Add a destination.

        Args:
            channel: ``webhook`` or ``notification``.
            name: for people.
            address: checked before; it is sealed.
            shown: the address without its secrets.
            events: of `EVENTS`, or ``*``.
            secret: of a webhook, to sign with; it is sealed.
            language: of the texts: ``en`` or ``zh``.
            created_by: user or API key.

        Raises:
            InvalidRequest: there is no such event, or there are too many destinations.
        """
        strange = set(events) - set(EVENTS) - {"*"}
        if strange or not events:
            raise InvalidRequest(
                "there is no such event", f"Use some of: {', '.join(EVENTS)}, or *"
            )
        mine = select(func.count()).where(Destination.workspace_id == self._workspace_id)
        if (await self._session.scalar(mine) or 0) >= _MOST:
            raise InvalidRequest(
                f"the workspace has {_MOST} destinations", "Remove one that is not needed"
            )
        identity = str(uuid7())
        row = Destination(
            id=identity, workspace_id=self._workspace_id, created_by=created_by, channel=channel,
            name=name, address=self._secrets.seal(address, address_place(identity)),
            shown=shown[:255], events=sorted(set(events)), language=language, enabled=True,
            secret=None if secret is None else self._secrets.seal(secret, secret_place(identity)),
            created_ms=await self._now(),
        )  # fmt: skip
        self._session.add(row)
        await self._session.flush()
        return _destination(row)

    async def all(self) -> list[DestinationRecord]:
        """All of them, oldest first."""
        rows = await self._session.scalars(
            select(Destination)
            .where(Destination.workspace_id == self._workspace_id)
            .order_by(Destination.id)
        )
        return [_destination(row) for row in rows]

    async def get(self, destination_id: str) -> DestinationRecord:
        """One of them.

        Raises:
            NotFound: there is none with this id in the workspace.
        """
        return _destination(await self._row(destination_id))

    async def enable(self, destination_id: str, *, enabled: bool) -> DestinationRecord:
        """Send there, or send nothing there; what waits meanwhile is sent later, within its day.

        Raises:
            NotFound: there is none with this id in the workspace.
        """
        row = await self._row(destination_id)
        row.enabled = enabled
        await self._session.flush()
        return _destination(row)

    async def change_secret(
        self, destination_id: str, change: Callable[[str], str]
    ) -> DestinationRecord:
        """Seal another text of secrets for a webhook.

        Args:
            destination_id: of a webhook.
            change: makes the new text of the old one.

        Raises:
            NotFound: there is none with this id in the workspace.
            WrongState: it is a notification, which has none.
        """
        row = await self._row(destination_id, for_update=True)
        if row.secret is None:
            raise WrongState("a notification has no secret", "Change its address instead")
        place = secret_place(row.id)
        row.secret = self._secrets.seal(change(self._secrets.open(row.secret, place)), place)
        await self._session.flush()
        return _destination(row)

    async def remove(self, destination_id: str) -> None:
        """Remove it with all that was sent there.

        Raises:
            NotFound: there is none with this id in the workspace.
        """
        await self._row(destination_id)
        await self._session.execute(delete(Destination).where(Destination.id == destination_id))

    async def ping(self, destination_id: str) -> DeliveryRecord:
        """Queue a message that only says that it works.

        Raises:
            NotFound: there is none with this id in the workspace.
        """
        await self._row(destination_id)
        now = await self._now()
        row = Delivery(
            id=str(uuid7()), destination_id=destination_id, workspace_id=self._workspace_id,
            event="ping", body=message("ping", now, {}), state="pending", attempts=0, next_ms=now,
            until_ms=now + KEPT_MS, created_ms=now,
        )  # fmt: skip
        self._session.add(row)
        await self._session.flush()
        return _delivery(row)

    async def deliveries(
        self, destination_id: str, *, before: str | None = None, limit: int = 50, state: str | None = None
    ) -> list[DeliveryRecord]:  # fmt: skip
        """What was sent or is to be sent, newest first.

        Raises:
            NotFound: there is none with this id in the workspace.
        """
        await self._row(destination_id)
        query = select(Delivery).where(Delivery.destination_id == destination_id)
        if before is not None:
            query = query.where(Delivery.id < before)
        if state is not None:
            query = query.where(Delivery.state == state)
        rows = await self._session.scalars(query.order_by(Delivery.id.desc()).limit(limit))
        return [_delivery(row) for row in rows]

    async def redeliver(self, delivery_id: str) -> DeliveryRecord:
        """Send a message again, with the same id, whatever became of it.

        Raises:
            NotFound: there is none with this id in the workspace.
        """
        now = await self._now()
        done = await self._session.scalar(
            update(Delivery)
            .where(Delivery.id == delivery_id, Delivery.workspace_id == self._workspace_id)
            .values(state="pending", next_ms=now, until_ms=now + KEPT_MS, finished_ms=None)
            .returning(Delivery.id)
        )
        if done is None:
            raise NotFound(
                "there is no such delivery", "List the deliveries and use one of their ids"
            )
        row = await self._session.get_one(Delivery, delivery_id, populate_existing=True)
        return _delivery(row)

    async def _row(self, destination_id: str, *, for_update: bool = False) -> Destination:
        query = select(Destination).where(
            Destination.id == destination_id, Destination.workspace_id == self._workspace_id
        )
        row = await self._session.scalar(query.with_for_update() if for_update else query)
        if row is None:
            raise NotFound(
                "there is no such destination", "List the destinations and use one of their ids"
            )
        return row

    async def _now(self) -> int:
        return int(await self._session.scalar(select(now_ms())) or 0)


def _destination(row: Destination) -> DestinationRecord:
    return DestinationRecord(
        id=row.id, channel=row.channel, name=row.name, shown=row.shown, events=tuple(row.events),
        language=row.language, enabled=row.enabled, created_by=row.created_by,
        created_ms=row.created_ms,
    )  # fmt: skip


def _delivery(row: Delivery) -> DeliveryRecord:
    return DeliveryRecord(
        id=row.id, destination_id=row.destination_id, event=row.event, job_id=row.job_id,
        body=row.body, state=row.state, attempts=row.attempts, next_ms=row.next_ms,
        status=row.status, error=row.error, created_ms=row.created_ms, finished_ms=row.finished_ms,
    )  # fmt: skip
