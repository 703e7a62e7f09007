"""Older versions of a transcript are kept as differences, which releases before this one cannot read.

Revision ID: 0008
"""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Have those releases refuse the database, instead of failing at a transcript that was corrected."""
    op.execute("UPDATE schema_version SET version = 2")


def downgrade() -> None:
    """Refuse: differences are not made whole again."""
    raise NotImplementedError("restore a backup of the database instead")
