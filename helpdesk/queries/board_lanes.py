"""How the board is cut: lanes, sections, and the counts of both. One statement.

A lane is a queue with a class, a person, a channel or a type. A section is what the supervisor looks for in it.
Counts read a covering index on open tickets; no closed ticket is touched.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Row,
    ScalarSelect,
    Subquery,
    and_,
    exists,
    false,
    func,
    literal,
    literal_column,
    null,
    or_,
    select,
    true,
    union_all,
)

from helpdesk.domain.access import Actor, Permission, Scope
from helpdesk.domain.rulebook import Label, RuleBook
from helpdesk.domain.tickets import Status, TicketClass
from helpdesk.models import Channel, ClockRow, Order, Queue, Stint, Ticket, TicketPause, User
from helpdesk.models.ticket_filter import is_overdue, is_soon_overdue, is_unassigned, stuck_tickets
from helpdesk.models.tickets import is_active, is_open_assist, is_open_stay
from helpdesk.queries.keyset import Statement
from helpdesk.queries.present import Present, Same
from helpdesk.storage import constants, plain_rows

CLASSES = tuple(klass.value for klass in TicketClass)
URGENCIES = (0, 1, 2, 3)
"""Named one by one they let an index seek to the deadlines behind them."""

BY_DEADLINE = Ticket.urgency.in_(constants(URGENCIES))
WAITS_FOR_APPROVAL: ColumnElement[bool] = literal_column(f"ticket.status = '{Status.PENDING_APPROVAL.value}'")


class By(StrEnum):
    """What makes a lane."""

    QUEUE = "queue"
    AGENT = "agent"
    CHANNEL = "channel"
    TYPE = "type"


class Section(StrEnum):
    """Which tickets are shown."""

    ALL = "all"
    OVERDUE = "overdue"
    SOON = "soon"
    UNASSIGNED = "unassigned"
    STUCK = "stuck"
    APPROVAL = "approval"


SAYS_IT = {Section.ALL: "open", Section.OVERDUE: "overdue", Section.SOON: "soon", Section.APPROVAL: "approval"}
"""The count that says what a section shows of a lane."""

STATEMENTS_KEPT = 256
"""One for each person and view, of those that were asked for last."""


@dataclass(frozen=True, slots=True)
class Lane:
    """A lane and its counts; ``shown`` is how many the section shows of it, ``open`` all that are in hand.

    ``code`` is the code of the queue, channel or type, or the person's id; empty for what nobody has in hand.
    ``name`` is None where the rules name it (types) or nobody does. ``asked`` questions of other queues wait for this
    queue, ``asked_late`` of them beyond its own clock: lateness of the queue, not of the customer's promise.
    """

    key: str
    id: int | None
    code: str
    name: Label | str | None
    klass: str
    shown: int
    open: int
    overdue: int
    soon: int
    asked: int
    asked_late: int


@dataclass(frozen=True, slots=True)
class Figures:
    """Of all that the actor sees: tickets by section, the oldest broken promise, and the money that hangs on them.

    ``oldest`` is the last instant at which it could have been kept (UTC). ``stake_fen``: what the orders of overdue
    tickets were paid with, each order once.
    """

    counts: Mapping[Section, int]
    oldest: datetime | None
    stake_fen: int


def in_sight(actor: Actor) -> ColumnElement[bool]:
    """Tickets of the board: those of the actor's queues, of all for a role that reads every board."""
    return in_board_queues(actor, Ticket.queue_id)


def counted_lanes(actor: Actor, now: datetime, book: RuleBook, by: By, section: Section) -> tuple[list[Lane], Figures]:
    """The lanes in which the section shows something, and the figures over all of them.

    Queues stand in their order, and all of them while everything is shown; people, channels and types with the most
    overdue first.
    """
    statement, present = _built_lanes(actor, by, section, Same(book))
    rows = plain_rows(statement, present.values(now)).all()
    lanes = [_lane(row, by, section) for row in rows]
    figures = _figures(rows)
    if by is By.QUEUE:
        every = section is Section.ALL
        return [lane for lane in _asked_once(lanes) if every or lane.shown], figures
    lanes.sort(key=lambda lane: (-lane.overdue, -lane.soon, -lane.shown, lane.code))
    return [lane for lane in lanes if lane.shown], figures


def in_lane(lane_id: int | None, code: str | None, klass: str | None, by: By) -> ColumnElement[bool]:
    """The tickets of a lane."""
    match by:
        case By.QUEUE:
            return and_(Ticket.queue_id == lane_id, Ticket.klass == klass)
        case By.AGENT if lane_id is None:
            return is_unassigned()
        case By.AGENT:
            held = select(Stint.ticket_id).where(is_open_stay, Stint.assignee_id == lane_id)
            return Ticket.id.in_(held.correlate(None))
        case By.CHANNEL:
            return Ticket.channel_id == lane_id
        case By.TYPE:
            return Ticket.type == code


def is_in(section: Section, book: RuleBook, now: datetime) -> ColumnElement[bool]:
    """What the section shows of the open tickets."""
    match section:
        case Section.ALL:
            return true()
        case Section.OVERDUE:
            return is_overdue(now)
        case Section.SOON:
            return is_soon_overdue(now)
        case Section.UNASSIGNED:
            return is_unassigned()
        case Section.STUCK:
            return Ticket.id.in_(stuck_tickets(book, now))
        case Section.APPROVAL:
            return WAITS_FOR_APPROVAL


def in_board_queues(actor: Actor, column: Any) -> ColumnElement[bool]:
    """The column's queue is on the actor's board."""
    match actor.scope(Permission.BOARD_READ):
        case Scope.ALL:
            return true()
        case Scope.OWN:
            condition: ColumnElement[bool] = column.in_(constants(sorted(actor.queues)))
            return condition
        case _:
            return false()


@lru_cache(maxsize=STATEMENTS_KEPT)
def _built_lanes(actor: Actor, by: By, section: Section, book: Same) -> tuple[Statement, Present]:
    """Built once for a person and a view."""
    present: Any = Present()
    return _lanes(actor, present, book.value, by, section), present


def _lanes(actor: Actor, now: datetime, book: RuleBook, by: By, section: Section) -> Statement:
    """Lanes with their names, and the figures that stand on all rows alike."""
    counted = _counted(actor, now, book, by, section)
    figures = (
        _unassigned(actor).label("unassigned"),
        _stuck(actor, book, now).label("stuck"),
        _stake(actor, now).label("stake_fen"),
    )
    columns = (*counted.c, *figures)
    if by is By.QUEUE:
        return _with_queues(select(*columns), counted, actor, now)
    statement = select(*columns, literal(0).label("asked"), literal(0).label("asked_late"))
    none = null()
    match by:
        case By.AGENT:
            statement = statement.add_columns(
                User.id.label("lane_id"), none.label("code"), User.name.label("name_zh"), none.label("name_en")
            )
            return statement.outerjoin(User, User.id == counted.c.lane)
        case By.CHANNEL:
            statement = statement.add_columns(
                Channel.id.label("lane_id"), Channel.code, Channel.name_zh, Channel.name_en
            )
            return statement.join(Channel, Channel.id == counted.c.lane)
        case By.TYPE:
            code = counted.c.lane.label("code")
            return statement.add_columns(none.label("lane_id"), code, none.label("name_zh"), none.label("name_en"))


def _with_queues(statement: Statement, counted: Subquery, actor: Actor, now: datetime) -> Statement:
    """Every active queue stands on the board, and one that isn't while something is left in it."""
    asked = _asked(actor, now)
    return (
        statement.add_columns(
            Queue.id.label("lane_id"),
            Queue.code,
            Queue.name_zh,
            Queue.name_en,
            func.coalesce(asked.c.asked, 0).label("asked"),
            func.coalesce(asked.c.late, 0).label("asked_late"),
        )
        .select_from(Queue)
        .outerjoin(counted, counted.c.lane == Queue.id)
        .outerjoin(asked, asked.c.queue_id == Queue.id)
        .where(in_board_queues(actor, Queue.id), or_(Queue.active, counted.c.lane.is_not(None)))
        .order_by(Queue.position, Queue.id, counted.c.klass)
    )


def _counted(actor: Actor, now: datetime, book: RuleBook, by: By, section: Section) -> Subquery:
    """Open tickets by lane; ``shown`` only where no other count says it (see ``SAYS_IT``)."""
    shown = None if section in SAYS_IT else is_in(section, book, now)
    if by is By.QUEUE:
        return _counted_queues(actor, now, shown)
    keys: Mapping[By, Any] = {By.AGENT: Stint.assignee_id, By.CHANNEL: Ticket.channel_id, By.TYPE: Ticket.type}
    statement = (
        select(
            keys[by].label("lane"),
            literal("").label("klass"),
            (null() if shown is None else _number(shown)).label("shown"),
            func.count().label("open"),
            _number(is_overdue(now)).label("overdue"),
            _number(is_soon_overdue(now)).label("soon"),
            _number(WAITS_FOR_APPROVAL).label("approval"),
            func.min(Ticket.burns_at).label("burns_first"),
        )
        .where(is_active, in_sight(actor))
        .group_by(keys[by])
    )
    if by is By.AGENT:
        statement = statement.join(Stint, and_(Stint.ticket_id == Ticket.id, is_open_stay))
    return statement.subquery()


def _counted_queues(actor: Actor, now: datetime, shown: ColumnElement[bool] | None) -> Subquery:
    """Each count by itself, from the beginning or a part of an index, rather than by looking at every open ticket."""
    classes = union_all(*(select(one.label("klass")) for one in constants(CLASSES))).subquery()
    lanes = select(Queue.id.label("lane"), classes.c.klass).join(classes, true()).subquery()
    here = and_(is_active, Ticket.queue_id == lanes.c.lane, Ticket.klass == lanes.c.klass)

    def figure(value: ColumnElement[Any], *conditions: ColumnElement[bool]) -> ScalarSelect[Any]:
        return select(value).select_from(Ticket).where(here, *conditions).correlate(lanes).scalar_subquery()

    late, soon = (and_(BY_DEADLINE, one) for one in (is_overdue(now), is_soon_overdue(now)))
    return (
        select(
            lanes.c.lane,
            lanes.c.klass,
            (null() if shown is None else figure(func.count(), shown)).label("shown"),
            figure(func.count()).label("open"),
            figure(func.count(), late).label("overdue"),
            figure(func.count(), soon).label("soon"),
            figure(func.count(), WAITS_FOR_APPROVAL).label("approval"),
            figure(func.min(Ticket.burns_at), late).label("burns_first"),
        )
        .where(in_board_queues(actor, lanes.c.lane), exists().where(here).correlate(lanes))
        .subquery()
    )


def _by_deadline(actor: Actor) -> ColumnElement[bool]:
    """The actor's open tickets, said so that the index on lanes can seek to a deadline behind it."""
    return and_(
        is_active,
        Ticket.queue_id.in_(select(Queue.id)),
        Ticket.klass.in_(constants(CLASSES)),
        BY_DEADLINE,
        in_sight(actor),
    )


def _asked(actor: Actor, now: datetime) -> Subquery:
    """Open questions by the queue that is asked, and how many of them are late by that queue's own clock."""
    return (
        select(
            Stint.queue_id,
            func.count().label("asked"),
            _number(ClockRow.late_after < now).label("late"),
        )
        .outerjoin(ClockRow, and_(ClockRow.stint_id == Stint.id, ClockRow.cancelled_at.is_(None)))
        .where(is_open_assist, in_board_queues(actor, Stint.queue_id))
        .group_by(Stint.queue_id)
        .subquery()
    )


def _unassigned(actor: Actor) -> ColumnElement[int]:
    """A stay's queue is its ticket's, and only open tickets have an open one. Counted by what waits less what asks."""
    waiting = (
        select(func.count())
        .select_from(Stint)
        .where(Stint.left_at.is_(None), Stint.assignee_id.is_(None), in_board_queues(actor, Stint.queue_id))
    )
    return waiting.scalar_subquery() - waiting.where(is_open_assist).scalar_subquery()


def _stuck(actor: Actor, book: RuleBook, now: datetime) -> ScalarSelect[int]:
    """From the few waits that are open to their tickets: as a join the planner would begin with all tickets."""
    waiting = stuck_tickets(book, now)
    if actor.scope(Permission.BOARD_READ) is not Scope.ALL:
        queue = select(Ticket.queue_id).where(Ticket.id == TicketPause.ticket_id).correlate(TicketPause)
        waiting = waiting.where(in_board_queues(actor, queue.scalar_subquery()))
    return select(func.count()).select_from(waiting.subquery()).scalar_subquery()


def _stake(actor: Actor, now: datetime) -> ScalarSelect[int]:
    late = select(Ticket.order_id).where(_by_deadline(actor), is_overdue(now)).correlate(None)
    return select(func.coalesce(func.sum(Order.paid_fen), 0)).where(Order.id.in_(late)).scalar_subquery()


def _number(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.count().filter(condition)


def _lane(row: Row[Any], by: By, section: Section) -> Lane:
    code = str(row.lane_id or "") if by is By.AGENT else row.code
    return Lane(
        key="-".join(filter(None, (by.value, code or "none", row.klass))),
        id=row.lane_id,
        code=code,
        name=row.name_zh if by is By.AGENT else Label(row.name_zh, row.name_en) if row.name_zh else None,
        klass=row.klass or "",
        shown=getattr(row, SAYS_IT.get(section, "shown")) or 0,
        open=row.open or 0,
        overdue=row.overdue or 0,
        soon=row.soon or 0,
        asked=row.asked,
        asked_late=row.asked_late,
    )


def _asked_once(lanes: list[Lane]) -> list[Lane]:
    """The questions to a queue are told by the first of its lanes."""
    first = {lane.id: lane.key for lane in reversed(lanes)}
    return [lane if first[lane.id] == lane.key else replace(lane, asked=0, asked_late=0) for lane in lanes]


def _figures(rows: Any) -> Figures:
    counted = [row for row in rows if row.open]
    first = counted[0] if counted else None
    overdue = sum(row.overdue for row in counted)
    return Figures(
        counts={
            Section.ALL: sum(row.open for row in counted),
            Section.OVERDUE: overdue,
            Section.SOON: sum(row.soon for row in counted),
            Section.UNASSIGNED: first.unassigned if first else 0,
            Section.STUCK: first.stuck if first else 0,
            Section.APPROVAL: sum(row.approval for row in counted),
        },
        oldest=min(row.burns_first for row in counted if row.burns_first is not None) if overdue else None,
        stake_fen=int(first.stake_fen) if first else 0,
    )
