"""Figures of the queue page: counts of queues and tabs, and how the day goes. One statement each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Row,
    ScalarSelect,
    Select,
    and_,
    extract,
    false,
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
from helpdesk.models import ClockRow, Queue, Stint, Ticket
from helpdesk.models.scope import asks, listed
from helpdesk.models.ticket_filter import conditions, in_queue, is_overdue, tab_condition
from helpdesk.models.tickets import is_active, is_open_assist
from helpdesk.storage import session

DAY = timedelta(days=1)
SOON = timedelta(hours=1)


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


@dataclass(frozen=True, slots=True)
class Summary:
    """How things stand. Times are seconds; ``open_before`` is what was open at this time yesterday.

    ``sla_percent``: of the solution clocks met today, the share met in time; None where none was.
    ``handling_seconds``: mean time from creation to the first resolve, of the tickets first resolved today.
    """

    tabs: Mapping[Tab, int]
    overdue: int
    oldest_late_after: datetime | None
    due_soon: Mapping[TicketClass, int]
    open: int
    open_before: int
    unassigned: int
    sla_percent: float | None
    handling_seconds: int | None


def nav(actor: Actor, now: datetime) -> NavCounts:
    """The counts of the side menu. One statement: a scan of the queues' own index, and the few tickets that are his."""
    everything = actor.scope(Permission.TICKETS_READ) is Scope.ALL
    own = sorted(actor.queues)
    counted = (
        select(
            Ticket.queue_id,
            func.count().label("waiting"),
            func.count().filter(is_overdue(now)).label("overdue"),
        )
        .where(is_active, true() if everything else Ticket.queue_id.in_(own))
        .group_by(Ticket.queue_id)
        .subquery()
    )
    mine = union(_owned_by(actor), _in_hands_of(actor)).subquery()
    his = union(_owned_by(actor), _in_hands_of(actor), _asked_of(actor)).subquery()
    elsewhere = (
        select(func.count())
        .select_from(his)
        .join(Ticket, Ticket.id == his.c.id)
        .where(Ticket.queue_id.not_in(own), false() if everything else true())
    )
    rows = (
        session()
        .execute(
            select(
                Queue.id,
                Queue.code,
                Queue.name_zh,
                Queue.name_en,
                func.coalesce(counted.c.waiting, 0).label("waiting"),
                func.coalesce(counted.c.overdue, 0).label("overdue"),
                select(func.count()).select_from(mine).scalar_subquery().label("mine"),
                elsewhere.scalar_subquery().label("elsewhere"),
                _questions_to(own).label("assists"),
            )
            .outerjoin(counted, counted.c.queue_id == Queue.id)
            .where(Queue.active)
            .order_by(Queue.position, Queue.id)
        )
        .all()
    )
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
    elsewhere_count = rows[0].elsewhere if rows else 0
    mine_count = rows[0].mine if rows else 0
    assists_count = rows[0].assists if rows else 0
    return NavCounts(queues, sum(queue.count for queue in queues) + elsewhere_count, mine_count, assists_count)


def _owned_by(actor: Actor) -> Select[int]:
    return select(Ticket.id.label("id")).where(is_active, Ticket.owner_id == actor.id)


def _in_hands_of(actor: Actor) -> Select[int]:
    """Open stints: only active tickets have them."""
    return select(Stint.ticket_id.label("id")).where(Stint.assignee_id == actor.id, Stint.left_at.is_(None))


def _questions_to(queues: list[int]) -> ScalarSelect[int]:
    asked = select(func.count()).select_from(Stint).where(is_open_assist, Stint.queue_id.in_(queues))
    return asked.scalar_subquery()


def _asked_of(actor: Actor) -> Select[int]:
    return select(Stint.ticket_id.label("id")).where(asks(actor))


def summary(chosen: TicketFilter, actor: Actor, now: datetime, day_start: datetime) -> Summary:
    """How the person's tickets stand at ``now``, those of one queue where the filter names one. Two statements.

    The tabs count what they would show under the filter, but never ended tickets: those are searched, not counted.
    The key figures leave the rest of the filter out.
    ``day_start`` is the last midnight in the shop's zone (UTC).
    """
    scope = and_(is_active, listed(actor), in_queue(chosen.queue))
    counted = chosen if chosen.only_active else TicketFilter(queue=chosen.queue)
    filtered = and_(true(), *(one for one in conditions(counted, actor, now) if one is not is_active))
    soon = and_(~is_overdue(now), Ticket.burns_at <= now + SOON)
    unassigned = tab_condition(Tab.UNASSIGNED, actor)
    active = (
        session()
        .execute(
            select(
                *(_number(and_(filtered, tab_condition(tab, actor))).label(f"tab_{tab.value}") for tab in _TICKET_TABS),
                *(
                    _number(and_(soon, Ticket.klass == klass.value)).label(f"soon_{klass.value}")
                    for klass in TicketClass
                ),
                _number(is_overdue(now)).label("overdue"),
                func.min(Ticket.burns_at).label("oldest"),
                func.count().label("open"),
                _number(unassigned).label("unassigned"),
                _number(Ticket.created_at > now - DAY).label("opened"),
            ).where(scope)
        )
        .one()
    )
    day = _day(counted, actor, now, day_start)
    return Summary(
        tabs={
            **{tab: getattr(active, f"tab_{tab.value}") for tab in _TICKET_TABS},
            Tab.ASSISTS: day.assists,
        },
        overdue=active.overdue,
        oldest_late_after=active.oldest if active.overdue else None,
        due_soon={klass: getattr(active, f"soon_{klass.value}") for klass in TicketClass},
        open=active.open,
        open_before=active.open - active.opened + day.ended,
        unassigned=active.unassigned,
        sla_percent=round(100 * day.in_time / day.met, 1) if day.met else None,
        handling_seconds=None if day.handling is None else int(day.handling),
    )


_TICKET_TABS = (Tab.ALL, Tab.MINE, Tab.UNASSIGNED, Tab.PENDING_CUSTOMER)


def _day(chosen: TicketFilter, actor: Actor, now: datetime, day_start: datetime) -> Row[*tuple[Any, ...]]:
    """What ended today or since this time yesterday, and the open assists, each by its own index."""
    scope = and_(listed(actor), in_queue(chosen.queue))
    resolved_since = and_(Ticket.resolved_at > now - DAY, Ticket.created_at <= now - DAY)
    handling = extract("epoch", Ticket.first_resolved_at) - extract("epoch", Ticket.created_at)
    met = (
        select(func.count().label("met"), _number(ClockRow.breached.is_(False)).label("in_time"))
        .select_from(ClockRow)
        .join(Ticket, Ticket.id == ClockRow.ticket_id)
        .where(
            ClockRow.kind == Kind.SOLUTION.value,
            ClockRow.met_at >= day_start,
            ClockRow.cancelled_at.is_(None),
            scope,
        )
        .subquery()
    )
    assists = (
        select(func.count())
        .select_from(Stint)
        .join(Ticket, Ticket.id == Stint.ticket_id)
        .where(asks(actor), *conditions(chosen, actor, now))
    )
    ended = select(func.count()).select_from(Ticket).where(Ticket.status == literal_column("'resolved'"))
    handled = select(func.avg(handling)).where(Ticket.first_resolved_at >= day_start, scope)
    return (
        session()
        .execute(
            select(
                met.c.met,
                met.c.in_time,
                ended.where(resolved_since, scope).scalar_subquery().label("ended"),
                handled.scalar_subquery().label("handling"),
                assists.scalar_subquery().label("assists"),
            )
        )
        .one()
    )


def _number(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.count().filter(condition)
