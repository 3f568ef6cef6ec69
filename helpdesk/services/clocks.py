"""What happens to a ticket's clocks: started, paused, met, retargeted, always through ``domain.clocks``.

The rows are written by ``clock_rows``; platforms' deadlines have rules of their own in ``platform_clocks``.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import ColumnElement, select

from helpdesk.domain import clocks as engine
from helpdesk.domain.access import Actor
from helpdesk.domain.clocks import Kind
from helpdesk.domain.rulebook import RuleBook
from helpdesk.domain.tickets import ACTIVE, Priority, Status
from helpdesk.models import ClockRow, Queue, Stint, Ticket
from helpdesk.models.clocks import state_of
from helpdesk.models.rulebooks import rulebook_of
from helpdesk.services import clock_rows, platform_clocks
from helpdesk.services.clock_rows import IN_FORCE, Promise, calendar_of, is_open, open_rows, write_burns_at
from helpdesk.services.events import record
from helpdesk.storage import session

CUSTOMER_KINDS = (Kind.FIRST_RESPONSE, Kind.SOLUTION)
"""What we promise the customer."""

TICKET_KINDS = (*CUSTOMER_KINDS, Kind.PLATFORM)
"""What is promised for the ticket, by us or by the platform; not what a queue owes the others."""


def start_cycle(ticket: Ticket, stay: Stint, *, started_at: datetime, book: RuleBook, now: datetime) -> None:
    """Start the clocks of the ticket's present cycle at ``started_at``: its queue's, the customer's, and those that
    platforms set.

    First response runs in the answering queue's calendar, solution in that of the type's queue; a transfer
    changes neither. Stages that are past already at ``now`` are recorded as fired, silently.
    """
    queues = {kind: _queue_code(kind, ticket, book) for kind in CUSTOMER_KINDS}
    towards_customer = [
        Promise(kind, _target(kind, ticket, book), calendar_of(code), book.stages_for(code), book.version)
        for kind, code in queues.items()
    ]
    promises = [*_promised_by_queue(ticket, stay, book), *towards_customer]
    clock_rows.start_all(ticket, promises, started_at=started_at, now=now)
    platform_clocks.start(ticket, book=book, started_at=started_at, now=now)
    write_burns_at(ticket)


def start_queue_clock(ticket: Ticket, stint: Stint, *, book: RuleBook, now: datetime) -> None:
    """Start the clock of a stay or an assist; queues without a target in the rule book have none."""
    for promise in _promised_by_queue(ticket, stint, book):
        clock_rows.start(ticket, promise, started_at=stint.entered_at, now=now)


def _promised_by_queue(ticket: Ticket, stint: Stint, book: RuleBook) -> list[Promise]:
    """One promise at most."""
    code = session().get_one(Queue, stint.queue_id).code
    seconds = book.queue_seconds(code, Priority(ticket.priority))
    if seconds is None:
        return []
    stages = book.stages_for(code)
    return [Promise(Kind.QUEUE, seconds, calendar_of(code), stages, book.version, stint_id=stint.id)]


def meet(ticket: Ticket, kinds: Iterable[Kind], *, at: datetime) -> list[int]:
    """The promise is kept (or broken: that is frozen now). Returns the ids of the clocks that this stopped.

    The first response also meets what platforms want answered.
    """
    rows = _open_of(ticket, kinds)
    for row in rows:
        clock_rows.apply(row, engine.stop(state_of(row), at))
    if rows:
        write_burns_at(ticket)
    return [row.id for row in rows]


def unmeet(ticket: Ticket, kind: Kind, *, now: datetime) -> None:
    """The answer was taken back: the customer has waited all along, and so has the platform."""
    counting = clock_rows.that_count(ticket).where(ClockRow.met_at.is_not(None))
    row = session().execute(counting.where(ClockRow.kind == kind.value)).scalar_one_or_none()
    if row is None:
        return
    answered = [row]
    if kind is Kind.FIRST_RESPONSE:
        same = counting.where(ClockRow.kind == Kind.PLATFORM.value, ClockRow.met_at == row.met_at)
        answered += [one for one in session().scalars(same) if platform_clocks.met_by(one) == "reply"]
    for one in answered:
        clock_rows.take_up(one, engine.unmeet(state_of(one)))
    _promise_anew(row, ticket)
    if kind is Kind.FIRST_RESPONSE and ticket.status in ACTIVE:
        _follow_rules(ticket, now)
    write_burns_at(ticket)


def resolve(ticket: Ticket, *, at: datetime, now: datetime) -> list[int]:
    """The ticket is solved: ids of the clocks that this stopped, for an undo.

    That meets the solution and what platforms want solved. A breach is recorded as one, whatever ends the wait; what
    else is open, of first response and platforms, counts neither as met nor as missed.
    """
    met = []
    for row in open_rows(ticket, TICKET_KINDS):
        solved = row.kind == Kind.SOLUTION or (row.kind == Kind.PLATFORM and platform_clocks.met_by(row) == "resolve")
        if solved or clock_rows.is_late(row, now):
            clock_rows.apply(row, engine.stop(state_of(row), at))
            met.append(row.id)
        else:
            clock_rows.cancel(row, now)
    write_burns_at(ticket)
    return met


def cancel(ticket: Ticket, kinds: Iterable[Kind], *, at: datetime) -> None:
    """Nothing more is promised: the clocks count neither as met nor as missed."""
    rows = _open_of(ticket, kinds)
    for row in rows:
        clock_rows.cancel(row, at)
    if rows:
        write_burns_at(ticket)


def take_up(ticket: Ticket, *, met: Iterable[int], cancelled_since: datetime, at: datetime) -> None:
    """Undo of a resolve: what it met runs on, without the time between; what it cancelled had never stopped.

    A platform's deadline has run all the time: nobody there knows what we undo.
    """
    for row in session().scalars(select(ClockRow).where(ClockRow.id.in_(list(met)))):
        state = state_of(row)
        platform = row.kind == Kind.PLATFORM
        clock_rows.take_up(row, engine.unmeet(state) if platform else engine.reopen(state, at))
    cancelled = select(ClockRow).where(
        ClockRow.ticket_id == ticket.id,
        ClockRow.cycle == ticket.cycle,
        ClockRow.stint_id.is_(None),
        ClockRow.cancelled_at >= cancelled_since,
    )
    for row in session().scalars(cancelled):
        clock_rows.take_up(row, state_of(row))
    _follow_rules(ticket, at)
    write_burns_at(ticket)


def open_ids(ticket: Ticket) -> list[int]:
    """Whatever runs or is paused, the queues' clocks too, so that it can be taken up again."""
    rows = select(ClockRow.id).where(is_open(), ClockRow.ticket_id == ticket.id).order_by(ClockRow.id)
    return list(session().scalars(rows))


def uncancel(ticket: Ticket, clock_ids: Iterable[int]) -> None:
    """Undo of a merge: these clocks have never stopped, for the customer has waited all along."""
    for row in session().scalars(select(ClockRow).where(ClockRow.id.in_(list(clock_ids))).order_by(ClockRow.id)):
        clock_rows.take_up(row, state_of(row))
    write_burns_at(ticket)


def stop_queue_clock(stint: Stint, *, at: datetime) -> None:
    """The stint ended; what its queue used is frozen."""
    for row in _stint_rows(stint):
        clock_rows.apply(row, engine.stop(state_of(row), at))


def reopen_queue_clock(stint: Stint, *, at: datetime) -> None:
    """An undone move brings the stint back; the time between doesn't count against its queue."""
    for row in _stint_rows(stint):
        clock_rows.take_up(row, engine.reopen(state_of(row), at))


def cancel_queue_clock(stint: Stint, *, at: datetime) -> None:
    """The stint never should have been; its clock counts for nobody."""
    for row in _stint_rows(stint):
        clock_rows.cancel(row, at)


def follow_status(ticket: Ticket, status: Status, *, at: datetime) -> None:
    """Pause or resume what waits in this status (only the solution, only for the customer)."""
    changed = False
    for row in open_rows(ticket, CUSTOMER_KINDS):
        state = state_of(row)
        moved = engine.pause(state, at) if engine.pauses_while(Kind(row.kind), status) else engine.resume(state, at)
        if moved != state:
            clock_rows.apply(row, moved)
            changed = True
    if changed:
        write_burns_at(ticket)


def retarget(ticket: Ticket, *, book: RuleBook | None, now: datetime) -> None:
    """Priority or type changed: recompute unmet clocks from their start, with all pauses kept.

    ``book`` holds the rules under which a new type was chosen: customer clocks take their targets, and calendar and
    stages of the new type's queue; platforms' deadlines begin and fall away. Without it (only the priority changed)
    each clock keeps its calendar, its stages and the rules it was started under: a changed policy touches new
    tickets only. A queue clock keeps its queue's.
    """
    priority = Priority(ticket.priority)
    if book is not None:
        platform_clocks.follow_rules(ticket, book=book, started_at=platform_clocks.cycle_of(ticket)[1], now=now)
    for row in open_rows(ticket, CUSTOMER_KINDS):
        kind, rules = Kind(row.kind), book or rulebook_of(row.rule_version)
        stages = None
        if book is not None:
            code = _queue_code(kind, ticket, book)
            row.calendar_id, row.calendar_version = calendar_of(code)
            stages = book.stages_for(code)
        clock_rows.retarget(row, _target(kind, ticket, rules), rules, stages)
    open_stints = (
        select(ClockRow, Queue.code).join(Stint, Stint.id == ClockRow.stint_id).join(Queue, Queue.id == Stint.queue_id)
    )
    for row, code in session().execute(open_stints.where(is_open(), ClockRow.ticket_id == ticket.id)):
        rules = book or rulebook_of(row.rule_version)
        seconds = rules.queue_seconds(code, priority)
        if seconds is not None:
            clock_rows.retarget(row, seconds, rules, book.stages_for(code) if book is not None else None)
    write_burns_at(ticket)


def recompute_on_calendar(
    calendar_id: int, version: int, *, actor: Actor, now: datetime, most_tickets: int | None = None
) -> int:
    """A new version of a calendar (other hours, a year's holidays published): move running clocks to it.

    Returns how many. Tickets on which a deadline changed by that get an event. ``most_tickets`` at a time: what is
    still behind is found again by the next call, and 0 says that nothing is.
    """
    session().info.pop(IN_FORCE, None)
    behind = is_open() & (ClockRow.calendar_id == calendar_id) & (ClockRow.calendar_version < version)
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
        clock_rows.apply(row, state_of(row))
        count, calendar_id = count + 1, row.calendar_id
        if (row.due_at, row.late_after) != before:
            moved.append(row.kind)
    write_burns_at(ticket)
    if moved:
        record("clock.recomputed", actor=actor, now=now, ticket_id=ticket_id, clocks=moved, calendar=calendar_id)
    return count


def _promise_anew(row: ClockRow, ticket: Ticket) -> None:
    """A customer's clock that was met while type or priority changed catches up on that, now that it runs again."""
    kind, book = Kind(row.kind), rulebook_of(max(row.rule_version, ticket.rule_version))
    code = _queue_code(kind, ticket, book)
    calendar_id, version = calendar_of(code)
    if calendar_id != row.calendar_id:
        row.calendar_id, row.calendar_version = calendar_id, version
    clock_rows.retarget(row, _target(kind, ticket, book), book, book.stages_for(code))


def _target(kind: Kind, ticket: Ticket, book: RuleBook) -> int:
    priority = Priority(ticket.priority)
    if kind is Kind.FIRST_RESPONSE:
        return book.first_response_seconds(ticket.type, priority)
    return book.solution_seconds(ticket.type, priority)


def follow_order(ticket: Ticket, *, now: datetime) -> None:
    """The ticket has another order: platforms' deadlines that hang on one begin, are met or fall away."""
    _follow_rules(ticket, now)
    write_burns_at(ticket)


def _queue_code(kind: Kind, ticket: Ticket, book: RuleBook) -> str:
    return book.answering_queue if kind is Kind.FIRST_RESPONSE else book.type(ticket.type).queue


def _open_of(ticket: Ticket, kinds: Iterable[Kind]) -> list[ClockRow]:
    """Open clocks of these kinds. What platforms want answered goes with the first response."""
    wanted = set(kinds)
    with_answers = wanted | {Kind.PLATFORM} if Kind.FIRST_RESPONSE in wanted else wanted
    return [
        row
        for row in open_rows(ticket, with_answers)
        if Kind(row.kind) in wanted or platform_clocks.met_by(row) == "reply"
    ]


def _follow_rules(ticket: Ticket, now: datetime) -> None:
    book, started_at = platform_clocks.cycle_of(ticket)
    platform_clocks.follow_rules(ticket, book=book, started_at=started_at, now=now)


def _stint_rows(stint: Stint) -> list[ClockRow]:
    """The stint's clock, if its queue has a target."""
    return list(
        session().scalars(select(ClockRow).where(ClockRow.stint_id == stint.id, ClockRow.cancelled_at.is_(None)))
    )
