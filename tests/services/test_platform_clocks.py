"""What the platforms demand: begun where a rule binds the ticket, met as the rule says, never paused."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from helpdesk.domain.clocks import FAR_FUTURE
from helpdesk.domain.tickets import Priority, Status
from helpdesk.models import CalendarVersion, ClockRow, WorkCalendar
from helpdesk.queries.ticket_clocks import ticket_clocks
from helpdesk.services import decisions, merging, messages, operations, orders, platform_clocks, priorities, sla
from helpdesk.services.orders import OrderData, ParcelData, StatusData
from helpdesk.storage import session, unit_of_work
from tests.conftest import Statements
from tests.factories import World
from tests.services import story
from tests.services.story import clock, do, look, opened, owner_of, replied, resolved, stages

HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)


def platform(number: str, *, cancelled: bool = False, cycle: int | None = None) -> dict[str, ClockRow]:
    """The platform clocks of the present cycle that count, by their rule; or those that were cancelled."""
    ticket = look(number)
    rows = session().scalars(
        select(ClockRow)
        .where(
            ClockRow.ticket_id == ticket.id,
            ClockRow.kind == "platform",
            ClockRow.cycle == (cycle or ticket.cycle),
            ClockRow.cancelled_at.is_not(None) if cancelled else ClockRow.cancelled_at.is_(None),
        )
        .order_by(ClockRow.id)
    )
    return {row.code: row for row in rows}


def told(world: World, now: datetime, **more: Any) -> int:
    values: dict[str, Any] = {"shop_id": world.shop.id, "channel_id": world.channels.tmall.id, "number": "T1"}
    return do(orders.upsert_order, OrderData(**(values | more)), now=now).order_id


# ---- begun


def test_a_rule_that_binds_channel_and_type_starts_a_clock_beside_our_own(world: World, now: datetime) -> None:
    number = opened(world, now, type="return_request")
    (row,) = platform(number).values()
    assert (row.code, row.target_seconds, row.started_at) == ("after_sales_48h", 48 * 3600, now)
    assert row.due_at == row.late_after == now + 48 * HOUR  # no night, no weekend
    assert set(stages(row)) == {"half", "warning", "breach", "overrun"}
    assert look(number).burns_at == clock(number, "first_response").late_after


def test_another_channel_has_another_rule_and_another_type_none(world: World, now: datetime) -> None:
    number = opened(world, now, type="return_request", channel_id=world.channels.jd.id)
    assert {code: row.target_seconds for code, row in platform(number).items()} == {"after_sales_24h": 24 * 3600}
    assert platform(opened(world, now, type="wrong_item")) == {}


def test_shipping_counts_from_when_the_order_was_placed(world: World, now: datetime) -> None:
    told(world, now, placed_at=now - 47 * HOUR, status="paid")
    number = opened(world, now, type="late_shipment", order_number="T1")
    row = platform(number)["ship_48h"]
    assert (row.started_at, row.due_at) == (now - 47 * HOUR, now + HOUR)
    fired = {code: (stage.fired_at, stage.silent) for code, stage in stages(row).items()}
    assert fired == {"half": (now, True), "warning": (now, True), "breach": (None, False), "overrun": (None, False)}


def test_it_begins_when_we_learn_when_the_order_was_placed(world: World, now: datetime) -> None:
    number = opened(world, now, type="late_shipment", order_number="T1")
    assert platform(number) == {}
    told(world, now + HOUR, placed_at=now - 40 * HOUR, status="paid")
    assert platform(number)["ship_48h"].due_at == now + 8 * HOUR
    assert look(number).burns_at == clock(number, "first_response").late_after
    told(world, now + 2 * HOUR, status="refunding")
    assert len(platform(number)) == 1


def test_what_the_platform_wants_may_burn_before_our_own_promise(world: World, now: datetime) -> None:
    told(world, now, placed_at=now - 47.75 * HOUR, status="paid")
    number = opened(world, now, type="late_shipment", order_number="T1")
    assert look(number).burns_at == now + HOUR / 4 == clock(number, "first_response").late_after
    replied(number, actor=owner_of(world, number), now=now)
    assert look(number).burns_at == now + HOUR / 4  # our own solution has four hours


def test_nothing_begins_that_is_fulfilled_already(world: World, now: datetime) -> None:
    told(world, now, placed_at=now - HOUR, parcels=(ParcelData("SF1", shipped_at=now - HOUR / 2),))
    assert platform(opened(world, now, type="late_shipment", order_number="T1")) == {}
    told(world, now, number="T2", placed_at=now - HOUR, status="cancelled")
    assert platform(opened(world, now, type="late_shipment", order_number="T2")) == {}
    answered = opened(world, now, type="wrong_item")
    replied(answered, actor=owner_of(world, answered), now=now)
    do(decisions.set_type, answered, "return_request", version=look(answered).version, **_by(world, now))
    assert platform(answered) == {}


def test_a_ticket_that_no_rule_binds_costs_no_statement(world: World, now: datetime, statements: Statements) -> None:
    opened(world, now, type="wrong_item")
    number = opened(world, now, type="wrong_item")
    with unit_of_work() as work:
        ticket = work.merge(look(number))
        book, started_at = platform_clocks.cycle_of(ticket)
        with statements() as seen:
            platform_clocks.start(ticket, book=book, started_at=started_at, now=now)
    assert seen == []


def test_an_installation_without_the_calendar_gets_it_once(world: World, now: datetime) -> None:
    for _ in range(2):
        opened(world, now, type="return_request")
    made = session().scalars(select(WorkCalendar).where(WorkCalendar.code == platform_clocks.AROUND_THE_CLOCK)).one()
    assert made.version == 1
    with unit_of_work():
        assert platform_clocks.around_the_clock(now) == (made.id, 1)
        assert len(session().scalars(select(CalendarVersion).where(CalendarVersion.calendar_id == made.id)).all()) == 1


# ---- met


def _by(world: World, now: datetime) -> dict[str, Any]:
    return {"actor": world.actors.agent, "now": now}


def test_the_first_answer_of_a_person_meets_it_and_taking_it_back_does_not(world: World, now: datetime) -> None:
    number = opened(world, now, type="return_request")
    agent = world.actors.agent
    message = replied(number, actor=agent, now=now + HOUR)
    row = platform(number)["after_sales_48h"]
    assert (row.met_at, row.breached, row.elapsed_seconds) == (now + HOUR, False, 3600)
    do(messages.take_back, number, message, actor=agent, now=now + HOUR + 3 * SECOND)
    row = platform(number)["after_sales_48h"]
    assert (row.met_at, row.due_at, row.pauses) == (None, now + 48 * HOUR, [])


def test_an_answer_taken_back_brings_the_demand_that_it_had_kept_away(world: World, now: datetime) -> None:
    number = opened(world, now, type="wrong_item")
    writer = owner_of(world, number)
    message = replied(number, actor=writer, now=now)
    do(decisions.set_type, number, "return_request", version=look(number).version, actor=writer, now=now + SECOND)
    do(messages.take_back, number, message, actor=writer, now=now + 3 * SECOND)
    assert platform(number)["after_sales_48h"].due_at == now + 48 * HOUR


def test_a_ticket_entered_during_a_chat_has_been_answered(world: World, now: datetime) -> None:
    number = opened(world, now, type="return_request", first_response_met=True)
    assert platform(number)["after_sales_48h"].met_at == now


def test_shipping_meets_it_at_the_time_that_the_parcel_tells(world: World, now: datetime) -> None:
    told(world, now, placed_at=now - 47 * HOUR, status="paid")
    number = opened(world, now, type="late_shipment", order_number="T1")
    told(world, now + 5 * HOUR, parcels=(ParcelData("SF1", shipped_at=now + 0.5 * HOUR),))
    row = platform(number)["ship_48h"]
    assert (row.met_at, row.breached) == (now + 0.5 * HOUR, False)


@pytest.mark.parametrize(
    ("news", "met"),
    [
        ({"history": (StatusData("shipped", datetime.fromisoformat("2026-11-23T04:00+00:00")),)}, 2),
        ({"status": "signed"}, 5),  # nobody says since when
    ],
)
def test_without_a_parcel_s_time_the_order_s_status_says_it(
    world: World, now: datetime, news: dict[str, Any], met: int
) -> None:
    told(world, now, placed_at=now - 47 * HOUR, status="paid")
    number = opened(world, now, type="late_shipment", order_number="T1")
    told(world, now + 5 * HOUR, **news)
    row = platform(number)["ship_48h"]
    assert (row.met_at, row.breached) == (now + met * HOUR, True)


def test_an_order_that_is_called_off_need_not_be_shipped(world: World, now: datetime) -> None:
    told(world, now, placed_at=now - 47 * HOUR, status="paid")
    number = opened(world, now, type="late_shipment", order_number="T1")
    told(world, now + HOUR / 2, status="cancelled")
    assert platform(number) == {}
    assert look(number).burns_at == clock(number, "first_response").late_after


def test_solving_meets_what_wants_solving_and_ends_the_rest(world: World, now: datetime) -> None:
    refund = opened(world, now, type="cancel_order")
    resolved(refund, actor=world.actors.agent, now=now + HOUR)
    assert (platform(refund)["auto_refund_48h"].met_at, platform(refund)["auto_refund_48h"].breached) == (
        now + HOUR,
        False,
    )
    told(world, now, placed_at=now - HOUR, status="paid")
    shipping = opened(world, now, type="late_shipment", order_number="T1")
    resolved(shipping, actor=owner_of(world, shipping), now=now + HOUR)
    assert set(platform(shipping, cancelled=True)) == {"ship_48h"}
    assert look(shipping).burns_at == FAR_FUTURE


def test_a_breach_is_recorded_as_one_whatever_ends_the_wait(world: World, now: datetime) -> None:
    told(world, now, placed_at=now - 50 * HOUR, status="paid")
    number = opened(world, now, type="late_shipment", order_number="T1")
    resolved(number, actor=owner_of(world, number), now=now + HOUR)
    assert (platform(number)["ship_48h"].met_at, platform(number)["ship_48h"].breached) == (now + HOUR, True)


# ---- nothing stops it, and it follows the ticket


def test_it_runs_on_while_we_wait_for_the_customer_and_whatever_the_priority(world: World, now: datetime) -> None:
    number = opened(world, now, type="cancel_order")
    agent = world.actors.agent
    replied(number, actor=agent, now=now + HOUR, status_after=Status.PENDING_CUSTOMER)
    do(priorities.set_priority, number, Priority.P1, version=look(number).version, actor=agent, now=now + HOUR)
    row = platform(number)["auto_refund_48h"]
    assert (row.due_at, row.target_seconds, row.pauses) == (now + 48 * HOUR, 48 * 3600, [])
    assert look(number).burns_at == now + 48 * HOUR


def test_undoing_a_resolve_takes_it_up_as_if_it_had_never_stopped(world: World, now: datetime) -> None:
    number = opened(world, now, type="cancel_order")
    agent = world.actors.agent
    operation = resolved(number, actor=agent, now=now + HOUR)
    do(operations.undo, operation, actor=agent, now=now + 1.2 * HOUR)
    row = platform(number)["auto_refund_48h"]
    assert (row.met_at, row.due_at, row.pauses) == (None, now + 48 * HOUR, [])


def test_an_order_that_was_shipped_meanwhile_is_noticed_by_the_undo(world: World, now: datetime) -> None:
    told(world, now, placed_at=now - HOUR, status="paid")
    number = opened(world, now, type="late_shipment", order_number="T1")
    writer = owner_of(world, number)
    operation = resolved(number, actor=writer, now=now + HOUR)
    told(world, now + 1.1 * HOUR, parcels=(ParcelData("SF1", shipped_at=now + 1.05 * HOUR),))
    assert platform(number) == {}
    do(operations.undo, operation, actor=writer, now=now + 1.2 * HOUR)
    assert platform(number)["ship_48h"].met_at == now + 1.05 * HOUR


def test_another_type_ends_one_demand_and_begins_the_other(world: World, now: datetime) -> None:
    number = opened(world, now, type="return_request")
    change = {"version": look(number).version, "actor": world.actors.agent, "now": now + HOUR}
    operation = do(decisions.set_type, number, "cancel_order", **change)
    assert set(platform(number)) == {"auto_refund_48h"}
    assert platform(number)["auto_refund_48h"].started_at == now
    assert set(platform(number, cancelled=True)) == {"after_sales_48h"}
    do(operations.undo, operation, actor=world.actors.agent, now=now + 1.1 * HOUR)
    assert set(platform(number)) == {"after_sales_48h"}
    before = platform(number)["after_sales_48h"].id
    do(decisions.set_type, number, "exchange_request", **change | {"version": look(number).version})
    assert [row.id for row in platform(number).values()] == [before]  # bound by the same rule: it runs on


def test_a_new_cycle_has_the_whole_time_again(world: World, now: datetime) -> None:
    number = opened(world, now, type="cancel_order")
    resolved(number, actor=world.actors.agent, now=now + HOUR)
    story.heard(number, actor=world.actors.system, now=now + 10 * HOUR)
    assert platform(number)["auto_refund_48h"].due_at == now + 58 * HOUR
    assert platform(number, cycle=1)["auto_refund_48h"].met_at == now + HOUR


def test_merging_ends_it(world: World, now: datetime) -> None:
    first, second = (opened(world, now, type="cancel_order", buyer_id="b", text=f"取消{n}") for n in (1, 2))
    merge = {"reason": "同一件事", "actor": world.actors.agent, "now": now}
    do(merging.merge, {second: look(second).version}, first, **merge)
    assert platform(second) == {}
    assert set(platform(first)) == {"auto_refund_48h"}


# ---- alarmed and shown


def test_its_stages_alarm_like_the_others_and_name_the_rule(world: World, now: datetime) -> None:
    number = opened(world, now, type="cancel_order")
    replied(number, actor=world.actors.agent, now=now, is_solution=True)
    do(sla.sweep, world.actors.system, now + 37 * HOUR)
    fired = [event.params for event in story.events(number, "sla.stage") if event.params["clock"] == "platform"]
    assert [(params["stage"], params["rule"]) for params in fired] == [
        ("half", "auto_refund_48h"),
        ("warning", "auto_refund_48h"),
    ]
    assert look(number).urgency == 1


def test_the_page_names_and_explains_it(world: World, now: datetime) -> None:
    number = opened(world, now, type="cancel_order")
    shown = next(one for one in ticket_clocks(look(number).id, 1, now) if one.kind == "platform")
    assert shown.rule is not None
    assert shown.rule.zh == "48 小时后平台自动退款"
    assert [step.code for step in shown.steps] == ["clock.started", "clock.counted", "clock.due"]
    assert shown.steps[1].params["total"] == 48 * 3600


def test_a_rule_that_nobody_knows_any_more_is_shown_by_its_code(world: World, now: datetime) -> None:
    number = opened(world, now, type="cancel_order")
    with unit_of_work() as work:
        row = work.merge(platform(number)["auto_refund_48h"])
        row.code = "gone"
    shown = next(one for one in ticket_clocks(look(number).id, 1, now) if one.kind == "platform")
    assert shown.rule is not None
    assert shown.rule.en == "gone"
    resolved(number, actor=world.actors.agent, now=now)
    assert platform(number)["gone"].met_at == now


def test_a_ticket_without_one_is_read_as_before(world: World, now: datetime, statements: Statements) -> None:
    number = opened(world, now, type="wrong_item")
    ticket = look(number)
    with statements() as seen:
        ticket_clocks(ticket.id, 1, now)
    assert len(seen) == 1
