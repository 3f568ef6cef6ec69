"""Deadlines that the sales platforms set, beside our own promises.

They count every hour of every day and are never paused. A ticket may have several, each by its rule's code;
they are met by the first answer, by resolving, or by shipping the order, as the rule says.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select

from helpdesk.domain import clocks as engine
from helpdesk.domain.clocks import Kind
from helpdesk.domain.rulebook import PlatformRule, RuleBook, Stage
from helpdesk.models import CalendarVersion, Channel, ClockRow, Order, OrderStatus, Parcel, Ticket, WorkCalendar
from helpdesk.models.clocks import state_of
from helpdesk.models.rulebooks import rulebook_of
from helpdesk.models.tickets import is_active
from helpdesk.services import clock_rows
from helpdesk.services.clock_rows import Promise
from helpdesk.storage import insert_once, session

AROUND_THE_CLOCK = "around_the_clock"
"""The calendar of platforms, which know no closing time. Its hours are not for anybody to change."""

_HOURS: Mapping[str, Any] = {
    "timezone": "Asia/Shanghai",
    "hours": {day: [["00:00", "24:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")},
}

SHIPPED = ("shipped", "signed", "completed")
CALLED_OFF = ("cancelled", "refunded")
"""Statuses of an order that is on its way, and of one that won't be."""


def around_the_clock(now: datetime) -> tuple[int, int]:
    """The calendar that is always open, and its version; made where an installation has none yet."""
    wanted = select(WorkCalendar.id, WorkCalendar.version).where(WorkCalendar.code == AROUND_THE_CLOCK)
    found = session().execute(wanted).one_or_none()
    if found is None:
        made = insert_once(WorkCalendar, code=AROUND_THE_CLOCK, name_zh="全天候", name_en="Around the clock")
        if made is not None:
            insert_once(CalendarVersion, calendar_id=made, version=1, document=dict(_HOURS), created_at=now)
        found = session().execute(wanted).one()
    return found.id, found.version


def start(ticket: Ticket, *, book: RuleBook, started_at: datetime, now: datetime) -> None:
    """The clocks of a cycle that begins: of each rule that binds the ticket and isn't fulfilled already.

    ``started_at`` is when the cycle began. What counts from the order's placing waits until that is known.
    The caller writes ``burns_at``.
    """
    for rule in _binding(ticket, book).values():
        _start(rule, ticket, book, started_at, now)


def follow_rules(ticket: Ticket, *, book: RuleBook, started_at: datetime, now: datetime) -> None:
    """Bring the present cycle's clocks in line with what the ticket is now and what is known of its order.

    Cancels what doesn't bind it any more, stops what shipping has met, starts what binds it and is missing. The
    caller writes ``burns_at``.
    """
    rules = _binding(ticket, book)
    rows = {row.code: row for row in session().scalars(_rows(ticket))}
    for code, row in rows.items():
        if row.met_at is None:
            _follow_rule(row, rules.get(code), ticket, book, now)
    for code, rule in rules.items():
        if code not in rows:
            _start(rule, ticket, book, started_at, now)


def follow_order(order: Order, *, now: datetime) -> None:
    """More is known of the order: its active tickets' deadlines begin, are met by shipping, or fall away."""
    active = select(Ticket).where(Ticket.order_id == order.id, is_active).order_by(Ticket.id)
    for ticket in session().scalars(active.with_for_update(of=Ticket)):
        book, started_at = cycle_of(ticket)
        follow_rules(ticket, book=book, started_at=started_at, now=now)
        clock_rows.write_burns_at(ticket)


def cycle_of(ticket: Ticket) -> tuple[RuleBook, datetime]:
    """The rules that the present cycle's promises were made under, and when it began."""
    solution = select(ClockRow.rule_version, ClockRow.started_at).where(
        ClockRow.ticket_id == ticket.id, ClockRow.cycle == ticket.cycle, ClockRow.kind == Kind.SOLUTION.value
    )
    row = session().execute(solution.order_by(ClockRow.id.desc()).limit(1)).one()
    return rulebook_of(row.rule_version), row.started_at


def met_by(row: ClockRow) -> str:
    """What meets this platform's clock: reply, resolve or shipped."""
    rule = rulebook_of(row.rule_version).platform_rule(row.code)
    return rule.met_by if rule is not None else "resolve"


def _binding(ticket: Ticket, book: RuleBook) -> dict[str, PlatformRule]:
    """By code. Which channel it is, is only asked where it matters: most types are no platform's business."""
    of_type = [rule for rule in book.platform_rules if not rule.types or ticket.type in rule.types]
    if not of_type:
        return {}
    channel = session().get_one(Channel, ticket.channel_id).code
    return {rule.code: rule for rule in of_type if rule.fits(channel, ticket.type)}


def _rows(ticket: Ticket) -> Select[ClockRow]:
    return clock_rows.that_count(ticket).where(ClockRow.kind == Kind.PLATFORM.value).order_by(ClockRow.id)


def _follow_rule(row: ClockRow, rule: PlatformRule | None, ticket: Ticket, book: RuleBook, now: datetime) -> None:
    """An open clock whose rule may have dropped it, changed, or been fulfilled by now."""
    if rule is None or (rule.starts != "ticket" and ticket.order_id is None):
        clock_rows.cancel(row, now)
        return
    clock_rows.retarget(row, rule.seconds, book, _stages(ticket, book))
    if rule.met_by != "shipped" or ticket.order_id is None:
        return
    shipped_at = _shipped_at(ticket.order_id)
    if shipped_at is not None:
        clock_rows.apply(row, engine.stop(state_of(row), shipped_at))
    elif _called_off(ticket.order_id):
        clock_rows.cancel(row, now)


def _start(rule: PlatformRule, ticket: Ticket, book: RuleBook, started_at: datetime, now: datetime) -> None:
    begins_at = _begins_at(rule, ticket, started_at)
    if begins_at is None or _fulfilled(rule, ticket):
        return
    promise = Promise(
        Kind.PLATFORM, rule.seconds, around_the_clock(now), _stages(ticket, book), book.version, code=rule.code
    )
    clock_rows.start(ticket, promise, started_at=begins_at, now=now)


def _stages(ticket: Ticket, book: RuleBook) -> tuple[Stage, ...]:
    return book.stages_for(book.type(ticket.type).queue)


def _begins_at(rule: PlatformRule, ticket: Ticket, started_at: datetime) -> datetime | None:
    """From when the platform counts; None where nobody has told us."""
    if rule.starts == "ticket":
        return started_at
    return None if ticket.order_id is None else session().get_one(Order, ticket.order_id).placed_at


def _fulfilled(rule: PlatformRule, ticket: Ticket) -> bool:
    """Whether what the platform asks for has been done before its clock was there."""
    if rule.met_by == "shipped" and ticket.order_id is not None:
        return _called_off(ticket.order_id) or _shipped_at(ticket.order_id) is not None
    if rule.met_by == "reply":
        answered = clock_rows.that_count(ticket).where(
            ClockRow.kind == Kind.FIRST_RESPONSE.value, ClockRow.met_at.is_not(None)
        )
        return session().scalars(answered.limit(1)).first() is not None
    return False


def _called_off(order_id: int) -> bool:
    return session().get_one(Order, order_id).status in CALLED_OFF


def _shipped_at(order_id: int) -> datetime | None:
    """When the order's first parcel left; when its status came, where no parcel says. None: it hasn't."""
    parcel = select(func.min(Parcel.shipped_at)).where(Parcel.order_id == order_id)
    step = select(func.min(OrderStatus.at)).where(OrderStatus.order_id == order_id, OrderStatus.status.in_(SHIPPED))
    left_at = session().execute(parcel).scalar_one() or session().execute(step).scalar_one()
    order = session().get_one(Order, order_id)
    return left_at or (order.updated_at if order.status in SHIPPED else None)
