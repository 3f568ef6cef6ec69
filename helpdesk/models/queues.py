"""Queues and who belongs to them."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.storage import Base


class Queue(Base):
    """A group of people who can solve a kind of ticket. Finance, customer service, warehouse to begin with."""

    __tablename__ = "queue"
    __table_args__ = (CheckConstraint("assignment IN ('manual', 'round_robin', 'least_load')", name="assignment"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(40), unique=True)
    name_zh: Mapped[str] = mapped_column(String(60))
    name_en: Mapped[str] = mapped_column(String(60))
    calendar_id: Mapped[int] = mapped_column(ForeignKey("work_calendar.id"))
    writes_to_buyers: Mapped[bool] = mapped_column(default=False)
    assignment: Mapped[str] = mapped_column(String(20), default="manual")
    capacity: Mapped[int | None]
    last_assigned_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))  # where round robin stands
    position: Mapped[int] = mapped_column(default=0)
    active: Mapped[bool] = mapped_column(default=True)
    version: Mapped[int] = mapped_column(default=1)


class Membership(Base):
    """A user works in a queue. Without a role: what he may do there hangs on the user's."""

    __tablename__ = "membership"

    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), primary_key=True)
    queue_id: Mapped[int] = mapped_column(ForeignKey("queue.id"), primary_key=True, index=True)
