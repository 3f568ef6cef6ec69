"""Orders: told once or ten times, they are the same order."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select

from helpdesk.domain.problems import Invalid
from helpdesk.models import Customer, Order, OrderLine, OrderStatus, Parcel
from helpdesk.services.orders import LineData, OrderData, ParcelData, StatusData, Upserted, upsert_order
from helpdesk.storage import insert_once, session, unit_of_work
from tests.factories import World


@pytest.fixture
def order(world: World, now: datetime) -> OrderData:
    return OrderData(
        shop_id=world.shop.id,
        channel_id=world.channels.tmall.id,
        number="2026112300017",
        status="shipped",
        paid_fen=12_900,
        freight_fen=0,
        price_snapshot_fen=13_900,
        placed_at=now - timedelta(days=2),
        address="浙江省杭州市西湖区 1 号",
        customer_name="王小明",
        phone="13800001234",
        lines=(LineData("保温杯", 2, "CUP-1", "蓝色", 4_950), LineData("杯刷", 1, "BRUSH", "", 3_000)),
        parcels=(ParcelData("SF1000001", "顺丰", shipped_at=now - timedelta(days=1)),),
        history=(StatusData("paid", now - timedelta(days=2)), StatusData("shipped", now - timedelta(days=1))),
    )


def upsert(data: OrderData, now: datetime) -> Upserted:
    with unit_of_work():
        return upsert_order(data, now=now)


def stored(order_id: int) -> Order:
    return session().get_one(Order, order_id, populate_existing=True)


def count(model: type) -> int:
    return session().execute(select(func.count()).select_from(model)).scalar_one()


def test_a_new_order_is_stored_with_lines_parcels_history_and_customer(order: OrderData, now: datetime) -> None:
    told = upsert(order, now)
    row = stored(told.order_id)
    assert told.outcome == "created"
    assert (row.known, row.status, row.paid_fen, row.price_snapshot_fen) == (True, "shipped", 12_900, 13_900)
    assert (count(OrderLine), count(Parcel), count(OrderStatus)) == (2, 1, 2)
    assert session().get_one(Customer, row.customer_id).name == "王小明"


def test_telling_it_again_changes_nothing(order: OrderData, now: datetime) -> None:
    first = upsert(order, now)
    again = upsert(order, now + timedelta(hours=1))
    assert again == Upserted(first.order_id, "repeated")
    assert stored(first.order_id).updated_at == now
    assert (count(Order), count(OrderLine), count(Parcel), count(OrderStatus), count(Customer)) == (1, 2, 1, 2, 1)


def test_an_order_that_only_a_customer_spoke_of_is_filled(order: OrderData, now: datetime) -> None:
    with unit_of_work():
        unknown = insert_once(
            Order,
            shop_id=order.shop_id,
            channel_id=order.channel_id,
            number=order.number,
            known=False,
            status="unknown",
            address="",
            updated_at=now,
        )
    assert upsert(order, now) == Upserted(unknown or 0, "filled")
    assert stored(unknown or 0).known


def test_what_is_not_told_stays(order: OrderData, now: datetime) -> None:
    told = upsert(order, now)
    bare = OrderData(shop_id=order.shop_id, channel_id=order.channel_id, number=order.number)
    assert upsert(bare, now).outcome == "repeated"
    row = stored(told.order_id)
    assert (row.status, row.paid_fen, row.address) == ("shipped", 12_900, order.address)
    assert (count(OrderLine), count(Parcel)) == (2, 1)


def test_a_parcel_that_arrives_is_the_same_parcel(order: OrderData, now: datetime) -> None:
    upsert(order, now)
    signed = replace(order, status="signed", parcels=(ParcelData("SF1000001", signed_at=now),))
    assert upsert(signed, now).outcome == "updated"
    parcel = session().execute(select(Parcel)).scalar_one()
    assert (parcel.carrier, parcel.signed_at) == ("顺丰", now)
    assert parcel.shipped_at == now - timedelta(days=1)


def test_lines_are_replaced_as_a_whole(order: OrderData, now: datetime) -> None:
    upsert(order, now)
    assert upsert(replace(order, lines=order.lines[:1]), now).outcome == "updated"
    assert [line.name for line in session().scalars(select(OrderLine))] == ["保温杯"]


def test_the_latest_step_of_the_history_is_the_status_when_none_is_told(order: OrderData, now: datetime) -> None:
    told = upsert(replace(order, status="", history=tuple(reversed(order.history))), now)
    assert stored(told.order_id).status == "shipped"


def test_the_same_number_in_two_shops_is_two_orders(order: OrderData, world: World, now: datetime) -> None:
    upsert(order, now)
    assert upsert(replace(order, shop_id=world.shop2.id), now).outcome == "created"
    assert count(Order) == 2


def test_a_name_alone_makes_one_customer_however_often_it_is_told(order: OrderData, now: datetime) -> None:
    for _ in range(3):
        upsert(replace(order, phone=""), now)
    assert count(Customer) == 1


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"number": ""}, "order.number_required"),
        ({"number": "9" * 61}, "order.number_too_long"),
        ({"lines": (LineData("杯"),) * 201}, "order.too_many"),
        ({"parcels": (ParcelData("SF1"), ParcelData("SF1"))}, "order.parcel_twice"),
    ],
)
def test_what_can_t_be_taken_is_refused_and_stores_nothing(
    order: OrderData, now: datetime, change: dict[str, object], code: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        upsert(replace(order, **change), now)  # type: ignore[arg-type]
    assert refusal.value.code == code
    assert count(Order) == 0
