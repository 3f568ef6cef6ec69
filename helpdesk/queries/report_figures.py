"""Figures of a report from the tickets' facts: any cut, any days, any filter, anybody's sight."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    and_,
    cast,
    exists,
    func,
    literal_column,
    or_,
    select,
    union_all,
)

from helpdesk.domain.access import Actor, Permission, Scope
from helpdesk.domain.problems import Invalid
from helpdesk.domain.reports import MEASURED, UNSAID, Dimension, Period, Side, Sums
from helpdesk.models import ReportFact, ReportFactParty, ReportFactTime, ReportTicketSku
from helpdesk.queries import report_sums
from helpdesk.queries.report_tallies import PARTY, TIME, WALL, WORK, Lines, Tallies, Tally
from helpdesk.storage import session

LONGEST_EXACT = 100
"""Days. Of a longer period percentiles come from the histogram: a million handling times would fill the memory."""

Filters = Sequence[tuple[Dimension, str]]

_COLUMNS: dict[Dimension, ColumnElement[Any]] = {
    Dimension.TYPE: ReportFact.type.expression,
    Dimension.CLASS: ReportFact.klass.expression,
    Dimension.CHANNEL: ReportFact.channel_id.expression,
    Dimension.QUEUE: ReportFact.queue_id.expression,
    Dimension.AGENT: ReportFact.agent_id.expression,
    Dimension.WAREHOUSE: ReportFact.warehouse.expression,
    Dimension.COURIER: ReportFact.courier.expression,
}
_NUMBERS = (Dimension.CHANNEL, Dimension.QUEUE, Dimension.AGENT)
_MOST_DIGITS = 9
MOST_VALUES = 100_000


def in_sight(actor: Actor) -> list[ColumnElement[bool]]:
    """Facts that the actor's reports count: all, or those that stand in his queues."""
    actor.require(Permission.REPORTS_READ)
    if actor.scope(Permission.REPORTS_READ) is Scope.ALL:
        return []
    return [ReportFact.queue_id.in_(sorted(actor.queues))]


def of_side(side: Side, period: Period) -> ColumnElement[bool]:
    """Facts of one side in a period, in the words of the index."""
    return and_(ReportFact.side == side.value, ReportFact.day.between(period.first, period.last))


def of_values(only: Filters) -> list[ColumnElement[bool]]:
    """Facts with these values of these cuts."""
    return [of_value(cut, value) for cut, value in only]


def of_value(cut: Dimension, value: str) -> ColumnElement[bool]:
    """Facts with this value of the cut; an empty one is that of tickets without any. ``Invalid`` for no number."""
    if cut is Dimension.SKU:
        article = exists().where(ReportTicketSku.ticket_id == ReportFact.ticket_id)
        return article.where(ReportTicketSku.sku == value) if value else ~article
    column = _COLUMNS[cut]
    if cut not in _NUMBERS:
        return column == value
    if not value:
        return column.is_(None)
    if not (value.isascii() and value.isdecimal() and len(value) <= _MOST_DIGITS):
        raise Invalid("report.bad_filter")
    return column == int(value)


def lines(periods: Sequence[Period], by: Dimension, only: Filters, actor: Actor) -> list[Lines]:
    """``longest`` of all values."""
    return longest(periods, by, only, actor, MOST_VALUES)[0]


def longest(
    periods: Sequence[Period], by: Dimension, only: Filters, actor: Actor, most: int
) -> tuple[list[Lines], int]:
    """The lines of each period, and how many values are left out: those beyond the ``most`` longest of the first one.

    Two statements, however many periods, and one for each whole that sums are kept of. Whose time and whose fault is
    told of the first period's values and of each period's whole: to ask for those of all values takes longer than
    everything else.
    """
    conditions = (*in_sight(actor), *of_values(only))
    exact = all(period.days <= LONGEST_EXACT for period in periods)
    alone = by is not Dimension.SKU  # a ticket counts under one value: the whole is the sum of all
    found = [Tallies() for _ in periods]
    wholes = [Tally() for _ in periods]
    figures = [_Slice(period, by, conditions, found[slot]) for slot, period in enumerate(periods)]
    if not alone:
        figures += [_Slice(period, None, conditions, wholes[slot]) for slot, period in enumerate(periods)]
    _add_figures(figures, exact=exact)
    if alone:
        wholes = [tallies.whole() for tallies in found]
    kept, left_out = _longest(found, most)
    narrowed = (*conditions, _is_one_of(by, kept)) if left_out else conditions
    detailed = 1 if exact else len(periods)
    parts = [_Slice(period, by, narrowed, found[slot]) for slot, period in enumerate(periods[:detailed])]
    of_all = detailed if alone and not left_out else 0
    for whole, period in zip(wholes[of_all:], periods[of_all:], strict=True):
        if exact and not conditions and report_sums.is_months(period):
            for part, amounts in report_sums.parts(period, (TIME, PARTY)).items():
                whole.parts[part].update(amounts)
        else:
            parts.append(_Slice(period, None, conditions, whole))
    _add_parts(parts, exact=exact)
    for whole, tallies in zip(wholes[:of_all], found, strict=False):
        whole.take_parts(tallies.whole())
    return [
        {None: whole.line(""), **{value: tally.line(value) for value, tally in tallies.items() if value in kept}}
        for whole, tallies in zip(wholes, found, strict=True)
    ], left_out


def sums(periods: Sequence[Period], by: Dimension, only: Filters, actor: Actor) -> list[dict[str, Sums]]:
    """The sums of each period by value. One statement, however many periods."""
    conditions = (*in_sight(actor), *of_values(only))
    found = [Tallies() for _ in periods]
    slices = [_Slice(period, by, conditions, found[slot]) for slot, period in enumerate(periods)]
    _add_figures(slices, exact=False)
    return [{value: tally.sums for value, tally in tallies.items()} for tallies in found]


@dataclass(frozen=True, slots=True)
class _Slice:
    """Facts of a period by value of a cut, or all together, and where their figures go."""

    period: Period
    cut: Dimension | None
    conditions: Sequence[ColumnElement[bool]]
    into: Tallies | Tally

    def tally(self, value: str | int | None) -> Tally:
        return self.into if isinstance(self.into, Tally) else self.into["" if value is None else str(value)]


def _add_figures(slices: Sequence[_Slice], *, exact: bool) -> None:
    statement = union_all(*(one for slot, cut in enumerate(slices) for one in _figures(slot, cut, exact=exact)))
    for slot, value, walls, works, *amounts in session().execute(statement):
        tally = slices[slot].tally(value)
        tally.sums += Sums(*map(int, amounts))
        tally.walls.extend(_numbers(walls))
        tally.works.extend(_numbers(works))


def _add_parts(slices: Sequence[_Slice], *, exact: bool) -> None:
    statement = union_all(*(one for slot, cut in enumerate(slices) for one in _parts(slot, cut, exact=exact)))
    for slot, value, part, key, amount in session().execute(statement):
        slices[slot].tally(value).parts[part][str(key)] += int(amount)


def _longest(found: Sequence[Tallies], most: int) -> tuple[set[str], int]:
    """The values that took longest in the first period, and how many more there are."""
    values = {value for tallies in found for value in tallies}
    if len(values) <= most:
        return values, 0

    def place(value: str) -> tuple[int, int, str]:
        sums = found[0][value].sums if value in found[0] else Sums()
        return -sums.wall_seconds, -sums.opened, value

    return set(sorted(values, key=place)[:most]), len(values) - most


def _is_one_of(cut: Dimension, values: Collection[str]) -> ColumnElement[bool]:
    """Facts with one of these values of the cut, which is joined where it is an article."""
    column = ReportTicketSku.sku.expression if cut is Dimension.SKU else _COLUMNS[cut]
    named = column.in_([int(value) if cut in _NUMBERS else value for value in sorted(values) if value])
    if "" not in values:
        return named
    return or_(named, column.is_(None)) if cut in (*_NUMBERS, Dimension.SKU) else or_(named, column == "")


def _numbers(joined: str | None) -> Iterator[int]:
    return map(int, joined.split(",")) if joined else iter(())


def _figures(slot: int, of: _Slice, *, exact: bool) -> Iterator[Select[Any]]:
    """Columns: place, value, all handling times (wall, work) joined by commas, then those of ``Sums``."""
    none: ColumnElement[Any] = literal_column("NULL")
    nought: ColumnElement[int] = literal_column("0")
    one = func.count()
    nothing = [nought for _ in MEASURED]
    amounts = [func.sum(getattr(ReportFact, name)) if name != "money_fen" else nought for name in MEASURED]
    times = [_joined(ReportFact.wall_seconds), _joined(ReportFact.work_seconds)] if exact else [none, none]
    money = [*nothing[:-1], func.sum(ReportFact.money_fen)]
    for side, columns in (
        (Side.RESOLVED, [*times, nought, one, nought, *amounts]),
        (Side.OPENED, [none, none, one, nought, nought, *nothing]),
        (Side.MONEY, [none, none, nought, nought, one, *money]),
    ):
        yield _grouped(slot, of.cut, columns).where(of_side(side, of.period), *of.conditions)


def _joined(column: Any) -> ColumnElement[str]:
    return func.aggregate_strings(cast(column, String), ",")


def _parts(slot: int, of: _Slice, *, exact: bool) -> Iterator[Select[Any]]:
    """Columns: place, value, part, key, amount."""
    where, cut = (of_side(Side.RESOLVED, of.period), *of.conditions), of.cut
    party = func.coalesce(ReportFactParty.party, UNSAID)
    percent = func.coalesce(ReportFactParty.percent, 100)
    time = _grouped(slot, cut, [_code(TIME), ReportFactTime.who, func.sum(ReportFactTime.seconds)], ReportFactTime.who)
    yield time.join(ReportFactTime, ReportFactTime.fact_id == ReportFact.id).where(*where)
    parties = _grouped(slot, cut, [_code(PARTY), party, func.sum(percent)], party)
    yield parties.outerjoin(ReportFactParty, ReportFactParty.fact_id == ReportFact.id).where(*where)
    if exact:
        return
    for part, column in ((WALL, ReportFact.wall_bin), (WORK, ReportFact.work_bin)):
        yield _grouped(slot, cut, [_code(part), cast(column, String), func.count()], column).where(*where)


def _code(text: str) -> ColumnElement[str]:
    return literal_column(f"'{text}'", String)


def _grouped(slot: int, cut: Dimension | None, columns: Sequence[Any], *groups: Any) -> Select[Any]:
    """Facts by value of the cut. Under an article each ticket counts once, in however many batches it has it."""
    place: ColumnElement[int] = literal_column(str(slot))
    if cut is None:
        whole = select(place, literal_column("NULL"), *columns).select_from(ReportFact)
        return whole.group_by(*(groups or [ReportFact.side]))  # of one side: no row where there are no facts
    if cut is not Dimension.SKU:
        column = _COLUMNS[cut]
        return select(place, column, *columns).select_from(ReportFact).group_by(column, *groups)
    return (
        select(place, ReportTicketSku.sku, *columns)
        .select_from(ReportFact)
        .outerjoin(ReportTicketSku, and_(ReportTicketSku.ticket_id == ReportFact.ticket_id, ReportTicketSku.counts))
        .group_by(ReportTicketSku.sku, *groups)
    )
