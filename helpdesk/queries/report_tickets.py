"""The tickets behind any figure of a report.

A figure is opened, resolved, reopened, late_<clock> (first, solution, queue, platform, again), money, time:<who>,
party:<party>, hour:<0 to 167> or bin:<wall|work>:<n> (or <n>-<m>). Each fact on a list adds something to the figure:
one ticket, seconds, fen, results that were late, percent of a fault. What the list adds up to is what was shown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Integer, and_, func, literal_column, or_, select

from helpdesk.domain.access import Actor
from helpdesk.domain.problems import Invalid
from helpdesk.domain.reports import CLOCKS, UNSAID, Period, Question, Side
from helpdesk.models import ReportFact, ReportFactParty, ReportFactTime, Ticket
from helpdesk.models.scope import readable
from helpdesk.queries.keyset import Statement
from helpdesk.queries.report_figures import in_sight, of_side, of_value, of_values
from helpdesk.storage import session

PER_PAGE = 50
EXPORTED_AT_ONCE = 1_000
MOST_EXPORTED = 50_000

_PLACE = re.compile(r"(\d{1,10})\.(\d{1,18})", re.ASCII)
_CODE = re.compile(r"[\w-]{1,40}", re.ASCII)
_HOUR = re.compile(r"\d{1,3}", re.ASCII)
_BINS = re.compile(r"(?P<time>wall|work):(?P<first>\d{1,3})(-(?P<last>\d{1,3}))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class FactRow:
    """One fact behind a figure. ``amount`` is its part of it.

    ``at`` is the instant it counts for: opened, first resolved, or money proposed. ``number`` is a link only where
    the actor may open the ticket (``opens``); ``subject`` is empty where he may not.
    """

    fact_id: int
    number: str
    subject: str
    opens: bool
    status: str
    type: str
    klass: str
    queue_id: int
    channel_id: int
    agent_id: int | None
    warehouse: str
    courier: str
    at: datetime
    wall_seconds: int
    work_seconds: int
    money_fen: int
    amount: int
    weight: int

    @property
    def place(self) -> str:
        """Where the list goes on after this one."""
        return f"{self.weight}.{self.fact_id}"


@dataclass(frozen=True, slots=True)
class FactPage:
    """A page of the list, greatest first. ``count`` and ``total`` are of the whole list; ``next`` is '' at its end."""

    rows: tuple[FactRow, ...]
    count: int
    total: int
    next: str


@dataclass(frozen=True, slots=True)
class _Figure:
    """Facts of a side that meet a condition; what each adds to the figure; the table that says so, if another.

    They are listed by how long they took, or, ``greatest_first``, by what they add.
    """

    side: Side
    amount: ColumnElement[int]
    where: ColumnElement[bool] | None = None
    table: type[ReportFactTime | ReportFactParty] | None = None
    greatest_first: bool = False


@dataclass(frozen=True, slots=True)
class _Listed:
    """A list to be read. ``weight`` is what it is sorted by, the greatest first."""

    figure: _Figure
    weight: ColumnElement[int]
    where: tuple[ColumnElement[bool], ...]
    actor: Actor


def tickets(question: Question, figure: str, value: str | None, actor: Actor, after: str = "") -> FactPage:
    """The tickets behind a figure of one value of the question's cut, or of all (None), from ``after`` on.

    Those that took longest, or add most, come first. Two statements. ``Invalid`` for a figure or a place that is none.
    """
    place = _place(after)
    listed = _listed(question, figure, value, actor)
    sums: Statement = select(func.count(), func.sum(listed.figure.amount)).select_from(ReportFact)
    count, total = tuple(session().execute(_of(listed, sums)).one())
    rows = _rows(listed, place, PER_PAGE + 1)
    shown = tuple(rows[:PER_PAGE])
    return FactPage(shown, count, int(total or 0), shown[-1].place if len(rows) > PER_PAGE else "")


def every_ticket(question: Question, figure: str, value: str | None, actor: Actor) -> Iterator[FactRow]:
    """The whole list, ``MOST_EXPORTED`` at most; read by the thousand, by key."""
    listed = _listed(question, figure, value, actor)
    place: tuple[int, int] | None = None
    for _portion in range(MOST_EXPORTED // EXPORTED_AT_ONCE):
        rows = _rows(listed, place, EXPORTED_AT_ONCE)
        yield from rows
        if len(rows) < EXPORTED_AT_ONCE:
            return
        place = (rows[-1].weight, rows[-1].fact_id)


def _listed(question: Question, figure: str, value: str | None, actor: Actor) -> _Listed:
    wanted = _figure(figure, question.period)
    where = [*in_sight(actor), of_side(wanted.side, question.period), *of_values(question.only)]
    if value is not None:
        where.append(of_value(question.by, value))
    if wanted.where is not None:
        where.append(wanted.where)
    weight = wanted.amount if wanted.greatest_first else ReportFact.wall_seconds.expression
    return _Listed(wanted, weight, tuple(where), actor)


def _of(listed: _Listed, statement: Statement) -> Statement:
    table = listed.figure.table
    if table is not None:
        statement = statement.outerjoin(table, table.fact_id == ReportFact.id)
    return statement.where(*listed.where)


def _rows(listed: _Listed, place: tuple[int, int] | None, most: int) -> list[FactRow]:
    """Which ones first; what is told of them, such as who may open them, is asked for those alone."""
    amount, weight = listed.figure.amount.label("amount"), listed.weight.label("weight")
    chosen: Statement = select(ReportFact.id, amount, weight).select_from(ReportFact)
    chosen = _of(listed, chosen)
    if place is not None:
        further = and_(listed.weight == place[0], ReportFact.id < place[1])
        chosen = chosen.where(or_(listed.weight < place[0], further))
    few = chosen.order_by(listed.weight.desc(), ReportFact.id.desc()).limit(most).subquery()
    statement = (
        select(
            *(few.c.amount, few.c.weight, ReportFact.id.label("fact_id")),
            *(getattr(ReportFact, name) for name in _TOLD),
            *(Ticket.number, Ticket.subject, Ticket.status, readable(listed.actor).label("opens")),
        )
        .select_from(few)
        .join(ReportFact, ReportFact.id == few.c.id)
        .join(Ticket, Ticket.id == ReportFact.ticket_id)
        .order_by(few.c.weight.desc(), ReportFact.id.desc())
    )
    return [_row(row) for row in session().execute(statement).mappings()]


_TOLD = (
    *("type", "klass", "queue_id", "channel_id", "agent_id", "warehouse", "courier"),
    *("at", "wall_seconds", "work_seconds", "money_fen"),
)


def _row(row: Any) -> FactRow:
    opens = bool(row["opens"])
    return FactRow(**{**row, "opens": opens, "subject": row["subject"] if opens else ""})


def _place(text: str) -> tuple[int, int] | None:
    if not text:
        return None
    match = _PLACE.fullmatch(text)
    if match is None:
        raise Invalid("paging.bad_cursor")
    return int(match[1]), int(match[2])


def _figure(text: str, period: Period) -> _Figure:
    """A figure by its name; what follows a colon says whose time, which party, hour of the week or bins."""
    kind, _, key = text.partition(":")
    found = _PLAIN.get(text)
    if found is None and kind == "hour":
        found = _hour(key, period)
    elif found is None and kind in _OF:
        found = _OF[kind](key)
    if found is None:
        raise Invalid("report.unknown_figure")
    return found


_ONE: ColumnElement[int] = literal_column("1", Integer)


def _late(clock: str) -> _Figure:
    results, in_time = getattr(ReportFact, f"{clock}_n"), getattr(ReportFact, f"{clock}_ok")
    return _Figure(Side.RESOLVED, results - in_time, results > in_time)


_PLAIN: Mapping[str, _Figure] = {
    "opened": _Figure(Side.OPENED, _ONE),
    "resolved": _Figure(Side.RESOLVED, _ONE),
    "reopened": _Figure(Side.RESOLVED, ReportFact.reopened.expression, ReportFact.reopened > 0),
    "money": _Figure(Side.MONEY, ReportFact.money_fen.expression, greatest_first=True),
    **{f"late_{clock}": _late(clock) for clock in (*CLOCKS, "again")},
}


def _time(who: str) -> _Figure | None:
    if not _CODE.fullmatch(who):
        return None
    his = ReportFactTime.who == who
    return _Figure(Side.RESOLVED, ReportFactTime.seconds.expression, his, ReportFactTime, greatest_first=True)


def _party(party: str) -> _Figure | None:
    if party == UNSAID:
        nobody = ReportFactParty.fact_id.is_(None)
        return _Figure(Side.RESOLVED, literal_column("100", Integer), nobody, ReportFactParty)
    if not _CODE.fullmatch(party):
        return None
    return _Figure(Side.RESOLVED, ReportFactParty.percent.expression, ReportFactParty.party == party, ReportFactParty)


def _bins(key: str) -> _Figure | None:
    """``wall:12``, ``work:0-3``: both ends included."""
    match = _BINS.fullmatch(key)
    if match is None:
        return None
    column = ReportFact.wall_bin if match["time"] == "wall" else ReportFact.work_bin
    first = int(match["first"])
    return _Figure(Side.RESOLVED, _ONE, column.between(first, int(match["last"] or first)))


_OF: Mapping[str, Callable[[str], _Figure | None]] = {"time": _time, "party": _party, "bin": _bins}


def _hour(key: str, period: Period) -> _Figure | None:
    """An hour of the week, on all such days of the period: databases disagree on what a weekday is."""
    if not _HOUR.fullmatch(key) or int(key) >= 7 * 24:
        return None
    weekday, hour = divmod(int(key), 24)
    days = (period.first + timedelta(days=n) for n in range(period.days))
    on_such_days = ReportFact.day.in_([day for day in days if day.weekday() == weekday])
    return _Figure(Side.OPENED, _ONE, and_(on_such_days, ReportFact.hour == hour))
