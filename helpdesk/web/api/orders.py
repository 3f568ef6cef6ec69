"""Orders by shop and number: looked up, and told by the shop's system."""

from __future__ import annotations

from datetime import datetime
from http import HTTPMethod
from typing import Annotated, Any

from pydantic import Field
from sqlalchemy import Row

from helpdesk.domain.access import Permission
from helpdesk.domain.masking import HIDDEN, mask_address, mask_name, mask_phone
from helpdesk.domain.problems import Invalid
from helpdesk.domain.tokens import TokenScope
from helpdesk.queries import api_orders as queries
from helpdesk.services import orders
from helpdesk.services.orders import LineData, OrderData, ParcelData, StatusData
from helpdesk.web.api.operations import Answer, Call, operation
from helpdesk.web.api.places import place_of
from helpdesk.web.api.shapes import Code, Fen, Instant, Taken, Told, text

TAG = "orders"
ORDER = "/orders/<shop>/<order_number>"


class LineIn(Taken):
    name: text(200, 1)  # type: ignore[valid-type]
    quantity: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    sku: text(80) = ""  # type: ignore[valid-type]
    spec: text(120) = ""  # type: ignore[valid-type]
    batch: text(60) = ""  # type: ignore[valid-type]
    unit_fen: Fen | None = None


class ParcelIn(Taken):
    tracking_number: text(60, 1)  # type: ignore[valid-type]
    carrier: text(60) = ""  # type: ignore[valid-type]
    shipped_at: Instant | None = None
    signed_at: Instant | None = None


class StepIn(Taken):
    status: text(30, 1)  # type: ignore[valid-type]
    at: Instant
    detail: text(200) = ""  # type: ignore[valid-type]


class OrderIn(Taken):
    """What is left out stays as it is known. Lines are replaced as a whole, parcels matched by their number, steps of
    the history added. Money in fen.
    """

    channel: Code
    status: text(30) = ""  # type: ignore[valid-type]
    paid_fen: Fen | None = None
    freight_fen: Fen | None = None
    price_snapshot_fen: Fen | None = None
    placed_at: Instant | None = None
    warehouse: text(60) = ""  # type: ignore[valid-type]
    address: text(500) = ""  # type: ignore[valid-type]
    customer_name: text(100) = ""  # type: ignore[valid-type]
    buyer_id: text(100) = ""  # type: ignore[valid-type]
    phone: text(30) = ""  # type: ignore[valid-type]
    lines: Annotated[list[LineIn], Field(max_length=orders.MAX_LINES, default_factory=list)]
    parcels: Annotated[list[ParcelIn], Field(max_length=orders.MAX_PARCELS, default_factory=list)]
    history: Annotated[list[StepIn], Field(max_length=orders.MAX_HISTORY, default_factory=list)]

    def data(self, shop_id: int, channel_id: int, number: str) -> OrderData:
        """The same as the service takes it."""
        return OrderData(
            shop_id=shop_id,
            channel_id=channel_id,
            number=number,
            lines=tuple(LineData(**line.model_dump()) for line in self.lines),
            parcels=tuple(ParcelData(**parcel.model_dump()) for parcel in self.parcels),
            history=tuple(StatusData(**step.model_dump()) for step in self.history),
            **self.model_dump(exclude={"channel", "lines", "parcels", "history"}),
        )


class LineOut(Told):
    name: str
    quantity: int
    sku: str
    spec: str
    unit_fen: int | None


class ParcelOut(Told):
    tracking_number: str
    carrier: str
    shipped_at: datetime | None
    signed_at: datetime | None


class StepOut(Told):
    status: str
    at: datetime
    detail: str


class BuyerOut(Told):
    """Masked without the scope ``customers:read``."""

    name: str
    phone: str | None
    buyer_id: str | None


class OrderOut(Told):
    """``known`` is false while only a customer's word speaks of it. Money in fen. The address is masked without the
    scope ``customers:read``.
    """

    shop: str
    number: str
    channel: str
    known: bool
    status: str
    paid_fen: int | None
    freight_fen: int | None
    price_snapshot_fen: int | None
    placed_at: datetime | None
    updated_at: datetime
    warehouse: str
    address: str
    customer: BuyerOut | None
    lines: list[LineOut]
    parcels: list[ParcelOut]
    history: list[StepOut]


class OrderTaken(Told):
    """``outcome``: created, filled (only a customer had spoken of it), updated, or repeated (nothing was new)."""

    shop: str
    number: str
    outcome: str


@operation(
    HTTPMethod.GET,
    ORDER,
    TAG,
    "An order",
    permission=Permission.ORDERS_READ,
    scope=TokenScope.ORDERS_READ,
    answers={200: OrderOut},
    problems=(404,),
)
def get_order(call: Call, shop: str, order_number: str) -> Answer:
    """With its lines, parcels and what was reported of it."""
    return Answer(_order(queries.order(shop, order_number, call.actor), call))


@operation(
    HTTPMethod.PUT,
    ORDER,
    TAG,
    "Tell of an order",
    permission=Permission.ORDERS_WRITE,
    scope=TokenScope.ORDERS_WRITE,
    body=OrderIn,
    answers={201: OrderTaken, 200: OrderTaken},
)
def put_order(call: Call, shop: str, order_number: str) -> Answer:
    """Create it, or bring it up to date. Telling the same twice changes nothing."""
    if len(order_number) > orders.MAX_NUMBER or order_number != order_number.strip():
        raise Invalid("api.bad_field", field="order_number", key="order_number")
    place = place_of(shop, call.body.channel, call)
    told = orders.upsert_order(call.body.data(place.shop_id, place.channel_id, order_number), now=call.now)
    answer = OrderTaken(shop=shop, number=order_number, outcome=told.outcome)
    return Answer(answer, 201 if told.outcome == "created" else 200)


def _order(found: queries.Whole, call: Call) -> OrderOut:
    row, parts = found.row, found.parts
    in_full = call.actor.may(Permission.CUSTOMERS_REVEAL)
    return OrderOut(
        shop=row.shop,
        number=row.number,
        channel=row.channel,
        known=row.known,
        status=row.status,
        paid_fen=row.paid_fen,
        freight_fen=row.freight_fen,
        price_snapshot_fen=row.price_snapshot_fen,
        placed_at=row.placed_at,
        updated_at=row.updated_at,
        warehouse=row.warehouse,
        address=row.address if in_full else mask_address(row.address),
        customer=_buyer(row, in_full) if row.customer_id else None,
        lines=[
            LineOut(name=one.name, quantity=one.quantity, sku=one.sku, spec=one.spec, unit_fen=one.unit_fen)
            for one in parts.lines
        ],
        parcels=[
            ParcelOut(
                tracking_number=one.tracking,
                carrier=one.carrier,
                shipped_at=one.shipped_at,
                signed_at=one.signed_at,
            )
            for one in parts.parcels
        ],
        history=[StepOut(status=one.name, at=one.at, detail=one.detail) for one in parts.steps],
    )


def _buyer(row: Row[Any], in_full: bool) -> BuyerOut:
    name, phone, buyer_id = row.customer_name, row.customer_phone, row.customer_buyer_id
    if in_full:
        return BuyerOut(name=name, phone=phone, buyer_id=buyer_id)
    return BuyerOut(
        name=mask_name(name), phone=mask_phone(phone) if phone else None, buyer_id=HIDDEN if buyer_id else None
    )
