"""Figures of the queue page: counts of queues and tabs, and how the day goes. One statement each.

Counting stops at ``MOST_COUNTED``, so that it takes no longer the more tickets there are. Statements are built once
for a list and a person, with the present as a parameter: building one takes longer than asking.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    ScalarSelect,
    Select,
    and_,
    bindparam,
    case,
    extract,
    func,
    literal_column,
    select,
    union,
    union_all,
)
from sqlalchemy.orm import aliased

from helpdesk.domain.access import Actor, Permission, Scope
from helpdesk.domain.clocks import Kind
from helpdesk.domain.rulebook import Label
from helpdesk.domain.ticket_filter import Tab, TicketFilter
from helpdesk.domain.tickets import MAX_URGENCY, TicketClass
from helpdesk.models import ClockRow, Notification, Queue, Stint, Ticket
from helpdesk.models.scope import asks, listed
from helpdesk.models.ticket_filter import conditions, in_queue, is_overdue, tab_condition
from helpdesk.models.tickets import is_active, is_open_assist, is_waiting_stay
from helpdesk.queries.keyset import Statement
from helpdesk.queries.outbox import dead_letters
from helpdesk.storage import UTCDateTime, plain_rows

DAY = timedelta(days=1)
SOON = timedelta(hours=1)
MOST_COUNTED = 1_000
"""Where a page says 999+."""

STATEMENTS_KEPT = 256
NOW: Any
NOW, IN_AN_HOUR, A_DAY_AGO, DAY_START = (
    bindparam(name, type_=UTCDateTime) for name in ("now", "in_an_hour", "a_day_ago", "day_start")
)
"""The present and its neighbours, as parameters."""

NO_QUEUE = [0]
"""In place of an empty list, which could not stand after both IN and NOT IN."""

HERE: Select[int] = select(literal_column("1"))


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
    dead: int  # messages that could not be delivered and are his to judge


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
    rows = plain_rows(
        _nav(everything, judge), {"actor": actor.id, "own": sorted(actor.queues) or NO_QUEUE, "now": now}
    ).all()
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
    return NavCounts(queues, sum(queue.count for queue in queues) + elsewhere, mine, asked, unread, dead)


def summary(chosen: TicketFilter, actor: Actor, now: datetime, day_start: datetime) -> Summary:
    """How the person's tickets stand at ``now``, those of one queue where the filter names one. Two statements.

    The tabs count what they would show under the filter, but never ended tickets: those are searched, not counted.
    The key figures leave the rest of the filter out.
    ``day_start`` is the last midnight in the shop's zone (UTC).
    """
    moments = {"now": now, "in_an_hour": now + SOON, "a_day_ago": now - DAY, "day_start": day_start}
    if chosen.soon or chosen.stuck:  # these conditions hold the present itself
        statements = _figures.__wrapped__(chosen, actor, now), _day.__wrapped__(chosen, actor, now)
    else:
        statements = _figures(chosen, actor, NOW), _day(chosen, actor, NOW)
    figures, day = (plain_rows(statement, moments).one() for statement in statements)
    return Summary(
        tabs={**{tab: getattr(figures, f"tab_{tab.value}") for tab in _TICKET_TABS}, Tab.ASSISTS: day.assists},
        overdue=figures.overdue,
        oldest_late_after=figures.oldest,
        due_soon={klass: getattr(figures, f"soon_{klass.value}") for klass in TicketClass},
        open=getattr(figures, "open", figures.tab_all),
        open_change=figures.opened - day.ended,
        unassigned=getattr(figures, "unassigned", figures.tab_unassigned),
        sla_percent=round(100 * day.in_time / day.met, 1) if day.met else None,
        handling_seconds=None if day.handling is None else int(day.handling),
    )


@lru_cache(maxsize=STATEMENTS_KEPT)
def _nav(everything: bool, judge: Actor | None) -> Statement:
    me: Any = bindparam("actor")
    own: Any = bindparam("own", expanding=True)
    waiting = HERE.select_from(Ticket).where(is_active, Ticket.queue_id == Queue.id).correlate(Queue)
    late = waiting.where(_by_urgency(), is_overdue(NOW))
    asked = select(Stint.ticket_id.label("id")).where(is_open_assist, Stint.queue_id.in_(own))
    his = union(*_in_his_name(me), asked).subquery()
    elsewhere = HERE.select_from(his).join(Ticket, Ticket.id == his.c.id).where(Ticket.queue_id.not_in(own))
    unread = HERE.select_from(Notification).where(Notification.user_id == me, Notification.read_at.is_(None))
    return (
        select(
            Queue.id,
            Queue.code,
            Queue.name_zh,
            Queue.name_en,
            *(
                (count if everything else case((Queue.id.in_(own), count), else_=0)).label(name)
                for name, count in (("waiting", _count(waiting)), ("overdue", _count(late)))
            ),
            _count(HERE.select_from(union(*_in_his_name(me)).subquery())).label("mine"),
            (literal_column("0") if everything else _count(elsewhere)).label("elsewhere"),
            _count(HERE.select_from(asked.subquery())).label("assists"),
            _count(unread).label("unread"),
            (dead_letters(judge) if judge else literal_column("0")).label("dead"),
        )
        .where(Queue.active)
        .order_by(Queue.position, Queue.id)
    )


def _in_his_name(user_id: Any) -> tuple[Select[int], Select[int]]:
    """Ids of the tickets that he owns and of those in his hands: few, and each by its index."""
    return (
        select(Ticket.id.label("id")).where(is_active, Ticket.owner_id == user_id),
        select(Stint.ticket_id.label("id")).where(Stint.assignee_id == user_id, Stint.left_at.is_(None)),
    )


_TICKET_TABS = (Tab.ALL, Tab.MINE, Tab.UNASSIGNED, Tab.PENDING_CUSTOMER)


@lru_cache(maxsize=STATEMENTS_KEPT)
def _figures(chosen: TicketFilter, actor: Actor, now: Any) -> Statement:
    """What is open now."""
    rows = HERE.select_from(Ticket).where(is_active, listed(actor), in_queue(chosen.queue))
    counted = chosen if chosen.only_active else TicketFilter(queue=chosen.queue)
    filtered = [one for one in conditions(counted, actor, now) if one is not is_active]
    mine = union(*_in_his_name(actor.id)).subquery()
    tabs = {
        Tab.ALL: _count(rows.where(*filtered)),
        Tab.MINE: _count(HERE.select_from(mine).join(Ticket, Ticket.id == mine.c.id).where(is_active, *filtered)),
        Tab.UNASSIGNED: _count(_unassigned(actor, filtered)),
        Tab.PENDING_CUSTOMER: _count(rows.where(*filtered, tab_condition(Tab.PENDING_CUSTOMER, actor))),
    }
    soon = rows.where(_by_urgency(), ~is_overdue(NOW), Ticket.burns_at <= IN_AN_HOUR)
    newer = aliased(Ticket)
    opened = rows.where(Ticket.id.in_(select(newer.id).where(newer.created_at > A_DAY_AGO)))
    return select(
        *(figure.label(f"tab_{tab.value}") for tab, figure in tabs.items()),
        *(_count(soon.where(Ticket.klass == klass.value)).label(f"soon_{klass.value}") for klass in TicketClass),
        _count(rows.where(_by_urgency(), is_overdue(NOW))).label("overdue"),
        _count(opened).label("opened"),
        _oldest(rows).label("oldest"),
        *(_unfiltered(rows, chosen, actor) if counted != TicketFilter(queue=chosen.queue) else ()),
    )


def _unfiltered(rows: Select[int], chosen: TicketFilter, actor: Actor) -> Iterator[ColumnElement[int]]:
    """What the first tabs count, where no filter narrows them."""
    yield _count(rows).label("open")
    yield _count(_unassigned(actor, [in_queue(chosen.queue)] if chosen.queue else [])).label("unassigned")


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
        _count(assists).label("assists"),
    )


def _unassigned(actor: Actor, filtered: list[ColumnElement[bool]]) -> Select[int] | CompoundSelect[int]:
    """The stays that wait in the actor's queues, by their own index, and the few elsewhere that concern him."""
    here = HERE.select_from(Stint).where(is_waiting_stay)
    if filtered:
        here = here.join(Ticket, Ticket.id == Stint.ticket_id).where(*filtered)
    if actor.scope(Permission.TICKETS_READ) is Scope.ALL:
        return here
    own = sorted(actor.queues)
    his = union(*_in_his_name(actor.id), select(Stint.ticket_id).where(asks(actor))).subquery()
    elsewhere = (
        HERE.select_from(his)
        .join(Ticket, Ticket.id == his.c.id)
        .join(Stint, and_(Stint.ticket_id == Ticket.id, is_waiting_stay))
        .where(is_active, Ticket.queue_id.not_in(own), *filtered)
    )
    return union_all(here.where(Stint.queue_id.in_(own)), elsewhere)


def _oldest(rows: Select[int]) -> ScalarSelect[datetime]:
    """The earliest deadline of all that is late: of each urgency the first, where the index has it."""
    firsts = [
        rows.with_only_columns(Ticket.burns_at)
        .where(Ticket.urgency == literal_column(str(urgency)), is_overdue(NOW))
        .order_by(Ticket.burns_at)
        .limit(1)
        .subquery()
        for urgency in range(MAX_URGENCY + 1)
    ]
    every = union_all(*(select(first.c.burns_at) for first in firsts)).subquery()
    return select(func.min(every.c.burns_at)).scalar_subquery()


def _count(rows: Select[int] | CompoundSelect[int]) -> ScalarSelect[int]:
    """How many, up to ``MOST_COUNTED``."""
    return select(func.count()).select_from(rows.limit(MOST_COUNTED).subquery()).scalar_subquery()


def _by_urgency() -> ColumnElement[bool]:
    """Always true; lets an index by urgency and deadline seek to the deadline."""
    return Ticket.urgency.in_([literal_column(str(urgency)) for urgency in range(MAX_URGENCY + 1)])
