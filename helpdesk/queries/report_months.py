"""Months of the report as they stand, and what recalculations of closed ones found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from helpdesk.domain.access import Actor, Permission, Role
from helpdesk.domain.problems import NotFound
from helpdesk.domain.reports import WHOLE, Line, next_month, parse_line
from helpdesk.models import Event, ReportDay, ReportMonth, ReportRecalculation, Ticket, User
from helpdesk.storage import session

CLOSED_EVENT = "report.month_closed"
EVENTS = (CLOSED_EVENT, "report.month_reopened", "report.recalculation_adopted")
MOST_EVENTS = 60
COUNTING = ("waiting", "running")


@dataclass(frozen=True, slots=True)
class Month:
    """A month with tickets in it. ``closed_at`` None: its figures follow the tickets. Money in fen."""

    month: date
    opened: int
    resolved: int
    money_fen: int
    closed_at: datetime | None = None
    closed_by: str = ""
    by_person: bool = False
    rule_version: int | None = None
    version: int = 0
    recalculation: Recalculation | None = None  # the latest one, unless it was adopted


@dataclass(frozen=True, slots=True)
class Difference:
    """One value's figures as they stand and as they would be."""

    cut: str
    value: str
    stands: Line
    would: Line


@dataclass(frozen=True, slots=True)
class Recalculation:
    """A month counted afresh. ``state``: waiting, running, done, adopted, failed; ``problem`` says why it failed.

    ``tickets`` is how many came, went and changed; ``listed`` the numbers of some of them, by sort.
    """

    id: int
    month: date
    state: str
    asked_at: datetime
    asked_by: str
    done: int
    total: int
    version: int
    month_version: int
    problem: str = ""
    tickets: Mapping[str, int] = field(default_factory=dict)
    listed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    lines: tuple[Difference, ...] = ()
    adopted_at: datetime | None = None
    reason: str = ""

    @property
    def counting(self) -> bool:
        return self.state in COUNTING


@dataclass(frozen=True, slots=True)
class Happened:
    """What was done to a month, by whom."""

    at: datetime
    by: str
    by_person: bool
    code: str
    params: Mapping[str, Any]


def months(actor: Actor) -> tuple[Month, ...]:
    """Every month from the first ticket on, the newest first. Three statements. Takes ``reports:close``."""
    actor.require(Permission.REPORTS_CLOSE)
    found = _sums()
    closed = {row.month: row for row in session().execute(_closed())}
    latest = _latest()
    first = min(found, default=None)
    rows: list[Month] = []
    while first is not None and first <= max(found):
        opened, resolved, money = found.get(first, (0, 0, 0))
        if first in closed:
            row = closed[first]
            by_person = row.role != Role.SYSTEM.value
            state = (row.closed_at, row.name, by_person, row.rule_version, row.version, latest.get(first))
            rows.append(Month(first, opened, resolved, money, *state))
        else:
            rows.append(Month(first, opened, resolved, money))
        first = next_month(first)
    return tuple(reversed(rows))


def closed_at(month: date) -> datetime | None:
    """When this month was closed; None while its figures follow the tickets. For those who read its report."""
    return session().scalar(select(ReportMonth.closed_at).where(ReportMonth.month == month))


def recalculation(recalculation_id: int, actor: Actor) -> Recalculation:
    """One with everything it found. ``NotFound``."""
    actor.require(Permission.REPORTS_CLOSE)
    row = session().execute(_recalculations().where(ReportRecalculation.id == recalculation_id)).one_or_none()
    if row is None:
        raise NotFound("report.no_such_recalculation")
    return _recalculation(row, with_lines=True)


def history(actor: Actor) -> tuple[Happened, ...]:
    """What was done to months, the latest first."""
    actor.require(Permission.REPORTS_CLOSE)
    rows = session().execute(
        select(Event.at, User.name, User.role, Event.code, Event.params)
        .join(User, User.id == Event.actor_id)
        .where(Event.ticket_id.is_(None), Event.code.in_(EVENTS))
        .order_by(Event.id.desc())
        .limit(MOST_EVENTS)
    )
    return tuple(Happened(row.at, row.name, row.role != Role.SYSTEM.value, row.code, row.params) for row in rows)


def to_close(through: date) -> list[date]:
    """Months up to the one that begins on ``through`` that nobody ever closed, the oldest first."""
    first = session().scalar(select(func.min(ReportDay.day)).where(ReportDay.cut == WHOLE))
    if first is None:
        return []
    known = {f"{month:%Y-%m}" for month in session().scalars(select(ReportMonth.month))}
    known |= {
        params["month"]
        for params in session().scalars(
            select(Event.params).where(Event.ticket_id.is_(None), Event.code == CLOSED_EVENT)
        )
    }
    found, month = [], first.replace(day=1)
    while month <= through:
        if f"{month:%Y-%m}" not in known:
            found.append(month)
        month = next_month(month)
    return found


def to_recalculate() -> list[tuple[int, date]]:
    """(id, month) of recalculations that are not finished, those asked first ahead."""
    rows = session().execute(
        select(ReportRecalculation.id, ReportRecalculation.month)
        .where(ReportRecalculation.state.in_(COUNTING))
        .order_by(ReportRecalculation.id)
    )
    return [(row.id, row.month) for row in rows]


def _sums() -> dict[date, tuple[int, int, int]]:
    found: dict[date, tuple[int, int, int]] = {}
    columns = (ReportDay.day, ReportDay.opened, ReportDay.resolved, ReportDay.money_fen)
    for day, *figures in session().execute(select(*columns).where(ReportDay.cut == WHOLE)):
        month = day.replace(day=1)
        before = found.get(month, (0, 0, 0))
        found[month] = (before[0] + figures[0], before[1] + figures[1], before[2] + figures[2])
    return found


def _closed() -> Any:
    return select(
        *(ReportMonth.month, ReportMonth.closed_at, ReportMonth.rule_version, ReportMonth.version),
        *(User.name, User.role),
    ).join(User, User.id == ReportMonth.closed_by_id)


def _recalculations() -> Any:
    return select(ReportRecalculation, User.name).join(User, User.id == ReportRecalculation.asked_by_id)


def _latest() -> dict[date, Recalculation]:
    """The latest recalculation of each month, without what it found."""
    other = aliased(ReportRecalculation)
    newest = select(func.max(other.id)).group_by(other.month)
    rows = session().execute(_recalculations().where(ReportRecalculation.id.in_(newest)))
    return {row.ReportRecalculation.month: _recalculation(row) for row in rows}


def _recalculation(row: Any, *, with_lines: bool = False) -> Recalculation:
    one: ReportRecalculation = row.ReportRecalculation
    document = one.document
    lines: tuple[Difference, ...] = ()
    listed: Mapping[str, tuple[str, ...]] = {}
    if with_lines:
        lines = tuple(
            Difference(cut, value, parse_line(value, stands), parse_line(value, would))
            for cut, value, stands, would in document.get("lines", ())
        )
        listed = _numbers(document.get("listed", {}))
    return Recalculation(
        *(one.id, one.month, one.state, one.asked_at, row.name, one.done, one.total, one.version),
        month_version=document.get("month_version", 0),
        problem=document.get("problem", ""),
        tickets=document.get("tickets", {}),
        listed=listed,
        lines=lines,
        adopted_at=one.adopted_at,
        reason=one.reason,
    )


def _numbers(listed: Mapping[str, list[int]]) -> dict[str, tuple[str, ...]]:
    ids = {id for some in listed.values() for id in some}
    rows = session().execute(select(Ticket.id, Ticket.number).where(Ticket.id.in_(ids)))
    names = {row.id: row.number for row in rows}
    return {sort: tuple(names[id] for id in some if id in names) for sort, some in listed.items()}
