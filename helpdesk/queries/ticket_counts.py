"""Figures of the queue page: counts of queues and tabs, and how the day goes. One statement each.

Counting stops at ``MOST_COUNTED``, so that it takes no longer the more tickets there are. Statements are built once
for a list and a person, with the present as a parameter: building one takes longer than asking.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache, partial
from typing import Any

from sqlalchemy import (
    ColumnElement,
    ScalarSelect,
    and_,
    bindparam,
    case,
    extract,
    func,
    literal_column,
    select,
    true,
    union,
)

from helpdesk.domain.access import Actor, Permission, Scope
from helpdesk.domain.clocks import Kind
from helpdesk.domain.rulebook import Label
from helpdesk.domain.ticket_filter import Tab, TicketFilter
from helpdesk.domain.tickets import TicketClass
from helpdesk.models import ClockRow, Notification, Queue, Stint, Ticket
from helpdesk.models.scope import asks, listed
from helpdesk.models.ticket_filter import conditions, in_queue, is_overdue, tab_condition
from helpdesk.models.tickets import is_active, is_open_assist
from helpdesk.queries.approvals import count_waiting_on
from helpdesk.queries.health import UNTIL
from helpdesk.queries.keyset import Statement
from helpdesk.queries.outbox import dead_letters
from helpdesk.queries.own_tickets import HERE, MOST_COUNTED, OwnTickets, count_of, elsewhere, in_his_name, of_any_kind
from helpdesk.storage import UTCDateTime, constants, plain_rows

DAY = timedelta(days=1)
SOON = timedelta(hours=1)
STATEMENTS_KEPT = 256
NOW: Any
NOW, IN_AN_HOUR, A_DAY_AGO, DAY_START = (
    bindparam(name, type_=UTCDateTime) for name in ("now", "in_an_hour", "a_day_ago", "day_start")
)
"""The present and its neighbours, as parameters."""


@dataclass(frozen=True, slots=True)
class QueueCount:
    """An active queue: what is to be done in it, and how much of it is late. ``listed``: it stands in the menu."""

    id: int
    code: str
    name: Label
    count: int
    overdue: int
    listed: bool


@dataclass(frozen=True, slots=True)
class NavCounts:
    """``queues`` are all active ones: those outside the actor's lists count nothing and are there to transfer to."""

    queues: tuple[QueueCount, ...]
    all_count: int
    mine_count: int
    assists_count: int  # open questions to his own queues
    unread: int  # lines under his bell
    worker_until: datetime | None  # up to when the job worker holds its lease
    dead: int  # messages that could not be delivered and are his to judge
    approvals: int  # proposals of money that wait for him, or for whom he stands in


@dataclass(frozen=True, slots=True)
class Summary:
    """How things stand. Times are seconds; ``open_change`` is how many more are open than at this time yesterday.

    No count of what is open goes beyond ``MOST_COUNTED``.
    ``sla_percent``: of the solution clocks met today, the share met in time; None where none was.
    ``handling_seconds``: mean time from creation to the first resolve, of the tickets first resolved today.
    """

    tabs: Mapping[Tab, int]
    overdue: int
    oldest_late_after: datetime | None
    due_soon: Mapping[TicketClass, int]
    open: int
    open_change: int
    unassigned: int
    sla_percent: float | None
    handling_seconds: int | None


def nav(actor: Actor, now: datetime) -> NavCounts:
    """The counts of the side menu. One statement: the beginnings of the queues' own index, and the few tickets
    that are his."""
    everything = actor.scope(Permission.TICKETS_READ) is Scope.ALL
    judge = actor if actor.may(Permission.OUTBOX_MANAGE) else None
    rows = plain_rows(_nav(everything, judge, actor.queues), {"actor": actor.id, "now": now}).all()
    queues = tuple(
        QueueCount(
            id=row.id,
            code=row.code,
            name=Label(row.name_zh, row.name_en),
            count=row.waiting,
            overdue=row.overdue,
            listed=everything or row.id in actor.queues,
        )
        for row in rows
    )
    elsewhere = rows[0].elsewhere if rows else 0
    mine = rows[0].mine if rows else 0
    asked = rows[0].assists if rows else 0
    unread = rows[0].unread if rows else 0
    dead = rows[0].dead if rows else 0
    until = rows[0].worker_until if rows else None
    approvals = rows[0].approvals if rows else 0
    all_count = sum(queue.count for queue in queues) + elsewhere
    return NavCounts(queues, all_count, mine, asked, unread, until, dead, approvals)


def summary(chosen: TicketFilter, actor: Actor, now: datetime, day_start: datetime) -> Summary:
    """How the person's tickets stand at ``now``, those of one queue where the filter names one. Two statements.

    The tabs count what they would show under the filter, but never ended tickets: those are searched, not counted.
    The key figures leave the rest of the filter out.
    ``day_start`` is the last midnight in the shop's zone (UTC).
    """
    moments = {"now": now, "in_an_hour": now + SOON, "a_day_ago": now - DAY, "day_start": day_start}
    if chosen.hangs_on_the_present:  # these conditions hold the present itself
        statements = _figures.__wrapped__(chosen, actor, now), _day.__wrapped__(chosen, actor, now)
    else:
        statements = _figures(chosen, actor, NOW), _day(chosen, actor, NOW)
    figures, day = (plain_rows(statement, moments).one() for statement in statements)
    return Summary(
        tabs={
            Tab.ALL: getattr(figures, "tab_all", figures.open),
            Tab.MINE: figures.tab_mine,
            Tab.UNASSIGNED: getattr(figures, "tab_unassigned", figures.unassigned),
            Tab.PENDING_CUSTOMER: getattr(figures, "tab_pending_customer", figures.pending_customer),
            Tab.ASSISTS: day.assists,
        },
        overdue=figures.overdue,
        oldest_late_after=min(filter(None, (figures.oldest, figures.oldest_elsewhere)), default=None),
        due_soon={klass: getattr(figures, f"soon_{klass.value}") for klass in TicketClass},
        open=figures.open,
        open_change=figures.opened - day.ended,
        unassigned=figures.unassigned,
        sla_percent=round(100 * day.in_time / day.met, 1) if day.met else None,
        handling_seconds=None if day.handling is None else int(day.handling),
    )


@lru_cache(maxsize=STATEMENTS_KEPT)
def _nav(everything: bool, judge: Actor | None, queues: frozenset[int]) -> Statement:
    me: Any = bindparam("actor")
    own = constants(sorted(queues))
    waiting = HERE.select_from(Ticket).where(is_active, Ticket.queue_id == Queue.id).correlate(Queue)
    late = waiting.where(of_any_kind(Ticket), is_overdue(NOW))
    asked = and_(is_open_assist, Stint.queue_id.in_(own))
    others = HERE.select_from(elsewhere(me, asked, sorted(queues)).subquery())
    unread = HERE.select_from(Notification).where(Notification.user_id == me, Notification.read_at.is_(None))
    return (
        select(
            Queue.id,
            Queue.code,
            Queue.name_zh,
            Queue.name_en,
            *(
                (count if everything else case((Queue.id.in_(own), count), else_=0)).label(name)
                for name, count in (("waiting", count_of(waiting)), ("overdue", count_of(late)))
            ),
            count_of(HERE.select_from(union(*in_his_name(me)).subquery())).label("mine"),
            (literal_column("0") if everything else count_of(others)).label("elsewhere"),
            count_of(HERE.select_from(Stint).where(asked)).label("assists"),
            count_of(unread).label("unread"),
            (dead_letters(judge) if judge else literal_column("0")).label("dead"),
            UNTIL.scalar_subquery().label("worker_until"),
            count_waiting_on(me, NOW, MOST_COUNTED).label("approvals"),
        )
        .where(Queue.active)
        .order_by(Queue.position, Queue.id)
    )


@lru_cache(maxsize=STATEMENTS_KEPT)
def _figures(chosen: TicketFilter, actor: Actor, now: Any) -> Statement:
    """What is open now."""
    own = OwnTickets(actor, chosen.queue)
    soon = {f"soon_{klass.value}": partial(_is_soon, klass) for klass in TicketClass}
    figures = own.figures(
        {
            "open": lambda _ticket: true(),
            "overdue": _is_late,
            "pending_customer": lambda ticket: ticket.status == literal_column("'pending_customer'"),
            "opened": lambda ticket: ticket.created_at > A_DAY_AGO,
            **soon,
        }
    )
    return figures.add_columns(
        *(count.label(f"tab_{tab.value}") for tab, count in _tabs(own, chosen, actor, now)),
    )


def _tabs(own: OwnTickets, chosen: TicketFilter, actor: Actor, now: Any) -> Iterator[tuple[Tab, ScalarSelect[int]]]:
    """What a filter leaves of each tab; where nothing narrows them the figures have counted all but his own."""
    counted = chosen if chosen.only_active else TicketFilter(queue=chosen.queue)
    filtered = [one for one in conditions(counted, actor, now) if one is not is_active]
    mine = union(*in_his_name(actor.id)).subquery()
    his = HERE.select_from(mine)
    if filtered:
        his = his.join(Ticket, Ticket.id == mine.c.id).where(is_active, *filtered)
    yield Tab.MINE, count_of(his)
    if counted == TicketFilter(queue=chosen.queue):
        return
    rows = HERE.select_from(Ticket).where(is_active, listed(actor), *filtered)
    yield Tab.ALL, count_of(rows)
    yield Tab.UNASSIGNED, own.unassigned(filtered)
    yield Tab.PENDING_CUSTOMER, count_of(rows.where(tab_condition(Tab.PENDING_CUSTOMER, actor)))


def _is_late(ticket: Any) -> ColumnElement[bool]:
    return and_(of_any_kind(ticket), ticket.burns_at < NOW)


def _is_soon(klass: TicketClass, ticket: Any) -> ColumnElement[bool]:
    return and_(of_any_kind(ticket), ticket.klass == klass.value, ticket.burns_at >= NOW, ticket.burns_at <= IN_AN_HOUR)


@lru_cache(maxsize=STATEMENTS_KEPT)
def _day(chosen: TicketFilter, actor: Actor, now: Any) -> Statement:
    """What ended today or since this time yesterday, and the open assists, each by its own index."""
    scope = and_(listed(actor), in_queue(chosen.queue))
    resolved_since = and_(Ticket.resolved_at > A_DAY_AGO, Ticket.created_at <= A_DAY_AGO)
    handling = extract("epoch", Ticket.first_resolved_at) - extract("epoch", Ticket.created_at)
    met = (
        select(func.count().label("met"), func.count().filter(ClockRow.breached.is_(False)).label("in_time"))
        .select_from(ClockRow)
        .join(Ticket, Ticket.id == ClockRow.ticket_id)
        .where(
            ClockRow.kind == Kind.SOLUTION.value,
            ClockRow.met_at >= DAY_START,
            ClockRow.cancelled_at.is_(None),
            scope,
        )
        .subquery()
    )
    assists = (
        HERE.select_from(Stint)
        .join(Ticket, Ticket.id == Stint.ticket_id)
        .where(asks(actor), *conditions(chosen, actor, now))
    )
    ended = select(func.count()).select_from(Ticket).where(Ticket.status == literal_column("'resolved'"))
    handled = select(func.avg(handling)).where(Ticket.first_resolved_at >= DAY_START, scope)
    return select(
        met.c.met,
        met.c.in_time,
        ended.where(resolved_since, scope).scalar_subquery().label("ended"),
        handled.scalar_subquery().label("handling"),
        count_of(assists).label("assists"),
    )
