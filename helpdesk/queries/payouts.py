"""Finance's desk: what has been agreed and waits to be paid, and the payment files that were made of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, literal_column, select
from sqlalchemy.orm import aliased

from helpdesk.domain.access import Actor, Permission
from helpdesk.domain.problems import NotFound
from helpdesk.domain.rulebook import Label
from helpdesk.models import Channel, Compensation, Order, Payout, PayoutBatch, Shop, Ticket, User
from helpdesk.models.promised import PAYOUTS
from helpdesk.queries.keyset import Cursor, Key, Statement, sorted_page
from helpdesk.storage import session

MOST_SHOWN = 200
"""Of what waits: a payment file takes in all of it, the page shows the oldest."""

PER_PAGE = 20
MOST_IN_FILE = 5_000
NEWEST_FIRST = (Key("id", PayoutBatch.id.expression, descending=True),)


@dataclass(frozen=True, slots=True)
class Due:
    """Agreed, and in no payment file."""

    id: int
    ticket: str
    order: str | None
    shop: str
    channel: Label
    type: str
    policy: str
    kind: str
    amount_fen: int
    decided_at: datetime | None
    proposer: str


@dataclass(frozen=True, slots=True)
class ShopDue:
    """How much waits to be paid for a shop."""

    id: int
    name: str
    count: int
    fen: int


@dataclass(frozen=True, slots=True)
class Batch:
    """A payment file and how far it is settled; counts of its rows."""

    id: int
    number: str
    version: int
    created_at: datetime
    created_by: str
    rows: int
    total_fen: int
    open: int
    paid: int
    failed: int


@dataclass(frozen=True, slots=True)
class BatchRow:
    """A line of a payment file."""

    id: int
    compensation_id: int
    shop_code: str
    channel_code: str
    ticket: str
    order: str | None
    shop: str
    channel: Label
    type: str
    policy: str
    kind: str
    amount_fen: int
    state: str
    settled_at: datetime | None
    settled_by: str | None


def due(actor: Actor) -> tuple[Due, ...]:
    """What waits to be paid, the oldest agreement first, ``MOST_SHOWN`` at most. One statement."""
    actor.require(Permission.MONEY_PAY)
    rows = session().execute(
        _described(
            select(
                Compensation.id,
                *_words(),
                Compensation.amount_fen,
                Compensation.decided_at,
                Compensation.proposed_at,
                User.name.label("proposer"),
            ).select_from(Compensation)
        )
        .join(User, User.id == Compensation.proposed_by_id)
        .where(_is_due())
        .order_by(Compensation.id)
        .limit(MOST_SHOWN)
    )
    return tuple(
        Due(
            id=row.id,
            **_described_by(row),
            amount_fen=row.amount_fen,
            decided_at=row.decided_at or row.proposed_at,
            proposer=row.proposer,
        )
        for row in rows
    )


def due_by_shop(actor: Actor) -> tuple[ShopDue, ...]:
    """The sums of all that waits to be paid, shop by shop. One statement."""
    actor.require(Permission.MONEY_PAY)
    rows = session().execute(
        select(Shop.id, Shop.name, func.count(), func.sum(Compensation.amount_fen))
        .select_from(Compensation)
        .join(Ticket, Ticket.id == Compensation.ticket_id)
        .join(Shop, Shop.id == Ticket.shop_id)
        .where(_is_due())
        .group_by(Shop.id, Shop.name)
        .order_by(Shop.id)
    )
    return tuple(ShopDue(id_, name, count, int(fen)) for id_, name, count, fen in rows)


def batches(actor: Actor, after: Cursor | None = None) -> tuple[tuple[Batch, ...], Cursor | None]:
    """Payment files, the newest first, and where the older ones begin. One statement."""
    actor.require(Permission.MONEY_PAY)
    rows = session().execute(sorted_page(_batches(), NEWEST_FIRST, after).limit(PER_PAGE + 1)).all()
    shown = rows[:PER_PAGE]
    following = Cursor(id=shown[-1].id) if len(rows) > PER_PAGE else None
    return tuple(_batch(row) for row in shown), following


def batch(actor: Actor, batch_id: int) -> tuple[Batch, tuple[BatchRow, ...]]:
    """A payment file with its lines, in the order of the file. Two statements. ``NotFound`` where there is none."""
    actor.require(Permission.MONEY_PAY)
    row = session().execute(_batches().where(PayoutBatch.id == batch_id)).one_or_none()
    if row is None:
        raise NotFound("payout.not_found")
    settler = aliased(User)
    lines = session().execute(
        _described(
            select(
                Payout.id,
                Payout.compensation_id,
                Payout.amount_fen,
                Payout.state,
                Payout.settled_at,
                settler.name.label("settler"),
                Shop.code.label("shop_code"),
                Channel.code.label("channel_code"),
                *_words(),
            )
            .select_from(Payout)
            .join(Compensation, Compensation.id == Payout.compensation_id)
        )
        .outerjoin(settler, settler.id == Payout.settled_by_id)
        .where(Payout.batch_id == batch_id)
        .order_by(Payout.id)
        .limit(MOST_IN_FILE)
    )
    return _batch(row), tuple(
        BatchRow(
            id=line.id,
            compensation_id=line.compensation_id,
            shop_code=line.shop_code,
            channel_code=line.channel_code,
            **_described_by(line),
            amount_fen=line.amount_fen,
            state=line.state,
            settled_at=line.settled_at,
            settled_by=line.settler,
        )
        for line in lines
    )


def batch_of_key(key: str) -> int | None:
    """The file that was made with this form, if it has been sent before."""
    return session().scalar(select(PayoutBatch.id).where(PayoutBatch.key == key))


def _is_due() -> ColumnElement[bool]:
    """Agreed money that no file holds; only a payment that failed lets it into another one."""
    standing = exists().where(Payout.compensation_id == Compensation.id, Payout.state != "failed")
    return and_(
        Compensation.state == literal_column("'approved'"),  # as in the index of what has been agreed
        Compensation.kind.in_(PAYOUTS),
        Compensation.reverses_id.is_(None),
        ~standing.correlate(Compensation),
    )


def _batches() -> Statement:
    def lines(state: str) -> Any:
        return (
            select(func.count())
            .where(Payout.batch_id == PayoutBatch.id, Payout.state == state)
            .correlate(PayoutBatch)
            .scalar_subquery()
        )

    return select(
        *(PayoutBatch.id, PayoutBatch.number, PayoutBatch.version, PayoutBatch.created_at),
        *(PayoutBatch.rows, PayoutBatch.total_fen, User.name.label("created_by")),
        lines("exported").label("open"),
        lines("paid").label("paid"),
        lines("failed").label("failed"),
    ).join(User, User.id == PayoutBatch.created_by_id)


def _batch(row: Any) -> Batch:
    return Batch(
        id=row.id,
        number=row.number,
        version=row.version,
        created_at=row.created_at,
        created_by=row.created_by,
        rows=row.rows,
        total_fen=row.total_fen,
        open=row.open,
        paid=row.paid,
        failed=row.failed,
    )


def _words() -> tuple[Any, ...]:
    return (
        Ticket.number.label("ticket"),
        Order.number.label("order_number"),
        Shop.name.label("shop"),
        Channel.name_zh,
        Channel.name_en,
        Ticket.type,
        Compensation.policy_code,
        Compensation.kind,
    )


def _described(statement: Statement) -> Statement:
    return (
        statement.join(Ticket, Ticket.id == Compensation.ticket_id)
        .join(Shop, Shop.id == Ticket.shop_id)
        .join(Channel, Channel.id == Ticket.channel_id)
        .outerjoin(Order, Order.id == Compensation.order_id)
    )


def _described_by(row: Any) -> dict[str, Any]:
    return {
        "ticket": row.ticket,
        "order": row.order_number,
        "shop": row.shop,
        "channel": Label(row.name_zh, row.name_en),
        "type": row.type,
        "policy": row.policy_code,
        "kind": row.kind,
    }
