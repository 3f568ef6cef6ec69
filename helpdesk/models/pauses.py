"""Waits of a ticket, and the steps that rules take while one lasts."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.storage import Base, where


class TicketPause(Base):
    """A stretch of time in one of the waiting states. At most one of a ticket is open.

    ``pending_on`` is whom 待内部 waits for. A change of what is awaited ends one pause and begins the next. A pause
    that an undo brings back goes on: ``started_at`` then moves by the time in which it was not.
    """

    __tablename__ = "ticket_pause"
    __table_args__ = (
        CheckConstraint("status IN ('pending_customer', 'pending_internal', 'pending_approval')", name="status"),
        Index("uq_ticket_pause_open", "ticket_id", unique=True, **where("ended_at IS NULL")),
        Index("ix_ticket_pause_since", "status", "started_at", **where("ended_at IS NULL")),
        Index("ix_ticket_pause_ticket", "ticket_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    status: Mapped[str] = mapped_column(String(20))
    pending_on: Mapped[str | None] = mapped_column(String(40))
    rule_version: Mapped[int]
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class PauseStep(Base):
    """Something a rule does once while a pause lasts: remind, tell the supervisor, resolve. See the rule book.

    ``due_at``: it is done after this instant. Only those that fired outlive their pause.
    """

    __tablename__ = "pause_step"
    __table_args__ = (
        UniqueConstraint("pause_id", "step_code"),
        Index("ix_pause_step_unfired", "due_at", "id", **where("fired_at IS NULL")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    pause_id: Mapped[int] = mapped_column(ForeignKey("ticket_pause.id"))
    step_code: Mapped[str] = mapped_column(String(30))
    due_at: Mapped[datetime]
    fired_at: Mapped[datetime | None]
