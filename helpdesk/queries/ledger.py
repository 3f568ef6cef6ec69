"""The ledger of compensations: every promise of money, what became of it, and the sums.

Page, export and totals ask with the same conditions (``_conditions``), and sums are added up in one place
(``totals``), so that none of them can differ from another by a fen.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, exists, false, func, or_, select, true
from sqlalchemy.orm import aliased

from helpdesk.domain.access import Actor, Permission, Scope
from helpdesk.domain.rulebook import Label
from helpdesk.models import (
    Channel,
    Compensation,
    CompensationApproval,
    Order,
    Payout,
    PayoutBatch,
    Shop,
    Ticket,
    User,
)
from helpdesk.models.promised import STANDING
from helpdesk.models.users import is_person
from helpdesk.queries.keyset import Cursor, Key, Statement, sorted_page
from helpdesk.storage import session

PER_PAGE = 50
EXPORTED_AT_ONCE = 1_000
MOST_EXPORTED = 50_000
"""Rows of a file: more than Excel users scroll through, less than a request can't carry."""

MOST_PEOPLE = 500
STATES = ("proposed", "approved", "paid", "rejected", "withdrawn", "reversed")
DECISIONS = ("proposed", "decided", "own_limit", "owed", "withdrawn", "reversal")
"""Waiting, decided by somebody else, within the proposer's own limit, owed (no limit counts), taken back by the
proposer, or a reversal, which is itself the decision of who reversed."""

NEWEST_FIRST = (
    Key("at", Compensation.proposed_at.expression, descending=True),
    Key("id", Compensation.id.expression, descending=True),
)
"""The order of the index ``ix_compensation_proposed``, which ends in the row's id on both databases."""


@dataclass(frozen=True, slots=True)
class LedgerFilter:
    """What is looked for. ``since`` and ``until`` (UTC, the latter exclusive) bound when it was proposed.

    ``number`` is that of a ticket or an order, as a whole.
    """

    since: datetime | None = None
    until: datetime | None = None
    state: str = ""
    kind: str = ""
    type: str = ""
    shop: int | None = None
    channel: int | None = None
    proposer: int | None = None
    approver: int | None = None
    number: str = ""


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One promise. ``counted_fen`` is its part of the sum of what stands: nothing once it was refused or taken back.

    ``decision``: how it was settled, one of ``DECISIONS``; only with ``decided`` did somebody else (``decider``).
    ``takes_back``: this row is itself a reversal, of another one. ``batch``: number of the payment file it is in.
    """

    id: int
    version: int
    proposed_at: datetime
    ticket: str
    order: str | None
    shop: str
    channel: Label
    type: str
    policy: str
    kind: str
    amount_fen: int
    is_remedy: bool
    state: str
    proposer: str
    decider: str | None
    decided_at: datetime | None
    takes_back: bool
    alone: bool  # nobody had to agree
    batch: str | None

    @property
    def counted_fen(self) -> int:
        return self.amount_fen if counts(self.state, self.takes_back) else 0

    @property
    def decision(self) -> str:
        if self.takes_back:
            return "reversal"
        if self.state in ("proposed", "withdrawn"):
            return self.state
        if not self.alone:
            return "decided"
        return "owed" if self.is_remedy else "own_limit"


@dataclass(frozen=True, slots=True)
class Sum:
    """How many rows, and fen in all."""

    count: int = 0
    fen: int = 0

    def __add__(self, other: Sum) -> Sum:
        return Sum(self.count + other.count, self.fen + other.fen)


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums of the rows that a filter finds. ``promised`` = ``waiting`` + ``due`` + ``paid``: what stands."""

    rows: int  # all of them, those that count nothing too
    promised: Sum
    waiting: Sum  # for somebody to agree
    due: Sum  # agreed, and not paid yet
    paid: Sum
    refused: Sum  # rejected, or withdrawn by who proposed
    taken_back: Sum  # reversed after it had been agreed or paid


@dataclass(frozen=True, slots=True)
class LedgerPage:
    """A page of the ledger, newest first; ``next`` is where the older ones begin."""

    rows: tuple[LedgerRow, ...]
    next: Cursor | None


@dataclass(frozen=True, slots=True)
class Person:
    id: int
    name: str


def counts(state: str, takes_back: bool) -> bool:
    """Whether a row of this state is part of what stands (see ``models.promised``)."""
    return state in STANDING and not takes_back


def ledger(actor: Actor, chosen: LedgerFilter, after: Cursor | None = None) -> LedgerPage:
    """Rows in the actor's sight, from the cursor on. One statement."""
    rows = _rows(actor, chosen, after, PER_PAGE + 1)
    shown = tuple(rows[:PER_PAGE])
    return LedgerPage(shown, _cursor(shown[-1]) if len(rows) > PER_PAGE else None)


def every_row(actor: Actor, chosen: LedgerFilter) -> Iterator[LedgerRow]:
    """All rows that the filter finds, newest first, ``MOST_EXPORTED`` at most; read by the thousand, by key."""
    after: Cursor | None = None
    for _portion in range(MOST_EXPORTED // EXPORTED_AT_ONCE):
        rows = _rows(actor, chosen, after, EXPORTED_AT_ONCE)
        yield from rows
        if len(rows) < EXPORTED_AT_ONCE:
            return
        after = _cursor(rows[-1])


def totals(actor: Actor, chosen: LedgerFilter) -> Totals:
    """The sums over all that the filter finds in the actor's sight: of page, export and report. One statement."""
    actor.require(Permission.MONEY_READ)
    takes_back = Compensation.reverses_id.is_not(None).label("takes_back")
    found = session().execute(
        _joined(select(Compensation.state, takes_back, func.count(), func.sum(Compensation.amount_fen)))
        .where(*_conditions(actor, chosen))
        .group_by(Compensation.state, takes_back)
    )
    of: dict[tuple[str, bool], Sum] = {(state, bool(back)): Sum(n, int(fen)) for state, back, n, fen in found}
    waiting, due, paid = (of.get((state, False), Sum()) for state in STANDING)
    return Totals(
        rows=sum(one.count for one in of.values()),
        promised=waiting + due + paid,
        waiting=waiting,
        due=due,
        paid=paid,
        refused=of.get(("rejected", False), Sum()) + of.get(("withdrawn", False), Sum()),
        taken_back=of.get(("reversed", False), Sum()),
    )


def people(actor: Actor) -> list[Person]:
    """Who may have proposed or approved, by name. One statement."""
    actor.require(Permission.MONEY_READ)
    rows = session().execute(
        select(User.id, User.name).where(is_person).order_by(User.name, User.id).limit(MOST_PEOPLE)
    )
    return [Person(*row) for row in rows]


def in_sight(actor: Actor) -> ColumnElement[bool]:
    """Rows on tickets that the actor's right to read money reaches: all, or those of his queues and his own."""
    match actor.scope(Permission.MONEY_READ):
        case Scope.ALL:
            return true()
        case Scope.OWN:
            return or_(Ticket.queue_id.in_(sorted(actor.queues)), Ticket.owner_id == actor.id)
        case _:
            return false()


def _rows(actor: Actor, chosen: LedgerFilter, after: Cursor | None, most: int) -> list[LedgerRow]:
    actor.require(Permission.MONEY_READ)
    statement = _columns().where(*_conditions(actor, chosen))
    return [_row(row) for row in session().execute(sorted_page(statement, NEWEST_FIRST, after).limit(most))]


def _columns() -> Statement:
    proposer, decider = aliased(User), aliased(User)
    return (
        _joined(
            select(
                *(Compensation.id, Compensation.version, Compensation.proposed_at, Compensation.policy_code),
                *(Compensation.kind, Compensation.amount_fen, Compensation.is_remedy, Compensation.state),
                *(Compensation.decided_at, Compensation.reverses_id, Compensation.approval),
                Ticket.number.label("ticket"),
                Ticket.type,
                Order.number.label("order_number"),
                Shop.name.label("shop"),
                Channel.name_zh,
                Channel.name_en,
                proposer.name.label("proposer"),
                case((_decided_by_another(), decider.name)).label("decider"),
                PayoutBatch.number.label("batch"),
            )
        )
        .join(Shop, Shop.id == Ticket.shop_id)
        .join(Channel, Channel.id == Ticket.channel_id)
        .join(proposer, proposer.id == Compensation.proposed_by_id)
        .outerjoin(Order, Order.id == Compensation.order_id)
        .outerjoin(decider, decider.id == Compensation.decided_by_id)
        .outerjoin(Payout, and_(Payout.compensation_id == Compensation.id, Payout.state != "failed"))
        .outerjoin(PayoutBatch, PayoutBatch.id == Payout.batch_id)
    )


def _joined(statement: Statement) -> Statement:
    return statement.select_from(Compensation).join(Ticket, Ticket.id == Compensation.ticket_id)


def _conditions(actor: Actor, chosen: LedgerFilter) -> list[ColumnElement[bool]]:
    """What the filter and the actor's sight ask of a row. Whoever reads the ledger asks with these."""
    found = [in_sight(actor)]
    if chosen.since:
        found.append(Compensation.proposed_at >= chosen.since)
    if chosen.until:
        found.append(Compensation.proposed_at < chosen.until)
    if chosen.approver:
        found.append(_approved_by(chosen.approver))
    if chosen.number:
        found.append(_of_number(chosen.number))
    same: tuple[tuple[Any, ColumnElement[Any]], ...] = (
        (chosen.state, Compensation.state.expression),
        (chosen.kind, Compensation.kind.expression),
        (chosen.type, Ticket.type.expression),
        (chosen.shop, Ticket.shop_id.expression),
        (chosen.channel, Ticket.channel_id.expression),
        (chosen.proposer, Compensation.proposed_by_id.expression),
    )
    return [*found, *(column == value for value, column in same if value)]


def _approved_by(user_id: int) -> ColumnElement[bool]:
    """He decided, or agreed for his part of it."""
    part = exists().where(
        CompensationApproval.compensation_id == Compensation.id, CompensationApproval.user_id == user_id
    )
    decided = and_(Compensation.decided_by_id == user_id, _decided_by_another())
    return or_(decided, part.correlate(Compensation))


def _decided_by_another() -> ColumnElement[bool]:
    """Who promised within his own limit, or withdrew, stands in the row as well, and has agreed to nothing."""
    return and_(Compensation.approval != "none", Compensation.state != "withdrawn")


def _of_number(number: str) -> ColumnElement[bool]:
    """Two look-ups by index: a join to order and ticket would have to read all of them."""
    of_ticket = select(Ticket.id).where(Ticket.number == number).correlate(None)
    of_order = select(Order.id).where(Order.number == number).correlate(None)
    return or_(Compensation.ticket_id.in_(of_ticket), Compensation.order_id.in_(of_order))


def _cursor(row: LedgerRow) -> Cursor:
    return Cursor(at=row.proposed_at, id=row.id)


def _row(row: Any) -> LedgerRow:
    return LedgerRow(
        id=row.id,
        version=row.version,
        proposed_at=row.proposed_at,
        ticket=row.ticket,
        order=row.order_number,
        shop=row.shop,
        channel=Label(row.name_zh, row.name_en),
        type=row.type,
        policy=row.policy_code,
        kind=row.kind,
        amount_fen=row.amount_fen,
        is_remedy=row.is_remedy,
        state=row.state,
        proposer=row.proposer,
        decider=row.decider,
        decided_at=row.decided_at,
        takes_back=row.reverses_id is not None,
        alone=row.approval == "none",
        batch=row.batch,
    )
