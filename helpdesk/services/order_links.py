"""A ticket that came without its order is tied to the one that the customer named."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from helpdesk.domain.access import Actor
from helpdesk.domain.problems import Conflict, Invalid
from helpdesk.models import Order, Ticket
from helpdesk.services import operations, tickets, vips
from helpdesk.services.tickets import Change
from helpdesk.storage import session


def link_order(number: str, order_number: str, *, version: int, actor: Actor, now: datetime) -> int:
    """Tie the active ticket ``number`` to an order of its shop. Returns the operation, which can be undone.

    A ticket without a customer gets the order's. ``Invalid`` where the shop has no such order, ``Conflict`` where the
    ticket has an order already or the order is another customer's: whoever names somebody else's number must not be
    shown what that one bought. ``Stale`` if the ticket moved on from ``version``.
    """
    ticket = tickets.load_active(number, actor)
    tickets.check_version(ticket, version)
    if ticket.order_id is not None:
        raise Conflict("ticket.has_order", number=number)
    order = _order(ticket.shop_id, order_number)
    _check_customer(ticket, order)
    customer_id = ticket.customer_id or order.customer_id
    with operations.recorded("ticket.order", ticket, actor=actor, now=now) as operation:
        operation.changed = tickets.change(
            ticket,
            Change(
                priority=vips.priority_of(ticket, customer_id),
                order_id=order.id,
                customer_id=customer_id,
                status=tickets.on_first_action(ticket),
            ),
            expected=version,
            actor=actor,
            now=now,
            operation_id=operation.id,
        )
    return operation.id


def _order(shop_id: int, order_number: str) -> Order:
    """The shop's order of this number, locked: an import may be filling it."""
    wanted = select(Order).where(Order.shop_id == shop_id, Order.number == order_number.strip()[:60])
    order = session().execute(wanted.with_for_update()).scalar_one_or_none()
    if order is None:
        raise Invalid("order.not_found", number=order_number.strip()[:60])
    return order


def _check_customer(ticket: Ticket, order: Order) -> None:
    if ticket.customer_id and order.customer_id and ticket.customer_id != order.customer_id:
        raise Conflict("order.of_another_customer", number=order.number)
