"""What has to be told to the outside, written in the same transaction as its cause."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.storage import Base, where


class Outbox(Base):
    """One thing to deliver, at least once outside, with a key that makes it unique inside.

    A ``reply`` is a message to a customer. A ``notice`` is something that has happened, not yet spread to whom it
    concerns; spreading it makes one row of ``news`` per address outside, which an envelope carries.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'claimed', 'done', 'dead', 'withdrawn')", name="state"),
        Index(
            "ix_outbox_waiting",
            "next_try_at",
            "id",
            **where("state IN ('waiting', 'claimed')"),
        ),
        Index("ix_outbox_dead", "id", **where("state = 'dead'")),
        Index("ix_outbox_envelope", "envelope_id", **where("envelope_id IS NOT NULL")),
        Index("ix_outbox_ticket", "ticket_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(120), unique=True)
    kind: Mapped[str] = mapped_column(String(30))  # reply, notice, news
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id"))
    message_id: Mapped[int | None] = mapped_column(ForeignKey("message.id"))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))  # news: whose mailbox
    target_id: Mapped[int | None] = mapped_column(ForeignKey("notification_target.id"))  # news: which robot or mailbox
    envelope_id: Mapped[int | None] = mapped_column(ForeignKey("envelope.id"))  # news: what carries it
    payload: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(String(10), default="waiting")
    not_before: Mapped[datetime]
    next_try_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    claimed_by: Mapped[str | None] = mapped_column(String(60))
    claimed_until: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    error: Mapped[str | None] = mapped_column(String(200))
    created_at: Mapped[datetime]
