"""话术: what to say, versioned."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.storage import Base


class ReplyTemplate(Base):
    """A reply that can be used again; its words stand in its versions."""

    __tablename__ = "reply_template"
    __table_args__ = (
        CheckConstraint("scope IN ('personal', 'team', 'all')", name="scope"),
        Index("uq_reply_template_key", "key", unique=True),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(60), unique=True)
    key: Mapped[str | None] = mapped_column(String(100))  # of the form it was written with
    scope: Mapped[str] = mapped_column(String(10), default="all")
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))  # personal
    queue_id: Mapped[int | None] = mapped_column(ForeignKey("queue.id"))  # team
    type: Mapped[str | None] = mapped_column(String(40), index=True)
    shortcut: Mapped[str] = mapped_column(String(20), default="")
    version: Mapped[int] = mapped_column(default=1)
    active: Mapped[bool] = mapped_column(default=True)


class ReplyTemplateVersion(Base):
    __tablename__ = "reply_template_version"
    __table_args__ = (UniqueConstraint("template_id", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    template_id: Mapped[int] = mapped_column(ForeignKey("reply_template.id"))
    version: Mapped[int]
    title_zh: Mapped[str] = mapped_column(String(100))
    title_en: Mapped[str] = mapped_column(String(100))
    body_zh: Mapped[str] = mapped_column(Text)
    body_en: Mapped[str] = mapped_column(Text)
    words: Mapped[str] = mapped_column(String(300), default="")  # one per line
    marks_solution: Mapped[bool] = mapped_column(default=False)
    set_status: Mapped[str | None] = mapped_column(String(20))
    actions: Mapped[list[Any]] = mapped_column(default=list)  # what else it stages: tag, transfer, proposal
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    created_at: Mapped[datetime]


class TemplateUse(Base):
    """A template was inserted and sent: how it was offered, and how much of it was rewritten.

    ``rank`` is its place among the suggestions (None: found by hand), ``distance`` the edit distance between
    the filled template and what was sent, ``length`` that of the filled template (characters).
    """

    __tablename__ = "template_use"
    __table_args__ = (Index("ix_template_use_template", "template_id", "created_at"),)

    message_id: Mapped[int] = mapped_column(ForeignKey("message.id"), primary_key=True)
    template_id: Mapped[int] = mapped_column(ForeignKey("reply_template.id"))
    version: Mapped[int]
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), index=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    rank: Mapped[int | None]
    distance: Mapped[int]
    length: Mapped[int]
    created_at: Mapped[datetime]


class TemplateOffer(Base):
    """The template that stood first among the suggestions when a reply was written, taken or not.

    It was taken if the reply has a ``TemplateUse`` of the same template.
    """

    __tablename__ = "template_offer"
    __table_args__ = (Index("ix_template_offer_template", "template_id", "created_at"),)

    message_id: Mapped[int] = mapped_column(ForeignKey("message.id"), primary_key=True)
    template_id: Mapped[int] = mapped_column(ForeignKey("reply_template.id"))
    version: Mapped[int]
    created_at: Mapped[datetime]
