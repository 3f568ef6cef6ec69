"""Orders behind the demo's tickets: what was bought, paid and shipped, and the words a customer uses for it."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from helpdesk.services.orders import LineData, OrderData, ParcelData, StatusData
from seeds.demo import material, origins
from seeds.demo.material import DemoShop, Product
from seeds.demo.steps import Buyer, PlannedOrder

CHANNEL_WEIGHTS = {"tmall": 40, "jd": 20, "pinduoduo": 24, "douyin": 16}

NOT_SHIPPED = {
    "address_change": 0.8,
    "late_shipment": 1,
    "out_of_stock": 1,
    "order_stall": 1,
    "cancel_order": 0.6,
    "payment_issue": 0.7,
    "price_dispute": 0.5,
    "coupon_promo": 0.2,
}
"""How likely the order of a type has not left yet."""

NOT_SIGNED = {"logistics_stuck": 1.0, "lost_parcel": 0.4, "address_change": 1.0, "cancel_order": 1.0}
"""How likely a parcel that left has not arrived."""

WAITED_LONG = frozenset({"late_shipment", "out_of_stock"})


@dataclass(frozen=True, slots=True)
class Purchase:
    """The order with the slots of the customer's words and of replies."""

    order: PlannedOrder
    slots: dict[str, str]
    values: dict[str, str]


class Numbers:
    """Gives every order, buyer and parcel a number of its own."""

    def __init__(self, dice: random.Random) -> None:
        self.dice = dice
        self.given: set[str] = set()

    def new(self, prefix: str, digits: int) -> str:
        while True:
            number = prefix + "".join(str(self.dice.randrange(10)) for _ in range(digits))
            if number not in self.given:
                self.given.add(number)
                return number

    def order(self, channel: str, placed_at: datetime) -> str:
        match channel:
            case "jd":
                return self.new("30", 10)
            case "pinduoduo":
                return self.new(f"{placed_at:%y%m%d}-", 15)
            case "douyin":
                return self.new("69", 17)
            case _:
                return self.new("33", 17)


def new_buyer(channel: str, numbers: Numbers, dice: random.Random, *, english: bool) -> Buyer:
    parts = material.buyers()
    name = dice.choice(parts["english"]) if english else dice.choice(parts["surnames"]) + dice.choice(parts["given"])
    return Buyer(name, numbers.new(f"{channel}_", 8), numbers.new("1990000", 4), new_address(dice), english)


def new_address(dice: random.Random) -> str:
    parts = material.buyers()
    street = f"{dice.choice(parts['cities'])}{dice.choice(parts['streets'])}{dice.randint(3, 288)}号"
    door = f"{dice.randint(1, 18)}幢{dice.randint(1, 30)}0{dice.randint(1, 4)}室"
    return street + dice.choice(parts["estates"]) + door


def purchase(
    type_code: str,
    shop: DemoShop,
    channel: str,
    buyer: Buyer,
    created: datetime,
    numbers: Numbers,
    dice: random.Random,
    placed_at: datetime | None = None,
) -> Purchase:
    """An order of which this type of trouble could be told at ``created``; given ``placed_at``, it hasn't left."""
    product = dice.choice(shop.products)
    spec, other = dice.sample(product.specs, 2) if len(product.specs) > 1 else (product.specs[0], product.specs[0])
    drawn, product = product, origins.bought(type_code, shop, product, buyer.buyer_id)
    if product is not drawn:
        spec, other = product.specs[0], product.specs[-1]
    quantity = 2 if type_code == "missing_item" or dice.random() < 0.12 else 1
    placed, shipped, signed = (placed_at, None, None) if placed_at else _course(type_code, created, dice)
    lines = (_line(type_code, product, spec, quantity, buyer, placed), *_more_lines(shop, product, dice))
    goods = sum(line.quantity * (line.unit_fen or 0) for line in lines)
    freight = 0 if goods >= 9900 and type_code != "freight_dispute" else dice.choice((600, 800, 1200))
    discount = dice.choice((0, 0, 500, 1000, 2000, 3000))
    paid = goods + freight - discount
    difference = dice.choice((1000, 1500, 2000, 2600, 3000, 4000)) if type_code == "price_dispute" else 0
    carrier, prefix = dice.choice(material.carriers())
    tracking = numbers.new(prefix, 12)
    order = PlannedOrder(
        shop=shop.code,
        channel=channel,
        number=numbers.order(channel, placed),
        status="signed" if signed else "shipped" if shipped else "paid",
        warehouse=origins.warehouse(type_code, buyer.buyer_id),
        paid_fen=paid,
        freight_fen=freight,
        price_snapshot_fen=paid - difference,
        placed_at=placed,
        buyer=buyer,
        lines=lines,
        parcels=(ParcelData(tracking, carrier, shipped, signed),) if shipped else (),
        history=_history(placed, shipped, signed, carrier),
    )
    slots = _slots(product, spec, other, shop, buyer, created, placed, paid, difference, dice)
    slots |= {"tracking": tracking, "carrier": carrier}
    return Purchase(order, slots, _values(order, shop, product, spec, difference, dice))


def _course(
    type_code: str, created: datetime, dice: random.Random
) -> tuple[datetime, datetime | None, datetime | None]:
    """When it was placed, shipped and signed."""
    if dice.random() < NOT_SHIPPED.get(type_code, 0):
        hours = dice.uniform(24, 50) if type_code in WAITED_LONG else dice.uniform(0.7, 20)
        return _whole(created - timedelta(hours=hours)), None, None
    placed = created - timedelta(days=dice.uniform(4.2, 9))
    shipped = placed + timedelta(hours=dice.uniform(5, 30))
    if dice.random() < NOT_SIGNED.get(type_code, 0):
        return _whole(placed), _whole(shipped), None
    signed = shipped + (created - shipped) * dice.uniform(0.55, 0.95)
    return _whole(placed), _whole(shipped), _whole(signed)


def _whole(at: datetime) -> datetime:
    return at.replace(microsecond=0)


def _line(type_code: str, product: Product, spec: str, quantity: int, buyer: Buyer, placed: datetime) -> LineData:
    batch = origins.batch(type_code, product.sku, placed, buyer.buyer_id)
    return LineData(product.name, quantity, product.sku, spec, product.price_fen, batch)


def _more_lines(shop: DemoShop, product: Product, dice: random.Random) -> tuple[LineData, ...]:
    if dice.random() > 0.22:
        return ()
    more = dice.choice([other for other in shop.products if other is not product])
    return (LineData(more.name, 1, more.sku, dice.choice(more.specs), more.price_fen),)


def _history(
    placed: datetime, shipped: datetime | None, signed: datetime | None, carrier: str
) -> tuple[StatusData, ...]:
    steps = [StatusData("paid", placed)]
    if shipped:
        steps.append(StatusData("shipped", shipped, carrier))
    if signed:
        steps.append(StatusData("signed", signed))
    return tuple(steps)


def _slots(
    product: Product,
    spec: str,
    other: str,
    shop: DemoShop,
    buyer: Buyer,
    created: datetime,
    placed: datetime,
    paid: int,
    difference: int,
    dice: random.Random,
) -> dict[str, str]:
    """What the customer's words may name."""
    return {
        "item": product.english if buyer.english else product.name,
        "spec": spec,
        "other": other,
        "piece": dice.choice(shop.pieces),
        "days": str(max(2, (created - placed).days)),
        "hours": str(dice.randint(3, 9)),
        "paid": _yuan(paid),
        "lower": _yuan(paid - (difference or 2000)),
        "diff": _yuan(difference or 2000),
        "address": new_address(dice),
        "phone": buyer.phone,
        "name": buyer.name,
        "company": dice.choice(material.buyers()["companies"]),
    }


def _values(
    order: PlannedOrder, shop: DemoShop, product: Product, spec: str, difference: int, dice: random.Random
) -> dict[str, str]:
    """What replies may name; who answers and the promised time are known only then."""
    parcel = order.parcels[0] if order.parcels else None
    return {
        "customer": order.buyer.name,
        "shop": shop.name,
        "order": order.number,
        "items": f"{product.english if order.buyer.english else product.name} {spec}",
        "paid": f"¥{_yuan(order.paid_fen)}",
        "amount": f"¥{dice.choice((5, 8, 10, 12, 15, 20))}",
        "price_difference": f"¥{_yuan(difference)}" if difference else "",
        "tracking": parcel.tracking_number if parcel else "",
        "carrier": parcel.carrier if parcel else "",
    }


def _yuan(fen: int) -> str:
    return f"{fen / 100:.2f}".removesuffix(".00")


def order_data(order: PlannedOrder, shop_id: int, channel_id: int) -> OrderData:
    """As the channel tells it."""
    return OrderData(
        shop_id=shop_id,
        channel_id=channel_id,
        number=order.number,
        status=order.status,
        paid_fen=order.paid_fen,
        freight_fen=order.freight_fen,
        price_snapshot_fen=order.price_snapshot_fen,
        placed_at=order.placed_at,
        address=order.buyer.address,
        warehouse=order.warehouse,
        customer_name=order.buyer.name,
        buyer_id=order.buyer.buyer_id,
        phone=order.buyer.phone,
        lines=order.lines,
        parcels=order.parcels,
        history=order.history,
    )
