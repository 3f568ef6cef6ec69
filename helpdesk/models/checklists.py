"""What has to be done before a ticket of a type may be resolved, and what has been done on which ticket."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.storage import Base, where


class Checklist(Base):
    """The list of a ticket type. ``version`` counts its changes."""

    __tablename__ = "checklist"

    id: Mapped[int] = mapped_column(primary_key=True)
    type: Mapped[str] = mapped_column(String(40), unique=True)
    version: Mapped[int] = mapped_column(default=0)


class ChecklistItem(Base):
    """One thing to do. What was taken off the list stays, for what was ticked."""

    __tablename__ = "checklist_item"
    __table_args__ = (
        Index("ix_checklist_item_of_type", "type", "position", "id", "required", **where("active")),
        # "is there one" for each ticket page is answered from here
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    type: Mapped[str] = mapped_column(String(40))
    position: Mapped[int]
    name_zh: Mapped[str] = mapped_column(String(60))
    name_en: Mapped[str] = mapped_column(String(60))
    required: Mapped[bool]
    active: Mapped[bool] = mapped_column(default=True)


class ChecklistTick(Base):
    """Somebody has done it for this ticket."""

    __tablename__ = "checklist_tick"

    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("checklist_item.id"), primary_key=True, index=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    at: Mapped[datetime]
