"""The form for a new ticket offers what stands in the customer's words, and never over what was typed."""

from __future__ import annotations

from tests.conftest import Client, Login
from tests.factories import World

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
