"""话术: what to say, versioned."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.storage import Base


class ReplyTemplate(Base):
    """A reply that can be used again; its words stand in its versions."""

    __tablename__ = "reply_template"
    __table_args__ = (CheckConstraint("scope IN ('personal', 'team', 'all')", name="scope"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(60), unique=True)
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
    created_at: Mapped[datetime]
