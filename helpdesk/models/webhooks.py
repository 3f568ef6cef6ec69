"""Signed messages that other systems post to us."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.storage import Base


class Webhook(Base):
    """A place where a system posts what customers said. ``code`` stands in its address.

    ``secret`` signs; it is shown once, when it is made. While it is changed both old and new are good.
    """

    __tablename__ = "webhook"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(60), unique=True)
    shop_id: Mapped[int] = mapped_column(ForeignKey("shop.id"))
    channel_id: Mapped[int] = mapped_column(ForeignKey("channel.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))  # in whose name its tickets are opened
    secret: Mapped[dict[str, Any]]
    active: Mapped[bool] = mapped_column(default=True)
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]


class WebhookCall(Base):
    """One call as it came: what became of it. ``signature`` is unique, so a replayed call is refused."""

    __tablename__ = "webhook_call"
    __table_args__ = (
        UniqueConstraint("webhook_id", "signature"),
        Index("ix_webhook_call_at", "at"),
        Index("ix_webhook_call_lately", "webhook_id", "at", "outcome", "problem"),  # counted from here
        CheckConstraint("outcome IN ('created', 'appended', 'heard', 'repeated', 'refused')", name="outcome"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    webhook_id: Mapped[int] = mapped_column(ForeignKey("webhook.id"))
    signature: Mapped[str] = mapped_column(String(64))  # a hash of it
    at: Mapped[datetime]
    outcome: Mapped[str] = mapped_column(String(10))
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id"))
    problem: Mapped[str | None] = mapped_column(String(60))  # code
    params: Mapped[dict[str, Any]]
