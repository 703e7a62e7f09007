"""Where workspaces want to be told of their jobs, what is on its way there; sentences to be searched.

Revision ID: 0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TSVECTOR

revision = "0006"
down_revision = "0003"
branch_labels = None
depends_on = None


def _key(table: str, *, null: bool = False, gone: str = "CASCADE") -> sa.Column[str]:
    key = sa.ForeignKey(f"{table}.id", ondelete=gone)
    return sa.Column(f"{table}_id", sa.String(36), key, nullable=null)


def _number(name: str, *, null: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=null)


def upgrade() -> None:
    """Add tables; the release before this one does not see them."""
    _outbox()
    _search()


def _outbox() -> None:
    op.create_table(
        "destination",
        sa.Column("id", sa.String(36), primary_key=True),
        _key("workspace"),
        sa.Column("created_by", sa.String(36), nullable=True),
        sa.Column("channel", sa.String(16), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("shown", sa.String(255), nullable=False),
        sa.Column("secret", sa.Text(), nullable=True),
        sa.Column("events", sa.JSON(), nullable=False),
        sa.Column("language", sa.String(8), server_default="en", nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        _number("created_ms"),
    )
    op.create_index("ix_destination_workspace", "destination", ["workspace_id", "id"])
    op.create_table(
        "delivery",
        sa.Column("id", sa.String(36), primary_key=True),
        _key("destination"),
        _key("workspace"),
        sa.Column("event", sa.String(32), nullable=False),
        _number("event_id", null=True),
        _key("job", null=True, gone="SET NULL"),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        _number("next_ms"),
        _number("until_ms"),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("error", sa.String(300), nullable=True),
        _number("created_ms"),
        _number("finished_ms", null=True),
        sa.UniqueConstraint("destination_id", "event_id", name="uq_delivery_event"),
    )
    op.create_index("ix_delivery_next", "delivery", ["state", "next_ms"])
    op.create_index("ix_delivery_workspace", "delivery", ["workspace_id", "id"])
    op.create_index("ix_delivery_job", "delivery", ["job_id"])


def _search() -> None:
    postgresql = op.get_bind().dialect.name == "postgresql"
    op.create_table(
        "search_sentence",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            primary_key=True,
            autoincrement=True,
        ),
        _key("workspace"),
        _key("job"),
        sa.Column("source", sa.String(255), nullable=False),
        sa.Column("sentence", sa.Integer(), nullable=False),
        _number("start_ms"),
        _number("end_ms"),
        sa.Column("speaker", sa.String(80), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("times", sa.JSON(), nullable=False),
        sa.Column("words", TSVECTOR() if postgresql else sa.Text(), nullable=False),
        sa.UniqueConstraint("job_id", "sentence", name="uq_search_sentence"),
    )
    op.create_index("ix_search_sentence_workspace", "search_sentence", ["workspace_id", "source"])
    if postgresql:
        op.create_index(
            "ix_search_sentence_words", "search_sentence", ["words"], postgresql_using="gin"
        )
        return
    op.execute(
        "CREATE VIRTUAL TABLE search_words USING fts5("
        "words, content='search_sentence', content_rowid='id', tokenize='unicode61 remove_diacritics 0')"
    )
    add = "INSERT INTO search_words (rowid, words) VALUES (new.id, new.words);"
    drop = "INSERT INTO search_words (search_words, rowid, words) VALUES ('delete', old.id, old.words);"
    for event, work in (("INSERT", add), ("DELETE", drop), ("UPDATE", drop + add)):
        op.execute(
            f"CREATE TRIGGER search_words_{event.lower()} AFTER {event} ON search_sentence"
            f" BEGIN {work} END"
        )


def downgrade() -> None:
    """Take the tables away."""
    if op.get_bind().dialect.name != "postgresql":
        op.execute("DROP TABLE search_words")
    for table in ("search_sentence", "delivery", "destination"):
        op.drop_table(table)
