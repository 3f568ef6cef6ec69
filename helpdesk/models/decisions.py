"""What was decided, on what, and what people made of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.storage import Base


class DecisionRow(Base):
    """One judgement with its inputs: the message by reference and hash, the order facts, all versions.

    Spans are figures into the unaltered message, with the rule's own word: no text of the customer's.
    """

    __tablename__ = "decision"
    __table_args__ = (
        CheckConstraint("tier IN ('auto', 'suggest', 'none')", name="tier"),
        Index("ix_decision_ticket", "ticket_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    message_id: Mapped[int] = mapped_column(ForeignKey("message.id"))
    text_hash: Mapped[str] = mapped_column(String(64))
    facts: Mapped[dict[str, Any]]
    rule_version: Mapped[int]
    model_version: Mapped[int | None]
    normaliser_version: Mapped[int]
    type: Mapped[str] = mapped_column(String(40))
    tier: Mapped[str] = mapped_column(String(8))
    score: Mapped[float]
    spans: Mapped[list[Any]]
    runners_up: Mapped[list[Any]]
    created_at: Mapped[datetime]


class Correction(Base):
    """A person confirmed the type (from = to) or changed it: evidence for the learner."""

    __tablename__ = "correction"
    __table_args__ = (Index("ix_correction_actor", "actor_id", "created_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), index=True)
    decision_id: Mapped[int | None] = mapped_column(ForeignKey("decision.id"))
    from_type: Mapped[str] = mapped_column(String(40))
    to_type: Mapped[str] = mapped_column(String(40))
    actor_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    created_at: Mapped[datetime]
