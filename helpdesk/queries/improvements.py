"""Upstream improvements: the board, one with what the report measures, and what stands out enough to become one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, literal, select, union_all

from helpdesk.domain.access import WORKING_ROLES, Actor, Permission, Role, Scope
from helpdesk.domain.improvements import (
    WEEK,
    WEEKS_AFTER,
    WEEKS_BEFORE,
    Day,
    Effect,
    Measure,
    State,
    Suggestion,
    Tally,
    effect,
)
from helpdesk.domain.improvements import (
    suggestions as judged,
)
from helpdesk.domain.problems import NotFound
from helpdesk.domain.reports import Dimension, Period, Side
from helpdesk.models import Channel, Improvement, ReportFact, ReportTicketSku, User
from helpdesk.models.rulebooks import published_rulebook
from helpdesk.models.scope import own_types
from helpdesk.queries.report_figures import in_sight, of_side, of_value
from helpdesk.storage import session

MOST_SUGGESTED = 12

MOST_MEASURED = 100
"""Improvements that are measured by one statement: SQLite joins at most 500 selects into one."""

SIDES = {Measure.COUNT: Side.OPENED, Measure.HOURS: Side.RESOLVED, Measure.MONEY: Side.MONEY}
AMOUNTS: Mapping[Measure, ColumnElement[Any]] = {
    Measure.COUNT: func.count(),
    Measure.HOURS: func.sum(ReportFact.wall_seconds),
    Measure.MONEY: func.sum(ReportFact.money_fen),
}


_ON_FACTS: Mapping[str, ColumnElement[Any]] = {
    "warehouse": ReportFact.warehouse.expression,
    "courier": ReportFact.courier.expression,
    "channel": ReportFact.channel_id.expression,
}
_ON_ARTICLES: Mapping[str, ColumnElement[Any]] = {
    "sku": ReportTicketSku.sku.expression,
    "batch": ReportTicketSku.batch.expression,
}
Counts = dict[str, dict[tuple[str, str], int]]
Totals = dict[str, dict[str, int]]


@dataclass(frozen=True, slots=True)
class Item:
    """An improvement with the names that its ids stand for."""

    id: int
    key: str
    type: str
    cut: str
    value: str
    title: str
    bottleneck: str
    direction: str
    owner_id: int | None
    owner: str
    state: State
    measure: Measure
    expected_percent: int
    started_on: date | None
    ended_on: date | None
    version: int


@dataclass(frozen=True, slots=True)
class Measured:
    """An improvement and what came of it."""

    item: Item
    effect: Effect


def board(actor: Actor, today: date) -> Mapping[State, tuple[Measured, ...]]:
    """Those in the actor's sight by state, last changed first, each with what came of it."""
    rows = [_item(row) for row in session().execute(_items(actor).order_by(Improvement.updated_at.desc()))]
    found: dict[State, list[Measured]] = {state: [] for state in State}
    for one in _measured(rows, actor, today):
        found[one.item.state].append(one)
    return {state: tuple(items) for state, items in found.items()}


def item(id: int, actor: Actor, today: date) -> Measured:
    """One with what came of it. ``NotFound`` out of the actor's sight."""
    row = session().execute(_items(actor).where(Improvement.id == id)).one_or_none()
    if row is None:
        raise NotFound("improvement.not_found")
    return _measured([_item(row)], actor, today)[0]


def by_type(actor: Actor) -> Mapping[str, list[tuple[int, str, str]]]:
    """(id, title, state) of those that are not dropped, by type, last changed first; for the report's page."""
    found: dict[str, list[tuple[int, str, str]]] = defaultdict(list)
    wanted = _items(actor).where(Improvement.state != State.DROPPED.value)
    for row in session().execute(wanted.order_by(Improvement.updated_at.desc())):
        found[row.Improvement.type].append((row.Improvement.id, row.Improvement.title, row.Improvement.state))
    return dict(found)


def owners() -> list[tuple[int, str]]:
    """Who may own one: everybody who works here, by name."""
    roles = [role.value for role in {*WORKING_ROLES, Role.OPS, Role.SUPERVISOR, Role.FINANCE}]
    rows = session().execute(select(User.id, User.name).where(User.active, User.role.in_(roles)).order_by(User.name))
    return [(row.id, row.name) for row in rows]


def channels() -> dict[str, tuple[str, str]]:
    """Names (Chinese, English) of the channels by id, as text."""
    return {str(id): (zh, en) for id, zh, en in session().execute(select(Channel.id, Channel.name_zh, Channel.name_en))}


def series(items: Sequence[tuple[Item, Period]], actor: Actor) -> list[dict[date, Day]]:
    """For each its measure by day of the period, narrowed to its type and value, and the tickets of other types.

    One statement for every ``MOST_MEASURED`` of them.
    """
    amounts: list[dict[date, tuple[int, int]]] = [{} for _ in items]
    volume: list[dict[date, int]] = [{} for _ in items]
    sight = in_sight(actor)
    for start in range(0, len(items), MOST_MEASURED):
        some = enumerate(items[start : start + MOST_MEASURED], start)
        parts = [part for at, (item, period) in some for part in _by_day(at, item, period, sight)]
        for at, own, day, amount, tickets in session().execute(union_all(*parts)):
            if own:
                amounts[at][day] = int(amount or 0), tickets
            else:
                volume[at][day] = tickets
    return [
        {day: Day(*own.get(day, (0, 0)), others.get(day, 0)) for day in {*others, *own}}
        for own, others in zip(amounts, volume, strict=True)
    ]


def suggestions(period: Period, actor: Actor) -> list[Suggestion]:
    """What stands out among the tickets of the period in the actor's sight. Types of his alone, none taken up yet."""
    tallies: list[Tally] = []
    comparisons = 0
    counts, totals = _counts(period, actor)
    for cut, pairs in counts.items():
        values: dict[str, int] = defaultdict(int)
        for (_type, value), seen in pairs.items():
            values[value] += seen
        types, whole = totals[cut], sum(totals[cut].values())
        comparisons += len(types) * len(values)
        tallies += [Tally(type, cut, value, n, types[type], values[value], whole) for (type, value), n in pairs.items()]
    taken, own = _taken(), _suggested_types(actor)
    return [
        one
        for one in judged(tallies, comparisons)
        if suggestion_key(one.tally.type, one.tally.cut, one.tally.value) not in taken and one.tally.type in own
    ][:MOST_SUGGESTED]


def suggestion_key(type: str, cut: str, value: str) -> str:
    """Of the improvement that this suggestion becomes; cut where a code would be too long for it."""
    return f"suggestion:{type}:{cut}:{value}"[:120]


def _suggested_types(actor: Actor) -> Iterable[str]:
    every = actor.scope(Permission.REPORTS_READ) is Scope.ALL
    return published_rulebook().types if every else own_types(actor)


def _taken() -> set[str]:
    """Suggestions that are on the board already. One that was dropped doesn't come again: it can be taken back."""
    rows = session().execute(select(Improvement.key, Improvement.type, Improvement.cut, Improvement.value))
    return {key for row in rows for key in (row.key, suggestion_key(row.type, row.cut, row.value))}


def _counts(period: Period, actor: Actor) -> tuple[Counts, Totals]:
    """By cut: tickets by (type, value), and by type among those with any value: a statement, of articles two."""
    opened = [of_side(Side.OPENED, period), *in_sight(actor)]
    counts: Counts = {}
    totals: Totals = {}
    for cut, column in _ON_FACTS.items():
        rows = select(ReportFact.type, column, func.count()).where(*opened, column.is_not(None))
        pairs = {
            (type, str(its)): seen for type, its, seen in session().execute(rows.group_by(ReportFact.type, column))
        }
        counts[cut] = {pair: seen for pair, seen in pairs.items() if pair[1]}
        totals[cut] = defaultdict(int)
        for (type, _value), seen in counts[cut].items():
            totals[cut][type] += seen
    for cut, column in _ON_ARTICLES.items():
        tickets = func.count(ReportFact.ticket_id.distinct())
        joined = select(ReportFact.type, column, tickets).join(
            ReportTicketSku, ReportTicketSku.ticket_id == ReportFact.ticket_id
        )
        of_values = joined.where(*opened, column != "").group_by(ReportFact.type, column)
        counts[cut] = {(type, its): seen for type, its, seen in session().execute(of_values)}
        known = exists().where(ReportTicketSku.ticket_id == ReportFact.ticket_id, column != "")
        whole = select(ReportFact.type, func.count()).where(*opened, known).group_by(ReportFact.type)
        totals[cut] = {row[0]: int(row[1]) for row in session().execute(whole)}
    return counts, totals


def _by_day(at: int, item: Item, period: Period, sight: Sequence[ColumnElement[bool]]) -> list[Select[Any]]:
    """The measure of the item at this place of the list, and the tickets of other types."""
    own = (
        select(literal(at), literal(1), ReportFact.day, AMOUNTS[item.measure], func.count())
        .where(of_side(SIDES[item.measure], period), ReportFact.type == item.type, *sight, *_narrowed(item))
        .group_by(ReportFact.day)
    )
    others = (
        select(literal(at), literal(0), ReportFact.day, literal(0), func.count())
        .where(of_side(Side.OPENED, period), ReportFact.type != item.type, *sight)
        .group_by(ReportFact.day)
    )
    return [own, others]


def _measured(items: Sequence[Item], actor: Actor, today: date) -> list[Measured]:
    """Each with what came of it; the first day that is known is asked once for all of them."""
    spans = [_span(item, today) for item in items]
    running = [(item, period) for item, (_started, _until, period) in zip(items, spans, strict=True) if period]
    days = dict(zip((item.id for item, _period in running), series(running, actor), strict=True))
    first_day = select(func.min(ReportFact.day)).where(ReportFact.side == Side.OPENED.value)
    known_from = session().scalar(first_day) if running else None
    return [
        Measured(item, effect(days.get(item.id, {}), started, until, item.expected_percent, known_from))
        for item, (started, until, _period) in zip(items, spans, strict=True)
    ]


def _span(item: Item, today: date) -> tuple[date | None, date, Period | None]:
    """When it began, up to when it is measured (yesterday, or the day it was dropped), and the days to be read."""
    until = today - timedelta(days=1)
    if item.state is State.DROPPED and item.ended_on:
        until = min(until, item.ended_on)
    started = item.started_on if item.state not in (State.IDEA, State.PLANNED) else None
    if started is None or started > until:
        return started, until, None
    last = min(until, started + timedelta(days=WEEKS_AFTER * WEEK))
    return started, until, Period(started - timedelta(days=WEEKS_BEFORE * WEEK), last)


def _narrowed(item: Item) -> list[ColumnElement[bool]]:
    if not item.cut:
        return []
    if item.cut == "batch":
        of = ReportTicketSku.ticket_id == ReportFact.ticket_id
        return [exists().where(of, ReportTicketSku.batch == item.value)]
    return [of_value(Dimension(item.cut), item.value)]


def _items(actor: Actor) -> Any:
    actor.require(Permission.REPORTS_READ)
    statement = select(Improvement, User.name.label("owner")).outerjoin(User, User.id == Improvement.owner_id)
    if actor.scope(Permission.REPORTS_READ) is Scope.ALL:
        return statement
    return statement.where(Improvement.type.in_(sorted(own_types(actor))))


def _item(row: Any) -> Item:
    stored = row.Improvement
    return Item(
        **{name: getattr(stored, name) for name in _AS_STORED},
        owner=row.owner or "",
        state=State(stored.state),
        measure=Measure(stored.measure),
    )


_AS_STORED = tuple(one.name for one in fields(Item) if one.name not in ("owner", "state", "measure"))
