"""Clock rows: started, paused, met, retargeted, always through the engine in ``domain.clocks``.

A row is a projection of a ``ClockState`` on a calendar: whatever happens, the state is changed and
the row with its unfired stages is written anew from it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import ColumnElement, Select, func, insert, select, update

from helpdesk.domain import clocks as engine
from helpdesk.domain.access import Actor
from helpdesk.domain.calendars import Calendar
from helpdesk.domain.clocks import ClockState, Kind
from helpdesk.domain.rulebook import RuleBook
from helpdesk.domain.tickets import Priority, Status
from helpdesk.models import ClockRow, ClockStage, Queue, Stint, Ticket, WorkCalendar
from helpdesk.models.calendars import load_calendar
from helpdesk.models.clocks import pauses_of, state_of
from helpdesk.models.rulebooks import rulebook_of
from helpdesk.services.events import record
from helpdesk.storage import Base, session

IN_FORCE = "calendars in force"
"""Where the session keeps them while it lasts."""

CUSTOMER_KINDS = (Kind.FIRST_RESPONSE, Kind.SOLUTION)


def start_customer_clocks(
    ticket: Ticket, *, started_at: datetime, book: RuleBook, now: datetime, kinds: Iterable[Kind] = CUSTOMER_KINDS
) -> None:
    """Start the ticket's customer clocks of its present cycle at ``started_at``.

    First response runs in the answering queue's calendar, solution in that of the type's queue; a transfer
    changes neither. Stages that are past already at ``now`` are recorded as fired, silently.
    """
    for kind in kinds:
        _start(ticket, kind, _queue_code(kind, ticket, book), _target(kind, ticket, book), started_at, book, now)
    write_burns_at(ticket)


def start_queue_clock(ticket: Ticket, stint: Stint, *, book: RuleBook, now: datetime) -> None:
    """Start the clock of a stay or an assist; queues without a target in the rule book have none."""
    queue = session().get_one(Queue, stint.queue_id)
    seconds = book.queue_seconds(queue.code, Priority(ticket.priority))
    if seconds is not None:
        _start(ticket, Kind.QUEUE, queue.code, seconds, stint.entered_at, book, now, stint=stint)


def meet(ticket: Ticket, kinds: Iterable[Kind], *, at: datetime) -> list[int]:
    """The promise is kept (or broken: that is frozen now). Returns the ids of the clocks that this stopped."""
    rows = _open_rows(ticket, kinds)
    for row in rows:
        _apply(row, engine.stop(state_of(row), at))
    if rows:
        write_burns_at(ticket)
    return [row.id for row in rows]


def unmeet(ticket: Ticket, kind: Kind) -> None:
    """The answer was taken back: the customer has waited all along."""
    row = session().execute(_rows(ticket).where(ClockRow.kind == kind.value)).scalar_one_or_none()
    if row is not None and row.met_at is not None:
        _apply(row, engine.unmeet(state_of(row)))
        write_burns_at(ticket)


def late_kinds(ticket: Ticket, now: datetime) -> set[Kind]:
    """The customer's clocks that are overdue: a breach is recorded as one, whatever ends the wait."""
    return {
        Kind(row.kind)
        for row in _open_rows(ticket, CUSTOMER_KINDS)
        if row.late_after is not None and row.late_after < now
    }


def cancel(ticket: Ticket, kinds: Iterable[Kind], *, at: datetime) -> None:
    """Nothing more is promised: the clocks count neither as met nor as missed."""
    rows = _open_rows(ticket, kinds)
    for row in rows:
        _cancel(row, at)
    if rows:
        write_burns_at(ticket)


def take_up(ticket: Ticket, *, met: Iterable[int], cancelled_since: datetime, at: datetime) -> None:
    """Undo of a resolve: what it met runs on, without the time between; what it cancelled had never stopped."""
    for row in session().scalars(select(ClockRow).where(ClockRow.id.in_(list(met)))):
        _apply(row, engine.reopen(state_of(row), at))
    cancelled = select(ClockRow).where(
        ClockRow.ticket_id == ticket.id,
        ClockRow.cycle == ticket.cycle,
        ClockRow.stint_id.is_(None),
        ClockRow.cancelled_at >= cancelled_since,
    )
    for row in session().scalars(cancelled):
        row.cancelled_at = None
        _apply(row, state_of(row))
    write_burns_at(ticket)


def stop_queue_clock(stint: Stint, *, at: datetime) -> None:
    """The stint ended; what its queue used is frozen."""
    for row in _stint_rows(stint):
        _apply(row, engine.stop(state_of(row), at))


def reopen_queue_clock(stint: Stint, *, at: datetime) -> None:
    """An undone move brings the stint back; the time between doesn't count against its queue."""
    for row in _stint_rows(stint):
        _apply(row, engine.reopen(state_of(row), at))


def cancel_queue_clock(stint: Stint, *, at: datetime) -> None:
    """The stint never should have been; its clock counts for nobody."""
    for row in _stint_rows(stint):
        _cancel(row, at)


def follow_status(ticket: Ticket, status: Status, *, at: datetime) -> None:
    """Pause or resume what waits in this status (only the solution, only for the customer)."""
    changed = False
    for row in _open_rows(ticket, CUSTOMER_KINDS):
        state = state_of(row)
        moved = engine.pause(state, at) if engine.pauses_while(Kind(row.kind), status) else engine.resume(state, at)
        if moved != state:
            _apply(row, moved)
            changed = True
    if changed:
        write_burns_at(ticket)


def retarget(ticket: Ticket, *, book: RuleBook | None) -> None:
    """Priority or type changed: recompute unmet clocks from their start, with all pauses kept.

    ``book`` holds the rules under which a new type was chosen: customer clocks take their targets and the
    calendar of the new type's queue. Without it (only the priority changed) each clock keeps its calendar and
    the rules it was started under: a changed policy touches new tickets only. A queue clock keeps its queue's.
    """
    priority = Priority(ticket.priority)
    for row in _open_rows(ticket, CUSTOMER_KINDS):
        kind, rules = Kind(row.kind), book or rulebook_of(row.rule_version)
        if book is not None:
            row.calendar_id, row.calendar_version = _calendar_of(_queue_code(kind, ticket, book))
        _retarget(row, _target(kind, ticket, rules), rules)
    open_stints = (
        select(ClockRow, Queue.code).join(Stint, Stint.id == ClockRow.stint_id).join(Queue, Queue.id == Stint.queue_id)
    )
    for row, code in session().execute(open_stints.where(_open(), ClockRow.ticket_id == ticket.id)):
        rules = book or rulebook_of(row.rule_version)
        seconds = rules.queue_seconds(code, priority)
        if seconds is not None:
            _retarget(row, seconds, rules)
    write_burns_at(ticket)


def recompute_on_calendar(
    calendar_id: int, version: int, *, actor: Actor, now: datetime, most_tickets: int | None = None
) -> int:
    """A new version of a calendar (other hours, a year's holidays published): move running clocks to it.

    Returns how many. Tickets on which a deadline changed by that get an event. ``most_tickets`` at a time: what is
    still behind is found again by the next call, and 0 says that nothing is.
    """
    session().info.pop(IN_FORCE, None)
    behind = _open() & (ClockRow.calendar_id == calendar_id) & (ClockRow.calendar_version < version)
    tickets = select(ClockRow.ticket_id).where(behind).distinct().order_by(ClockRow.ticket_id).limit(most_tickets)
    ids = session().scalars(tickets).all()
    return sum(_move_to_version(ticket_id, behind, version, actor=actor, now=now) for ticket_id in ids)


def _move_to_version(ticket_id: int, behind: ColumnElement[bool], version: int, *, actor: Actor, now: datetime) -> int:
    """The ticket is locked before its clocks are read: a pause that begins meanwhile is not computed away."""
    ticket = session().get_one(Ticket, ticket_id, with_for_update=True)
    rows = session().scalars(
        select(ClockRow).where(behind, ClockRow.ticket_id == ticket_id).order_by(ClockRow.id),
        execution_options={"populate_existing": True},
    )
    moved, count, calendar_id = [], 0, None
    for row in rows.all():
        row.calendar_version, before = version, (row.due_at, row.late_after)
        _apply(row, state_of(row))
        count, calendar_id = count + 1, row.calendar_id
        if (row.due_at, row.late_after) != before:
            moved.append(row.kind)
    write_burns_at(ticket)
    if moved:
        record("clock.recomputed", actor=actor, now=now, ticket_id=ticket_id, clocks=moved, calendar=calendar_id)
    return count


def write_burns_at(ticket: Ticket) -> None:
    """Store the least last instant in time of the ticket's running customer and platform clocks."""
    session().flush()
    least = (
        session()
        .execute(
            select(func.min(ClockRow.late_after)).where(
                _open(), ClockRow.ticket_id == ticket.id, ClockRow.kind != "queue"
            )
        )
        .scalar_one()
    )
    burns_at = engine.burns_at([least])
    if ticket.burns_at != burns_at:
        session().execute(
            update(Ticket).where(Ticket.id == ticket.id).values(burns_at=burns_at),
            execution_options={"synchronize_session": "evaluate"},
        )


def _target(kind: Kind, ticket: Ticket, book: RuleBook) -> int:
    priority = Priority(ticket.priority)
    if kind is Kind.FIRST_RESPONSE:
        return book.first_response_seconds(ticket.type, priority)
    return book.solution_seconds(ticket.type, priority)


def _queue_code(kind: Kind, ticket: Ticket, book: RuleBook) -> str:
    return book.answering_queue if kind is Kind.FIRST_RESPONSE else book.type(ticket.type).queue


def _calendar_of(queue_code: str) -> tuple[int, int]:
    """The calendar in force for a queue, and its version. Asked once per unit of work, for all queues."""
    in_force: dict[str, tuple[int, int]] = session().info.get(IN_FORCE, {})
    if queue_code not in in_force:
        rows = session().execute(
            select(Queue.code, WorkCalendar.id, WorkCalendar.version).join(
                WorkCalendar, Queue.calendar_id == WorkCalendar.id
            )
        )
        in_force = session().info[IN_FORCE] = {code: (calendar_id, version) for code, calendar_id, version in rows}
    return in_force[queue_code]


def _start(
    ticket: Ticket,
    kind: Kind,
    queue_code: str,
    target: int,
    started_at: datetime,
    book: RuleBook,
    now: datetime,
    stint: Stint | None = None,
) -> None:
    calendar_id, calendar_version = _calendar_of(queue_code)
    state = engine.start(started_at, target)
    row = ClockRow(
        ticket_id=ticket.id,
        stint_id=stint.id if stint else None,
        kind=kind.value,
        cycle=ticket.cycle,
        rule_version=book.version,
        calendar_id=calendar_id,
        calendar_version=calendar_version,
        target_seconds=target,
        started_at=started_at,
        pauses=[],
        provisional=False,
    )
    calendar = load_calendar(calendar_id, calendar_version)
    _project(row, state, calendar)
    session().add(row)
    session().flush()
    due = [(stage, engine.stage_due(state, calendar, stage.percent)) for stage in book.stages]
    stages = [
        {
            "clock_id": row.id,
            "stage_code": stage.code,
            "percent": stage.percent,
            "due_at": due_at,
            "fired_at": now if due_at is not None and due_at < now else None,
            "silent": due_at is not None and due_at < now,
        }
        for stage, due_at in due
    ]
    if stages:  # in one statement, past the ORM: nobody needs their ids
        session().execute(insert(Base.metadata.tables[ClockStage.__tablename__]), stages)


def _open() -> ColumnElement[bool]:
    return ClockRow.met_at.is_(None) & ClockRow.cancelled_at.is_(None)


def _rows(ticket: Ticket) -> Select[ClockRow]:
    """The present cycle's clocks that count."""
    return select(ClockRow).where(
        ClockRow.ticket_id == ticket.id, ClockRow.cycle == ticket.cycle, ClockRow.cancelled_at.is_(None)
    )


def _open_rows(ticket: Ticket, kinds: Iterable[Kind]) -> list[ClockRow]:
    wanted = [kind.value for kind in kinds]
    return list(session().scalars(_rows(ticket).where(ClockRow.met_at.is_(None), ClockRow.kind.in_(wanted))))


def _retarget(row: ClockRow, seconds: int, book: RuleBook) -> None:
    row.target_seconds = seconds
    row.rule_version = book.version
    _apply(row, engine.retarget(state_of(row), seconds))


def _apply(row: ClockRow, state: ClockState) -> None:
    """Write the row and its unfired stages anew from the state."""
    calendar = load_calendar(row.calendar_id, row.calendar_version)
    _project(row, state, calendar)
    for stage in session().scalars(
        select(ClockStage).where(ClockStage.clock_id == row.id, ClockStage.fired_at.is_(None))
    ):
        stage.due_at = engine.stage_due(state, calendar, stage.percent)


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


def _stint_rows(stint: Stint) -> list[ClockRow]:
    """The stint's clock, if its queue has a target."""
    return list(
        session().scalars(select(ClockRow).where(ClockRow.stint_id == stint.id, ClockRow.cancelled_at.is_(None)))
    )


def _cancel(row: ClockRow, at: datetime) -> None:
    row.cancelled_at = at
    for stage in session().scalars(
        select(ClockStage).where(ClockStage.clock_id == row.id, ClockStage.fired_at.is_(None))
    ):
        stage.due_at = None
