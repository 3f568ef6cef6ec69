"""责任归属, disputed: what a party has to show, and what a blamed queue says against its share."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.storage import Base, where


class TicketEvidence(Base):
    """Somebody has seen this piece of the type's list of evidence, or says that it is missing."""

    __tablename__ = "ticket_evidence"

    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), primary_key=True)
    code: Mapped[str] = mapped_column(String(40), primary_key=True)
    present: Mapped[bool]
    said_by_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    said_at: Mapped[datetime]


class Appeal(Base):
    """A queue disputes its party's share of a ticket. A supervisor upholds it (and says other shares) or rejects it."""

    __tablename__ = "appeal"
    __table_args__ = (
        CheckConstraint("state IN ('open', 'upheld', 'rejected', 'withdrawn')", name="state"),
        Index("uq_appeal_open", "ticket_id", "party", unique=True, **where("state = 'open'")),
        Index("ix_appeal_state", "state", "appealed_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), index=True)
    party: Mapped[str] = mapped_column(String(20))
    percent: Mapped[int]  # the share that is disputed
    queue_id: Mapped[int] = mapped_column(ForeignKey("queue.id"))
    note_id: Mapped[int] = mapped_column(ForeignKey("note.id"))  # why
    appealed_by_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    appealed_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(10))
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    decided_at: Mapped[datetime | None]
    decision_note_id: Mapped[int | None] = mapped_column(ForeignKey("note.id"))
    version: Mapped[int] = mapped_column(default=1)
