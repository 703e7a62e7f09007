"""What was said in all videos of a workspace, sentence by sentence, to be searched."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from videoclip.store.models.base import Base

__all__ = ["SearchSentence"]


class SearchSentence(Base):
    """A sentence of a job's transcript. SQLite has a table `search_words` (FTS5) beside it, kept by triggers."""

    __tablename__ = "search_sentence"

    id: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True
    )
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"))
    job_id: Mapped[str] = mapped_column(ForeignKey("job.id", ondelete="CASCADE"))
    source: Mapped[str] = mapped_column(String(255), doc="as jobs name it, such as asset:ID")
    sentence: Mapped[int] = mapped_column(Integer, doc="its id in the transcript")
    start_ms: Mapped[int] = mapped_column(BigInteger)
    end_ms: Mapped[int] = mapped_column(BigInteger)
    speaker: Mapped[str | None] = mapped_column(String(80))
    text: Mapped[str] = mapped_column(Text)
    times: Mapped[list[list[int]]] = mapped_column(
        JSON, doc="of each word: where it begins in the text, its start and end in ms"
    )
    words: Mapped[str] = mapped_column(
        Text().with_variant(TSVECTOR(), "postgresql"),
        doc="terms in order; made from the text by `search_terms`",
    )

    __table_args__ = (
        UniqueConstraint("job_id", "sentence", name="uq_search_sentence"),
        Index("ix_search_sentence_workspace", "workspace_id", "source"),
        Index("ix_search_sentence_words", "words", postgresql_using="gin").ddl_if(
            dialect="postgresql"
        ),
    )
