"""What each party owes for a month: tickets, compensation by share, hours late.

A ticket stands in the month of its first resolve, in the shop's zone, with the shares as they stand and with what
was promised on it for good: compensation that is approved or paid and not reversed. An amount is split by the
shares to the fen (``domain.responsibility.split_fen``), owed remedies apart from goodwill, so that the parties' sums
add up to the whole. Tickets for which nobody was named have a row of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any

from sqlalchemy import ColumnElement, and_, case, exists, false, func, or_, select, true

from helpdesk.domain.access import Actor, Permission, Scope
from helpdesk.domain.responsibility import split_fen
from helpdesk.domain.rulebook import RuleBook
from helpdesk.domain.tickets import Party
from helpdesk.models import ClockRow, Compensation, Queue, Responsibility, Stint, Ticket
from helpdesk.queries.keyset import Cursor, Key, Statement, sorted_page
from helpdesk.storage import session

UNSAID = "unsaid"
"""In place of a party, where nobody was named: class B may be resolved so."""

PER_PAGE = 50
MOST_EXPORTED = 50_000
LATEST_FIRST = (
    Key("at", Ticket.first_resolved_at.expression, descending=True),
    Key("id", Ticket.id.expression, descending=True),
)


@dataclass(frozen=True, slots=True)
class Month:
    """From ``since`` to before ``until`` (UTC)."""

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class PartyRow:
    """One party's month. ``percent`` sums its shares: 150 is one and a half tickets. Money is fen, time seconds.

    ``late_seconds``: what its queue overran its own targets on the month's tickets; None for who has no queue.
    """

    party: str
    tickets: int = 0
    percent: int = 0
    goodwill_fen: int = 0
    remedy_fen: int = 0
    late_seconds: int | None = None

    @property
    def total_fen(self) -> int:
        return self.goodwill_fen + self.remedy_fen


@dataclass(frozen=True, slots=True)
class ChargeBack:
    """``rows`` in the order of ``Party``, ``UNSAID`` last; ``tickets`` are the month's, each once."""

    rows: tuple[PartyRow, ...]
    tickets: int
    goodwill_fen: int
    remedy_fen: int

    @property
    def total_fen(self) -> int:
        return self.goodwill_fen + self.remedy_fen

    def row(self, party: str) -> PartyRow:
        return next((row for row in self.rows if row.party == party), PartyRow(party))


@dataclass(frozen=True, slots=True)
class ChargedTicket:
    """A ticket with the party's part of it."""

    number: str
    subject: str
    type: str
    resolved_at: datetime
    percent: int
    goodwill_fen: int
    remedy_fen: int
    whole_fen: int

    @property
    def total_fen(self) -> int:
        return self.goodwill_fen + self.remedy_fen


@dataclass(frozen=True, slots=True)
class ChargedPage:
    rows: tuple[ChargedTicket, ...]
    next: Cursor | None


@dataclass(slots=True)
class _Sums:
    goodwill: dict[str, int] = field(default_factory=dict)
    remedy: dict[str, int] = field(default_factory=dict)


def charge_back(actor: Actor, month: Month, book: RuleBook) -> ChargeBack:
    """The month's list in the actor's sight. Four statements; only tickets that cost something are read one by one."""
    counted = _counts(actor, month)
    sums = _money(actor, month)
    late = _late(actor, month, book)
    rows = []
    for party in (*(party.value for party in Party), UNSAID):
        tickets, percent = counted.get(party, (0, 0))
        found = late.get(party)
        if tickets or found:
            money = sums.goodwill.get(party, 0), sums.remedy.get(party, 0)
            rows.append(PartyRow(party, tickets, percent, *money, late_seconds=found))
    whole = session().scalar(select(func.count()).select_from(Ticket).where(*_conditions(actor, month))) or 0
    return ChargeBack(tuple(rows), whole, sum(sums.goodwill.values()), sum(sums.remedy.values()))


def charged_tickets(actor: Actor, party: str, month: Month, after: Cursor | None = None) -> ChargedPage:
    """The tickets behind a party's row, the latest first. Two statements."""
    rows = _page(actor, party, month, after, PER_PAGE + 1)
    shown = rows[:PER_PAGE]
    more = Cursor(at=shown[-1].first_resolved_at, id=shown[-1].id) if len(rows) > PER_PAGE else None
    return ChargedPage(tuple(_charged(shown, party)), more)


def every_charged_ticket(actor: Actor, party: str, month: Month) -> Iterator[ChargedTicket]:
    """All of them, ``MOST_EXPORTED`` at most; read by the thousand, by key."""
    after: Cursor | None = None
    for _portion in range(MOST_EXPORTED // 1_000):
        rows = _page(actor, party, month, after, 1_000)
        yield from _charged(rows, party)
        if len(rows) < 1_000:
            return
        after = Cursor(at=rows[-1].first_resolved_at, id=rows[-1].id)


def in_sight(actor: Actor) -> ColumnElement[bool]:
    """Tickets that the actor's right to read shares reaches: all, or those of his queues and his own."""
    match actor.scope(Permission.SHARES_READ):
        case Scope.ALL:
            return true()
        case Scope.OWN:
            return or_(Ticket.queue_id.in_(sorted(actor.queues)), Ticket.owner_id == actor.id)
        case _:
            return false()


def _conditions(actor: Actor, month: Month) -> tuple[ColumnElement[bool], ...]:
    """Whoever reads the list asks with these."""
    actor.require(Permission.SHARES_READ)
    return (
        in_sight(actor),
        Ticket.first_resolved_at >= month.since,
        Ticket.first_resolved_at < month.until,
    )


def _counts(actor: Actor, month: Month) -> dict[str, tuple[int, int]]:
    rows = session().execute(
        select(Responsibility.party, func.count(), func.sum(Responsibility.percent))
        .select_from(Ticket)
        .outerjoin(Responsibility, Responsibility.ticket_id == Ticket.id)
        .where(*_conditions(actor, month))
        .group_by(Responsibility.party)
    )
    return {party or UNSAID: (count, int(percent or 0)) for party, count, percent in rows}


STANDS = and_(Compensation.state.in_(("approved", "paid")), Compensation.reverses_id.is_(None))
"""Promised for good: neither waiting nor refused, and not taken back."""


def _spent(of: ColumnElement[bool]) -> Any:
    """Goodwill and remedy of the tickets that cost something, and their shares: a row for each share."""
    remedy = func.sum(case((Compensation.is_remedy, Compensation.amount_fen), else_=0))
    costs = (
        select(
            Compensation.ticket_id.label("ticket_id"),
            func.sum(Compensation.amount_fen).label("total"),
            remedy.label("remedy"),
        )
        .join(Ticket, Ticket.id == Compensation.ticket_id)
        .where(STANDS, of)
        .group_by(Compensation.ticket_id)
        .subquery()
    )
    return (
        select(costs.c.ticket_id, costs.c.total, costs.c.remedy, Responsibility.party, Responsibility.percent)
        .outerjoin(Responsibility, Responsibility.ticket_id == costs.c.ticket_id)
        .order_by(costs.c.ticket_id)
    )


def _parts(of: ColumnElement[bool]) -> Iterator[tuple[int, int, Mapping[str, int], Mapping[str, int]]]:
    """(ticket id, whole, goodwill by party, remedy by party) of each ticket that cost something."""
    rows = session().execute(_spent(of))
    for ticket_id, run in groupby(rows, key=attrgetter("ticket_id")):
        found = list(run)
        total, remedy = int(found[0].total), int(found[0].remedy)
        shares = {Party(row.party): row.percent for row in found if row.party is not None}
        yield ticket_id, total, _split(total - remedy, shares), _split(remedy, shares)


def _split(fen: int, shares: Mapping[Party, int]) -> dict[str, int]:
    if not shares:
        return {UNSAID: fen}
    return {party.value: part for party, part in split_fen(fen, shares).items()}


def _money(actor: Actor, month: Month) -> _Sums:
    sums = _Sums()
    for _ticket, _whole, goodwill, remedy in _parts(and_(*_conditions(actor, month))):
        for kept, parts in ((sums.goodwill, goodwill), (sums.remedy, remedy)):
            for party, fen in parts.items():
                kept[party] = kept.get(party, 0) + fen
    return sums


def _late(actor: Actor, month: Month, book: RuleBook) -> dict[str, int]:
    """By how much each party's queue overran its own targets, in seconds of its working time."""
    over = ClockRow.elapsed_seconds - ClockRow.target_seconds
    rows = session().execute(
        select(Queue.code, func.sum(over))
        .select_from(ClockRow)
        .join(Stint, Stint.id == ClockRow.stint_id)
        .join(Queue, Queue.id == Stint.queue_id)
        .join(Ticket, Ticket.id == Stint.ticket_id)
        .where(ClockRow.cancelled_at.is_(None), over > 0, *_conditions(actor, month))
        .group_by(Queue.code)
    )
    seconds = {code: int(total or 0) for code, total in rows}
    return {party.value: seconds.get(code, 0) for party, code in book.responsibility.queues.items()}


def _page(actor: Actor, party: str, month: Month, after: Cursor | None, most: int) -> list[Any]:
    columns: Statement = select(
        Ticket.id,
        Ticket.number,
        Ticket.subject,
        Ticket.type,
        Ticket.first_resolved_at,
        func.coalesce(Responsibility.percent, 100).label("percent"),
    )
    if party == UNSAID:
        said = exists().where(Responsibility.ticket_id == Ticket.id).correlate(Ticket)
        columns = columns.outerjoin(Responsibility, false()).where(~said)
    else:
        columns = columns.join(
            Responsibility, and_(Responsibility.ticket_id == Ticket.id, Responsibility.party == party)
        )
    statement = columns.where(*_conditions(actor, month))
    return list(session().execute(sorted_page(statement, LATEST_FIRST, after).limit(most)))


def _charged(rows: Iterable[Any], party: str) -> Iterator[ChargedTicket]:
    rows = list(rows)
    parts = {one[0]: one for one in _parts(Ticket.id.in_([row.id for row in rows]))}
    for row in rows:
        _id, whole, goodwill, remedy = parts.get(row.id, (row.id, 0, {}, {}))
        yield ChargedTicket(
            number=row.number,
            subject=row.subject,
            type=row.type,
            resolved_at=row.first_resolved_at,
            percent=row.percent,
            goodwill_fen=goodwill.get(party, 0),
            remedy_fen=remedy.get(party, 0),
            whole_fen=whole,
        )
