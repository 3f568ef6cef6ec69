"""What stands in the customer's words is offered: in the form for a new ticket, and on the ticket's page."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import pytest

from helpdesk.models import Order, Parcel, Ticket
from helpdesk.storage import session, unit_of_work
from tests import tickets
from tests.conftest import Client, Login, Statements
from tests.factories import World, add

TEXT = "订单号298765432101 一直没发货，打13812345678"


def preview(client: Client, world: World, **typed: str) -> str:
    form = {"shop": str(world.shop.id), "channel": str(world.channels.tmall.id), "text": TEXT, **typed}
    return client.submit("/tickets/preview", form).text


def test_an_order_number_and_a_phone_are_offered(client: Client, world: World, login: Login) -> None:
    login(client, world.users.agent)
    page = preview(client, world)
    assert 'data-fill="order_number" data-value="298765432101"' in page
    assert 'data-fill="phone" data-value="13812345678"' in page


def test_what_was_typed_is_left_alone(client: Client, world: World, login: Login) -> None:
    login(client, world.users.agent)
    page = preview(client, world, order_number="X-1", phone="13900000000")
    assert "data-fill" not in page


def test_two_phones_and_masked_ones_are_not_offered(client: Client, world: World, login: Login) -> None:
    login(client, world.users.agent)
    assert "data-fill" not in preview(client, world, text="打13812345678或13912345678")
    assert "data-fill" not in preview(client, world, text="138****5678")


def test_amounts_days_and_tracking_numbers_are_shown_in_the_form_too(
    client: Client, world: World, login: Login
) -> None:
    login(client, world.users.agent)
    page = preview(client, world, text="7月3号发的 SF1234567890123 退我25.8元")
    assert re.findall(r'<span class="number">([^<]+)</span>', page) == ["2026-07-03", "SF1234567890123", "¥25.80"]
    assert "data-fill" not in page


def said(world: World, now: datetime, text: str, order: Order | None = None, **more: Any) -> Ticket:
    row = tickets.ticket(
        world,
        now,
        text=text,
        owner=world.users.agent,
        hands=world.users.agent,
        order_id=order.id if order else None,
        **more,
    )
    tickets.message(row, text, now)
    return row


def card(client: Client, row: Ticket) -> str:
    page = client.get(f"/tickets/{row.number}").text
    found = re.search(r'aria-labelledby="found-title".*?</section>', page, re.DOTALL)
    return found.group() if found else ""


def test_the_order_that_was_named_is_linked_with_one_press_and_unlinked_again(
    client: Client, world: World, login: Login, now: datetime
) -> None:
    with unit_of_work():
        order = tickets.order(world, now, number="298765432101")
        row = said(world, now, TEXT)
    login(client, world.users.agent)
    assert 'value="298765432101"' in card(client, row)
    client.submit(f"/tickets/{row.number}/order", {"version": "1", "order_number": "298765432101"})
    linked = session().get_one(Ticket, row.id)
    assert (linked.order_id, linked.version) == (order.id, 2)
    page = client.get(f"/tickets/{row.number}").text
    assert "改了关联的订单" in page
    assert "与订单一致" in card(client, row)


@pytest.mark.parametrize("version", ["9", ""])
def test_linking_on_an_older_ticket_is_refused_with_its_reason(
    client: Client, world: World, login: Login, now: datetime, version: str
) -> None:
    with unit_of_work():
        tickets.order(world, now, number="298765432101")
        row = said(world, now, TEXT)
    login(client, world.users.agent)
    answer = client.submit(f"/tickets/{row.number}/order", {"version": version, "order_number": "298765432101"})
    assert answer.status_code in (409, 422)
    assert session().get_one(Ticket, row.id).order_id is None


def test_an_order_nobody_knows_or_of_another_customer_is_not_offered(
    client: Client, world: World, login: Login, now: datetime
) -> None:
    with unit_of_work():
        tickets.order(world, now, number="298765432101", customer_id=tickets.customer(world, name="兰").id)
        row = said(world, now, TEXT, customer_id=tickets.customer(world, name="梅").id)
        other = said(world, now, "订单号298765432999呢")
    login(client, world.users.agent)
    assert "298765432101" in card(client, row)
    assert "/order" not in card(client, row)
    assert "298765432999" in card(client, other)
    assert "/order" not in card(client, other)


def test_numbers_are_held_against_the_order_s_own(client: Client, world: World, login: Login, now: datetime) -> None:
    with unit_of_work():
        order = tickets.order(world, now, number="298765432101")
        add(Parcel(order_id=order.id, carrier="顺丰", tracking_number="SF1234567890123", shipped_at=now))
        row = said(world, now, "订单298765432109 单号SF1234567890123", order)
    login(client, world.users.agent)
    shown = card(client, row)
    assert re.findall(r"与订单(?:一致|不符)", shown) == ["与订单不符", "与订单一致"]


def test_a_phone_is_shown_masked(client: Client, world: World, login: Login, now: datetime) -> None:
    with unit_of_work():
        row = said(world, now, TEXT)
    login(client, world.users.agent)
    assert re.findall(r'<span class="number">([^<]+)</span>', card(client, row)) == ["298765432101", "138****5678"]


def test_a_page_whose_words_hold_nothing_has_no_card_and_asks_for_nothing(
    client: Client, world: World, login: Login, now: datetime, statements: Statements
) -> None:
    with unit_of_work():
        order = tickets.order(world, now, number="298765432101")
        empty, full = said(world, now, "一直没发货", order), said(world, now, TEXT, order)
    login(client, world.users.agent)
    assert card(client, empty) == ""
    with statements() as without:
        card(client, empty)
    with statements() as beside:
        card(client, full)
    assert len(beside) == len(without)
