"""One buyer is one customer; what is masked is shown for a reason only."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from helpdesk.domain.problems import Invalid, NotAllowed, NotFound
from helpdesk.models import Customer, Note, Order
from helpdesk.services import customers
from helpdesk.services.customers import phone_hash
from helpdesk.storage import session, unit_of_work
from tests.factories import World
from tests.services import story
from tests.services.story import do, opened, refused


def found(world: World, *, name: str = "", buyer_id: str = "", phone: str = "", jd: bool = False) -> int | None:
    channel = world.channels.jd if jd else world.channels.tmall
    with unit_of_work():
        customer = customers.find_or_create(
            shop_id=world.shop.id, channel_id=channel.id, name=name, buyer_id=buyer_id, phone=phone
        )
        return None if customer is None else customer.id


def test_a_buyer_id_is_one_customer_whatever_else_is_said(world: World) -> None:
    first = found(world, buyer_id="tb_1", name="周", phone="13900001111")
    assert found(world, buyer_id="tb_1", name="吴", phone="13900002222") == first
    assert found(world, buyer_id="tb_2") != first
    assert found(world, buyer_id="tb_1", jd=True) != first
    stored = session().get_one(Customer, first)
    assert (stored.name, stored.phone) == ("周", "13900001111")  # learnt once, never overwritten


def test_without_a_buyer_id_the_phone_is_the_customer(world: World) -> None:
    first = found(world, phone="139 0000 1111")
    assert found(world, phone="+86-13900001111", name="周") == first
    assert found(world, phone="13900001112") != first
    assert found(world, phone="13900001111", buyer_id="tb_1") != first
    assert session().get_one(Customer, first).name == "周"


def test_what_is_learnt_later_fills_what_was_empty(world: World) -> None:
    first = found(world, buyer_id="tb_1")
    found(world, buyer_id="tb_1", name="周", phone="13900001111")
    stored = session().get_one(Customer, first)
    assert (stored.name, stored.phone, stored.phone_hash) == ("周", "13900001111", phone_hash("13900001111"))


def test_a_name_alone_is_nobody_in_particular(world: World) -> None:
    assert found(world, name="周") != found(world, name="周")
    assert found(world) is None


@given(st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True), st.sampled_from(["+86 {}", "0086{}", "86-{}", "({})", "{} "]))
def test_a_phone_is_the_same_however_it_is_written(number: str, form: str) -> None:
    assert phone_hash(form.format(number)) == phone_hash(number) is not None
    assert phone_hash(number.translate({48 + digit: 0xFF10 + digit for digit in range(10)})) == phone_hash(number)


def test_words_are_no_phone() -> None:
    assert phone_hash("保密") is None


def test_contact_data_is_shown_for_a_reason_that_is_kept(world: World, now: datetime) -> None:
    number = opened(world, now, order_number="T1", customer_name="周子涵", phone="13900001111")
    with unit_of_work() as work:
        work.execute(select(Order)).scalar_one().address = "杭州市西湖区 1 号"
    shown = do(customers.reveal, number, reason=" 核对地址 ", actor=story.owner_of(world, number), now=now)
    assert (shown.name, shown.phone, shown.address) == ("周子涵", "13900001111", "杭州市西湖区 1 号")
    event = story.events(number, "customer.revealed")[0]
    assert session().get_one(Note, event.reason_note_id).text == "核对地址"
    assert event.params == {}


def test_where_nothing_is_known_nothing_is_shown(world: World, now: datetime) -> None:
    number = opened(world, now)
    shown = do(customers.reveal, number, reason="核对", actor=world.actors.warehouse, now=now)
    assert (shown.name, shown.phone, shown.address) == ("", "", "")


@pytest.mark.parametrize("reason", ["", "  ", "字" * 201])
def test_without_a_proper_reason_nothing_is_shown(world: World, now: datetime, reason: str) -> None:
    number = opened(world, now)
    with refused(Invalid, "customer.reason_required"):
        do(customers.reveal, number, reason=reason, actor=world.actors.warehouse, now=now)


def test_nothing_is_shown_to_readers_and_strangers(world: World, now: datetime) -> None:
    number = opened(world, now)
    with refused(NotAllowed, "access.denied"):
        do(customers.reveal, number, reason="好奇", actor=world.actors.auditor, now=now)
    with refused(NotFound, "ticket.not_found"):
        do(customers.reveal, number, reason="好奇", actor=world.actors.outsider, now=now)
