"""A closed month counted afresh, beside what is stored of it; adopted on purpose, or not at all.

Counting reads the tickets as they are now, portion by portion, and changes nothing (``Recount``). Only what differs
is kept, so that what is adopted is what was shown. A fact that is fixed in another closed month stays there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import select, update

from helpdesk.domain.access import Actor, Permission
from helpdesk.domain.problems import Conflict, NotFound, Stale, TooLarge
from helpdesk.domain.report_lines import (
    Counting,
    Differences,
    FactKey,
    Place,
    differing,
    fact_document,
    key_of,
    parse_fact,
)
from helpdesk.domain.reports import Fact, Line, line_document, parse_line
from helpdesk.models import ReportLine, ReportMonth, ReportRecalculation
from helpdesk.models.rulebooks import published_rulebook
from helpdesk.services import report_facts, report_months
from helpdesk.services.events import record
from helpdesk.storage import session

MOST_DIFFERENCES = 20_000
"""Facts. Where more than that differ, the month is opened again rather than corrected."""

LISTED = 200
"""Tickets of each sort that are named one by one."""

AT_ONCE = 500
"""Tickets that are replaced by one statement."""

Articles = Mapping[int, Collection[tuple[str, str]]]


def ask(month: date, *, version: int, actor: Actor, now: datetime) -> int:
    """Have the closed month counted afresh by the job worker; returns the recalculation's id.

    ``Stale`` where the month is not closed at this version, ``Conflict`` while it is being counted already.
    """
    actor.require(Permission.REPORTS_CLOSE)
    report_months.closed_month(month, version)
    running = select(ReportRecalculation.id).where(
        ReportRecalculation.month == month, ReportRecalculation.state.in_(("waiting", "running"))
    )
    if session().scalar(running) is not None:
        raise Conflict("report.recalculation_running")
    row = ReportRecalculation(
        month=month, state="waiting", asked_at=now, asked_by_id=actor.id, document={"month_version": version}
    )
    session().add(row)
    session().flush()
    return row.id


def cancel(recalculation_id: int, *, actor: Actor, now: datetime) -> None:
    """Stop counting. ``Conflict`` where it has ended already."""
    actor.require(Permission.REPORTS_CLOSE)
    row = _row(recalculation_id)
    if row.state not in ("waiting", "running"):
        raise Conflict("report.recalculation_over")
    report_months.stop_recalculations(row.month, "report.recalculation_cancelled", now)


def start(recalculation_id: int) -> list[int]:
    """Start counting, or start again after an interruption; returns the tickets to count. None if it was cancelled."""
    row = _row(recalculation_id)
    if row.state not in ("waiting", "running"):
        return []
    tickets = report_months.tickets_of(row.month)
    row.state, row.done, row.total = "running", 0, len(tickets)
    return tickets


def progress(recalculation_id: int, done: int) -> bool:
    """So many tickets are counted. False: it was cancelled meanwhile."""
    counted = session().execute(
        update(ReportRecalculation)
        .where(ReportRecalculation.id == recalculation_id, ReportRecalculation.state == "running")
        .values(done=done)
        .returning(ReportRecalculation.id)
    )
    return counted.scalar_one_or_none() is not None


def fail(recalculation_id: int, code: str, now: datetime) -> None:
    """It can't be finished; ``code`` says why."""
    report_months.stop_recalculations(_row(recalculation_id).month, code, now)


class Recount:
    """A month's lines and differences as they grow, ticket by ticket. Reads what is stored, writes nothing."""

    def __init__(self, month: date) -> None:
        self.month = month
        self.closed = frozenset(session().scalars(select(ReportMonth.month))) - {month}
        self.counting = Counting()
        self.differences = Differences()
        self.articles: dict[int, list[tuple[str, str]]] = {}

    def take(self, ticket_ids: Sequence[int], facts: Sequence[Fact], articles: Articles) -> None:
        """Take up what these tickets tell now. ``TooLarge`` where too much differs."""
        stored: defaultdict[int, list[Fact]] = defaultdict(list)
        for _id, fact in report_facts.stored_facts(ticket_ids):
            stored[fact.ticket_id].append(fact)
        told: defaultdict[int, list[Fact]] = defaultdict(list)
        for fact in facts:
            told[fact.ticket_id].append(fact)
        kept = report_months.articles_of(ticket_ids)
        for ticket_id in ticket_ids:
            self._take(ticket_id, stored[ticket_id], told[ticket_id], kept[ticket_id], set(articles.get(ticket_id, ())))
        if len(self.differences) > MOST_DIFFERENCES:
            raise TooLarge("report.recalculation_too_large", most=MOST_DIFFERENCES)

    def _take(
        self,
        ticket_id: int,
        stored: Sequence[Fact],
        told: Sequence[Fact],
        kept: set[tuple[str, str]],
        articles: set[tuple[str, str]],
    ) -> None:
        fixed = {key_of(fact) for fact in stored if fact.month in self.closed}
        stood = {key_of(fact): fact for fact in stored if fact.month == self.month}
        would = {key_of(fact): fact for fact in told if fact.month == self.month and key_of(fact) not in fixed}
        if fixed or not would:
            articles = kept  # they are those of another closed month, too; or nothing counts under them
        if articles != kept:
            self.articles[ticket_id] = sorted(articles)
        self.differences.compare(ticket_id, stood, would, also=articles != kept)
        skus = {sku for sku, _batch in articles}
        for fact in would.values():
            self.counting.add(fact, skus)

    def document(self, month_version: int) -> dict[str, Any]:
        """What is kept of it: differing lines, as they stand and as they would be, and what makes the difference."""
        stood, told, found = stored_lines(self.month), self.counting.lines(), self.differences
        sorts = {"came": found.came, "went": found.went, "changed": found.changed}
        return {
            "month_version": month_version,
            "tickets": {sort: len(ids) for sort, ids in sorts.items()},
            "listed": {sort: ids[:LISTED] for sort, ids in sorts.items()},
            "lines": [
                [*place, line_document(one), line_document(other)] for place, one, other in differing(stood, told)
            ],
            "facts": [fact_document(fact) for fact in found.facts],
            "gone": [list(key) for key in found.gone],
            "articles": [[ticket_id, [list(one) for one in pairs]] for ticket_id, pairs in self.articles.items()],
        }


def finish(recalculation_id: int, recount: Recount, now: datetime) -> bool:
    """Keep what was found. False: it was cancelled, or the month was changed meanwhile."""
    row = _row(recalculation_id)
    month = session().get(ReportMonth, row.month)
    if row.state != "running":
        return False
    if month is None or month.version != row.document["month_version"]:
        report_months.stop_recalculations(row.month, "report.month_changed", now)
        return False
    row.document = recount.document(month.version)
    row.state, row.done, row.finished_at, row.version = "done", row.total, now, row.version + 1
    return True


def adopt(recalculation_id: int, *, reason: str, version: int, actor: Actor, now: datetime) -> None:
    """Put what was counted in the place of what is stored: facts, sums and lines.

    ``Stale`` where the recalculation or the month was changed since, or a fact that would come was fixed in another
    month that has been closed meanwhile.
    """
    actor.require(Permission.REPORTS_CLOSE)
    reason = report_months.checked_reason(reason)
    row = _row(recalculation_id)
    found = row.document
    if row.state != "done" or row.version != version:
        raise Stale("report.recalculation_changed")
    month = report_months.closed_month(row.month, found["month_version"])
    facts = [parse_fact(document) for document in found["facts"]]
    gone: list[FactKey] = [(ticket_id, side, item) for ticket_id, side, item in found["gone"]]
    articles = {ticket_id: {(sku, batch) for sku, batch in pairs} for ticket_id, pairs in found["articles"]}
    touched = sorted({fact.ticket_id for fact in facts} | {key[0] for key in gone} | articles.keys())
    _replace(row.month, touched, facts, gone)
    report_facts.keep_articles(articles)
    report_months.store_lines(row.month)
    month.version, month.rule_version = month.version + 1, published_rulebook().version
    row.state, row.adopted_at, row.adopted_by_id, row.reason = "adopted", now, actor.id, reason
    row.version += 1
    report_facts.mark_all(touched)  # what went may count in another month now
    told = {"month": report_months.name_of(row.month), "reason": reason, **found["tickets"]}
    record("report.recalculation_adopted", actor=actor, now=now, **told)


def stored_lines(month: date) -> dict[Place, Line]:
    """A closed month's lines as they stand."""
    rows = session().execute(
        select(ReportLine.cut, ReportLine.value, ReportLine.document).where(ReportLine.month == month)
    )
    return {(cut, value): parse_line(value, document) for cut, value, document in rows}


def _replace(month: date, touched: Sequence[int], facts: Sequence[Fact], gone: Sequence[FactKey]) -> None:
    closed = frozenset(session().scalars(select(ReportMonth.month))) - {month}
    new, keys = defaultdict(list), {*map(key_of, facts), *gone}
    for fact in facts:
        new[fact.ticket_id].append(fact)
    for some in _portions(touched):
        old = [(id, fact) for id, fact in report_facts.stored_facts(some) if key_of(fact) in keys]
        if any(fact.month in closed for _id, fact in old):
            raise Stale("report.month_changed")
        report_facts.replace(old, [fact for ticket_id in some for fact in new[ticket_id]])


def _portions(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    return (ids[start : start + AT_ONCE] for start in range(0, len(ids), AT_ONCE))


def _row(recalculation_id: int) -> ReportRecalculation:
    row = session().get(ReportRecalculation, recalculation_id, with_for_update=True)
    if row is None:
        raise NotFound("report.no_such_recalculation")
    return row
