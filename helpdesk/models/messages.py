"""What was said, to and by the customer and among ourselves. All of it is personal text."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, select
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.storage import Base, session


class Message(Base):
    """A message of or to the customer.

    ``sent_at`` is when it was said, ``created_at`` when we heard of it. Outgoing ones are queued until
    their channel took them; ``copied`` means a person carried them over.
    """

    __tablename__ = "message"
    __table_args__ = (
        CheckConstraint("direction IN ('in', 'out')", name="direction"),
        CheckConstraint("state IN ('received', 'queued', 'sent', 'failed', 'copied', 'taken_back')", name="state"),
        Index("ix_message_ticket", "ticket_id", "sent_at", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    direction: Mapped[str] = mapped_column(String(3))
    author_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))  # None: the customer
    text: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(12))
    is_solution: Mapped[bool] = mapped_column(default=False)  # 给出方案
    automatic: Mapped[bool] = mapped_column(default=False)  # doesn't count as a first response
    template_code: Mapped[str | None] = mapped_column(String(60))
    template_version: Mapped[int | None]
    sent_at: Mapped[datetime]
    created_at: Mapped[datetime]


class Note(Base):
    """A word among ourselves; never leaves the house."""

    __tablename__ = "note"
    __table_args__ = (Index("ix_note_ticket", "ticket_id", "created_at", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    author_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    text: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]


def standing_solution(ticket_id: int) -> int | None:
    """The id of our last message, if it gives a solution and the customer has said nothing since."""
    last = (
        session()
        .execute(
            select(Message.id, Message.is_solution)
            .where(Message.ticket_id == ticket_id, Message.state != "taken_back")
            .order_by(Message.sent_at.desc(), Message.id.desc())
            .limit(1)
        )
        .one_or_none()
    )
    return last.id if last is not None and last.is_solution else None
