"""What customers do themselves, by a signed link or with the number of an order and the tail of a phone.

Whoever calls has checked the link. Nobody is logged in: the actor is the system's, with ``SOURCE`` as its source.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from hmac import compare_digest

from sqlalchemy import select

from helpdesk.domain.access import Actor
from helpdesk.domain.attachments import Stored
from helpdesk.domain.problems import Conflict, Invalid, NotFound
from helpdesk.domain.self_service import may_confirm, phone_tail
from helpdesk.domain.tickets import Status
from helpdesk.models import Customer, Order, Shop, Ticket
from helpdesk.models.messages import standing_solution
from helpdesk.services import attachments, intake, messages, outbox, tickets, tries
from helpdesk.services.events import record
from helpdesk.services.intake import Opened, TicketRequest
from helpdesk.services.tickets import Change
from helpdesk.services.tries import Limit
from helpdesk.storage import session

SOURCE = "customer"
TRIES_PER_ADDRESS = Limit(20, timedelta(minutes=15))
TRIES_PER_ORDER = Limit(10, timedelta(days=1))
"""From everywhere together: at ten a day, the four digits of a phone last for years."""

TICKETS_PER_ORDER = Limit(5, timedelta(days=1))
MESSAGES_PER_TICKET = Limit(20, timedelta(hours=1))
PHOTOS_PER_LINK = Limit(20, timedelta(hours=1))
"""Messages with photos: looking at them takes longer than hearing words."""


def admit(shop_code: str, order_number: str, *, address: str, now: datetime) -> None:
    """Count a try to find an order, in a transaction of its own before it is looked for.

    Raises ``TooMany`` where there were too many from this address, or for this order from everywhere.
    """
    tries.admit(
        {tries.key("finder", address): TRIES_PER_ADDRESS, _finding(shop_code, order_number): TRIES_PER_ORDER},
        "self_service.too_many",
        now=now,
    )


def find_order(shop_code: str, order_number: str, phone: str, *, address: str) -> int:
    """The id of the order that the customer names, and forgives the try.

    Raises ``Invalid`` for a phone of too few digits, and the same ``NotFound`` for a wrong number, a wrong phone, and
    an order whose buyer's phone nobody told us.
    """
    tail = phone_tail(phone)
    found = (
        session()
        .execute(
            select(Order.id, Customer.phone)
            .join(Shop, Shop.id == Order.shop_id)
            .join(Customer, Customer.id == Order.customer_id)
            .where(Shop.code == shop_code, Shop.active, Shop.self_service, Order.number == order_number.strip())
        )
        .one_or_none()
    )
    if found is None or not _same_tail(found.phone, tail):
        raise NotFound("self_service.no_such_order")
    tries.forget_last(tries.key("finder", address))
    tries.forget_last(_finding(shop_code, order_number))
    return int(found.id)


def admit_photos(kind: str, row_id: int, *, now: datetime) -> None:
    """Count a message with photos by who holds the link to this order or ticket, before they are looked at.

    In a transaction of its own. Raises ``TooMany`` after ``PHOTOS_PER_LINK``.
    """
    tries.admit({tries.key("photos", kind, str(row_id)): PHOTOS_PER_LINK}, "self_service.too_many", now=now)


def open_ticket(
    order_id: int, text: str, external_id: str, *, photos: Sequence[Stored] = (), actor: Actor, now: datetime
) -> Opened:
    """Take in what is wrong with the order, as intake does: a matter that is under way hears it again.

    ``external_id`` makes a form that is sent twice one event. Raises ``TooMany`` after five a day.
    """
    order = _order(order_id)
    tries.admit({tries.key("opener", str(order.id)): TICKETS_PER_ORDER}, "self_service.too_many", now=now)
    source = f"{SOURCE}:{order.shop_id}:{order.channel_id}"
    opened = intake.open_ticket(
        TicketRequest(
            text=text,
            source=source,
            external_id=external_id,
            shop_id=order.shop_id,
            channel_id=order.channel_id,
            order_number=order.number,
        ),
        actor=actor,
        now=now,
    )
    attachments.add_heard(source, external_id, photos, now=now)
    return opened


def answer(
    ticket_id: int, text: str, external_id: str, *, photos: Sequence[Stored] = (), actor: Actor, now: datetime
) -> str:
    """Take in what the customer says; returns the number of the ticket that heard it.

    A resolved one opens its next cycle within 7 days; later, and of a closed one, a linked ticket is opened.
    """
    ticket = _ticket(ticket_id)
    tries.admit({tries.key("speaker", str(ticket.id)): MESSAGES_PER_TICKET}, "self_service.too_many", now=now)
    if not external_id:
        raise Invalid("inbound.id_required")
    source = f"form:{ticket.shop_id}:{ticket.channel_id}"
    landed = messages.record_customer_message(
        ticket.number, text, max(now, ticket.created_at), actor=actor, now=now, external_id=external_id
    )
    attachments.add_heard(source, external_id, photos, now=now)
    return landed


def confirm(ticket_id: int, *, actor: Actor, now: datetime) -> None:
    """The customer says that it is solved: a resolved ticket is closed, of another those in charge hear.

    What came of it and who is responsible only we can say, so a ticket that isn't resolved stays open. Saying it
    twice changes nothing. Raises ``Conflict`` where there is no solution to confirm.
    """
    ticket = _ticket(ticket_id)
    status = Status(ticket.status)
    if status is Status.CLOSED:
        return
    solution_id = standing_solution(ticket.id)
    if not may_confirm(status, solution_stands=solution_id is not None):
        raise Conflict("self_service.nothing_to_confirm")
    if status is Status.RESOLVED:
        record("ticket.confirmed", actor=actor, now=now, ticket_id=ticket.id)
        tickets.change(ticket, Change(status=Status.CLOSED), expected=None, actor=actor, now=now)
    elif _tell_of_it(ticket, solution_id, actor, now):
        record("ticket.confirmed", actor=actor, now=now, ticket_id=ticket.id, message=solution_id)
        ticket.unread = True
        if status is Status.PENDING_CUSTOMER:
            tickets.change(ticket, Change(status=Status.OPEN), expected=None, actor=actor, now=now)


def _tell_of_it(ticket: Ticket, solution_id: int | None, actor: Actor, now: datetime) -> bool:
    """Those in charge hear that the customer is content with this solution; False: they did already."""
    told = outbox.put(
        "notice",
        f"confirmed:{solution_id}",
        ticket_id=ticket.id,
        payload={"code": "ticket.confirmed", "params": {}, "notify": ["owner", "assignee"], "actor": actor.id},
        now=now,
    )
    return told is not None


def _order(order_id: int) -> Order:
    """The order, of a shop that still lets its customers in."""
    found = session().scalar(
        select(Order).join(Shop, Shop.id == Order.shop_id).where(Order.id == order_id, Shop.active, Shop.self_service)
    )
    if found is None:
        raise NotFound("self_service.link_ended")
    return found


def _ticket(ticket_id: int) -> Ticket:
    """The ticket, locked, of a shop that still lets its customers in."""
    found = session().scalar(
        select(Ticket)
        .join(Shop, Shop.id == Ticket.shop_id)
        .where(Ticket.id == ticket_id, Shop.active, Shop.self_service)
        .with_for_update(of=Ticket)
    )
    if found is None:
        raise NotFound("self_service.link_ended")
    return found


def _same_tail(phone: str | None, tail: str) -> bool:
    try:
        return compare_digest(phone_tail(phone or ""), tail)
    except Invalid:  # the buyer's own is too short to tell
        return False


def _finding(shop_code: str, order_number: str) -> str:
    return tries.key("finding", shop_code, order_number.strip())
