"""What happened, append-only, and what can be undone."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.storage import Base, where


class Event(Base):
    """A fact about a ticket, as code + parameters: ids, codes, figures, never sentences."""

    __tablename__ = "event"
    __table_args__ = (Index("ix_event_ticket", "ticket_id", "id"), Index("ix_event_code_at", "code", "at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id"))
    at: Mapped[datetime]
    actor_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    source: Mapped[str] = mapped_column(String(40))
    code: Mapped[str] = mapped_column(String(60))
    params: Mapped[dict[str, Any]]
    reason_note_id: Mapped[int | None] = mapped_column(ForeignKey("note.id"))
    operation_id: Mapped[int | None] = mapped_column(ForeignKey("operation.id"))


class Operation(Base):
    """Something a person did that can be undone: the values before, and the versions after."""

    __tablename__ = "operation"
    __table_args__ = (Index("ix_operation_batch", "batch", **where("batch IS NOT NULL")),)

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(60))
    actor_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    at: Mapped[datetime]
    before: Mapped[list[Any]]  # one entry per ticket: id, values before, version after
    batch: Mapped[str | None] = mapped_column(String(36))  # done together with others of this mark, undone together
    undone_at: Mapped[datetime | None]
    undone_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
