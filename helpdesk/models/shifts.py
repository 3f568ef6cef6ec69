"""When people work, when they don't, and who stands in for them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.storage import Base


class Shift(Base):
    """A stretch of time in which somebody is on duty; it may cross midnight. Those of one person don't overlap."""

    __tablename__ = "shift"
    __table_args__ = (
        CheckConstraint("ends_at > starts_at", name="order"),
        Index("ix_shift_user", "user_id", "starts_at"),
        Index("ix_shift_starts_at", "starts_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]


class Absence(Base):
    """Somebody is away. What would be told or handed to him goes to the stand-in, if one is named."""

    __tablename__ = "absence"
    __table_args__ = (
        CheckConstraint("ends_at > starts_at", name="order"),
        CheckConstraint("kind IN ('leave', 'sick', 'training', 'other')", name="kind"),
        CheckConstraint("stand_in_id IS NULL OR stand_in_id <> user_id", name="stand_in"),
        Index("ix_absence_user", "user_id", "starts_at"),
        Index("ix_absence_ends_at", "ends_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(String(10))
    stand_in_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    cancelled_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)
