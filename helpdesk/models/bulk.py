"""Deeds on many tickets: the run, and a row for each of its tickets."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.storage import Base, where


class BulkRun(Base):
    """What one person does to many tickets. ``version`` goes up with each plan: what is started is what was shown."""

    __tablename__ = "bulk_run"
    __table_args__ = (
        CheckConstraint("state IN ('draft', 'waiting', 'done', 'cancelled', 'undoing', 'undone')", name="state"),
        Index("ix_bulk_run_going", "id", **where("state IN ('waiting', 'undoing')")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    actor_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    state: Mapped[str] = mapped_column(String(10), default="draft")
    version: Mapped[int] = mapped_column(default=1)
    deed: Mapped[dict[str, Any]]  # empty until one is chosen
    chosen: Mapped[dict[str, Any]]  # the filter whose tickets these were at ``created_at``; empty: they were ticked
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class BulkRow(Base):
    """One ticket of a run: as it was when the deed was planned, and what became of it."""

    __tablename__ = "bulk_row"
    __table_args__ = (
        CheckConstraint(
            "state IN ('waiting', 'unchanged', 'refused', 'done', 'skipped', 'undone', 'kept')", name="state"
        ),
        UniqueConstraint("run_id", "ticket_id"),
        Index("ix_bulk_row_state", "run_id", "state", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("bulk_run.id"))
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    version: Mapped[int] = mapped_column(default=0)
    state: Mapped[str] = mapped_column(String(10), default="waiting")
    code: Mapped[str | None] = mapped_column(String(60))  # why not, as a problem's code
    params: Mapped[dict[str, Any]]
    operation_id: Mapped[int | None] = mapped_column(ForeignKey("operation.id"))
