"""Figures of a report from what is kept: sums by day and month, lines of closed months.

A few rows by primary key, whatever the number of tickets. Only for whole months, all tickets and the cuts that sums
are kept for; ``report_figures`` answers everything else.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Executable, and_, bindparam, case, extract, func, literal_column, or_, select, union_all

from helpdesk.domain.reports import SUMMED, WHOLE, Period, Sums, parse_line
from helpdesk.models import ReportDay, ReportLine, ReportMonth, ReportPart
from helpdesk.queries.report_tallies import IN_LINES, Lines, Tallies
from helpdesk.storage import constants, plain_rows, session


def is_months(period: Period) -> bool:
    """Whether it is one whole month or several."""
    return period.first.day == 1 and (period.last + timedelta(days=1)).day == 1


def closed_months(months: Iterable[date]) -> dict[date, int]:
    """Those of them that are closed, with the rule version of each."""
    rows = session().execute(select(ReportMonth.month, ReportMonth.rule_version).where(ReportMonth.month.in_(months)))
    return {row.month: row.rule_version for row in rows}


def closed_lines(months: Sequence[date], cut: str, values: Collection[str] | None = None) -> list[Lines]:
    """The lines of closed months as they were stored, of all values or of these. One statement."""
    found: dict[date, dict[str | None, Any]] = {month: {} for month in months}
    line = ReportLine.__table__.c
    wanted = line.cut == cut if values is None else and_(line.cut == cut, line.value.in_(sorted(values)))
    rows = session().execute(
        select(line.month, line.cut, line.value, line.document).where(
            line.month.in_(months), or_(wanted, line.cut == WHOLE)
        )
    )
    for month, of, value, document in rows:
        found[month][None if of == WHOLE else value] = parse_line(value, document)
    return [found[month] for month in months]


def longest_closed(months: Sequence[date], cut: str, most: int) -> tuple[set[str], int]:
    """Of closed months' values those that took longest in the first one, and how many more there are.

    Two statements. A shop has thousands of articles, each of them a document: only those that are shown are read.
    """
    line = ReportLine.__table__.c
    first = line.month == months[0]
    sums = line.document["sums"]
    seconds, opened = (func.max(case((first, sums[name].as_integer()), else_=0)) for name in ("wall_seconds", "opened"))
    of_cut = (line.month.in_(months), line.cut == cut)
    ordered = select(line.value).where(*of_cut).group_by(line.value)
    kept = set(session().scalars(ordered.order_by(seconds.desc(), opened.desc(), line.value).limit(most)))
    if len(kept) < most:
        return kept, 0
    known = session().scalar(select(func.count(line.value.distinct())).where(*of_cut)) or 0
    return kept, known - len(kept)


def lines(periods: Sequence[Period], cut: str) -> list[Lines]:
    """The lines of whole months, percentiles from histograms. Two statements, however many periods."""
    found = [Tallies() for _ in periods]
    for tallies, of_values in zip(found, sums(periods, cut), strict=True):
        for value, its in of_values.items():
            tallies[value].sums = its
    for slot, value, part, key, amount in _rows(_parts(len(periods), IN_LINES), cut, _bounds(periods)):
        found[slot][value].parts[part][key] += int(amount)
    return [tallies.lines() for tallies in found]


def sums(periods: Sequence[Period], cut: str) -> list[dict[str, Sums]]:
    """The sums of whole months by value. One statement, however many periods."""
    found: list[dict[str, Sums]] = [{} for _ in periods]
    for slot, value, *amounts in _rows(_days(len(periods)), cut, _bounds(periods)):
        found[slot][value] = Sums(*map(int, amounts))
    return found


def by_month(months: Sequence[Period], cut: str) -> list[dict[str, Sums]]:
    """The sums of months that follow each other, by value. One statement that reads each day once."""
    found: dict[tuple[int, int], dict[str, Sums]] = {(one.first.year, one.first.month): {} for one in months}
    within = {"first": months[0].first, "last": months[-1].last}
    for year, month, value, *amounts in _rows(_months(), cut, within):
        found[year, month][value] = Sums(*map(int, amounts))
    return list(found.values())


def part(period: Period, name: str) -> Mapping[str, int]:
    """One part of whole months, of all tickets. One statement."""
    return parts(period, (name,))[name]


def parts(period: Period, names: tuple[str, ...]) -> Mapping[str, Mapping[str, int]]:
    """Parts of whole months by name, of all tickets. One statement."""
    found: dict[str, dict[str, int]] = {name: {} for name in names}
    for _slot, _value, name, key, amount in _rows(_parts(1, names), WHOLE, _bounds([period])):
        found[name][key] = found[name].get(key, 0) + int(amount)
    return found


def _rows(statement: Executable, cut: str, bounds: Mapping[str, date]) -> Iterable[Any]:
    return plain_rows(statement, {"cut": cut, **bounds})


def _bounds(periods: Sequence[Period]) -> dict[str, date]:
    firsts = {f"first{slot}": period.first for slot, period in enumerate(periods)}
    return firsts | {f"last{slot}": period.last for slot, period in enumerate(periods)}


@cache
def _months() -> Executable:
    """Columns: year, month, value, then those of ``Sums``."""
    month = extract("year", ReportDay.day), extract("month", ReportDay.day)
    return (
        select(*month, ReportDay.value, *(func.sum(getattr(ReportDay, name)) for name in SUMMED))
        .where(ReportDay.cut == bindparam("cut"), ReportDay.day.between(bindparam("first"), bindparam("last")))
        .group_by(*month, ReportDay.value)
    )


@cache
def _days(many: int) -> Executable:
    """Columns: number of the period, value, then those of ``Sums``."""
    return union_all(
        *(
            select(literal_column(str(slot)), ReportDay.value, *(func.sum(getattr(ReportDay, name)) for name in SUMMED))
            .where(
                ReportDay.cut == bindparam("cut"),
                ReportDay.day.between(bindparam(f"first{slot}"), bindparam(f"last{slot}")),
            )
            .group_by(ReportDay.value)
            for slot in range(many)
        )
    )


@cache
def _parts(many: int, names: tuple[str, ...]) -> Executable:
    """Columns: number of the period, value, part, key, amount."""
    return union_all(
        *(
            select(
                literal_column(str(slot)), ReportPart.value, ReportPart.part, ReportPart.key, ReportPart.amount
            ).where(
                ReportPart.cut == bindparam("cut"),
                ReportPart.month.between(bindparam(f"first{slot}"), bindparam(f"last{slot}")),
                ReportPart.part.in_(constants(names)),
            )
            for slot in range(many)
        )
    )
