"""Alembic runs this for every command; the connection comes from ``migrations.upgrade``."""

from __future__ import annotations

from alembic import context

from videoclip.store.models import Base

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    compare_type=True,
    compare_server_default=True,
    render_as_batch=True,
    transactional_ddl=True,  # our SQLite connections begin transactions themselves
)
with context.begin_transaction():
    context.run_migrations()
