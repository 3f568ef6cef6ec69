"""An order as the API tells it. Two statements."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, true

from helpdesk.domain.access import Actor
from helpdesk.domain.problems import NotFound
from helpdesk.models import Channel, Customer, Order, Shop
from helpdesk.queries.ticket_order import OrderParts, order_parts
from helpdesk.storage import session


@dataclass(frozen=True, slots=True)
class Whole:
    """Its own row, and lines, parcels and steps."""

    row: Any
    parts: OrderParts


def order(shop: str, number: str, actor: Actor) -> Whole:
    """The order of this shop and number, or ``NotFound`` outside the actor's reach."""
    row = (
        session()
        .execute(
            select(
                *(column for column in Order.__table__.columns),
                Shop.code.label("shop"),
                Channel.code.label("channel"),
                Customer.name.label("customer_name"),
                Customer.phone.label("customer_phone"),
                Customer.buyer_id.label("customer_buyer_id"),
            )
            .select_from(Order)
            .join(Shop, Shop.id == Order.shop_id)
            .join(Channel, Channel.id == Order.channel_id)
            .outerjoin(Customer, Customer.id == Order.customer_id)
            .where(
                Shop.code == shop,
                Order.number == number,
                Order.shop_id == actor.shop if actor.shop is not None else true(),
            )
        )
        .one_or_none()
    )
    if row is None:
        raise NotFound("api.unknown_order")
    return Whole(row, order_parts(row.id))
