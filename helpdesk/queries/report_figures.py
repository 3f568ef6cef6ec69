"""Figures of a report from the tickets' facts: any cut, any days, any filter, anybody's sight."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
    select,
    union_all,
)
from sqlalchemy.orm import aliased

from helpdesk.domain.access import Actor, Permission, Scope
from helpdesk.domain.problems import Invalid
from helpdesk.domain.reports import MEASURED, UNSAID, Dimension, Period, Side, Sums
from helpdesk.models import ReportFact, ReportFactParty, ReportFactTime, ReportTicketSku
from helpdesk.queries.report_tallies import PARTY, TIME, WALL, WORK, Lines, Tallies
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
    """The lines of each period. Two statements, however many periods."""
    conditions = [*in_sight(actor), *of_values(only)]
    exact = all(period.days <= LONGEST_EXACT for period in periods)
    cuts: tuple[Dimension | None, ...] = (by, None) if by is Dimension.SKU else (by,)  # a ticket has several articles
    places = [(period, cut) for cut in cuts for period in periods]
    found = [Tallies() for _ in places]
    figures = (one for slot, place in enumerate(places) for one in _figures(slot, *place, conditions, exact))
    for slot, value, walls, works, *sums in session().execute(union_all(*figures)):
        tally = found[slot][_text(value)]
        tally.sums += Sums(*map(int, sums))
        tally.walls += _numbers(walls)
        tally.works += _numbers(works)
    parts = (one for slot, place in enumerate(places) for one in _parts(slot, *place, conditions, exact))
    for slot, value, part, key, amount in session().execute(union_all(*parts)):
        found[slot][_text(value)].parts[part][str(key)] += int(amount)
    many = len(periods)
    if by is Dimension.SKU:
        return [tallies.lines(whole[""]) for tallies, whole in zip(found[:many], found[many:], strict=True)]
    return [tallies.lines() for tallies in found]


def _text(value: str | int | None) -> str:
    return "" if value is None else str(value)


def _numbers(joined: str | None) -> list[int]:
    return [int(number) for number in joined.split(",")] if joined else []


def _figures(
    slot: int, period: Period, cut: Dimension | None, conditions: Sequence[ColumnElement[bool]], exact: bool
) -> Iterator[Select[Any]]:
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
        yield _grouped(slot, cut, columns).where(of_side(side, period), *conditions)


def _joined(column: Any) -> ColumnElement[str]:
    return func.aggregate_strings(cast(column, String), ",")


def _parts(
    slot: int, period: Period, cut: Dimension | None, conditions: Sequence[ColumnElement[bool]], exact: bool
) -> Iterator[Select[Any]]:
    """Columns: place, value, part, key, amount."""
    where = (of_side(Side.RESOLVED, period), *conditions)
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
        whole = select(place, literal_column("''", String), *columns).select_from(ReportFact)
        return whole.group_by(ReportFact.side, *groups)  # of one side: no row where there are no facts
    if cut is not Dimension.SKU:
        column = _COLUMNS[cut]
        return select(place, column, *columns).select_from(ReportFact).group_by(column, *groups)
    other = aliased(ReportTicketSku)
    first_batch = ~exists().where(
        other.ticket_id == ReportTicketSku.ticket_id,
        other.sku == ReportTicketSku.sku,
        other.batch < ReportTicketSku.batch,
    )
    return (
        select(place, ReportTicketSku.sku, *columns)
        .select_from(ReportFact)
        .outerjoin(ReportTicketSku, and_(ReportTicketSku.ticket_id == ReportFact.ticket_id, first_batch))
        .group_by(ReportTicketSku.sku, *groups)
    )
