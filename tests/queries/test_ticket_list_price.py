"""What a page of the list costs, and by which index it is read."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from helpdesk.domain.access import Actor
from helpdesk.domain.ticket_filter import Tab, TicketFilter, parse_filter
from helpdesk.domain.views import Sort
from helpdesk.models import Customer
from helpdesk.queries import ticket_list
from helpdesk.queries.keyset import Cursor, sorted_page
from helpdesk.storage import is_postgresql, session, unit_of_work
from tests import tickets
from tests.factories import World, add
from tests.tickets import HOUR

Statements = Callable[[], AbstractContextManager[list[str]]]
MINUTE = timedelta(minutes=1)


def plan(statement: str) -> str:
    return "\n".join(str(row) for row in session().execute(text(f"EXPLAIN QUERY PLAN {statement}")))


def rendered(actor: Actor, now: datetime, order: Sort = Sort.DUE, **asked: str) -> str:
    """The list's statement with its values written out."""
    chosen = parse_filter(asked)
    keys = ticket_list._keys(chosen, Tab.ALL, order)
    statement = ticket_list._statement(chosen, Tab.ALL, actor, now, keys)
    statement = sorted_page(statement, keys, Cursor(1, now, 5)).limit(50)
    return str(statement.compile(session().get_bind(), compile_kwargs={"literal_binds": True}))


@pytest.mark.parametrize(
    ("person", "asked", "index"),
    [
        ("auditor", {}, "ix_ticket_burning_all (urgency<?)"),
        ("agent", {}, "ix_ticket_burning_all (urgency<?)"),
        ("auditor", {"queue": "warehouse"}, "ix_ticket_burning (queue_id=? AND urgency<?)"),
        ("agent", {"queue": "customer_service"}, "ix_ticket_burning (queue_id=? AND urgency<?)"),
    ],
)
def test_the_list_is_read_in_order_from_the_partial_index(
    world: World, now: datetime, person: str, asked: dict[str, Any], index: str
) -> None:
    if is_postgresql():
        pytest.skip("SQLite's planner is the one that needs the literal condition")
    found = plan(rendered(getattr(world.actors, person), now, **asked))
    assert index in found
    assert "USE TEMP B-TREE FOR ORDER BY" not in found


@pytest.mark.parametrize("person", ["auditor", "agent"])
@pytest.mark.parametrize("order", [order for order in Sort if order is not Sort.DUE])
def test_each_other_order_is_read_from_an_index_of_its_own(
    world: World, now: datetime, person: str, order: Sort
) -> None:
    if is_postgresql():
        pytest.skip("SQLite's planner is the one that needs the literal condition")
    found = plan(rendered(getattr(world.actors, person), now, order))
    assert f"ix_ticket_by_{order.removeprefix('-')}" in found
    assert "USE TEMP B-TREE FOR ORDER BY" not in found


def test_a_number_is_looked_up_by_its_indexes(world: World, now: datetime) -> None:
    if is_postgresql():
        pytest.skip("a planner that reads its own statistics")
    found = plan(rendered(world.actors.auditor, now, q="EX-250101-0001"))
    assert "SCAN ticket" not in found
    assert "ix_order_number" in found
    assert "ix_parcel_tracking_number" in found


@pytest.mark.parametrize("tab", list(Tab))
def test_a_page_takes_three_statements_however_many_tickets(
    world: World, now: datetime, tab: Tab, statements: Statements
) -> None:
    with unit_of_work():
        for _ in range(12):
            buyer = tickets.customer(world)
            row = tickets.ticket(world, now, customer_id=buyer.id, owner=world.users.agent, status="pending_customer")
            tickets.assist(world, row, world.queues.customer_service, now, due_in=HOUR, question="？")
    session().expire_all()
    with statements() as seen:
        ticket_list.page(TicketFilter(), tab, world.actors.agent, now)
    assert len(seen) <= 3


def test_customers_of_other_tickets_are_not_mixed_up(world: World, now: datetime) -> None:
    with unit_of_work():
        add(Customer(shop_id=world.shop.id, channel_id=world.channels.jd.id, name="没有工单的人"))
        tickets.ticket(world, now)
    (row,) = ticket_list.page(TicketFilter(), Tab.ALL, world.actors.agent, now).rows
    assert row.customer is None
