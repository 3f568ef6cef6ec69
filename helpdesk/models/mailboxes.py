"""Mailboxes that customers write to."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.storage import Base


class Mailbox(Base):
    """An IMAP folder that the job worker reads: what lies there belongs to a shop and a channel.

    ``uid`` is the last one taken in, valid for ``uid_validity`` (the server's numbering) alone. ``secret`` is the
    password, written once and never shown.
    """

    __tablename__ = "mailbox"
    __table_args__ = (CheckConstraint("tls IN ('tls', 'starttls', 'none')", name="tls"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60), unique=True)
    shop_id: Mapped[int] = mapped_column(ForeignKey("shop.id"))
    channel_id: Mapped[int] = mapped_column(ForeignKey("channel.id"))
    host: Mapped[str] = mapped_column(String(200))
    port: Mapped[int]
    tls: Mapped[str] = mapped_column(String(8))
    login: Mapped[str] = mapped_column(String(200))
    secret: Mapped[dict[str, Any]]
    folder: Mapped[str] = mapped_column(String(100), default="INBOX")
    uid_validity: Mapped[int | None]
    uid: Mapped[int] = mapped_column(default=0)
    active: Mapped[bool] = mapped_column(default=True)
    checked_at: Mapped[datetime | None]
    next_try_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)  # in vain, since it last worked
    error: Mapped[str | None] = mapped_column(String(200))  # code of what stopped it
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
