"""The monthly report: figures of a period beside those of the period it is compared with.

Three sources hold the same figures (tests hold them equal). A closed month's are stored as lines. Those of a running
month are sums by day, kept in step with the tickets. Whatever else is asked (other cuts, filters, days, people who
see their own queues only) is added up from the tickets' facts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, select

from helpdesk.domain.access import Actor, Permission, Scope
from helpdesk.domain.reports import (
    BUCKETED,
    EDGES,
    Dimension,
    Line,
    Period,
    Question,
    Side,
    month_of,
)
from helpdesk.models import ReportDue, ReportFact, Ticket
from helpdesk.queries import report_figures, report_sums
from helpdesk.queries.report_tallies import HOUR, Lines
from helpdesk.storage import session

CLOSED, SUMS, FACTS = "closed", "sums", "facts"
MOST_DUE = 10_000
MOST_ROWS = 300
"""Values of a cut that are told one by one: articles can be many."""


@dataclass(frozen=True, slots=True)
class ReportRow:
    """Figures of one value of the cut, and of the same value in the period compared with.

    Whose time and whose fault it was ``before`` is only told of the whole, where facts are the source.
    """

    line: Line
    before: Line

    @property
    def value(self) -> str:
        return self.line.value


@dataclass(frozen=True, slots=True)
class Report:
    """What was asked, answered. ``rows``: those that took most wall-clock hours first, then by value.

    ``source`` is closed, sums or facts. ``due``: tickets that changed and are not counted yet, ``MOST_DUE`` at most.
    ``rule_version`` is that of a closed month, whose labels, bottlenecks and directions hold. ``left_out``: values of
    the cut beyond ``MOST_ROWS``; the whole has them.
    """

    question: Question
    whole: ReportRow
    rows: tuple[ReportRow, ...]
    source: str
    due: int
    rule_version: int | None
    left_out: int = 0


def report(question: Question, actor: Actor) -> Report:
    """The figures in the actor's sight. Seven statements at most. ``NotAllowed`` without the right to read reports."""
    now, before = question.period, question.against or question.period.before()
    closed = report_sums.closed_months([period.month for period in (now, before) if period.month])
    sources = {period: _source(period, question, actor, closed) for period in (now, before)}
    found, left_out = _lines(sources, question, actor)
    values = {value for lines in found.values() for value in lines if value is not None}
    rows = sorted((_row(found[now], found[before], value) for value in values), key=_longest_first)
    version = closed.get(now.month) if now.month else None
    return Report(
        question=question,
        whole=_row(found[now], found[before], None),
        rows=tuple(rows[:MOST_ROWS]),
        source=sources[now],
        due=due(actor) if version is None else 0,
        rule_version=version,
        left_out=left_out + max(0, len(rows) - MOST_ROWS),
    )


def trend(question: Question, actor: Actor, months: int = 12) -> tuple[tuple[date, Mapping[str, Line]], ...]:
    """Sums by class, month by month, ending with the month of the period's last day. One statement.

    The lines have no percentiles, and neither whose time nor whose fault it was.
    """
    periods = [month_of(question.period.last)]
    while len(periods) < months:
        periods.append(periods[-1].before())
    periods.reverse()
    if _is_everything(question, actor):
        found = report_sums.by_month(periods, Dimension.CLASS)
    else:
        found = report_figures.sums(periods, Dimension.CLASS, question.only, actor)
    return tuple(
        (period.first, {klass: Line(klass, sums[klass]) for klass in sorted(sums)})
        for period, sums in zip(periods, found, strict=True)
    )


def heat(question: Question, actor: Actor) -> tuple[tuple[int, ...], ...]:
    """Tickets opened by weekday (Monday first) and hour of the day: 7 rows of 24. One statement."""
    if _is_kept(question.period, question, actor):
        hours = Counter({int(key): many for key, many in report_sums.part(question.period, HOUR).items()})
    else:
        hours = Counter()
        columns = (ReportFact.day, ReportFact.hour)
        where = _counted(Side.OPENED, question, actor)
        for day, hour, many in session().execute(select(*columns, func.count()).where(*where).group_by(*columns)):
            hours[day.weekday() * 24 + hour] += many
    return tuple(tuple(hours[day * 24 + hour] for hour in range(24)) for day in range(7))


def durations(question: Question, actor: Actor, time: str) -> tuple[tuple[int, int], ...]:
    """The histogram of handling times (``time``: wall or work): (lower edge in seconds, tickets), without gaps.

    One statement. The edges are those of ``domain.reports.EDGES``.
    """
    if _is_kept(question.period, question, actor):
        bins = {int(key): many for key, many in report_sums.part(question.period, time).items()}
    else:
        column = {"wall": ReportFact.wall_bin, "work": ReportFact.work_bin}[time]
        where = _counted(Side.RESOLVED, question, actor)
        rows = session().execute(select(column, func.count()).where(*where).group_by(column))
        bins = {bin: many for bin, many in rows if bin is not None}
    if not bins:
        return ()
    return tuple((EDGES[bin], bins.get(bin, 0)) for bin in range(min(bins), max(bins) + 1))


def due(actor: Actor) -> int:
    """Tickets in the actor's sight that changed and are not counted yet, ``MOST_DUE`` at most."""
    actor.require(Permission.REPORTS_READ)
    waiting = select(ReportDue.ticket_id).distinct()
    if actor.scope(Permission.REPORTS_READ) is not Scope.ALL:
        waiting = waiting.join(Ticket, Ticket.id == ReportDue.ticket_id).where(
            Ticket.queue_id.in_(sorted(actor.queues))
        )
    return session().scalar(select(func.count()).select_from(waiting.limit(MOST_DUE).subquery())) or 0


def _source(period: Period, question: Question, actor: Actor, closed: Mapping[date, int]) -> str:
    if not _is_kept(period, question, actor):
        return FACTS
    if period.month in closed:
        return CLOSED  # stored under every cut
    return SUMS if question.by in BUCKETED else FACTS


def _is_kept(period: Period, question: Question, actor: Actor) -> bool:
    """Whether sums are kept of what is counted: everything, in whole months."""
    return _is_everything(question, actor) and report_sums.is_months(period)


def _is_everything(question: Question, actor: Actor) -> bool:
    return actor.scope(Permission.REPORTS_READ) is Scope.ALL and not question.only


def _lines(sources: Mapping[Period, str], question: Question, actor: Actor) -> tuple[dict[Period, Lines], int]:
    """Each period's lines from its source, and how many values were left out of them."""
    actor.require(Permission.REPORTS_READ)
    found: dict[Period, Lines] = {}
    left_out = 0
    for source in dict.fromkeys(sources.values()):  # that of the period itself comes first
        periods = [period for period, its in sources.items() if its == source]
        match source:
            case "closed":
                lines, more = _closed_lines(periods, question.by, found)
                left_out += more
            case "sums":
                lines = report_sums.lines(periods, question.by)
            case _:
                lines, left_out = report_figures.longest(periods, question.by, question.only, actor, MOST_ROWS)
        found.update(zip(periods, lines, strict=True))
    return found, left_out


def _closed_lines(periods: Sequence[Period], by: Dimension, beside: Mapping[Period, Lines]) -> tuple[list[Lines], int]:
    """Of thousands of values only those that are shown, which the period's own lines decide if they stand there."""
    months = [period.first for period in periods]
    if by in BUCKETED:
        return report_sums.closed_lines(months, by), 0
    shown = {value for lines in beside.values() for value in lines if value is not None}
    left_out = 0
    if not beside:
        shown, left_out = report_sums.longest_closed(months, by, MOST_ROWS)
    elif len(shown) < MOST_ROWS:
        shown |= report_sums.longest_closed(months, by, MOST_ROWS)[0]
    return report_sums.closed_lines(months, by, shown), left_out


def _counted(side: Side, question: Question, actor: Actor) -> list[Any]:
    return [
        report_figures.of_side(side, question.period),
        *report_figures.in_sight(actor),
        *report_figures.of_values(question.only),
    ]


def _row(now: Lines, before: Lines, value: str | None) -> ReportRow:
    nothing = Line(value or "")
    return ReportRow(now.get(value, nothing), before.get(value, nothing))


def _longest_first(row: ReportRow) -> tuple[int, int, str]:
    sums = row.line.sums
    return -sums.wall_seconds, -sums.opened, row.value
