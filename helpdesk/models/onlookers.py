"""Who has a ticket open at the moment, and who is writing on it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.storage import Base


class Onlooker(Base):
    """A person whose browser shows the ticket. It says so every few seconds; who stopped saying so is gone."""

    __tablename__ = "onlooker"
    __table_args__ = (Index("ix_onlooker_seen", "seen_at"),)

    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), primary_key=True)
    writing: Mapped[bool]
    seen_at: Mapped[datetime]
