"""The declarative base, and which schema this release writes."""

from __future__ import annotations

from sqlalchemy import Integer
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

__all__ = ["HEAD", "SCHEMA_VERSION", "Base", "SchemaVersion"]

HEAD = "0009"
"""Newest migration of this release."""
SCHEMA_VERSION = 2
"""Raised by a migration that releases before it could not live with."""


class Base(DeclarativeBase):
    """Declarative base of all tables."""


class SchemaVersion(Base):
    """One row: releases with another version must not use this database."""

    __tablename__ = "schema_version"

    version: Mapped[int] = mapped_column(Integer, primary_key=True)
