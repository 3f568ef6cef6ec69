"""Clock rows and their stages, written from what has happened to a clock.

A row is a projection of a ``ClockState`` on a calendar: whatever happens, the state is changed and the row
with its unfired stages is written anew from it. What happens when is decided in ``services.clocks``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, Update, bindparam, func, insert, select, update
from sqlalchemy.orm.attributes import set_committed_value

from helpdesk.domain import clocks as engine
from helpdesk.domain.calendars import Calendar
from helpdesk.domain.clocks import ClockState, Kind
from helpdesk.domain.rulebook import RuleBook, Stage, stage_elapsed
from helpdesk.models import ClockRow, ClockStage, Queue, Ticket, WorkCalendar
from helpdesk.models.calendars import load_calendar
from helpdesk.models.clocks import pauses_of, state_of
from helpdesk.storage import Base, plain_rows, session

IN_FORCE = "calendars in force"
"""Where the session keeps them while it lasts."""


@dataclass(frozen=True, slots=True)
class Promise:
    """What a new clock promises: its target in working seconds, the calendar (id, version) and the rules it runs by.

    ``code`` names the rule of a platform's clock, ``stint_id`` the stay or assist of a queue's.
    """

    kind: Kind
    target_seconds: int
    calendar: tuple[int, int]
    stages: Sequence[Stage]
    rule_version: int
    code: str = ""
    stint_id: int | None = None


def start(ticket: Ticket, promise: Promise, *, started_at: datetime, now: datetime) -> ClockRow:
    """A running clock of the ticket's present cycle. Stages that are past already are recorded as fired, silently."""
    return start_all(ticket, [promise], started_at=started_at, now=now)[0]


def start_all(ticket: Ticket, promises: Sequence[Promise], *, started_at: datetime, now: datetime) -> list[ClockRow]:
    """Several that begin together, in two statements."""
    rows = [_started(ticket, promise, started_at) for promise in promises]
    session().add_all(rows)
    session().flush()
    pairs = zip(rows, promises, strict=True)
    _insert_stages([stage for row, promise in pairs for stage in _planned(row, promise.stages, silently_before=now)])
    return rows


def _started(ticket: Ticket, promise: Promise, started_at: datetime) -> ClockRow:
    row = ClockRow(
        ticket_id=ticket.id,
        stint_id=promise.stint_id,
        kind=promise.kind.value,
        code=promise.code,
        cycle=ticket.cycle,
        rule_version=promise.rule_version,
        calendar_id=promise.calendar[0],
        calendar_version=promise.calendar[1],
        target_seconds=promise.target_seconds,
        started_at=started_at,
        pauses=[],
        provisional=False,
    )
    _project(row, engine.start(started_at, promise.target_seconds), load_calendar(*promise.calendar))
    return row


def apply(row: ClockRow, state: ClockState) -> None:
    """Write the row and its unfired stages anew from the state."""
    calendar = load_calendar(row.calendar_id, row.calendar_version)
    _project(row, state, calendar)
    for stage in _unfired(row):
        elapsed = stage_elapsed(row.target_seconds, stage.percent, stage.offset_seconds)
        stage.due_at = engine.holds_until(state, calendar, elapsed)


def retarget(row: ClockRow, seconds: int, book: RuleBook, stages: Sequence[Stage] | None = None) -> None:
    """Another promise, as if it had been made at the start. ``stages`` take the place of those that haven't fired."""
    row.target_seconds = seconds
    row.rule_version = book.version
    if stages is not None:
        _exchange_stages(row, stages)
    apply(row, engine.retarget(state_of(row), seconds))


def cancel(row: ClockRow, at: datetime) -> None:
    """Nothing more is promised: it counts neither as met nor as missed."""
    row.cancelled_at = at
    for stage in _unfired(row):
        stage.due_at = None


def take_up(row: ClockRow, state: ClockState) -> None:
    """A clock that was stopped or cancelled runs again, by its calendar as it is now: running clocks follow it."""
    row.cancelled_at = None
    latest = select(WorkCalendar.version).where(WorkCalendar.id == row.calendar_id)
    row.calendar_version = session().execute(latest).scalar_one()
    apply(row, state)


def is_open() -> ColumnElement[bool]:
    """Neither met nor cancelled: it runs or is paused."""
    return ClockRow.met_at.is_(None) & ClockRow.cancelled_at.is_(None)


def that_count(ticket: Ticket) -> Select[ClockRow]:
    """The present cycle's clocks that aren't cancelled."""
    return select(ClockRow).where(
        ClockRow.ticket_id == ticket.id, ClockRow.cycle == ticket.cycle, ClockRow.cancelled_at.is_(None)
    )


def open_rows(ticket: Ticket, kinds: Iterable[Kind]) -> list[ClockRow]:
    """The open ones of these kinds, in the order in which they were started."""
    wanted = [kind.value for kind in kinds]
    statement = that_count(ticket).where(ClockRow.met_at.is_(None), ClockRow.kind.in_(wanted))
    return list(session().scalars(statement.order_by(ClockRow.id)))


def is_late(row: ClockRow, now: datetime) -> bool:
    """Whether the open clock is overdue."""
    return row.late_after is not None and row.late_after < now


def write_burns_at(ticket: Ticket) -> None:
    """Store the least last instant in time of the ticket's running customer and platform clocks."""
    session().flush()
    least = plain_rows(_least(), {"ticket": ticket.id}).scalar_one()
    burns_at = engine.burns_at([least])
    if ticket.burns_at != burns_at:
        plain_rows(_burns_at(), {"ticket": ticket.id, "at": burns_at})
        set_committed_value(ticket, "burns_at", burns_at)


@cache
def _least() -> Select[datetime | None]:
    """Built once, as every change of a clock asks it."""
    return select(func.min(ClockRow.late_after)).where(
        is_open(), ClockRow.ticket_id == bindparam("ticket"), ClockRow.kind != "queue"
    )


@cache
def _burns_at() -> Update:
    table = Base.metadata.tables[Ticket.__tablename__]
    return update(table).where(table.c.id == bindparam("ticket")).values(burns_at=bindparam("at"))


_IN_FORCE = select(Queue.code, WorkCalendar.id, WorkCalendar.version).join(
    WorkCalendar, Queue.calendar_id == WorkCalendar.id
)


def calendar_of(queue_code: str) -> tuple[int, int]:
    """The calendar in force for a queue, and its version. Asked once per unit of work, for all queues."""
    in_force: dict[str, tuple[int, int]] = session().info.get(IN_FORCE, {})
    if queue_code not in in_force:
        rows = plain_rows(_IN_FORCE)
        in_force = session().info[IN_FORCE] = {row.code: (row.id, row.version) for row in rows}
    return in_force[queue_code]


_STAGES = insert(Base.metadata.tables[ClockStage.__tablename__])


def _planned(
    row: ClockRow, stages: Sequence[Stage], *, silently_before: datetime | None = None
) -> Iterator[dict[str, Any]]:
    """Columns of the clock's stages."""
    state, calendar = state_of(row), load_calendar(row.calendar_id, row.calendar_version)
    for stage in stages:
        due_at = engine.holds_until(state, calendar, stage.elapsed(row.target_seconds))
        past = silently_before is not None and due_at is not None and due_at < silently_before
        yield {
            "clock_id": row.id,
            "stage_code": stage.code,
            "percent": stage.percent,
            "offset_seconds": stage.offset_seconds,
            "due_at": due_at,
            "fired_at": silently_before if past else None,
            "silent": past,
        }


def _insert_stages(values: Sequence[Mapping[str, Any]]) -> None:
    """In one statement, past the ORM: nobody needs their ids."""
    if values:
        session().connection().execute(_STAGES, values)


def _exchange_stages(row: ClockRow, stages: Sequence[Stage]) -> None:
    """What has fired stays, and doesn't fire again under the same code; the rest makes room."""
    present = {stage.stage_code: stage for stage in _stages(row)}
    wanted = {stage.code: stage for stage in stages}
    for code, stored in present.items():
        stage = wanted.pop(code, None)
        if stored.fired_at is not None:
            continue
        if stage is None:
            session().delete(stored)
        else:
            stored.percent, stored.offset_seconds = stage.percent, stage.offset_seconds
    if wanted:
        _insert_stages(list(_planned(row, list(wanted.values()))))
    session().flush()


def _stages(row: ClockRow) -> list[ClockStage]:
    return list(session().scalars(select(ClockStage).where(ClockStage.clock_id == row.id).order_by(ClockStage.id)))


def _unfired(row: ClockRow) -> list[ClockStage]:
    """Those that are still to come. Asked of the database: the sweep fires them past the session's rows."""
    unfired = select(ClockStage).where(ClockStage.clock_id == row.id, ClockStage.fired_at.is_(None))
    return list(session().scalars(unfired.order_by(ClockStage.id)))


def _project(row: ClockRow, state: ClockState, calendar: Calendar) -> None:
    row.pauses = pauses_of(state)
    row.met_at = state.stopped_at
    if state.stopped_at is not None:
        # The promise stays readable beside the result; a stopped clock has no deadline of its own any more.
        row.elapsed_seconds = engine.elapsed(state, calendar, state.stopped_at)
        row.breached = engine.is_overdue(state, calendar, state.stopped_at)
        return
    row.elapsed_seconds = row.breached = None
    row.due_at = engine.due_at(state, calendar)
    row.late_after = engine.late_after(state, calendar)
    row.provisional = engine.is_provisional(state, calendar)
