"""What tickets tell the report, as they stand: one ``domain.reports.Fact`` for each side of each ticket.

Seven statements for a batch of tickets, whatever their number.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, and_, func, select

from helpdesk.domain import lifeline
from helpdesk.domain.calendars import Calendar, open_seconds
from helpdesk.domain.lifeline import Stay
from helpdesk.domain.reports import Fact, Side
from helpdesk.domain.tickets import Status
from helpdesk.models import (
    CalendarVersion,
    ClockRow,
    Compensation,
    Event,
    Order,
    OrderLine,
    Parcel,
    Queue,
    ReportDue,
    Responsibility,
    Shop,
    Stint,
    Ticket,
    WorkCalendar,
)
from helpdesk.models.calendars import calendar_of
from helpdesk.models.promised import stands
from helpdesk.queries.ticket_life import MOVES, calendar_of_stint, replayed
from helpdesk.storage import session


@dataclass(frozen=True, slots=True)
class Told:
    """What tickets tell: their facts, and the (SKU, batch) on each one's order."""

    facts: tuple[Fact, ...]
    articles: Mapping[int, frozenset[tuple[str, str]]]


@dataclass(slots=True)
class _Records:
    """What is recorded of one ticket beside its own row."""

    clocks: list[Any] = field(default_factory=list)
    stays: list[Any] = field(default_factory=list)
    moves: list[Any] = field(default_factory=list)
    shares: dict[str, int] = field(default_factory=dict)
    money: list[Any] = field(default_factory=list)
    articles: set[tuple[str, str]] = field(default_factory=set)


def due(most: int) -> list[tuple[int, int]]:
    """(id, ticket) of what changed and is not counted yet, the oldest first."""
    rows = session().execute(select(ReportDue.id, ReportDue.ticket_id).order_by(ReportDue.id).limit(most))
    return [(row.id, row.ticket_id) for row in rows]


def told_by(ticket_ids: Sequence[int]) -> Told:
    """The facts of these tickets as they stand now. A merged one has none but its money."""
    tickets = session().execute(_tickets(ticket_ids)).all()
    records = _records(ticket_ids)
    facts = [fact for row in tickets for fact in _facts(row, records[row.id])]
    return Told(tuple(facts), {row.id: frozenset(records[row.id].articles) for row in tickets})


def _tickets(ticket_ids: Sequence[int]) -> Any:
    first_parcel = (
        select(Parcel.carrier)
        .where(Parcel.order_id == Ticket.order_id, Parcel.carrier != "")
        .order_by(Parcel.id)
        .limit(1)
        .scalar_subquery()
    )
    return (
        select(
            *(Ticket.id, Ticket.status, Ticket.type, Ticket.klass, Ticket.rule_version, Ticket.cycle),
            *(Ticket.shop_id, Ticket.channel_id, Ticket.queue_id, Ticket.owner_id),
            *(Ticket.created_at, Ticket.first_resolved_at),
            Shop.timezone,
            func.coalesce(Order.warehouse, "").label("warehouse"),
            func.coalesce(first_parcel, "").label("courier"),
            CalendarVersion.document.label("calendar"),
        )
        .join(Shop, Shop.id == Ticket.shop_id)
        .join(Queue, Queue.id == Ticket.queue_id)
        .join(WorkCalendar, WorkCalendar.id == Queue.calendar_id)
        .join(
            CalendarVersion,
            and_(CalendarVersion.calendar_id == WorkCalendar.id, CalendarVersion.version == WorkCalendar.version),
        )
        .outerjoin(Order, Order.id == Ticket.order_id)
        .where(Ticket.id.in_(ticket_ids))
        .order_by(Ticket.id)
    )


def _records(ticket_ids: Sequence[int]) -> defaultdict[int, _Records]:
    found: defaultdict[int, _Records] = defaultdict(_Records)
    for row in session().execute(_clocks(ticket_ids)):
        found[row.ticket_id].clocks.append(row)
    for row in session().execute(_stays(ticket_ids)):
        found[row.ticket_id].stays.append(row)
    moves = (
        select(Event.ticket_id, Event.at, Event.code, Event.params.label("document"))
        .where(Event.ticket_id.in_(ticket_ids), Event.code.in_(MOVES))
        .order_by(Event.ticket_id, Event.id)
    )
    for row in session().execute(moves):
        found[row.ticket_id].moves.append(row)
    shares = select(Responsibility.ticket_id, Responsibility.party, Responsibility.percent).where(
        Responsibility.ticket_id.in_(ticket_ids)
    )
    for row in session().execute(shares):
        found[row.ticket_id].shares[row.party] = row.percent
    money = select(Compensation.id, Compensation.ticket_id, Compensation.amount_fen, Compensation.proposed_at).where(
        Compensation.ticket_id.in_(ticket_ids),
        stands(),
    )
    for row in session().execute(money):
        found[row.ticket_id].money.append(row)
    articles = (
        select(Ticket.id.label("ticket_id"), OrderLine.sku, OrderLine.batch)
        .join(OrderLine, OrderLine.order_id == Ticket.order_id)
        .where(Ticket.id.in_(ticket_ids), OrderLine.sku != "")
    )
    for row in session().execute(articles):
        found[row.ticket_id].articles.add((row.sku, row.batch))
    return found


def _clocks(ticket_ids: Sequence[int]) -> Any:
    """Clocks that have a result, and the calendar that each counted by."""
    return (
        select(ClockRow.ticket_id, ClockRow.kind, ClockRow.cycle, ClockRow.breached, CalendarVersion.document)
        .join(
            CalendarVersion,
            and_(
                CalendarVersion.calendar_id == ClockRow.calendar_id,
                CalendarVersion.version == ClockRow.calendar_version,
            ),
        )
        .where(ClockRow.ticket_id.in_(ticket_ids), ClockRow.met_at.is_not(None), ClockRow.cancelled_at.is_(None))
    )


def _stays(ticket_ids: Sequence[int]) -> Any:
    return (
        select(Stint.ticket_id, Stint.kind, Queue.code, Stint.entered_at, Stint.left_at, CalendarVersion.document)
        .join(Queue, Queue.id == Stint.queue_id)
        .join(WorkCalendar, WorkCalendar.id == Queue.calendar_id)
        .outerjoin(ClockRow, and_(ClockRow.stint_id == Stint.id, ClockRow.cancelled_at.is_(None)))
        .join(CalendarVersion, calendar_of_stint())
        .where(Stint.ticket_id.in_(ticket_ids))
        .order_by(Stint.ticket_id, Stint.id)
    )


def _facts(ticket: Row[Any], records: _Records) -> Iterator[Fact]:
    if ticket.status != Status.MERGED:
        yield _fact(ticket, Side.OPENED, ticket.created_at)
        if ticket.first_resolved_at is not None:
            yield _fact(ticket, Side.RESOLVED, ticket.first_resolved_at, **_measured(ticket, records))
    for row in records.money:
        yield _fact(ticket, Side.MONEY, row.proposed_at, item_id=row.id, money_fen=row.amount_fen)


def _fact(ticket: Row[Any], side: Side, at: datetime, **measured: Any) -> Fact:
    local = at.astimezone(ZoneInfo(ticket.timezone))
    return Fact(
        side=side,
        ticket_id=ticket.id,
        at=at,
        day=local.date(),
        hour=local.hour,
        shop_id=ticket.shop_id,
        channel_id=ticket.channel_id,
        queue_id=ticket.queue_id,
        agent_id=ticket.owner_id,
        type=ticket.type,
        klass=ticket.klass,
        rule_version=ticket.rule_version,
        warehouse=ticket.warehouse,
        courier=ticket.courier,
        **measured,
    )


def _measured(ticket: Row[Any], records: _Records) -> dict[str, Any]:
    """Handling time from creation to the first resolve, and how its promises went."""
    begin, end = ticket.created_at, max(ticket.created_at, ticket.first_resolved_at)
    wall = (end - begin) // timedelta(seconds=1)
    return {
        "wall_seconds": wall,
        "work_seconds": open_seconds(_own_calendar(ticket, records), begin, end),
        "reopened": int(ticket.cycle > 1),
        "time": _time(records, begin, end, wall),
        "parties": dict(sorted(records.shares.items())),
        **_kept(records.clocks),
    }


def _own_calendar(ticket: Row[Any], records: _Records) -> Calendar:
    """The calendar of the type's queue, as the solution's clock counted by it; without one, the present queue's."""
    of_solution = (row.document for row in records.clocks if row.kind == "solution" and row.cycle == 1)
    return calendar_of(next(of_solution, ticket.calendar))


def _time(records: _Records, begin: datetime, end: datetime, wall: int) -> dict[str, int]:
    """Whose time it was, in seconds that add up to the whole."""
    stays = [Stay(row.code, row.entered_at, row.left_at, row.kind == "assist") for row in records.stays]
    calendars = {row.code: calendar_of(row.document) for row in records.stays}
    segments = lifeline.life(begin, end, replayed(records.moves), stays, calendars)
    lengths: dict[str, timedelta] = {}
    for segment in segments:
        lengths[segment.who] = lengths.get(segment.who, timedelta()) + segment.length
    return {who: seconds for who, seconds in lifeline.shared(wall, lengths).items() if seconds}


def _kept(clocks: Iterable[Any]) -> dict[str, int]:
    """How many results there are by kind of clock, and how many of those in time."""
    found: defaultdict[str, int] = defaultdict(int)
    for row in clocks:
        kind = _kind(row.kind, row.cycle)
        found[f"{kind}_n"] += 1
        found[f"{kind}_ok"] += not row.breached
    return dict(found)


def _kind(kind: str, cycle: int) -> str:
    if kind in ("queue", "platform"):
        return kind
    if cycle > 1:
        return "again"
    return "first" if kind == "first_response" else "solution"
