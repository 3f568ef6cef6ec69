"""How the rule book's words do, and phrases that it might take up."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.storage import Base

ADOPTED, RETIRED = "words.adopted", "words.retired"
TAKEN_BACK = "words.taken_back"
"""Codes of events; the last one's ``event`` names the change that it takes back."""


class WordHealth(Base):
    """What became of the decisions in which a word of a type was found; counted anew by the job worker."""

    __tablename__ = "word_health"

    type: Mapped[str] = mapped_column(String(40), primary_key=True)
    word: Mapped[str] = mapped_column(String(60), primary_key=True)
    fired: Mapped[int]
    accepted: Mapped[int]
    corrected: Mapped[int]
    last_seen_at: Mapped[datetime]
    counted_at: Mapped[datetime]


class PhraseProposal(Base):
    """A phrase that no rule knows and that customers of one type use often; a person takes it up or turns it down."""

    __tablename__ = "phrase_proposal"
    __table_args__ = (CheckConstraint("state IN ('open', 'adopted', 'dismissed')", name="state"),)

    type: Mapped[str] = mapped_column(String(40), primary_key=True)
    phrase: Mapped[str] = mapped_column(String(60), primary_key=True)
    seen: Mapped[int]  # messages of this type with the phrase
    elsewhere: Mapped[int]  # messages of other types with it
    state: Mapped[str] = mapped_column(String(10))
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    decided_at: Mapped[datetime | None]
    counted_at: Mapped[datetime]
