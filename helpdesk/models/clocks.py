"""SLA clocks and their stages."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.domain.clocks import ClockState, Pause
from helpdesk.storage import Base, where

_CUSTOMER_CLOCK = "stint_id IS NULL AND cancelled_at IS NULL"
_RUNNING = "met_at IS NULL AND cancelled_at IS NULL"


class ClockRow(Base):
    """A promise with a time.

    ``due_at``: earliest instant at which the target is reached, as shown. ``late_after``: last instant at
    which elapsed still equals the target; overdue is ``now > late_after``. Both are NULL while paused.
    ``pauses`` is the list of [from, to or null] in ISO instants; ``elapsed_seconds`` is frozen when met.
    """

    __tablename__ = "clock"
    __table_args__ = (
        CheckConstraint("kind IN ('first_response', 'solution', 'queue', 'platform')", name="kind"),
        CheckConstraint("(kind = 'queue') = (stint_id IS NOT NULL)", name="stint"),
        Index(
            "uq_clock_customer",
            "ticket_id",
            "kind",
            "code",
            "cycle",
            unique=True,
            **where(_CUSTOMER_CLOCK),
        ),
        Index(
            "uq_clock_stint",
            "stint_id",
            unique=True,
            **where("stint_id IS NOT NULL AND cancelled_at IS NULL"),
        ),
        Index("ix_clock_ticket", "ticket_id"),
        Index(
            "ix_clock_running",
            "late_after",
            **where(_RUNNING),
        ),
        Index(
            "ix_clock_met",
            "kind",
            "met_at",
            **where("met_at IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    stint_id: Mapped[int | None] = mapped_column(ForeignKey("stint.id"))
    kind: Mapped[str] = mapped_column(String(16))
    code: Mapped[str] = mapped_column(String(30), default="")  # of the platform's rule; else empty
    cycle: Mapped[int]
    rule_version: Mapped[int]
    calendar_id: Mapped[int] = mapped_column(ForeignKey("work_calendar.id"))
    calendar_version: Mapped[int]
    target_seconds: Mapped[int]
    started_at: Mapped[datetime]
    pauses: Mapped[list[Any]]
    due_at: Mapped[datetime | None]
    late_after: Mapped[datetime | None]
    provisional: Mapped[bool] = mapped_column(default=False)
    met_at: Mapped[datetime | None]
    breached: Mapped[bool | None]  # known when met
    elapsed_seconds: Mapped[int | None]
    cancelled_at: Mapped[datetime | None]


is_running: ColumnElement[bool] = ClockRow.met_at.is_(None) & ClockRow.cancelled_at.is_(None)
"""The promise is still to be kept. A clock that is paused runs, too."""


def is_behind(calendar_id: Any, version: Any) -> ColumnElement[bool]:
    """Running clocks that still count by an earlier version of the calendar; both may be columns."""
    return is_running & (ClockRow.calendar_id == calendar_id) & (ClockRow.calendar_version < version)


class ClockStage(Base):
    """A share of a clock's target at which something happens, once.

    ``due_at`` is the last instant at which elapsed equals the share; NULL while paused.
    ``silent``: it was already past when the clock began, so nobody was told.
    """

    __tablename__ = "clock_stage"
    __table_args__ = (
        UniqueConstraint("clock_id", "stage_code"),
        CheckConstraint("(percent IS NULL) <> (offset_seconds IS NULL)", name="share"),
        Index(
            "ix_clock_stage_unfired",
            "due_at",
            "id",
            **where("fired_at IS NULL AND due_at IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    clock_id: Mapped[int] = mapped_column(ForeignKey("clock.id"))
    stage_code: Mapped[str] = mapped_column(String(20))
    percent: Mapped[int | None]
    offset_seconds: Mapped[int | None]  # of working time from the target, negative before it; instead of percent
    due_at: Mapped[datetime | None]
    fired_at: Mapped[datetime | None]
    silent: Mapped[bool] = mapped_column(default=False)


class CountingColumns(Protocol):
    """The columns that say what has happened to a clock."""

    target_seconds: Any
    started_at: Any
    pauses: Any
    met_at: Any


def state_of(row: CountingColumns) -> ClockState:
    """The row, or these columns of it, as the value that the engine computes with."""
    return ClockState(
        started_at=row.started_at,
        target_seconds=row.target_seconds,
        pauses=tuple(
            Pause(datetime.fromisoformat(begin), datetime.fromisoformat(end) if end else None)
            for begin, end in row.pauses
        ),
        stopped_at=row.met_at,
    )


def pauses_of(state: ClockState) -> list[list[str | None]]:
    """The pauses in the form that the row stores."""
    return [[pause.from_.isoformat(), pause.to.isoformat() if pause.to else None] for pause in state.pauses]
