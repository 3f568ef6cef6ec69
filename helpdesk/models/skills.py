"""What a ticket needs of the person it is handed to, and who has it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.storage import Base


class Skill(Base):
    """A tag. A ticket needs it if its type or its channel is named here; empty lists need it nowhere."""

    __tablename__ = "skill"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(40), unique=True)
    name_zh: Mapped[str] = mapped_column(String(60))
    name_en: Mapped[str] = mapped_column(String(60))
    types: Mapped[list[Any]]  # codes of ticket types
    channels: Mapped[list[Any]]  # codes of channels
    active: Mapped[bool] = mapped_column(default=True)
    version: Mapped[int] = mapped_column(default=1)


class UserSkill(Base):
    """Somebody has a skill."""

    __tablename__ = "user_skill"

    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), primary_key=True)
    skill_id: Mapped[int] = mapped_column(ForeignKey("skill.id"), primary_key=True, index=True)
