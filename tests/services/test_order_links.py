"""A ticket that came without an order is tied to the one that its customer named."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from helpdesk.domain.problems import Conflict, Invalid, NotFound, Stale
from helpdesk.models import Customer, Order
from helpdesk.services import operations
from helpdesk.services.order_links import link_order
from helpdesk.storage import session, unit_of_work
from tests.factories import World
from tests.services.story import clock, do, events, look, opened, refused

HOUR = timedelta(hours=1)


def bought(world: World, now: datetime, customer_id: int | None = None, **more: object) -> int:
    with unit_of_work():
        order = Order(
            shop_id=world.shop.id,
            channel_id=world.channels.tmall.id,
            number="T9",
            known=True,
            status="paid",
            updated_at=now,
            customer_id=customer_id,
            **more,
        )
        session().add(order)
        session().flush()
        return order.id


def buyer(world: World, name: str) -> int:
    with unit_of_work():
        customer = Customer(shop_id=world.shop.id, channel_id=world.channels.tmall.id, name=name, buyer_id=name)
        session().add(customer)
        session().flush()
        return customer.id


def test_the_order_and_its_customer_come_to_the_ticket_and_the_version_moves_on(world: World, now: datetime) -> None:
    who = buyer(world, "mei")
    order = bought(world, now, who)
    number = opened(world, now)
    do(link_order, number, " T9 ", version=1, actor=world.actors.warehouse, now=now)
    ticket = look(number)
    assert (ticket.order_id, ticket.customer_id, ticket.version) == (order, who, 2)
    (told,) = events(number, "ticket.order")
    assert (told.params["from"], told.params["to"], told.params["version"]) == (None, order, 2)


def test_what_was_linked_by_mistake_is_undone(world: World, now: datetime) -> None:
    bought(world, now, buyer(world, "mei"))
    number = opened(world, now)
    operation = do(link_order, number, "T9", version=1, actor=world.actors.warehouse, now=now)
    do(operations.undo, operation, actor=world.actors.warehouse, now=now)
    ticket = look(number)
    assert (ticket.order_id, ticket.customer_id, ticket.version) == (None, None, 3)


@pytest.mark.parametrize("order_number", ["T8", "", "x" * 200])
def test_an_order_the_shop_does_not_have_is_refused(world: World, now: datetime, order_number: str) -> None:
    bought(world, now)
    number = opened(world, now)
    with refused(Invalid, "order.not_found"):
        do(link_order, number, order_number, version=1, actor=world.actors.warehouse, now=now)


def test_another_customer_s_order_is_refused(world: World, now: datetime) -> None:
    bought(world, now, buyer(world, "mei"))
    number = opened(world, now, customer_id=buyer(world, "lan"))
    with refused(Conflict, "order.of_another_customer"):
        do(link_order, number, "T9", version=1, actor=world.actors.warehouse, now=now)
    assert look(number).order_id is None


def test_a_ticket_has_one_order(world: World, now: datetime) -> None:
    bought(world, now)
    number = opened(world, now, order_number="T1")
    with refused(Conflict, "ticket.has_order"):
        do(link_order, number, "T9", version=1, actor=world.actors.warehouse, now=now)


def test_who_saw_an_older_ticket_or_none_is_refused(world: World, now: datetime) -> None:
    bought(world, now)
    number = opened(world, now)
    with refused(Stale, "ticket.stale"):
        do(link_order, number, "T9", version=2, actor=world.actors.warehouse, now=now)
    with refused(NotFound, "ticket.not_found"):
        do(link_order, "nothing", "T9", version=1, actor=world.actors.warehouse, now=now)


def test_a_platform_s_deadline_that_counts_from_the_order_begins_with_it_and_goes_with_it(
    world: World, now: datetime
) -> None:
    bought(world, now, placed_at=now - HOUR)
    number = opened(world, now, type="late_shipment")
    operation = do(link_order, number, "T9", version=1, actor=world.actors.warehouse, now=now)
    assert clock(number, "platform").started_at == now - HOUR
    do(operations.undo, operation, actor=world.actors.warehouse, now=now)
    assert clock(number, "platform").cancelled_at == now
