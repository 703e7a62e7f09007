"""Workspaces, the queue of their jobs, and what happens to them.

Revision ID: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add tables and columns; the release before this one does not see them."""
    op.create_table(
        "workspace",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("weight", sa.Integer(), server_default="1", nullable=False),
        sa.Column("max_running", sa.Integer(), nullable=True),
        sa.Column("served_ms", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False
        ),
    )
    op.create_table(
        "job_event",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            primary_key=True,
            autoincrement=True,
        ),
        sa.Column(
            "job_id", sa.String(36), sa.ForeignKey("job.id", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
    )
    op.create_index("ix_job_event_job", "job_event", ["job_id", "id"])
    # Column by column: SQLite's way of making a table anew would cascade over everything that refers to it.
    for column in (
        sa.Column("created_by", sa.String(36), nullable=True),
        sa.Column("body_sha256", sa.String(64), nullable=True),
        sa.Column("priority", sa.Integer(), server_default="0", nullable=False),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("max_failures", sa.Integer(), server_default="3", nullable=False),
        sa.Column("enqueued_ms", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("not_before_ms", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("started_ms", sa.BigInteger(), nullable=True),
        sa.Column("finished_ms", sa.BigInteger(), nullable=True),
        sa.Column("lease_until_ms", sa.BigInteger(), nullable=True),
        sa.Column("lease_owner", sa.String(128), nullable=True),
        sa.Column("result", sa.JSON(), nullable=True),
    ):  # fmt: skip
        op.add_column("job", column)
    for name, table in (("workspace_id", "workspace"), ("parent_id", "job")):
        op.execute(
            f"ALTER TABLE job ADD COLUMN {name} VARCHAR(36) REFERENCES {table} (id) ON DELETE CASCADE"
        )
    op.create_index("ix_job_claim", "job", ["state", "workspace_id", "priority", "enqueued_ms"])
    op.create_index("ix_job_workspace", "job", ["workspace_id", "id"])
    op.create_index("ix_job_parent", "job", ["parent_id"])


def downgrade() -> None:
    """Refuse: columns that others refer to cannot be taken away without making tables anew."""
    raise NotImplementedError("restore a backup of the database instead")
