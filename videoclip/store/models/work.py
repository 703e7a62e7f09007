"""Who hands out jobs, and which files of a watched folder were seen."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, ForeignKey, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from videoclip.store.models.base import Base

__all__ = ["DispatcherRow", "WatchedFile"]


class DispatcherRow(Base):
    """A dispatcher that reports now and then; silence means that it is gone."""

    __tablename__ = "dispatcher"

    id: Mapped[str] = mapped_column(String(128), primary_key=True, doc="host and process")
    slots: Mapped[int] = mapped_column(Integer, doc="jobs that it runs at once")
    running: Mapped[int] = mapped_column(Integer)
    draining: Mapped[bool] = mapped_column(Boolean, doc="it takes no more jobs")
    seen_ms: Mapped[int] = mapped_column(BigInteger)


class WatchedFile(Base):
    """A file of a watched folder: one row, whatever happens to it; its job once it was complete."""

    __tablename__ = "watched_file"

    watch_id: Mapped[str] = mapped_column(
        ForeignKey("job.id", ondelete="CASCADE"), primary_key=True, doc="the job that watches"
    )
    name_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(Text, doc="inside the folder")
    size: Mapped[int] = mapped_column(BigInteger)
    mtime_ns: Mapped[int] = mapped_column(BigInteger)
    changed_ms: Mapped[int] = mapped_column(
        BigInteger, doc="when it was last seen to have another size or time, by the database"
    )
    job_id: Mapped[str | None] = mapped_column(
        ForeignKey("job.id", ondelete="SET NULL"), doc="None: it is still being written"
    )
