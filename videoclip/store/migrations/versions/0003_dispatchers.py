"""Dispatchers, where a job stands, files of watched folders.

Revision ID: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add tables and a column; the release before this one does not see them."""
    op.create_table(
        "dispatcher",
        sa.Column("id", sa.String(128), primary_key=True),
        sa.Column("slots", sa.Integer(), nullable=False),
        sa.Column("running", sa.Integer(), nullable=False),
        sa.Column("draining", sa.Boolean(), nullable=False),
        sa.Column("seen_ms", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "watched_file",
        sa.Column(
            "watch_id", sa.String(36), sa.ForeignKey("job.id", ondelete="CASCADE"), primary_key=True
        ),
        sa.Column("name_sha256", sa.String(64), primary_key=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("mtime_ns", sa.BigInteger(), nullable=False),
        sa.Column("changed_ms", sa.BigInteger(), nullable=False),
        sa.Column(
            "job_id", sa.String(36), sa.ForeignKey("job.id", ondelete="SET NULL"), nullable=True
        ),
    )
    op.add_column("job", sa.Column("progress", sa.JSON(), nullable=True))


def downgrade() -> None:
    """Refuse: what is dropped here cannot be made again."""
    raise NotImplementedError("restore a backup of the database instead")
