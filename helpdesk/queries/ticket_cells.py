"""What columns of a list tell of a ticket beside its usual row: for the tickets of a page, by id.

One statement, and one more for each of the columns that add up or list other rows. None for what the usual row has.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import aliased

from helpdesk.domain.clocks import FAR_FUTURE
from helpdesk.domain.masking import mask_phone
from helpdesk.domain.rulebook import Label
from helpdesk.domain.views import Column
from helpdesk.models import Attachment, Compensation, Customer, Queue, Shop, Ticket, TicketTag, User
from helpdesk.models.promised import stands
from helpdesk.queries.keyset import Statement
from helpdesk.storage import plain_rows

JOINED = frozenset(
    {
        *(Column.QUEUE, Column.OWNER, Column.SHOP, Column.PHONE),
        *(Column.LAST_MESSAGE, Column.DEADLINE, Column.OUTCOME, Column.RESOLVED),
    }
)
"""Columns that one statement brings."""

NOWHERE = Label("", "")


class TicketCells(NamedTuple):
    """``phone`` is masked. ``deadline`` is the last instant in time (UTC), None where no clock runs."""

    queue: Label = NOWHERE
    owner: str | None = None
    shop: str = ""
    phone: str = ""
    last_message: datetime | None = None
    deadline: datetime | None = None
    outcome: str | None = None
    resolved: datetime | None = None
    compensation_fen: int = 0
    tags: tuple[str, ...] = ()
    files: int = 0


EMPTY = TicketCells()


def ticket_cells(ids: Sequence[int], columns: Collection[Column]) -> dict[int, TicketCells]:
    """What these columns need of these tickets; ``EMPTY`` stands for what isn't there."""
    wanted, found = set(columns), dict.fromkeys(ids, EMPTY)
    if ids and wanted & JOINED:
        found = {row.id: _joined_cells(row) for row in _asked(_joined(), ids)}
    if ids and Column.COMPENSATION in wanted:
        for row in _asked(_promised(), ids):
            found[row.ticket_id] = found[row.ticket_id]._replace(compensation_fen=int(row.fen))
    if ids and Column.FILES in wanted:
        for row in _asked(_sent(), ids):
            found[row.ticket_id] = found[row.ticket_id]._replace(files=row.files)
    if ids and Column.TAGS in wanted:
        for row in _asked(_tags(), ids):
            found[row.ticket_id] = found[row.ticket_id]._replace(tags=(*found[row.ticket_id].tags, row.tag))
    return found


def _asked(statement: Statement, ids: Sequence[int]) -> Sequence[Any]:
    return plain_rows(statement, {"ids": list(ids)}).all()


def _joined_cells(row: Any) -> TicketCells:
    return TicketCells(
        queue=Label(row.name_zh, row.name_en),
        owner=row.owner,
        shop=row.shop,
        phone=mask_phone(row.phone or ""),
        last_message=row.last_customer_message_at,
        deadline=None if row.burns_at >= FAR_FUTURE else row.burns_at,
        outcome=row.outcome,
        resolved=row.resolved_at,
    )


@cache
def _joined() -> Statement:
    """Built once, as the others: that takes longer than asking."""
    owner = aliased(User)
    return (
        select(
            Ticket.id,
            Queue.name_zh,
            Queue.name_en,
            owner.name.label("owner"),
            Shop.name.label("shop"),
            Customer.phone,
            Ticket.last_customer_message_at,
            Ticket.burns_at,
            Ticket.outcome,
            Ticket.resolved_at,
        )
        .join(Queue, Queue.id == Ticket.queue_id)
        .join(Shop, Shop.id == Ticket.shop_id)
        .outerjoin(owner, owner.id == Ticket.owner_id)
        .outerjoin(Customer, Customer.id == Ticket.customer_id)
        .where(Ticket.id.in_(bindparam("ids", expanding=True)))
    )


@cache
def _promised() -> Statement:
    """What was promised on the ticket and stands: neither refused nor taken back."""
    return (
        select(Compensation.ticket_id, func.sum(Compensation.amount_fen).label("fen"))
        .where(stands(), Compensation.ticket_id.in_(bindparam("ids", expanding=True)))
        .group_by(Compensation.ticket_id)
    )


@cache
def _sent() -> Statement:
    return (
        select(Attachment.ticket_id, func.count().label("files"))
        .where(Attachment.attached_at.is_not(None), Attachment.ticket_id.in_(bindparam("ids", expanding=True)))
        .group_by(Attachment.ticket_id)
    )


@cache
def _tags() -> Statement:
    return (
        select(TicketTag.ticket_id, TicketTag.tag)
        .where(TicketTag.ticket_id.in_(bindparam("ids", expanding=True)))
        .order_by(TicketTag.ticket_id, TicketTag.tag)
    )
