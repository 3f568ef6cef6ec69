"""Months of the report: closed, they keep their figures; opened again, they follow the tickets.

A month is closed when it is over in every shop's zone and everything that changed on its tickets has been counted.
From then on its facts change no more (``report_facts.store``), and its lines are stored exactly, for every cut.
Everything happens in the caller's transaction: all of it, or nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import UTC, date, datetime, time
from itertools import islice
from zoneinfo import ZoneInfo

from sqlalchemy import delete, func, insert, select, union, update

from helpdesk.domain.access import Actor, Permission
from helpdesk.domain.problems import Conflict, Invalid, Stale
from helpdesk.domain.report_lines import Counting, Place
from helpdesk.domain.reports import WHOLE, Fact, Line, line_document, month_of, next_month
from helpdesk.models import (
    Compensation,
    ReportDay,
    ReportDue,
    ReportFact,
    ReportLine,
    ReportMonth,
    ReportRecalculation,
    ReportTicketSku,
    Shop,
    Ticket,
)
from helpdesk.models.rulebooks import published_rulebook
from helpdesk.services import report_facts
from helpdesk.services.events import record
from helpdesk.storage import session

AT_ONCE = 1_000
"""Tickets whose facts are read at once."""

LONGEST_REASON = 200


def close(month: date, *, actor: Actor, now: datetime) -> Line:
    """Store the month's figures for good; returns the whole. ``month`` is its first day.

    ``Invalid`` for a month before the first ticket or one that is not over, ``Conflict`` where it is closed already
    or a ticket that was there by its end has changed and is not counted yet.
    """
    actor.require(Permission.REPORTS_CLOSE)
    report_facts.hold_still()
    _check_over(month, now)
    if session().get(ReportMonth, month) is not None:
        raise Conflict("report.month_closed")
    if waiting := due_of(month):
        raise Conflict("report.month_due", tickets=waiting)
    version = published_rulebook().version
    session().add(ReportMonth(month=month, closed_at=now, closed_by_id=actor.id, rule_version=version))
    session().flush()
    whole = store_lines(month)[WHOLE, ""]
    sums = whole.sums
    figures = {"opened": sums.opened, "resolved": sums.resolved}
    record("report.month_closed", actor=actor, now=now, month=name_of(month), **figures)
    return whole


def reopen(month: date, *, reason: str, version: int, actor: Actor, now: datetime) -> None:
    """Let the month follow its tickets again; all of them are counted afresh by the job worker.

    It stays open until somebody closes it: nothing does so by itself a second time. ``Stale`` where the month was
    changed since, or is not closed any more.
    """
    actor.require(Permission.REPORTS_CLOSE)
    reason = checked_reason(reason)
    closed_month(month, version)
    stop_recalculations(month, "report.month_reopened", now)
    session().execute(delete(ReportLine).where(ReportLine.month == month))
    session().execute(delete(ReportMonth).where(ReportMonth.month == month))
    report_facts.mark_all(tickets_of(month))
    record("report.month_reopened", actor=actor, now=now, month=name_of(month), reason=reason)


def closed_month(month: date, version: int) -> ReportMonth:
    """The closed month at this version, held until the end of the transaction. ``Stale`` where it is another one."""
    report_facts.hold_still()
    row = session().get(ReportMonth, month)
    if row is None or row.version != version:
        raise Stale("report.month_changed")
    return row


def checked_reason(reason: str) -> str:
    """The reason without spaces around it. ``Invalid`` where there is none, or too much of it."""
    reason = reason.strip()
    if not reason or len(reason) > LONGEST_REASON:
        raise Invalid("report.reason_needed", most=LONGEST_REASON)
    return reason


def store_lines(month: date) -> dict[Place, Line]:
    """Count the month's facts, and put their lines in the place of stored ones."""
    counting = Counting()
    for facts in facts_of(month):
        articles = articles_of({fact.ticket_id for fact in facts})
        for fact in facts:
            counting.add(fact, {sku for sku, _batch in articles[fact.ticket_id]})
    lines = counting.lines()
    session().execute(delete(ReportLine).where(ReportLine.month == month))
    session().execute(
        insert(ReportLine),
        [
            {"month": month, "cut": cut, "value": value, "document": line_document(line)}
            for (cut, value), line in lines.items()
        ],
    )
    return lines


def facts_of(month: date) -> Iterator[list[Fact]]:
    """The stored facts of a month, ticket by ticket, many at a time."""
    period = month_of(month)
    within = ReportFact.day.between(period.first, period.last)
    ids = iter(session().scalars(select(ReportFact.ticket_id).where(within).distinct()).all())
    while some := list(islice(ids, AT_ONCE)):
        yield [fact for _id, fact in report_facts.stored_facts(some) if fact.month == month]


def articles_of(ticket_ids: Collection[int]) -> defaultdict[int, set[tuple[str, str]]]:
    """The (SKU, batch) that these tickets count under."""
    found: defaultdict[int, set[tuple[str, str]]] = defaultdict(set)
    for row in session().execute(select(ReportTicketSku.__table__).where(ReportTicketSku.ticket_id.in_(ticket_ids))):
        found[row.ticket_id].add((row.sku, row.batch))
    return found


def tickets_of(month: date) -> list[int]:
    """Every ticket that counts in the month, or would if it were counted now."""
    period, (begin, end) = month_of(month), bounds(month)
    return sorted(
        session().scalars(
            union(
                select(ReportFact.ticket_id).where(ReportFact.day.between(period.first, period.last)),
                select(Ticket.id).where(Ticket.created_at >= begin, Ticket.created_at < end),
                select(Ticket.id).where(Ticket.first_resolved_at >= begin, Ticket.first_resolved_at < end),
                select(Compensation.ticket_id).where(Compensation.proposed_at >= begin, Compensation.proposed_at < end),
            )
        )
    )


def due_of(month: date) -> int:
    """How many tickets that were there by the month's end have changed and are not counted yet."""
    there = select(func.count(ReportDue.ticket_id.distinct())).join(Ticket, Ticket.id == ReportDue.ticket_id)
    return session().scalar(there.where(Ticket.created_at < bounds(month)[1])) or 0


def bounds(month: date) -> tuple[datetime, datetime]:
    """From when to when (UTC) it is this month in the zone of any shop."""
    zones = [ZoneInfo(name) for name in session().scalars(select(Shop.timezone).distinct())] or [ZoneInfo("UTC")]
    begins = [datetime.combine(month, time(), zone).astimezone(UTC) for zone in zones]
    ends = [datetime.combine(next_month(month), time(), zone).astimezone(UTC) for zone in zones]
    return min(begins), max(ends)


def name_of(month: date) -> str:
    """As it stands in events and addresses: 2026-10."""
    return f"{month:%Y-%m}"


def stop_recalculations(month: date, code: str, now: datetime) -> None:
    """End the month's recalculations that are not done; ``code`` says why."""
    session().execute(
        update(ReportRecalculation)
        .where(ReportRecalculation.month == month, ReportRecalculation.state.in_(("waiting", "running")))
        .values(state="failed", finished_at=now, document={"problem": code}, version=ReportRecalculation.version + 1)
    )


def _check_over(month: date, now: datetime) -> None:
    if month.day != 1:
        raise Invalid("report.bad_month")
    first = session().scalar(select(func.min(ReportDay.day)).where(ReportDay.cut == WHOLE))
    if first is None or next_month(month) <= first:
        raise Invalid("report.month_without_tickets")
    if now < bounds(month)[1]:
        raise Invalid("report.month_not_over")
