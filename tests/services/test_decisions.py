"""What was decided stays explainable, and what people say of it is evidence."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from helpdesk.domain.decisions import OrderFacts
from helpdesk.domain.problems import Invalid
from helpdesk.domain.text import NORMALISER_VERSION
from helpdesk.models import Correction, DecisionRow, Order, Parcel
from helpdesk.services import decisions
from helpdesk.storage import session, unit_of_work
from tests.factories import World
from tests.services.story import clock, conversation, do, events, look, opened, queue_clocks, refused, stints

HOUR = timedelta(hours=1)
WRONG_ITEM = "你们给我发错货了，要的白色来的黑色"


@pytest.fixture
def number(world: World, now: datetime) -> str:
    return opened(world, now, type=None, text=WRONG_ITEM)


def corrections() -> list[tuple[str, str, int]]:
    return [(row.from_type, row.to_type, row.actor_id) for row in session().scalars(select(Correction))]


def test_a_decision_keeps_all_that_it_stood_on(world: World, now: datetime, number: str) -> None:
    message = conversation(number)[0]
    row = session().execute(select(DecisionRow)).scalar_one()
    assert (row.type, row.rule_version, row.normaliser_version, row.model_version) == (
        "wrong_item",
        1,
        NORMALISER_VERSION,
        None,
    )
    assert (row.message_id, row.created_at) == (message.id, now)
    assert row.text_hash == hashlib.sha256(WRONG_ITEM.encode()).hexdigest()
    assert OrderFacts.from_json(row.facts) == OrderFacts()
    assert row.spans
    assert all(0 <= span["start"] < span["end"] <= len(WRONG_ITEM) for span in row.spans)


def test_the_order_s_facts_are_those_of_that_moment(world: World, now: datetime) -> None:
    with unit_of_work() as work:
        order = bought(world, now, status="paid")
        work.add(Parcel(order_id=order.id, tracking_number="SF1", shipped_at=now))
        assert decisions.order_facts(order) == OrderFacts(
            known=True, shipped=True, signed=False, paid_fen=9900, called_off=False, refunded=False
        )
        order.known = False
        assert decisions.order_facts(order) == decisions.order_facts(None) == OrderFacts()


@pytest.mark.parametrize(
    ("status", "shipped", "signed", "called_off", "refunded"),
    [
        ("unknown", None, False, False, False),
        ("paid", False, False, False, False),
        ("shipped", True, False, False, False),
        ("completed", True, True, False, False),
        ("cancelled", False, False, True, False),
        ("refunding", None, False, False, False),
        ("refunded", None, False, True, True),
    ],
)
def test_an_order_without_parcels_is_where_its_status_says(
    world: World, now: datetime, status: str, shipped: bool | None, signed: bool, called_off: bool, refunded: bool
) -> None:
    with unit_of_work():
        facts = decisions.order_facts(bought(world, now, status=status))
    assert (facts.shipped, facts.signed, facts.called_off, facts.refunded) == (shipped, signed, called_off, refunded)


def test_of_two_parcels_one_signed_for_is_not_all(world: World, now: datetime) -> None:
    with unit_of_work() as work:
        order = bought(world, now, status="refunded")
        first = Parcel(order_id=order.id, tracking_number="SF1", shipped_at=now, signed_at=now)
        second = Parcel(order_id=order.id, tracking_number="SF2", shipped_at=now)
        work.add_all((first, second))
        work.flush()
        facts = decisions.order_facts(order)
        assert (facts.shipped, facts.signed, facts.called_off, facts.refunded) == (True, False, False, True)
        second.signed_at = now
        assert decisions.order_facts(order).signed


def bought(world: World, now: datetime, status: str) -> Order:
    order = Order(
        shop_id=world.shop.id,
        channel_id=world.channels.tmall.id,
        number="T9",
        known=True,
        status=status,
        paid_fen=9900,
        updated_at=now,
    )
    session().add(order)
    session().flush()
    return order


def test_correcting_the_type_brings_class_queue_targets_calendar_and_evidence(
    world: World, now: datetime, number: str
) -> None:
    do(decisions.set_type, number, "logistics_stuck", version=1, actor=world.actors.warehouse, now=now + HOUR)
    ticket, solution = look(number), clock(number, "solution")
    assert (ticket.type, ticket.klass, ticket.tier) == ("logistics_stuck", "B", "manual")
    assert ticket.queue_id == world.queues.customer_service.id
    assert (solution.due_at, solution.calendar_id) == (now + 4 * HOUR, world.calendars.always.id)
    assert clock(number, "first_response").calendar_id == world.calendars.always.id
    assert [stint.left_at for stint in stints(number)] == [now + HOUR, None]
    assert queue_clocks(number)[1].due_at == now + 3 * HOUR
    assert corrections() == [("wrong_item", "logistics_stuck", world.users.warehouse.id)]


def test_confirming_is_evidence_once(world: World, now: datetime, number: str) -> None:
    version = do(decisions.confirm_type, number, version=1, actor=world.actors.warehouse, now=now)
    assert (look(number).tier, look(number).status) == ("manual", "open")
    do(decisions.confirm_type, number, version=version, actor=world.actors.warehouse, now=now)
    assert corrections() == [("wrong_item", "wrong_item", world.users.warehouse.id)]
    assert [event.params for event in events(number, "ticket.type_confirmed")] == [{"type": "wrong_item"}]


@pytest.mark.parametrize(
    ("type_code", "code"), [("moon", "rulebook.unknown_type"), ("order_stall", "ticket.system_type")]
)
def test_nobody_chooses_what_is_no_type_or_the_monitors_alone(
    world: World, now: datetime, number: str, type_code: str, code: str
) -> None:
    with refused(Invalid, code):
        do(decisions.set_type, number, type_code, version=1, actor=world.actors.warehouse, now=now)
