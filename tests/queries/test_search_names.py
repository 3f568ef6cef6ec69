"""A ticket is found by what it, its order, its parcel or its buyer is called."""

from __future__ import annotations

from datetime import datetime

import pytest

from helpdesk.domain.access import Actor
from helpdesk.domain.search import fold
from helpdesk.models import Parcel
from helpdesk.queries.search import Asked
from helpdesk.queries.search_names import Named, named
from helpdesk.storage import unit_of_work
from tests import tickets
from tests.factories import World, add


@pytest.fixture
def desk(world: World, now: datetime) -> World:
    with unit_of_work():
        buyer = tickets.customer(world, name="李小雷", buyer_id="tb_8821", phone="13812345678")
        order = tickets.order(world, now, "20261123990042", customer_id=buyer.id)
        add(Parcel(order_id=order.id, tracking_number="SF1234500099", carrier="顺丰"))
        for status in ("open", "closed"):
            tickets.ticket(
                world, now, customer_id=buyer.id, order_id=order.id, status=status, text="杯子碎了，等了三天"
            )
        tickets.ticket(world, now, queue=world.queues.warehouse)
    return world


def find(actor: Actor, now: datetime, *words: str, size: int = 10) -> Named:
    return named(Asked(tuple(map(fold, words))), actor, now, size=size)


def numbers(found: Named) -> list[str]:
    return [one.number for one in found.found]


def lit(found: Named) -> str:
    return "".join(f"[{part.text}]" if part.lit else part.text for part in found.found[0].hits[0].parts)


@pytest.mark.parametrize(
    ("word", "shown"),
    [
        ("20261123990042", "[20261123990042]"),
        ("990042", "20261123[990042]"),
        ("ＳＦ1234500099", "[SF1234500099]"),
        ("00099", "SF12345[00099]"),
        ("李小雷", "[李小雷]"),
        ("小雷", "李[小雷]"),
        ("lxl", "[李小雷]"),
        ("LiXiaoLei", "[李小雷]"),
        ("tb_88", "[tb_88]21"),
        ("5678", "李小雷 [138****5678]"),
        ("13812345678", "李小雷 [138****5678]"),
    ],
)
def test_order_parcel_and_buyer_lead_to_the_tickets_open_ones_first(
    desk: World, now: datetime, word: str, shown: str
) -> None:
    found = find(desk.actors.agent, now, word)
    assert numbers(found) == ["EX-250101-0001", "EX-250101-0002"]
    assert [one.active for one in found.found] == [True, False]
    assert lit(found) == shown


@pytest.mark.parametrize("word", ["EX-250101-0002", "ex-250101-0002", "250101-0002", "0002"])
def test_a_ticket_is_found_by_its_number_or_the_end_of_it(desk: World, now: datetime, word: str) -> None:
    assert numbers(find(desk.actors.agent, now, word)) == ["EX-250101-0002"]


@pytest.mark.parametrize("word", ["12345678", "345678", "1234567", "99", "x", "250101", "EX-250101-0009"])
def test_guesses_at_a_masked_phone_and_parts_that_say_nothing_find_nothing(
    desk: World, now: datetime, word: str
) -> None:
    assert numbers(find(desk.actors.agent, now, word)) == []


def test_a_buyer_and_a_word_that_he_said_go_together(desk: World, now: datetime) -> None:
    assert len(numbers(find(desk.actors.agent, now, "小雷", "碎了"))) == 2
    assert len(numbers(find(desk.actors.agent, now, "5678", "杯子", "0001"))) == 1
    assert numbers(find(desk.actors.agent, now, "小雷", "退款")) == []


def test_nobody_finds_what_he_may_not_read(desk: World, now: datetime) -> None:
    assert numbers(find(desk.actors.agent, now, "EX-250101-0003")) == []
    assert numbers(find(desk.actors.warehouse, now, "EX-250101-0003")) == ["EX-250101-0003"]
    assert numbers(find(desk.actors.outsider, now, "李小雷")) == []


def test_it_says_when_there_are_more(desk: World, now: datetime) -> None:
    found = find(desk.actors.agent, now, "李小雷", size=1)
    assert (numbers(found), found.more) == (["EX-250101-0001"], True)
    assert not find(desk.actors.agent, now, "李小雷", size=2).more
