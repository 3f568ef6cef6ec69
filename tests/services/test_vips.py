"""Customers who matter more."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from helpdesk.domain.problems import Conflict, Invalid, NotAllowed, NotFound, Stale
from helpdesk.models import Customer, Note, Order, Ticket
from helpdesk.services import order_links, vips
from helpdesk.storage import session, unit_of_work
from tests import tickets
from tests.factories import World, add
from tests.services.story import clock, do, events, look, opened, refused

HOUR = timedelta(hours=1)
WHY = "全年采购三十万，老板亲自跟"


def customer_of(number: str) -> Customer:
    return session().get_one(Customer, look(number).customer_id or 0)


def named(world: World, number: str, now: datetime, reason: str = WHY) -> None:
    do(vips.name_vip, number, reason, version=look(number).version, actor=world.actors.warehouse, now=now)


def test_a_customer_is_named_with_a_reason_that_is_kept(world: World, now: datetime) -> None:
    number = opened(world, now, buyer_id="b1")
    named(world, number, now + HOUR, f" {WHY}  ")
    row = customer_of(number)
    assert (row.vip_at, row.vip_by_id, row.vip_reason) == (now + HOUR, world.users.warehouse.id, WHY)
    (event,) = events(number, "customer.vip_named")
    assert session().get_one(Note, event.reason_note_id).text == WHY
    assert WHY not in str(event.params)


def test_his_open_tickets_become_more_urgent_by_the_rule_and_say_why(world: World, now: datetime) -> None:
    first, second = opened(world, now, buyer_id="b1"), opened(world, now, buyer_id="b1", type="price_dispute")
    other = opened(world, now, buyer_id="b2")
    before = clock(first, "solution").target_seconds
    named(world, first, now)
    assert [look(number).priority for number in (first, second, other)] == ["P1", "P1", "P2"]
    assert clock(first, "solution").target_seconds == before // 2
    (event,) = events(second, "ticket.priority")
    assert (event.params["from"], event.params["to"], event.params["why"]) == ("P2", "P1", {"mode": "vip"})


def test_what_he_writes_later_is_urgent_from_the_start(world: World, now: datetime) -> None:
    named(world, opened(world, now, buyer_id="b1"), now)
    later = opened(world, now + HOUR, buyer_id="b1", type="logistics_stuck")
    assert look(later).priority == "P1"
    assert events(later, "ticket.priority") == []
    assert look(opened(world, now + HOUR, buyer_id="b2")).priority == "P2"


def test_ended_tickets_stay_as_they_are(world: World, now: datetime) -> None:
    with unit_of_work():
        buyer = tickets.customer(world)
        ended = tickets.ticket(world, now, status="resolved", customer_id=buyer.id).number
        open_ = tickets.ticket(world, now, owner=world.users.agent, customer_id=buyer.id).number
    do(vips.name_vip, open_, WHY, version=1, actor=world.actors.agent, now=now)
    assert (look(ended).priority, look(ended).version, look(open_).priority) == ("P2", 1, "P1")


def test_a_ticket_that_gets_his_order_gets_his_priority(world: World, now: datetime) -> None:
    with unit_of_work():
        buyer = tickets.customer(world, vip_at=now, vip_by_id=world.users.agent.id, vip_reason=WHY)
        add(
            Order(
                shop_id=world.shop.id,
                channel_id=world.channels.tmall.id,
                number="V-1",
                customer_id=buyer.id,
                known=True,
                updated_at=now,
            )
        )
        number = tickets.ticket(world, now, owner=world.users.agent).number
    do(order_links.link_order, number, "V-1", version=1, actor=world.actors.agent, now=now)
    assert (look(number).priority, look(number).customer_id) == ("P1", buyer.id)


def test_he_can_be_like_any_other_again_and_priorities_stay(world: World, now: datetime) -> None:
    number = opened(world, now, buyer_id="b1")
    named(world, number, now)
    do(vips.unname_vip, number, version=look(number).version, actor=world.actors.warehouse, now=now)
    row = customer_of(number)
    assert (row.vip_at, row.vip_by_id, row.vip_reason) == (None, None, "")
    assert look(number).priority == "P1"
    assert len(events(number, "customer.vip_unnamed")) == 1
    with refused(Conflict, "customer.vip_no_more"):
        do(vips.unname_vip, number, version=look(number).version, actor=world.actors.warehouse, now=now)


@pytest.mark.parametrize("reason", ["", "  ", "长" * 201, "坏\x00字"])
def test_a_reason_is_asked_for(world: World, now: datetime, reason: str) -> None:
    number = opened(world, now, buyer_id="b1")
    with refused(Invalid, "customer.vip_reason_required"):
        named(world, number, now, reason)


def test_nobody_names_what_he_does_not_work_on_or_has_not_seen(world: World, now: datetime) -> None:
    number, unknown = opened(world, now, buyer_id="b1"), opened(world, now)
    with refused(NotFound, "ticket.not_found"):
        do(vips.name_vip, number, WHY, version=1, actor=world.actors.outsider, now=now)
    with refused(NotAllowed, "ticket.not_yours"):
        do(vips.name_vip, number, WHY, version=1, actor=world.actors.auditor, now=now)
    with refused(Stale, "ticket.stale"):
        do(vips.name_vip, number, WHY, version=99, actor=world.actors.warehouse, now=now)
    with refused(Conflict, "customer.unknown"):
        named(world, unknown, now)
    named(world, number, now)
    with refused(Conflict, "customer.vip_already"):
        named(world, number, now)
    assert len(session().scalars(select(Ticket)).all()) == 2
