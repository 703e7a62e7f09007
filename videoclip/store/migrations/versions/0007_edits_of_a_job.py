"""Which job's review an edited clip belongs to, and which highlight it began as.

Revision ID: 0007
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add two columns; the release before this one does not see them."""
    op.execute(
        "ALTER TABLE clip_spec ADD COLUMN job_id VARCHAR(36) REFERENCES job (id) ON DELETE SET NULL"
    )
    op.add_column("clip_spec", sa.Column("candidate_id", sa.String(16), nullable=True))
    op.create_index("ix_clip_spec_job", "clip_spec", ["job_id"])


def downgrade() -> None:
    """Refuse: what is dropped here cannot be made again."""
    raise NotImplementedError("restore a backup of the database instead")
