"""The queue page: rows in the order in which they burn, a page at a time.

Plain rows, no objects of the mapper. ``page`` takes three statements whatever the number of tickets (four where
a number isn't found and is looked for as a word).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, and_, bindparam, case, func, null, select, true
from sqlalchemy.orm import InstrumentedAttribute, aliased

from helpdesk.domain.access import Actor, Permission
from helpdesk.domain.clocks import FAR_FUTURE
from helpdesk.domain.rulebook import Label
from helpdesk.domain.ticket_filter import Tab, TicketFilter
from helpdesk.domain.views import Sort
from helpdesk.models import Channel, ClockRow, Customer, Note, Order, Stint, Ticket, User
from helpdesk.models.calendars import load_calendars
from helpdesk.models.scope import asks, listed, readable
from helpdesk.models.ticket_filter import UNSURE, conditions, tab_condition
from helpdesk.models.tickets import is_active, is_open_stay
from helpdesk.queries.clock_faces import ClockFace, Openings, nearest
from helpdesk.queries.keyset import EPOCH, Cursor, Key, Statement, sorted_page
from helpdesk.storage import UTCDateTime, plain_rows, session

PAGE = 50
STATEMENTS_KEPT = 256
"""One for each list and person, of those that were asked for last."""

OWNER = aliased(User)


@dataclass(frozen=True, slots=True)
class Assist:
    """What another queue is asked, about which party."""

    party: str | None
    question: str


class TicketRow(NamedTuple):
    """A line of the list. ``hands`` is who took it in its queue, None while nobody has; once ended, its owner.
    ``paid_fen`` is fen.

    ``key`` tells the lines of one list apart: a ticket that asks two queues for help stands there twice.
    """

    key: str
    id: int
    number: str
    subject: str
    klass: str
    type: str
    unconfirmed: bool
    channel: Label
    customer: str | None
    vip: bool
    order_number: str | None
    paid_fen: int | None
    created_at: datetime
    hands: str | None
    status: str
    priority: str
    urgency: int
    nudges: int
    unread: bool
    clock: ClockFace | None
    assist: Assist | None

    def seen(self) -> tuple[object, ...]:
        """What a reader sees of it, without what counts down by itself."""
        return (*self[:-2], self.clock.seen() if self.clock else None, self.assist)


@dataclass(frozen=True, slots=True)
class Page:
    """``newer`` and ``older`` are cursors to hand back as ``before`` and ``after``; None at the ends."""

    rows: tuple[TicketRow, ...]
    newer: Cursor | None
    older: Cursor | None


BURNING = (
    Key("urgency", Ticket.urgency.expression, descending=True),
    Key("at", Ticket.burns_at.expression),
    Key("id", Ticket.id.expression),
)
"""What burns first: the order of the partial indexes ``ix_ticket_burning*``."""

NEWEST = (Key("id", Ticket.id.expression, descending=True),)
"""For lists in which ended tickets stand too: nothing burns there."""

SAID_AT = Ticket.last_customer_message_at.expression

ORDERS: Mapping[Sort, tuple[Key, ...]] = {
    Sort.CREATED: (Key("at", Ticket.created_at.expression), Key("id", Ticket.id.expression)),
    Sort.CREATED_LAST: (
        Key("at", Ticket.created_at.expression, descending=True),
        Key("id", Ticket.id.expression, descending=True),
    ),
    Sort.MESSAGE: (Key("at", SAID_AT), Key("id", Ticket.id.expression)),
    Sort.MESSAGE_LAST: (Key("at", SAID_AT, descending=True), Key("id", Ticket.id.expression, descending=True)),
    Sort.PRIORITY: (
        Key("urgency", Ticket.priority.expression, stored="P{}".format),
        Key("at", Ticket.burns_at.expression),
        Key("id", Ticket.id.expression),
    ),
}
"""Beside the usual one: each the order of an index."""

QUEUE_CLOCK = aliased(ClockRow)
ASKED_FIRST = (
    Key("at", func.coalesce(QUEUE_CLOCK.late_after, FAR_FUTURE, type_=ClockRow.late_after.type)),
    Key("id", Stint.id.expression),
)
"""Assists burn by the clock of the queue that was asked."""


def page(
    chosen: TicketFilter,
    tab: Tab,
    actor: Actor,
    now: datetime,
    *,
    order: Sort = Sort.DUE,
    after: Cursor | None = None,
    before: Cursor | None = None,
    size: int = PAGE,
) -> Page:
    """A page of the actor's tickets: the one after or before a cursor, or the first."""
    keys = _keys(chosen, tab, order)
    found = _fetch(chosen, tab, actor, now, keys, after, before, size + 1)
    more, found = len(found) > size, found[:size]
    if before is not None:
        found.reverse()
    rows = tuple(_rows(found, tab, now))
    if not found:
        return Page(rows, None, None)
    newer, older = (more, True) if before is not None else (after is not None, more)
    return Page(rows, _cursor(found[0], keys) if newer else None, _cursor(found[-1], keys) if older else None)


def every_id(chosen: TicketFilter, tab: Tab, actor: Actor, now: datetime, *, most: int) -> list[int]:
    """Ids of all tickets of the list as it is now, ``most`` at most. One statement, two for a search of a number."""
    for by_number in (True, False) if chosen.looks_like_number else (True,):
        found = session().scalars(
            select(Ticket.id)
            .where(_in_sight(chosen, tab, actor), tab_condition(tab, actor))
            .where(*conditions(chosen, actor, now, by_number=by_number))
            .order_by(Ticket.id)
            .limit(most)
        )
        ids = list(found)
        if ids:
            break
    return ids


def ids_of(numbers: Sequence[str]) -> list[int]:
    """Ids of the tickets of these numbers, in anybody's sight: who acts on them asks for his rights."""
    return list(session().scalars(select(Ticket.id).where(Ticket.number.in_(numbers)).order_by(Ticket.id)))


def next_number(
    chosen: TicketFilter, tab: Tab, actor: Actor, now: datetime, *, after: str, order: Sort = Sort.DUE
) -> str | None:
    """The ticket that stands behind this one in the list, from the top again at the end; None if it is alone."""
    keys = _keys(chosen, tab, order)
    statement = _statement(chosen, tab, actor, now, keys)
    current = session().execute(statement.where(Ticket.number == after).limit(1)).first()
    others = statement.where(Ticket.number != after)
    for cursor in [_cursor(current, keys), None] if current else [None]:
        found = session().execute(sorted_page(others, keys, cursor).limit(1)).first()
        if found:
            return str(found.number)
    return None


def _fetch(
    chosen: TicketFilter,
    tab: Tab,
    actor: Actor,
    now: datetime,
    keys: Sequence[Key],
    after: Cursor | None,
    before: Cursor | None,
    limit: int,
) -> list[Row[Any]]:
    if after is None and before is None and not (chosen.q or chosen.hangs_on_the_present):
        return list(plain_rows(_first_page(chosen, tab, actor, keys, limit), {"now": now}).all())
    for by_number in (True, False) if chosen.looks_like_number else (True,):
        statement = _statement(chosen, tab, actor, now, keys, by_number=by_number)
        statement = sorted_page(statement, keys, before or after, backwards=before is not None).limit(limit)
        found = list(session().execute(statement))
        if found:
            break
    return found


@lru_cache(maxsize=STATEMENTS_KEPT)
def _first_page(chosen: TicketFilter, tab: Tab, actor: Actor, keys: Sequence[Key], limit: int) -> Statement:
    """Built once for a list and a person, with the present as a parameter: that takes longer than asking."""
    statement = _statement(chosen, tab, actor, bindparam("now", type_=UTCDateTime), keys)
    return sorted_page(statement, keys, None).limit(limit)


def _keys(chosen: TicketFilter, tab: Tab, order: Sort) -> Sequence[Key]:
    """How the list is sorted. Orders that only open tickets have an index for are not asked of others."""
    if tab is Tab.ASSISTS:
        return ASKED_FIRST
    return ORDERS.get(order) or (BURNING if chosen.only_active else NEWEST)


def _statement(
    chosen: TicketFilter, tab: Tab, actor: Actor, now: Any, keys: Sequence[Key], *, by_number: bool = True
) -> Statement:
    """The list without its page."""
    if tab is Tab.ASSISTS:
        statement = _assists(actor)
    else:
        statement = _tickets(keys).where(_in_sight(chosen, tab, actor), tab_condition(tab, actor))
    return statement.where(*conditions(chosen, actor, now, by_number=by_number))


def _in_sight(chosen: TicketFilter, tab: Tab, actor: Actor) -> ColumnElement[bool]:
    """A search finds all that may be opened, a list shows the person's own; what is his is always in his sight."""
    if tab is Tab.MINE and actor.may(Permission.TICKETS_READ):
        return true()
    return readable(actor) if chosen.q and tab is Tab.ALL else listed(actor)


_COLUMNS = (
    Ticket.id,
    Ticket.number,
    Ticket.subject,
    Ticket.klass,
    Ticket.type,
    Ticket.tier,
    Ticket.created_at,
    Ticket.status,
    Ticket.priority,
    Ticket.urgency,
    Ticket.nudges,
    Ticket.unread,
    Channel.name_zh,
    Channel.name_en,
    Customer.name.label("customer"),
    Customer.vip_at.label("vip_at"),
    Order.number.label("order_number"),
    Order.paid_fen,
    case((is_active, User.name), else_=func.coalesce(User.name, OWNER.name)).label("hands"),
)


def _tickets(keys: Sequence[Key]) -> Statement:
    """Outer joins keep ``ticket`` in front, so that its index gives the order."""
    key = {one.part: one.column for one in keys}
    statement = (
        select(*_COLUMNS, key.get("at", null()).label("key_at"), key["id"].label("key_id"))
        .select_from(Ticket)
        .outerjoin(Stint, and_(Stint.ticket_id == Ticket.id, is_open_stay))
        .outerjoin(User, User.id == Stint.assignee_id)
    )
    return _with_names(statement)


def _assists(actor: Actor) -> Statement:
    """Open assists of the actor's queues (of all, for one who reads everything), with what is asked."""
    key = {one.part: one.column for one in ASKED_FIRST}
    statement = (
        select(
            *_COLUMNS,
            key["at"].label("key_at"),
            key["id"].label("key_id"),
            Stint.party.label("party"),
            Note.text.label("question"),
        )
        .select_from(Stint)
        .join(Ticket, Ticket.id == Stint.ticket_id)
        .outerjoin(QUEUE_CLOCK, and_(QUEUE_CLOCK.stint_id == Stint.id, QUEUE_CLOCK.cancelled_at.is_(None)))
        .outerjoin(Note, Note.id == Stint.question_note_id)
        .outerjoin(User, User.id == Stint.assignee_id)
        .where(asks(actor))
    )
    return _with_names(statement)


def _with_names(statement: Statement) -> Statement:
    return (
        statement.outerjoin(Channel, Channel.id == Ticket.channel_id)
        .outerjoin(Customer, Customer.id == Ticket.customer_id)
        .outerjoin(Order, Order.id == Ticket.order_id)
        .outerjoin(OWNER, OWNER.id == Ticket.owner_id)
    )


def _cursor(row: Row[Any], keys: Sequence[Key]) -> Cursor:
    rank = int(row.priority[1:]) if keys is ORDERS[Sort.PRIORITY] else row.urgency
    return Cursor(rank, row.key_at or EPOCH, row.key_id)


def _rows(found: Iterable[Row[Any]], tab: Tab, now: datetime) -> Iterator[TicketRow]:
    of = ClockRow.stint_id if tab is Tab.ASSISTS else ClockRow.ticket_id
    clocks = _running_clocks(of, [row.key_id for row in found])
    calendars = load_calendars(
        {(clock.calendar_id, clock.calendar_version) for held in clocks.values() for clock in held}
    )
    openings = Openings(now)
    for row in found:
        yield TicketRow(
            key=f"{row.number}-{row.key_id}" if tab is Tab.ASSISTS else row.number,
            id=row.id,
            number=row.number,
            subject=row.subject,
            klass=row.klass,
            type=row.type,
            unconfirmed=row.tier in UNSURE,
            channel=Label(row.name_zh, row.name_en),
            customer=row.customer,
            vip=row.vip_at is not None,
            order_number=row.order_number,
            paid_fen=row.paid_fen,
            created_at=row.created_at,
            hands=row.hands,
            status=row.status,
            priority=row.priority,
            urgency=row.urgency,
            nudges=row.nudges,
            unread=row.unread,
            clock=nearest(clocks.get(row.key_id, ()), calendars, now, openings),
            assist=Assist(row.party, row.question or "") if tab is Tab.ASSISTS else None,
        )


def _running_clocks(of: InstrumentedAttribute[Any], ids: Sequence[int]) -> dict[int, list[Row[Any]]]:
    """The clocks that are neither met nor cancelled: those of a ticket towards the customer, or a stint's own."""
    if not ids:
        return {}
    clocks: dict[int, list[Row[Any]]] = {}
    for row in plain_rows(_clocks(of is ClockRow.stint_id), {"ids": ids}).all():
        clocks.setdefault(row.holder, []).append(row)
    return clocks


@cache
def _clocks(of_stints: bool) -> Statement:
    of = ClockRow.stint_id if of_stints else ClockRow.ticket_id
    statement = select(
        of.label("holder"),
        ClockRow.kind,
        ClockRow.calendar_id,
        ClockRow.calendar_version,
        ClockRow.target_seconds,
        ClockRow.started_at,
        ClockRow.pauses,
        ClockRow.due_at,
        ClockRow.late_after,
        ClockRow.met_at,
        ClockRow.provisional,
    ).where(of.in_(bindparam("ids", expanding=True)), ClockRow.met_at.is_(None), ClockRow.cancelled_at.is_(None))
    return statement if of_stints else statement.where(ClockRow.stint_id.is_(None))
