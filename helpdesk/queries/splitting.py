"""What can be split off a ticket: its customer's messages since its present cycle began."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from helpdesk.domain.access import Actor, TicketStanding, may_work
from helpdesk.domain.clocks import FAR_FUTURE, Kind
from helpdesk.domain.problems import NotFound
from helpdesk.domain.splitting import Said, movable
from helpdesk.domain.tickets import ACTIVE
from helpdesk.models import Attachment, ClockRow, Message, Order, Ticket
from helpdesk.models.scope import assists_of, readable
from helpdesk.storage import session

MOST_OFFERED = 100
"""The first ones; who has more to split off does so in turns."""


@dataclass(frozen=True, slots=True)
class Word:
    """A message of the customer's that can go, with how many files."""

    id: int
    text: str
    at: datetime
    files: int


@dataclass(frozen=True, slots=True)
class SplitOffer:
    """The ticket, and what can be split off it. ``burns_at``: its first deadline, None if nothing runs."""

    number: str
    version: int
    subject: str
    type: str
    shop_id: int
    order_number: str | None
    burns_at: datetime | None
    words: tuple[Word, ...]


def split_offer(number: str, actor: Actor) -> SplitOffer:
    """Of an active ticket that the actor may work on; two statements. Raises ``NotFound`` for any other."""
    columns = select(
        *(Ticket.id, Ticket.number, Ticket.version, Ticket.subject, Ticket.type, Ticket.shop_id, Ticket.burns_at),
        *(Ticket.queue_id, Ticket.owner_id, Order.number.label("order_number"), ClockRow.started_at),
        assists_of(actor).label("asked"),
    )
    of_cycle = (ClockRow.ticket_id == Ticket.id) & (ClockRow.cycle == Ticket.cycle)
    ticket = (
        session()
        .execute(
            columns.outerjoin(Order, Order.id == Ticket.order_id)
            .join(ClockRow, of_cycle & (ClockRow.kind == Kind.SOLUTION.value))
            .where(Ticket.number == number, Ticket.status.in_([status.value for status in ACTIVE]), readable(actor))
            .order_by(ClockRow.id.desc())
            .limit(1)
        )
        .first()
    )
    if ticket is None or not may_work(
        actor, TicketStanding(ticket.queue_id, ticket.owner_id, actor.queues if ticket.asked else frozenset())
    ):
        raise NotFound("ticket.not_found", number=number)
    return SplitOffer(
        number=ticket.number,
        version=ticket.version,
        subject=ticket.subject,
        type=ticket.type,
        shop_id=ticket.shop_id,
        order_number=ticket.order_number,
        burns_at=ticket.burns_at if ticket.burns_at < FAR_FUTURE else None,
        words=_words(ticket.id, ticket.started_at),
    )


def _words(ticket_id: int, began_at: datetime) -> tuple[Word, ...]:
    files = select(func.count()).where(Attachment.message_id == Message.id).correlate(Message).scalar_subquery()
    rows = (
        session()
        .execute(
            select(Message.id, Message.text, Message.sent_at, files.label("files"))
            .where(Message.ticket_id == ticket_id, Message.direction == "in", Message.sent_at >= began_at)
            .order_by(Message.sent_at, Message.id)
            .limit(1 + MOST_OFFERED)
        )
        .all()
    )
    can_go = movable((Said(row.id, True, row.sent_at) for row in rows), began_at)
    return tuple(Word(row.id, row.text, row.sent_at, row.files) for row in rows if row.id in can_go)
