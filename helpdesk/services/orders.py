"""Orders as a channel or the shop's system tells them.

Telling the same twice changes nothing. A row that only a customer's word had made (``known`` false)
is filled, so tickets that point to it know their order from then on.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select

from helpdesk.domain.problems import Invalid
from helpdesk.domain.search import Kind
from helpdesk.models import Order, OrderLine, OrderStatus, Parcel, search
from helpdesk.services import customers, platform_clocks, report_facts
from helpdesk.storage import insert_once, session

MAX_NUMBER = 60
MAX_LINES = 200
MAX_PARCELS = 50
MAX_HISTORY = 200


@dataclass(frozen=True, slots=True)
class LineData:
    """One article of an order. ``unit_fen`` is the price of a piece in fen."""

    name: str
    quantity: int = 1
    sku: str = ""
    spec: str = ""
    unit_fen: int | None = None
    batch: str = ""


@dataclass(frozen=True, slots=True)
class ParcelData:
    tracking_number: str
    carrier: str = ""
    shipped_at: datetime | None = None
    signed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class StatusData:
    """A step in the order's life and when it was (UTC)."""

    status: str
    at: datetime
    detail: str = ""


@dataclass(frozen=True, slots=True)
class OrderData:
    """What is told of an order. None and empty mean "not told": they never erase what is known."""

    shop_id: int
    channel_id: int
    number: str
    status: str = ""
    paid_fen: int | None = None
    freight_fen: int | None = None
    price_snapshot_fen: int | None = None
    placed_at: datetime | None = None
    address: str = ""
    warehouse: str = ""
    customer_name: str = ""
    buyer_id: str = ""
    phone: str = ""
    lines: tuple[LineData, ...] = ()
    parcels: tuple[ParcelData, ...] = ()
    history: tuple[StatusData, ...] = ()


@dataclass(frozen=True, slots=True)
class Upserted:
    """``created``, ``filled`` (was unknown), ``updated``, or ``repeated`` (nothing new)."""

    order_id: int
    outcome: str


def upsert_order(data: OrderData, *, now: datetime) -> Upserted:
    """Create the order of this shop and number, or bring it up to date. ``Invalid`` for what can't be taken.

    Lines are replaced as a whole; parcels are matched by tracking number; steps of the history are added.
    """
    _check(data)
    order, new = find_or_create(data.shop_id, data.channel_id, data.number, now=now)
    was_known = order.known
    changes = [_set_columns(order, data), _set_customer(order, data)]
    changes += [_set_lines(order, data.lines), _set_parcels(order, data.parcels), _add_history(order, data.history)]
    if any(changes):
        order.updated_at = now
    session().flush()
    if any(changes) and not new:  # no ticket speaks yet of an order that nobody knew
        platform_clocks.follow_order(order, now=now)
        report_facts.mark_order(order.id)
    if not was_known:
        return Upserted(order.id, "created" if new else "filled")
    return Upserted(order.id, "updated" if any(changes) else "repeated")


def find_or_create(shop_id: int, channel_id: int, number: str, *, now: datetime) -> tuple[Order, bool]:
    """The order row of this shop and number, locked, and whether it is new: then it is marked as unknown."""
    new = insert_once(
        Order,
        shop_id=shop_id,
        channel_id=channel_id,
        number=number,
        known=False,
        status="unknown",
        address="",
        updated_at=now,
    )
    if new is not None:
        search.note(Kind.ORDER, new, number)
    found = select(Order).where(Order.shop_id == shop_id, Order.number == number).with_for_update(of=Order)
    return session().scalars(found).one(), new is not None


def _check(data: OrderData) -> None:
    if not data.number:
        raise Invalid("order.number_required")
    if len(data.number) > MAX_NUMBER:
        raise Invalid("order.number_too_long", longest=MAX_NUMBER)
    for field, rows, most in (
        ("lines", data.lines, MAX_LINES),
        ("parcels", data.parcels, MAX_PARCELS),
        ("history", data.history, MAX_HISTORY),
    ):
        if len(rows) > most:
            raise Invalid("order.too_many", field=field, most=most)
    if len({parcel.tracking_number for parcel in data.parcels}) < len(data.parcels):
        raise Invalid("order.parcel_twice")


def _set_columns(order: Order, data: OrderData) -> bool:
    latest = max(data.history, key=lambda step: step.at, default=None)
    told = {
        "known": True,
        "channel_id": data.channel_id,
        "status": data.status or (latest.status if latest else ""),
        "paid_fen": data.paid_fen,
        "freight_fen": data.freight_fen,
        "price_snapshot_fen": data.price_snapshot_fen,
        "placed_at": data.placed_at,
        "address": data.address,
        "warehouse": data.warehouse,
    }
    return _assign(order, told)


def _assign(row: object, told: dict[str, Any]) -> bool:
    """Write what was told and differs; whether anything did."""
    new = {name: value for name, value in told.items() if value not in (None, "") and getattr(row, name) != value}
    for name, value in new.items():
        setattr(row, name, value)
    return bool(new)


def _set_customer(order: Order, data: OrderData) -> bool:
    """The buyer. One who is known already stays: his name and phone are his own row's matter."""
    if order.customer_id is not None:
        return False
    customer = customers.find_or_create(
        shop_id=data.shop_id,
        channel_id=data.channel_id,
        name=data.customer_name,
        buyer_id=data.buyer_id,
        phone=data.phone,
    )
    if customer is None:
        return False
    order.customer_id = customer.id
    return True


def _set_lines(order: Order, lines: tuple[LineData, ...]) -> bool:
    if not lines:
        return False
    rows = session().scalars(select(OrderLine).where(OrderLine.order_id == order.id).order_by(OrderLine.position))
    stored = [LineData(row.name, row.quantity, row.sku, row.spec, row.unit_fen, row.batch) for row in rows]
    if stored == list(lines):
        return False
    session().execute(delete(OrderLine).where(OrderLine.order_id == order.id))
    session().add_all(
        OrderLine(
            order_id=order.id,
            position=position,
            sku=line.sku,
            name=line.name,
            spec=line.spec,
            quantity=line.quantity,
            unit_fen=line.unit_fen,
            batch=line.batch,
        )
        for position, line in enumerate(lines, 1)
    )
    session().flush()
    return True


def _set_parcels(order: Order, parcels: tuple[ParcelData, ...]) -> bool:
    if not parcels:
        return False
    stored = {row.tracking_number: row for row in session().scalars(select(Parcel).where(Parcel.order_id == order.id))}
    changed = False
    for parcel in parcels:
        row = stored.get(parcel.tracking_number)
        if row is None:
            row = Parcel(order_id=order.id, tracking_number=parcel.tracking_number, carrier="")
            session().add(row)
            changed = True
        told = {"carrier": parcel.carrier, "shipped_at": parcel.shipped_at, "signed_at": parcel.signed_at}
        changed |= _assign(row, told)
    return changed


def _add_history(order: Order, history: tuple[StatusData, ...]) -> bool:
    added = [
        insert_once(OrderStatus, order_id=order.id, status=step.status, at=step.at, detail=step.detail)
        for step in history
    ]
    return any(step is not None for step in added)
