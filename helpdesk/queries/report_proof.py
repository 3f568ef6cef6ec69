"""Proof that the report's sums are those of its facts, and its facts those of the tickets.

Facts are added up afresh by the database: first into one crossed key (day or month, type, class, channel, queue),
then from that under each cut. Nothing of it reads the code that keeps the sums in step.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    CTE,
    ColumnElement,
    Date,
    Select,
    String,
    and_,
    case,
    cast,
    exists,
    extract,
    func,
    literal_column,
    or_,
    select,
    union_all,
)

from helpdesk.domain.reports import MEASURED, SUMMED, UNSAID, WHOLE, Dimension, Side
from helpdesk.domain.tickets import Status
from helpdesk.models import (
    Compensation,
    ReportDay,
    ReportDue,
    ReportFact,
    ReportFactParty,
    ReportFactTime,
    ReportMonth,
    ReportPart,
    Shop,
    Ticket,
)
from helpdesk.models.promised import stands
from helpdesk.queries.report_tallies import HOUR, PARTY, TIME, WALL, WORK
from helpdesk.storage import is_postgresql, session

DayRow = tuple[str, date, str]
"""Cut, day, value."""

PartRow = tuple[str, date, str, str, str]
"""Cut, month, value, part, key."""

_CROSSED = (ReportFact.type, ReportFact.klass, ReportFact.channel_id, ReportFact.queue_id)
_VALUES = {
    WHOLE: None,
    Dimension.TYPE.value: "type",
    Dimension.CLASS.value: "klass",
    Dimension.CHANNEL.value: "channel_id",
    Dimension.QUEUE.value: "queue_id",
}


@dataclass(frozen=True, slots=True)
class Proof:
    """Sums by row as the facts give them, and the rows that are stored otherwise: (row, stored, ought)."""

    days: Mapping[DayRow, tuple[int, ...]]
    parts: Mapping[PartRow, int]
    wrong_days: tuple[tuple[DayRow, tuple[int, ...], tuple[int, ...]], ...]
    wrong_parts: tuple[tuple[PartRow, int, int], ...]

    @property
    def holds(self) -> bool:
        return not (self.wrong_days or self.wrong_parts)


@dataclass(frozen=True, slots=True)
class Strayed:
    """Facts of open months that are not as their ticket says: (ticket, side, what), some of them; and how many."""

    some: tuple[tuple[str, str, str], ...] = field(default=())
    many: int = 0


def proof() -> Proof:
    """Add all facts up, and compare with what is stored: both ways, every figure."""
    days = {(cut, day, value): tuple(map(int, sums)) for cut, day, value, *sums in session().execute(_days())}
    parts = {(cut, _day(month), value, part, key): int(n) for cut, month, value, part, key, n in _told_parts()}
    stored_days = {row[:3]: tuple(row[3:]) for row in session().execute(_stored_days())}
    stored_parts = {tuple(row[:5]): row[5] for row in session().execute(_stored_parts())}
    nothing = (0,) * len(SUMMED)
    return Proof(
        days,
        parts,
        tuple(
            (row, stored_days.get(row, nothing), days.get(row, nothing))
            for row in sorted(days.keys() | stored_days.keys())
            if days.get(row) != stored_days.get(row)
        ),
        tuple(
            (row, stored_parts.get(row, 0), parts.get(row, 0))
            for row in sorted(parts.keys() | stored_parts.keys())
            if parts.get(row) != stored_parts.get(row)
        ),
    )


def strayed(most: int) -> Strayed:
    """Facts that differ from their tickets in what is cheap to tell, or that are missing.

    Left out: closed months, which keep what they had, and tickets that are still to be counted.
    """
    closed = frozenset(session().scalars(select(ReportMonth.month)))
    found: list[tuple[str, str, str]] = []
    many = 0
    for statement in (_different(), _missing(), _missing_money()):
        for number, side, what, at, zone in session().execute(statement):
            if at.astimezone(ZoneInfo(zone)).date().replace(day=1) in closed:
                continue
            many += 1
            if len(found) < most:
                found.append((number, side, what))
    return Strayed(tuple(found), many)


def _stored_days() -> Select[Any]:
    return select(ReportDay.cut, ReportDay.day, ReportDay.value, *(getattr(ReportDay, name) for name in SUMMED))


def _stored_parts() -> Any:
    return select(
        *(ReportPart.cut, ReportPart.month, ReportPart.value, ReportPart.part, ReportPart.key, ReportPart.amount)
    )


def _days() -> Any:
    """Columns: cut, day, value, then those of ``Sums``."""
    sides = [
        func.sum(case((ReportFact.side == side.value, 1), else_=0)).label(name)
        for side, name in ((Side.OPENED, "opened"), (Side.RESOLVED, "resolved"), (Side.MONEY, "money_n"))
    ]
    measured = [func.sum(getattr(ReportFact, name)).label(name) for name in MEASURED]
    columns = (ReportFact.day, *_CROSSED)
    crossed = select(*columns, *sides, *measured).group_by(*columns).cte("crossed").prefix_with("MATERIALIZED")
    return union_all(*(_cut(crossed, cut, ["day"], SUMMED) for cut in _VALUES))


def _told_parts() -> Any:
    """Rows: cut, month, value, part, key, amount."""
    crossed = union_all(*_crossed_parts()).cte("crossed").prefix_with("MATERIALIZED")
    return session().execute(union_all(*(_part_cut(crossed, cut) for cut in _VALUES)))


def _crossed_parts() -> Iterator[Select[Any]]:
    resolved, one = ReportFact.side == Side.RESOLVED.value, func.count()
    hour = _weekday() * 24 + ReportFact.hour
    yield _part(HOUR, hour, one, hour).where(ReportFact.side == Side.OPENED.value)
    for part, column in ((WALL, ReportFact.wall_bin), (WORK, ReportFact.work_bin)):
        yield _part(part, column, one, column).where(resolved)
    time = _part(TIME, ReportFactTime.who, func.sum(ReportFactTime.seconds), ReportFactTime.who)
    yield time.join(ReportFactTime, ReportFactTime.fact_id == ReportFact.id).where(resolved)
    party = func.coalesce(ReportFactParty.party, UNSAID)
    shares = _part(PARTY, party, func.sum(func.coalesce(ReportFactParty.percent, 100)), party)
    yield shares.outerjoin(ReportFactParty, ReportFactParty.fact_id == ReportFact.id).where(resolved)


def _part(part: str, key: Any, amount: Any, group: Any) -> Select[Any]:
    month = _month()
    name: ColumnElement[str] = literal_column(f"'{part}'", String)
    return (
        select(
            month.label("month"),
            *_CROSSED,
            name.label("part"),
            cast(key, String).label("key"),
            amount.label("amount"),
        )
        .select_from(ReportFact)
        .group_by(month, *_CROSSED, group)
    )


def _part_cut(crossed: CTE, cut: str) -> Select[Any]:
    """The places of the cut come before the part: in the order of the table's key."""
    value = _value(crossed, cut)
    return select(
        literal_column(f"'{cut}'", String),
        crossed.c.month,
        value,
        crossed.c.part,
        crossed.c.key,
        func.sum(crossed.c.amount),
    ).group_by(crossed.c.month, *_grouped(crossed, cut), crossed.c.part, crossed.c.key)


def _cut(crossed: CTE, cut: str, keys: list[str], sums: tuple[str, ...]) -> Select[Any]:
    columns = [crossed.c[name] for name in keys]
    totals = (func.sum(crossed.c[name]) for name in sums)
    return select(literal_column(f"'{cut}'", String), *columns, _value(crossed, cut), *totals).group_by(
        *columns, *_grouped(crossed, cut)
    )


def _value(crossed: CTE, cut: str) -> ColumnElement[str]:
    name = _VALUES[cut]
    return literal_column("''", String) if name is None else cast(crossed.c[name], String)


def _grouped(crossed: CTE, cut: str) -> list[ColumnElement[Any]]:
    name = _VALUES[cut]
    return [] if name is None else [crossed.c[name]]


def _month() -> ColumnElement[Any]:
    if is_postgresql():
        return cast(func.date_trunc(literal_column("'month'"), ReportFact.day), Date)
    return func.strftime(literal_column("'%Y-%m-01'"), ReportFact.day)


def _weekday() -> ColumnElement[int]:
    """Monday is 0."""
    if is_postgresql():
        return cast(extract("isodow", ReportFact.day), ReportFact.hour.type) - 1
    return (cast(func.strftime(literal_column("'%w'"), ReportFact.day), ReportFact.hour.type) + 6) % 7


def _day(found: date | str) -> date:
    return date.fromisoformat(found) if isinstance(found, str) else found


def _due() -> ColumnElement[bool]:
    return exists().where(ReportDue.ticket_id == Ticket.id)


def _different() -> Select[Any]:
    """Facts whose ticket says otherwise: when, type, class, queue; and those of merged tickets."""
    differs = {
        "at": or_(
            and_(ReportFact.side == Side.OPENED.value, ReportFact.at != Ticket.created_at),
            and_(
                ReportFact.side == Side.RESOLVED.value,
                ReportFact.at.is_distinct_from(Ticket.first_resolved_at),
            ),
        ),
        "type": ReportFact.type != Ticket.type,
        "klass": ReportFact.klass != Ticket.klass,
        "queue": ReportFact.queue_id != Ticket.queue_id,
        "merged": and_(Ticket.status == Status.MERGED.value, ReportFact.side != Side.MONEY.value),
        "money": and_(ReportFact.side == Side.MONEY.value, ~_paid(Compensation.amount_fen == ReportFact.money_fen)),
    }
    what = case(*((condition, literal_column(f"'{name}'", String)) for name, condition in differs.items()))
    return (
        select(Ticket.number, ReportFact.side, what, ReportFact.at, Shop.timezone)
        .join(Ticket, Ticket.id == ReportFact.ticket_id)
        .join(Shop, Shop.id == Ticket.shop_id)
        .where(or_(*differs.values()), ~_due())
    )


def _missing() -> Any:
    """Tickets without the fact that they were opened, or resolved."""
    return union_all(
        *(
            select(
                Ticket.number,
                literal_column(f"'{side.value}'", String),
                literal_column("'missing'", String),
                at,
                Shop.timezone,
            )
            .join(Shop, Shop.id == Ticket.shop_id)
            .where(Ticket.status != Status.MERGED.value, at.is_not(None), ~_has(side, 0), ~_due())
            for side, at in ((Side.OPENED, Ticket.created_at), (Side.RESOLVED, Ticket.first_resolved_at))
        )
    )


def _missing_money() -> Any:
    return (
        select(
            Ticket.number,
            literal_column("'money'", String),
            literal_column("'missing'", String),
            Compensation.proposed_at,
            Shop.timezone,
        )
        .join(Ticket, Ticket.id == Compensation.ticket_id)
        .join(Shop, Shop.id == Ticket.shop_id)
        .where(
            stands(),
            ~_has(Side.MONEY, Compensation.id),
            ~_due(),
        )
    )


def _has(side: Side, item: Any) -> ColumnElement[bool]:
    return exists().where(ReportFact.ticket_id == Ticket.id, ReportFact.side == side.value, ReportFact.item_id == item)


def _paid(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """There is the compensation that the fact is of."""
    return exists().where(
        Compensation.id == ReportFact.item_id,
        stands(),
        condition,
    )
