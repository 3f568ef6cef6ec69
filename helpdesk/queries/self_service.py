"""What a customer sees on the help page of a shop: his order, its tickets, the conversation. Nothing of us but words.

Neither phone nor address nor anybody's name: a link may be forwarded.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Row, and_, exists, func, or_, select

from helpdesk.domain.problems import NotFound
from helpdesk.domain.self_service import Step, may_confirm, step
from helpdesk.domain.tickets import ACTIVE, TAKE_BACK_SECONDS, Status
from helpdesk.models import Attachment, ClockRow, Message, Order, OrderLine, Outbox, Parcel, Shop, Ticket
from helpdesk.models.messages import standing_solution
from helpdesk.queries.keyset import Statement
from helpdesk.storage import session

MOST_TICKETS = 20
MOST_MESSAGES = 200
MOST_ITEMS = 50


@dataclass(frozen=True, slots=True)
class Desk:
    """A shop that lets its customers in."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Item:
    name: str
    spec: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Shipment:
    carrier: str
    tracking: str
    signed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Matter:
    """A ticket in a line. ``at``: when it was opened (UTC)."""

    id: int
    number: str
    type: str
    step: Step
    at: datetime


@dataclass(frozen=True, slots=True)
class OrderShown:
    desk: Desk
    id: int
    number: str
    placed_at: datetime | None
    items: tuple[Item, ...]
    shipments: tuple[Shipment, ...]
    matters: tuple[Matter, ...]


@dataclass(frozen=True, slots=True)
class Said:
    """``ours``: the shop said it. ``at``: when (UTC). ``files``: how many he sent with it."""

    id: int
    ours: bool
    text: str
    at: datetime
    solution: bool
    files: int


@dataclass(frozen=True, slots=True)
class Conversation:
    """``due_at`` (UTC): by when we want to have a solution, while that still can be kept.

    ``lives_on_id``: the ticket that took this one in, if it is the same customer's or order's. ``confirmed``: he has
    said that it is solved; ``may_confirm``: he can say so now.
    """

    desk: Desk
    id: int
    number: str
    type: str
    order_number: str
    step: Step
    opened_at: datetime
    due_at: datetime | None
    said: tuple[Said, ...]
    may_confirm: bool
    confirmed: bool
    merged: bool
    lives_on_id: int | None


def desk(code: str) -> Desk:
    """The shop of this code. ``NotFound`` for one that doesn't let customers in, like for one that isn't there."""
    name = session().scalar(select(Shop.name).where(Shop.code == code, Shop.active, Shop.self_service))
    if name is None:
        raise NotFound("self_service.no_such_shop")
    return Desk(code, name)


def ticket_id_of(number: str) -> int:
    """The id of the ticket that a service names."""
    return session().execute(select(Ticket.id).where(Ticket.number == number)).scalar_one()


def order(order_id: int, *, now: datetime) -> OrderShown:
    """The order with what is under way on it. Four statements. ``NotFound`` where the shop closed its help page."""
    row = (
        session()
        .execute(
            select(Order.id, Order.number, Order.placed_at, Shop.code, Shop.name)
            .join(Shop, Shop.id == Order.shop_id)
            .where(Order.id == order_id, Shop.active, Shop.self_service)
        )
        .one_or_none()
    )
    if row is None:
        raise NotFound("self_service.link_ended")
    return OrderShown(
        desk=Desk(row.code, row.name),
        id=row.id,
        number=row.number,
        placed_at=row.placed_at,
        items=_items(order_id),
        shipments=_shipments(order_id),
        matters=_matters(order_id, now),
    )


def conversation(ticket_id: int, *, now: datetime) -> Conversation:
    """The ticket as its customer sees it. ``NotFound`` where the shop closed its help page."""
    row = session().execute(_ticket(ticket_id)).one_or_none()
    if row is None:
        raise NotFound("self_service.link_ended")
    said = _said(ticket_id, now)
    status = Status(row.status)
    solution_id = standing_solution(ticket_id)
    confirmed = solution_id is not None and _confirmed(solution_id)
    return Conversation(
        desk=Desk(row.shop_code, row.shop),
        id=row.id,
        number=row.number,
        type=row.type,
        order_number=row.order_number or "",
        step=step(status, answered=any(one.ours for one in said)),
        opened_at=row.created_at,
        due_at=row.due_at if status in ACTIVE and row.due_at is not None and row.due_at > now else None,
        said=said,
        may_confirm=not confirmed and may_confirm(status, solution_stands=solution_id is not None),
        confirmed=confirmed,
        merged=status is Status.MERGED,
        lives_on_id=_lives_on(row),
    )


def _ticket(ticket_id: int) -> Statement:
    """With the deadline of its solution, while that clock runs."""
    running = and_(
        ClockRow.ticket_id == Ticket.id,
        ClockRow.cycle == Ticket.cycle,
        ClockRow.kind == "solution",
        ClockRow.met_at.is_(None),
        ClockRow.cancelled_at.is_(None),
    )
    return (
        select(
            *(Ticket.id, Ticket.number, Ticket.type, Ticket.status, Ticket.created_at),
            *(Ticket.order_id, Ticket.customer_id, Ticket.merged_into_id),
            Order.number.label("order_number"),
            *(Shop.code.label("shop_code"), Shop.name.label("shop"), ClockRow.due_at),
        )
        .join(Shop, Shop.id == Ticket.shop_id)
        .outerjoin(Order, Order.id == Ticket.order_id)
        .outerjoin(ClockRow, running)
        .where(Ticket.id == ticket_id, Shop.active, Shop.self_service)
    )


def _said(ticket_id: int, now: datetime) -> tuple[Said, ...]:
    """Oldest first, the latest ``MOST_MESSAGES``. What of ours can still be taken back isn't said yet."""
    settled = or_(Message.direction == "in", Message.created_at <= now - timedelta(seconds=TAKE_BACK_SECONDS))
    files = (
        select(func.count())
        .select_from(Attachment)
        .where(Attachment.message_id == Message.id, Attachment.author_id.is_(None))
        .scalar_subquery()
    )
    rows = session().execute(
        select(Message.id, Message.direction, Message.text, Message.sent_at, Message.is_solution, files.label("files"))
        .where(Message.ticket_id == ticket_id, Message.state != "taken_back", settled)
        .order_by(Message.sent_at.desc(), Message.id.desc())
        .limit(MOST_MESSAGES)
    )
    said = [Said(row.id, row.direction == "out", row.text, row.sent_at, row.is_solution, row.files) for row in rows]
    return tuple(reversed(said))


def _confirmed(solution_id: int) -> bool:
    return bool(session().scalar(select(exists().where(Outbox.key == f"confirmed:{solution_id}"))))


def _lives_on(row: Row[*tuple[object, ...]]) -> int | None:
    """Whoever may see one ticket of a customer or order may see where its matter goes on; nobody else's."""
    living = session().get(Ticket, row.merged_into_id) if row.merged_into_id else None
    while living is not None and living.merged_into_id is not None:
        living = session().get(Ticket, living.merged_into_id)
    if living is None:
        return None
    same_order = row.order_id is not None and living.order_id == row.order_id
    same_customer = row.customer_id is not None and living.customer_id == row.customer_id
    return living.id if same_order or same_customer else None


def _items(order_id: int) -> tuple[Item, ...]:
    rows = session().execute(
        select(OrderLine.name, OrderLine.spec, OrderLine.quantity)
        .where(OrderLine.order_id == order_id)
        .order_by(OrderLine.position)
        .limit(MOST_ITEMS)
    )
    return tuple(Item(*row) for row in rows)


def _shipments(order_id: int) -> tuple[Shipment, ...]:
    rows = session().execute(
        select(Parcel.carrier, Parcel.tracking_number, Parcel.signed_at)
        .where(Parcel.order_id == order_id)
        .order_by(Parcel.id)
        .limit(MOST_ITEMS)
    )
    return tuple(Shipment(*row) for row in rows)


def _matters(order_id: int, now: datetime) -> tuple[Matter, ...]:
    """Latest first. What was merged goes on in another."""
    answered = exists().where(
        Message.ticket_id == Ticket.id,
        Message.direction == "out",
        Message.state != "taken_back",
        Message.created_at <= now - timedelta(seconds=TAKE_BACK_SECONDS),
    )
    rows = session().execute(
        select(Ticket.id, Ticket.number, Ticket.type, Ticket.status, Ticket.created_at, answered.label("answered"))
        .where(Ticket.order_id == order_id, Ticket.status != Status.MERGED.value)
        .order_by(Ticket.id.desc())
        .limit(MOST_TICKETS)
    )
    return tuple(
        Matter(row.id, row.number, row.type, step(Status(row.status), answered=row.answered), row.created_at)
        for row in rows
    )
