"""Which trace a job belongs to; when a unit was done, and on whose card.

Revision ID: 0009
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add columns; the release before this one does not see them."""
    op.add_column("job", sa.Column("traceparent", sa.String(55), nullable=True))
    op.add_column("unit", sa.Column("started_ms", sa.BigInteger(), nullable=True))
    op.add_column("unit", sa.Column("finished_ms", sa.BigInteger(), nullable=True))
    op.add_column("unit", sa.Column("gpu_s", sa.Float(), server_default="0", nullable=False))


def downgrade() -> None:
    """Refuse: what is dropped here cannot be made again."""
    raise NotImplementedError("restore a backup of the database instead")
