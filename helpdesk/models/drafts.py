"""What somebody began to write on a ticket and hasn't sent. Personal text, nobody else's business."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.storage import Base


class TicketDraft(Base):
    """One for each person and ticket, with the tab of the composer it was written under."""

    __tablename__ = "ticket_draft"
    __table_args__ = (
        CheckConstraint("mode IN ('reply', 'note', 'customer')", name="mode"),
        Index("ix_ticket_draft_at", "at"),
    )

    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), primary_key=True)
    mode: Mapped[str] = mapped_column(String(10))
    text: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]
