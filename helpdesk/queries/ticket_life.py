"""A ticket's stays, moves and present wait: what its life-line is drawn from. One statement."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Integer, Row, and_, bindparam, cast, func, literal, null, select, union_all
from sqlalchemy import String as SQLString

from helpdesk.domain import clocks as engine
from helpdesk.domain import lifeline
from helpdesk.domain.calendars import Calendar
from helpdesk.domain.clocks import ClockState
from helpdesk.domain.lifeline import Attribution, Move, QueueUse, Segment, Stay
from helpdesk.domain.tickets import Status
from helpdesk.models import (
    CalendarVersion,
    ClockRow,
    Event,
    Note,
    Queue,
    Stint,
    WorkCalendar,
)
from helpdesk.models.calendars import calendar_of
from helpdesk.models.clocks import state_of
from helpdesk.queries.keyset import Statement
from helpdesk.queries.pauses import OpenPause, PauseRow, pause_rows, paused
from helpdesk.storage import JSONDocument, UTCDateTime, constants, plain_rows

MOST_RECORDS = 2_000

MOVES = ("ticket.status", "ticket.pending_on")


@dataclass(frozen=True, slots=True)
class StintView:
    """A stay or an assist, with the clock of its queue where that has one. Times are UTC, the text is personal."""

    id: int
    kind: str
    queue_id: int
    queue: str
    entered_at: datetime
    left_at: datetime | None
    party: str | None
    question: str
    asked_by_id: int | None
    assignee_id: int | None
    cycle: int | None
    clock: ClockState | None
    calendar: Calendar

    @property
    def is_open_assist(self) -> bool:
        return self.kind == "assist" and self.left_at is None


@dataclass(frozen=True, slots=True)
class Records:
    """What is recorded of a ticket's way: its stints as they began, its moves as they happened, its present wait."""

    stints: tuple[StintView, ...] = ()
    moves: tuple[Move, ...] = ()
    pause: OpenPause | None = None


def ticket_records(ticket_id: int) -> Records:
    """The records of a ticket, at most ``MOST_RECORDS`` of them."""
    rows = plain_rows(_records(), {"ticket": ticket_id}).all()
    return Records(
        stints=tuple(_stint(row) for row in rows if row.part == "stint"),
        moves=tuple(replayed(row for row in rows if row.part == "event")),
        pause=paused(PauseRow._make(row[2:8]) for row in rows if row.part == "pause"),
    )


@cache
def _records() -> Statement:
    """Built once: that takes longer than asking."""
    ticket_id: Any = bindparam("ticket")
    found = union_all(_stints(ticket_id), _moves(ticket_id), _pause(ticket_id)).subquery()
    return select(found).order_by(found.c.part, found.c.id).limit(MOST_RECORDS)


def life(created_at: datetime, end: datetime, records: Records) -> tuple[Segment, ...]:
    """The life-line from ``created_at`` to ``end`` (UTC)."""
    stays = [Stay(one.queue, one.entered_at, one.left_at, one.kind == "assist") for one in records.stints]
    return lifeline.life(created_at, end, records.moves, stays, {one.queue: one.calendar for one in records.stints})


def end_of_life(status: Status, resolved_at: datetime | None, records: Records, now: datetime) -> datetime:
    """Up to when there is something to tell: ``now``, unless the ticket was resolved or merged before."""
    if status in (Status.RESOLVED, Status.CLOSED):
        return resolved_at or now
    merged = (move.at for move in records.moves if move.status is Status.MERGED)
    return next(merged, now) if status is Status.MERGED else now


def blame(
    clock: ClockState,
    calendar: Calendar,
    segments: Sequence[Segment],
    uses: Iterable[QueueUse],
    now: datetime,
    *,
    answering: str | None = None,
) -> Attribution:
    """Who used a customer's clock, and who is to blame if it is late; ``uses`` are those of its cycle.

    ``answering`` is the queue that has to give a first response: it used all of that clock, whoever had the ticket.
    """
    if answering is not None:
        return lifeline.attribution(clock, calendar, lifeline.held_by(answering, segments), (), now)
    return lifeline.attribution(clock, calendar, segments, uses, now)


def queue_uses(records: Records, cycle: int, now: datetime) -> list[QueueUse]:
    """What the queues' own clocks of a cycle have counted."""
    return [
        QueueUse(one.queue, engine.elapsed(one.clock, one.calendar, now), one.clock.target_seconds)
        for one in records.stints
        if one.clock is not None and one.cycle == cycle and one.clock.target_seconds is not None
    ]


def _stint(row: Row[Any]) -> StintView:
    return StintView(
        id=row.id,
        kind=row.code,
        queue_id=row.number,
        queue=row.queue,
        entered_at=row.at,
        left_at=row.till,
        party=row.party,
        question=row.text or "",
        asked_by_id=row.asked_by_id,
        assignee_id=row.assignee_id,
        cycle=row.cycle,
        clock=None if row.cycle is None else state_of(row),
        calendar=calendar_of(row.document),
    )


def replayed(rows: Iterable[Any]) -> list[Move]:
    """Moves from events of ``MOVES`` (at, code, and their params as ``document``) in their order.

    Status and whom the ticket waits for are told by an event each; of one change both bear one time. A merge that was
    undone leaves no trace: the ticket was all along what it had been.
    """
    moves: list[Move] = []
    status, pending_on = Status.NEW, None
    before_merge = 0, status, pending_on
    for row in rows:
        if row.code != "ticket.status":
            pending_on = row.document["to"]
        elif row.document.get("from") == Status.MERGED:
            kept, status, pending_on = before_merge
            del moves[kept:]
            continue
        else:
            if row.document["to"] == Status.MERGED:
                before_merge = len(moves), status, pending_on
            status = Status(row.document["to"])
        moves.append(Move(row.at, status, pending_on))
    return moves


def calendar_of_stint() -> ColumnElement[bool]:
    """Joins ``CalendarVersion`` to a stint with its queue, the queue's calendar and the stint's clock, if any.

    A stint's closed hours are those of its clock's calendar; without a clock, those of the queue's present one.
    """
    return and_(
        CalendarVersion.calendar_id == func.coalesce(ClockRow.calendar_id, Queue.calendar_id),
        CalendarVersion.version == func.coalesce(ClockRow.calendar_version, WorkCalendar.version),
    )


_TEXT: ColumnElement[Any] = cast(null(), SQLString)
_NUMBER: ColumnElement[Any] = cast(null(), Integer)
_INSTANT: ColumnElement[Any] = cast(null(), UTCDateTime)
_DOCUMENT: ColumnElement[Any] = cast(null(), JSONDocument)


def _stints(ticket_id: int) -> Statement:
    return (
        select(
            literal("stint").label("part"),
            Stint.id.label("id"),
            Stint.kind.label("code"),
            Stint.party.label("party"),
            Stint.entered_at.label("at"),
            Stint.queue_id.label("number"),
            Queue.code.label("queue"),
            Stint.left_at.label("till"),
            Stint.asked_by_id.label("asked_by_id"),
            Stint.assignee_id.label("assignee_id"),
            Note.text.label("text"),
            ClockRow.cycle.label("cycle"),
            ClockRow.target_seconds.label("target_seconds"),
            ClockRow.started_at.label("started_at"),
            ClockRow.met_at.label("met_at"),
            ClockRow.pauses.label("pauses"),
            CalendarVersion.document.label("document"),
        )
        .join(Queue, Queue.id == Stint.queue_id)
        .join(WorkCalendar, WorkCalendar.id == Queue.calendar_id)
        .outerjoin(ClockRow, and_(ClockRow.stint_id == Stint.id, ClockRow.cancelled_at.is_(None)))
        .join(CalendarVersion, calendar_of_stint())
        .outerjoin(Note, Note.id == Stint.question_note_id)
        .where(Stint.ticket_id == ticket_id)
    )


def _moves(ticket_id: int) -> Statement:
    return select(
        literal("event"),
        Event.id,
        Event.code,
        _TEXT,
        Event.at,
        *(_NUMBER, _TEXT, _INSTANT, _NUMBER, _NUMBER, _TEXT, _NUMBER, _NUMBER, _INSTANT, _INSTANT, _DOCUMENT),
        Event.params,
    ).where(Event.ticket_id == ticket_id, Event.code.in_(constants(MOVES)))


def _pause(ticket_id: int) -> Statement:
    row = pause_rows(ticket_id).subquery()
    return select(
        literal("pause"),
        _NUMBER,
        row.c.status,
        row.c.pending_on,
        row.c.started_at,
        row.c.rule_version,
        row.c.step_code,
        row.c.due_at,
        *(_NUMBER, _NUMBER, _TEXT, _NUMBER, _NUMBER, _INSTANT, _INSTANT, _DOCUMENT, _DOCUMENT),
    )
