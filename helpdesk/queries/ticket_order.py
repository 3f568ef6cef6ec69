"""What is known of an order beside its own row: lines, parcels, steps; and which a ticket can take. One statement."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Integer, String, bindparam, cast, literal, null, or_, select, union_all

from helpdesk.models import Order, OrderLine, OrderStatus, Parcel, Ticket
from helpdesk.queries.keyset import Statement
from helpdesk.storage import UTCDateTime, plain_rows, session

MOST_PARTS = 200


@dataclass(frozen=True, slots=True)
class Line:
    name: str
    sku: str
    spec: str
    quantity: int
    unit_fen: int | None


@dataclass(frozen=True, slots=True)
class Sent:
    """A parcel on its way."""

    carrier: str
    tracking: str
    shipped_at: datetime | None
    signed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Step:
    """A status as it was reported, in the reporting system's words."""

    name: str
    detail: str
    at: datetime


@dataclass(frozen=True, slots=True)
class OrderParts:
    """Lines by position, parcels and steps by time."""

    lines: tuple[Line, ...] = ()
    parcels: tuple[Sent, ...] = ()
    steps: tuple[Step, ...] = ()


def order_parts(order_id: int) -> OrderParts:
    """The parts of an order, at most ``MOST_PARTS`` of them."""
    rows = plain_rows(_parts(), {"order": order_id}).all()
    return OrderParts(
        lines=tuple(
            Line(row.one, row.two, row.three, row.quantity, row.fen)
            for row in sorted((row for row in rows if row.part == "line"), key=lambda row: row.place)
        ),
        parcels=tuple(Sent(row.one, row.two, row.begin, row.end) for row in rows if row.part == "parcel"),
        steps=tuple(Step(row.one, row.two, row.begin) for row in rows if row.part == "step"),
    )


@cache
def _parts() -> Statement:
    """Built once: that takes longer than asking."""
    order_id: Any = bindparam("order")
    text, number, instant = cast(null(), String), cast(null(), Integer), cast(null(), UTCDateTime)
    lines = select(
        literal("line").label("part"),
        OrderLine.position.label("place"),
        OrderLine.name.label("one"),
        OrderLine.sku.label("two"),
        OrderLine.spec.label("three"),
        OrderLine.quantity.label("quantity"),
        OrderLine.unit_fen.label("fen"),
        instant.label("begin"),
        instant.label("end"),
    ).where(OrderLine.order_id == order_id)
    parcels = select(
        literal("parcel"),
        Parcel.id,
        Parcel.carrier,
        Parcel.tracking_number,
        text,
        number,
        number,
        Parcel.shipped_at,
        Parcel.signed_at,
    ).where(Parcel.order_id == order_id)
    steps = select(
        literal("step"),
        OrderStatus.id,
        OrderStatus.status,
        OrderStatus.detail,
        text,
        number,
        number,
        OrderStatus.at,
        instant,
    ).where(OrderStatus.order_id == order_id)
    found = union_all(lines, parcels, steps).subquery()
    return select(found).order_by(found.c.begin, found.c.place).limit(MOST_PARTS)


def linkable(shop_id: int, numbers: Iterable[str], ticket_id: int) -> frozenset[str]:
    """Those of these numbers that are orders of the shop, and of no other customer than the ticket's. One statement."""
    own = select(Ticket.customer_id).where(Ticket.id == ticket_id).scalar_subquery()
    nobody_s = or_(Order.customer_id.is_(None), own.is_(None), Order.customer_id == own)
    wanted = select(Order.number).where(Order.shop_id == shop_id, Order.number.in_(sorted(numbers)), nobody_s)
    return frozenset(session().scalars(wanted))
