"""What people are told, where, and how it gets there."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.storage import Base, where


class Notification(Base):
    """One line under somebody's bell, as code + parameters. ``key`` is that of the notice it came from."""

    __tablename__ = "notification"
    __table_args__ = (
        UniqueConstraint("user_id", "key"),
        Index("ix_notification_user", "user_id", "id"),
        Index("ix_notification_unread", "user_id", **where("read_at IS NULL")),
        Index("ix_notification_created_at", "created_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    key: Mapped[str] = mapped_column(String(120))
    kind: Mapped[str] = mapped_column(String(40))
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id"))
    params: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    read_at: Mapped[datetime | None]


class NotificationChoice(Base):
    """Where somebody wants to hear of one kind of news. Without a row the kind's default holds."""

    __tablename__ = "notification_choice"

    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(40), primary_key=True)
    bell: Mapped[bool]
    mail: Mapped[bool]


class NotificationTarget(Base):
    """A place outside where a queue or the whole house hears news: a mailbox or a group's robot.

    ``secret`` (webhook token, signing key, an apprise URL) is written once and never shown again. ``kinds`` are
    the news it wants. Quiet hours are minutes since midnight in the shop's zone; what waits for their end comes
    as one digest.
    """

    __tablename__ = "notification_target"
    __table_args__ = (
        CheckConstraint("kind IN ('mail', 'dingtalk', 'wecom', 'feishu', 'apprise')", name="kind"),
        CheckConstraint("digest_seconds BETWEEN 0 AND 86400", name="digest_seconds"),
        CheckConstraint("(quiet_from IS NULL) = (quiet_to IS NULL)", name="quiet"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60), unique=True)
    kind: Mapped[str] = mapped_column(String(10))
    queue_id: Mapped[int | None] = mapped_column(ForeignKey("queue.id"), index=True)  # None: the whole house
    address: Mapped[str] = mapped_column(String(200), default="")  # what may be shown: a mailbox, a host
    secret: Mapped[dict[str, Any]]
    kinds: Mapped[list[Any]]
    locale: Mapped[str] = mapped_column(String(10), default="zh_CN")
    digest_seconds: Mapped[int] = mapped_column(default=0)  # gather news for so long
    quiet_from: Mapped[int | None]
    quiet_to: Mapped[int | None]
    held_until: Mapped[datetime | None]  # it said "too many": nothing goes there before
    active: Mapped[bool] = mapped_column(default=True)
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]


class Envelope(Base):
    """One mail or robot message on its way, carrying one piece of news or many (a digest).

    ``key`` is its stable message id: every try of it carries the same one. Exactly one of ``user_id`` (a person's
    mailbox) and ``target_id`` says where it goes. What it carries are the outbox rows that name it.
    """

    __tablename__ = "envelope"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'claimed', 'done', 'dead', 'withdrawn')", name="state"),
        CheckConstraint("(user_id IS NULL) <> (target_id IS NULL)", name="address"),
        Index("ix_envelope_waiting", "next_try_at", "id", **where("state IN ('waiting', 'claimed')")),
        Index("ix_envelope_dead", "id", **where("state = 'dead'")),
        Index("ix_envelope_target", "target_id", "done_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(120), unique=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    target_id: Mapped[int | None] = mapped_column(ForeignKey("notification_target.id"))
    state: Mapped[str] = mapped_column(String(10), default="waiting")
    next_try_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    claimed_by: Mapped[str | None] = mapped_column(String(60))
    claimed_until: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    error: Mapped[str | None] = mapped_column(String(200))
    created_at: Mapped[datetime]
