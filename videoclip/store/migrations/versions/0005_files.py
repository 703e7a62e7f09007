"""Uploads, assets, quotas, links; transcripts with versions, decisions on highlights, edited clips.

Revision ID: 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0002"
branch_labels = None
depends_on = None


def _id(name: str = "id") -> sa.Column[str]:
    return sa.Column(name, sa.String(36), primary_key=True)


def _of(
    table: str,
    *,
    null: bool = False,
    gone: str = "CASCADE",
    primary_key: bool = False,
    unique: bool | None = None,
) -> sa.Column[str]:
    key = sa.ForeignKey(f"{table}.id", ondelete=gone)
    return sa.Column(
        f"{table}_id", sa.String(36), key, nullable=null, primary_key=primary_key, unique=unique
    )


def _time(name: str, *, null: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=null)


def _text(
    name: str, length: int, *, null: bool = False, default: str | None = None
) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), server_default=default, nullable=null)


def upgrade() -> None:
    """Add tables; the release before this one does not see them."""
    _uploads()
    _quotas()
    _review()


def _uploads() -> None:
    op.create_table(
        "upload",
        _id(),
        _of("workspace"),
        _text("created_by", 36, null=True),
        _text("name", 255),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("offset", sa.BigInteger(), server_default="0", nullable=False),
        _text("state", 16),
        _text("concat", 8, default=""),
        sa.Column("parts", sa.JSON(), nullable=True),
        _text("joined_into", 36, null=True),
        _text("sha256", 64, null=True),
        sa.Column("error", sa.JSON(), nullable=True),
        _text("asset_id", 36, null=True),
        _time("created_ms"),
        _time("expires_ms"),
    )
    op.create_index("ix_upload_workspace", "upload", ["workspace_id", "id"])
    op.create_index("ix_upload_expires", "upload", ["state", "expires_ms"])
    op.create_table(
        "asset",
        _id(),
        _of("workspace"),
        _text("created_by", 36, null=True),
        _text("name", 255),
        _text("sha256", 64),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("duration_ms", sa.BigInteger(), nullable=False),
        sa.Column("media", sa.JSON(), nullable=False),
        _text("state", 16),
        _time("created_ms"),
    )
    op.create_index("ix_asset_workspace", "asset", ["workspace_id", "id"])
    op.create_index("ix_asset_sha256", "asset", ["sha256"])
    op.create_table(
        "asset_file",
        _of("asset", primary_key=True),
        sa.Column("name", sa.String(80), primary_key=True),
        _text("kind", 16),
        _text("sha256", 64),
        sa.Column("size", sa.BigInteger(), nullable=False),
        _text("media_type", 80),
    )


def _quotas() -> None:
    op.create_table(
        "quota",
        _of("workspace", primary_key=True),
        sa.Column("max_bytes", sa.BigInteger(), nullable=True),
        sa.Column("max_video_ms", sa.BigInteger(), nullable=True),
        sa.Column("max_jobs", sa.Integer(), nullable=True),
        sa.Column("retention_days", sa.Integer(), nullable=True),
    )
    op.create_table(
        "usage_entry",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            primary_key=True,
            autoincrement=True,
        ),
        _of("workspace"),
        _time("at_ms"),
        _text("kind", 32),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        _text("subject", 36, null=True),
    )
    op.create_index("ix_usage_entry_workspace", "usage_entry", ["workspace_id", "kind", "at_ms"])
    op.create_table(
        "share_link",
        _id(),
        _of("workspace"),
        _text("created_by", 36, null=True),
        _of("job"),
        _text("name", 255),
        sa.Column("token_sha256", sa.String(64), unique=True, nullable=False),
        _time("created_ms"),
        _time("expires_ms"),
        _time("revoked_ms", null=True),
    )
    op.create_index("ix_share_link_job", "share_link", ["job_id"])


def _review() -> None:
    op.create_table(
        "transcript",
        _id(),
        _of("workspace"),
        _of("job", null=True, unique=True),
        _of("asset", null=True, gone="SET NULL"),
        _text("name", 255),
        _text("language", 35),
        sa.Column("version", sa.Integer(), nullable=False),
        _time("created_ms"),
    )
    op.create_index("ix_transcript_workspace", "transcript", ["workspace_id", "id"])
    op.create_table(
        "transcript_version",
        _of("transcript", primary_key=True),
        sa.Column("version", sa.Integer(), primary_key=True),
        sa.Column("content", sa.JSON(), nullable=False),
        _text("author", 36, null=True),
        _text("note", 200, default=""),
        _time("created_ms"),
    )
    op.create_table(
        "highlight_decision",
        _of("job", primary_key=True),
        sa.Column("candidate_id", sa.String(16), primary_key=True),
        _text("decision", 8),
        _text("author", 36, null=True),
        _time("decided_ms"),
    )
    op.create_table(
        "clip_spec",
        _id(),
        _of("workspace"),
        _text("source", 255),
        _text("title", 255),
        sa.Column("ranges", sa.JSON(), nullable=False),
        sa.Column("render", sa.JSON(), nullable=False),
        _of("transcript", null=True, gone="SET NULL"),
        sa.Column("version", sa.Integer(), nullable=False),
        _text("created_by", 36, null=True),
        _time("created_ms"),
        _time("updated_ms"),
    )
    op.create_index("ix_clip_spec_workspace", "clip_spec", ["workspace_id", "id"])


def downgrade() -> None:
    """Take the tables away, those first that refer to others."""
    for table in (
        "clip_spec", "highlight_decision", "transcript_version", "transcript", "share_link",
        "usage_entry", "quota", "asset_file", "asset", "upload",
    ):  # fmt: skip
        op.drop_table(table)
