"""Every way in: the same event is one ticket, the same trouble is one ticket, and nothing is lost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from helpdesk.domain.clocks import FAR_FUTURE
from helpdesk.domain.problems import Invalid, NotAllowed
from helpdesk.domain.tickets import Priority, Status
from helpdesk.models import Correction, Customer, DecisionRow, Inbound, Membership, Order, Ticket, User
from helpdesk.services import intake, tickets
from helpdesk.storage import session, unit_of_work
from tests.factories import World
from tests.services import story
from tests.services.story import clock, count_of, do, look, opened, refused, request, taken_in

HOUR = timedelta(hours=1)


def test_the_same_event_gives_the_same_ticket_however_often_it_comes(world: World, now: datetime) -> None:
    first = taken_in(world, now, external_id="x")
    before = story.everything()
    again = taken_in(world, now + HOUR, external_id="x")
    assert (first.outcome, again.outcome, again.number) == ("created", "repeated", first.number)
    assert story.everything() == before


@pytest.mark.parametrize("field", ["text", "subject", "order_number", "customer_name", "buyer_id", "phone"])
def test_the_same_id_with_another_body_is_refused(world: World, now: datetime, field: str) -> None:
    number = opened(world, now, external_id="x")
    with refused(Invalid, "inbound.different_body"):
        taken_in(world, now, external_id="x", **{field: "13900001111"})
    assert count_of(Ticket) == 1
    assert look(number).nudges == 0


def test_spaces_around_what_was_said_make_no_other_body(world: World, now: datetime) -> None:
    number = opened(world, now, external_id="x", text="没收到 ", subject=" a  b")
    assert taken_in(world, now, external_id="x", text=" 没收到", subject="a b").number == number


def test_another_source_has_ids_of_its_own(world: World, now: datetime) -> None:
    numbers = {opened(world, now, external_id="x", source=source) for source in ("form:1:1", "import:1:1", "form:1:2")}
    assert len(numbers) == 3
    assert count_of(Inbound) == 3


def test_an_event_is_kept_with_ticket_message_and_hash(world: World, now: datetime) -> None:
    number = opened(world, now, external_id="x")
    ticket = look(number)
    row = session().execute(select(Inbound)).scalar_one()
    assert (row.ticket_id, row.message_id, row.received_at) == (ticket.id, story.conversation(number)[0].id, now)
    assert row.body_hash == intake.body_hash(request(world))


@pytest.mark.parametrize(
    ("later", "outcome"),
    [
        (timedelta(hours=48), "appended"),
        (timedelta(hours=48, seconds=1), "created"),
        (timedelta(hours=-48), "appended"),
        (timedelta(hours=-48, seconds=-1), "created"),
    ],
)
def test_the_same_order_and_type_within_48_hours_is_a_nudge(
    world: World, now: datetime, later: timedelta, outcome: str
) -> None:
    taken_in(world, now, order_number="T1", created_at=now - 3 * HOUR)
    again = taken_in(world, now + 99 * HOUR, order_number="T1", created_at=now - 3 * HOUR + later)
    assert again.outcome == outcome


def test_the_48_hours_count_from_the_customer_s_last_message(world: World, now: datetime) -> None:
    number = opened(world, now, order_number="T1")
    assert taken_in(world, now + 47 * HOUR, order_number="T1").number == number
    assert taken_in(world, now + 94 * HOUR, order_number="T1").number == number
    assert taken_in(world, now + 143 * HOUR, order_number="T1").outcome == "created"


def test_our_own_messages_don_t_prolong_them(world: World, now: datetime) -> None:
    number = opened(world, now, order_number="T1", type="logistics_stuck")
    story.replied(number, actor=world.actors.agent, now=now + 40 * HOUR)
    assert taken_in(world, now + 49 * HOUR, order_number="T1", type="logistics_stuck").outcome == "created"


@pytest.mark.parametrize(
    "more",
    [
        {"type": "damaged"},
        {"order_number": "T2"},
        {"order_number": ""},
        {"shop": 2},
    ],
    ids=["another type", "another order", "no order", "another shop"],
)
def test_another_trouble_is_another_ticket(world: World, now: datetime, more: dict[str, Any]) -> None:
    opened(world, now, order_number="T1")
    if more.pop("shop", None):
        more["shop_id"] = world.shop2.id
    assert taken_in(world, now, **({"order_number": "T1"} | more)).outcome == "created"


def test_other_and_orderless_messages_are_never_lumped_together(world: World, now: datetime) -> None:
    for kind in ({"type": "other", "order_number": "T1"}, {"type": "damaged"}):
        assert [taken_in(world, now, **kind).outcome for _ in range(2)] == ["created", "created"]


@pytest.mark.parametrize("status", [Status.RESOLVED, Status.CLOSED, Status.MERGED])
def test_what_is_over_takes_no_nudge(world: World, now: datetime, status: Status) -> None:
    number = opened(world, now, order_number="T1")
    with unit_of_work():
        ticket = tickets.load(number, world.actors.system)
        for step in {Status.CLOSED: [Status.RESOLVED, Status.CLOSED]}.get(status, [status]):
            tickets.change(ticket, tickets.Change(status=step), expected=None, actor=world.actors.system, now=now)
    assert taken_in(world, now + HOUR, order_number="T1").outcome == "created"


def test_a_nudge_raises_urgency_up_to_three_keeps_targets_and_is_told(world: World, now: datetime) -> None:
    number = opened(world, now, order_number="T1")
    due = clock(number, "solution").due_at
    for times in range(1, 6):
        taken_in(world, now + times * HOUR, order_number="T1", text=f"催第{times}次")
        ticket = look(number)
        assert (ticket.nudges, ticket.urgency) == (times, min(times, 3))
        assert (ticket.unread, ticket.version) == (True, 1)
        assert ticket.last_customer_message_at == now + times * HOUR
    assert clock(number, "solution").due_at == due
    assert [event.params["times"] for event in story.events(number, "ticket.nudged")] == [1, 2, 3, 4, 5]
    assert [message.text for message in story.conversation(number)][-1] == "催第5次"


def test_a_nudge_ends_the_wait_for_the_customer_at_the_time_he_wrote(world: World, now: datetime) -> None:
    number = opened(world, now, order_number="T1", type="logistics_stuck")
    story.replied(number, actor=world.actors.agent, now=now, status_after=Status.PENDING_CUSTOMER)
    taken_in(world, now + 5 * HOUR, order_number="T1", type="logistics_stuck", created_at=now + 2 * HOUR)
    assert look(number).status == Status.OPEN
    assert clock(number, "solution").due_at == now + 6 * HOUR  # two hours waited, four of ours


def test_an_old_message_that_comes_late_doesn_t_turn_time_back(world: World, now: datetime) -> None:
    number = opened(world, now, order_number="T1")
    taken_in(world, now + HOUR, order_number="T1", created_at=now - HOUR)
    assert look(number).last_customer_message_at == now


def test_an_unknown_order_gets_a_row_that_waits_for_an_import(world: World, now: datetime) -> None:
    number = opened(world, now, order_number=" T77 ", customer_name="周子涵")
    order = session().get_one(Order, look(number).order_id)
    assert (order.number, order.known, order.status, order.shop_id) == ("T77", False, "unknown", world.shop.id)
    assert order.customer_id == look(number).customer_id is not None
    opened(world, now, order_number="T77", type="damaged")
    assert count_of(Order) == 1


def test_who_is_behind_a_known_order_is_known(world: World, now: datetime) -> None:
    first = look(opened(world, now, order_number="T1", phone="13900001111"))
    second = look(opened(world, now, order_number="T1", type="damaged"))
    third = look(opened(world, now, order_number="T1", type="invoice", buyer_id="tb_1"))
    assert first.customer_id == second.customer_id != third.customer_id
    assert count_of(Customer) == 2


def test_nothing_known_is_no_customer(world: World, now: datetime) -> None:
    assert look(opened(world, now)).customer_id is None
    assert count_of(Customer) == 0


def test_class_queue_targets_and_versions_follow_from_the_type(world: World, now: datetime) -> None:
    for type_code, klass, queue, solution in [
        ("price_dispute", "A", world.queues.finance, 4),
        ("logistics_stuck", "B", world.queues.customer_service, 4),
        ("wrong_item", "C", world.queues.warehouse, 8),
    ]:
        number = opened(world, now, type=type_code)
        ticket = look(number)
        assert (ticket.klass, ticket.queue_id, ticket.rule_version, ticket.tier) == (klass, queue.id, 1, "manual")
        assert clock(number, "solution").target_seconds == solution * 3600
        assert [(stint.queue_id, stint.kind, stint.assignee_id) for stint in story.stints(number)] == [
            (queue.id, "stay", None)
        ]
        created = story.events(number, "ticket.created")[0].params
        assert (created["type"], created["queue"], created["version"]) == (type_code, queue.code, 1)


def test_priority_sets_the_targets_from_the_start(world: World, now: datetime) -> None:
    number = opened(world, now, type="logistics_stuck", priority=Priority.P1)
    assert clock(number, "solution").due_at == now + 2 * HOUR
    assert clock(number, "first_response").due_at == now + timedelta(minutes=15)
    assert story.queue_clocks(number)[0].due_at == now + HOUR


def test_somebody_of_customer_service_answers_for_the_queues_that_don_t(world: World, now: datetime) -> None:
    agents = [world.users.agent.id, world.users.agent2.id]
    owners = [look(opened(world, now, type=type_code)).owner_id for type_code in ("wrong_item", "price_dispute") * 2]
    assert owners == agents * 2  # the least loaded, of equals who waited longest
    assert look(opened(world, now, type="logistics_stuck")).owner_id is None


def test_resolved_tickets_are_no_load(world: World, now: datetime) -> None:
    first = opened(world, now)
    opened(world, now)
    story.resolved(first, actor=world.actors.warehouse, now=now)
    assert look(opened(world, now)).owner_id == look(first).owner_id == world.users.agent.id


def test_who_left_answers_no_new_tickets_and_a_supervisor_stands_in_for_a_queue_without_agents(
    world: World, now: datetime
) -> None:
    with unit_of_work() as work:
        work.get_one(User, world.users.agent.id).active = False
    assert {look(opened(world, now)).owner_id for _ in range(2)} == {world.users.agent2.id}
    with unit_of_work() as work:
        work.get_one(User, world.users.agent2.id).active = False
    assert look(opened(world, now)).owner_id == world.users.supervisor.id
    with unit_of_work() as work:
        work.delete(work.get_one(Membership, (world.users.supervisor.id, world.queues.customer_service.id)))
    number = opened(world, now)
    assert look(number).owner_id is None


def test_clocks_start_when_the_customer_wrote_and_past_stages_stay_silent(world: World, now: datetime) -> None:
    number = opened(world, now, type="logistics_stuck", created_at=now - timedelta(hours=3, minutes=30))
    solution = clock(number, "solution")
    assert (solution.started_at, solution.due_at) == (now - 3.5 * HOUR, now + 0.5 * HOUR)
    fired = {code: (stage.fired_at, stage.silent) for code, stage in story.stages(solution).items()}
    assert fired == {
        "half": (now, True),
        "warning": (now, True),
        "breach": (None, False),
        "overrun": (None, False),
    }
    assert story.stints(number)[0].entered_at == look(number).created_at == now - 3.5 * HOUR
    assert all(stage.silent for stage in story.stages(clock(number, "first_response")).values())


def test_a_stage_that_is_due_at_this_very_instant_still_speaks(world: World, now: datetime) -> None:
    number = opened(world, now, type="logistics_stuck", created_at=now - 2 * HOUR)
    half = story.stages(clock(number, "solution"))["half"]
    assert (half.due_at, half.fired_at) == (now, None)


def test_what_was_answered_in_a_live_chat_has_its_first_response(world: World, now: datetime) -> None:
    number = opened(world, now, type="logistics_stuck", first_response_met=True)
    first = clock(number, "first_response")
    assert (first.met_at, first.elapsed_seconds, first.breached) == (now, 0, False)
    assert look(number).burns_at == clock(number, "solution").late_after == now + 4 * HOUR


def test_numbers_count_per_day_in_the_shop_s_zone(world: World) -> None:
    before_midnight = datetime(2026, 11, 23, 15, 59, tzinfo=UTC)  # 23:59 in Shanghai
    numbers = [
        opened(world, before_midnight),
        opened(world, before_midnight),
        opened(world, before_midnight + timedelta(minutes=1)),
        opened(world, before_midnight, shop_id=world.shop2.id),
        opened(world, before_midnight + HOUR, created_at=before_midnight),
    ]
    assert numbers == [
        "EX-261123-0001",
        "EX-261123-0002",
        "EX-261124-0001",
        "EX-261123-0003",
        "EX-261123-0004",
    ]


def test_a_failed_intake_gives_its_number_back(world: World, now: datetime) -> None:
    with unit_of_work() as work:
        intake.open_ticket(request(world), actor=world.actors.system, now=now)
        work.rollback()
    assert count_of(Inbound) == 0
    assert opened(world, now) == "EX-261123-0001"


def test_the_subject_is_the_first_line_unless_one_is_given(world: World, now: datetime) -> None:
    assert look(opened(world, now, subject=" 颜色 不对 ")).subject == "颜色 不对"
    assert look(opened(world, now, text="收到的不对\n请处理")).subject == "收到的不对"
    assert look(opened(world, now, text="长" * 99)).subject == "长" * 39 + "…"


@pytest.mark.parametrize(
    ("field", "limit"),
    [
        ("text", 5000),
        ("subject", 200),
        ("order_number", 60),
        ("customer_name", 100),
        ("buyer_id", 100),
        ("phone", 30),
        ("external_id", 200),
    ],
)
def test_each_input_has_a_limit(world: World, now: datetime, field: str, limit: int) -> None:
    taken_in(world, now, **{field: "1" * limit})
    with refused(Invalid, "input.too_long"):
        taken_in(world, now, **{field: "1" * (limit + 1)})
    with refused(Invalid, "input.bad_character"):
        taken_in(world, now, **{field: "1\x001"})


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"text": "  \n "}, "ticket.text_required"),
        ({"external_id": ""}, "inbound.id_required"),
        ({"type": "moon"}, "rulebook.unknown_type"),
        ({"type": "order_stall"}, "ticket.system_type"),
        ({"shop_id": 99}, "ticket.unknown_shop_or_channel"),
        ({"channel_id": 99}, "ticket.unknown_shop_or_channel"),
        ({"ahead": timedelta(minutes=5, seconds=1)}, "ticket.created_in_future"),
    ],
)
def test_what_can_t_be_taken_is_refused_with_its_reason(
    world: World, now: datetime, more: dict[str, Any], code: str
) -> None:
    if "ahead" in more:
        more = {"created_at": now + more["ahead"]}
    with refused(Invalid, code):
        taken_in(world, now, **more)


def test_a_sender_s_watch_may_be_five_minutes_fast(world: World, now: datetime) -> None:
    assert taken_in(world, now, created_at=now + timedelta(minutes=5)).outcome == "created"


def test_monitors_open_their_own_types(world: World, now: datetime) -> None:
    number = opened(world, now, type="order_stall", source="monitor:1:1")
    assert look(number).type == "order_stall"


@pytest.mark.parametrize("name", ["auditor", "admin"])
def test_who_may_not_open_tickets_opens_none(world: World, now: datetime, name: str) -> None:
    with refused(NotAllowed, "access.denied"):
        taken_in(world, now, actor=getattr(world.actors, name))


def test_a_person_s_choice_overrules_the_decision_which_is_kept_as_evidence(world: World, now: datetime) -> None:
    number = opened(world, now, type="invoice", text="你们给我发错货了")
    ticket = look(number)
    decision = session().execute(select(DecisionRow).where(DecisionRow.ticket_id == ticket.id)).scalar_one()
    assert (ticket.type, ticket.tier, decision.type) == ("invoice", "manual", "wrong_item")
    correction = session().execute(select(Correction)).scalar_one()
    assert (correction.from_type, correction.to_type, correction.decision_id) == ("wrong_item", "invoice", decision.id)


def test_what_nobody_understands_goes_to_customer_service_as_other(world: World, now: datetime) -> None:
    number = opened(world, now, type=None, text="嗯")
    ticket = look(number)
    assert (ticket.type, ticket.tier, ticket.queue_id) == ("other", "none", world.queues.customer_service.id)
    assert count_of(Correction) == 0


def test_a_preview_decides_the_same_and_stores_nothing(world: World, now: datetime) -> None:
    opened(world, now, order_number="T1")
    before = story.everything()
    decision = intake.preview("你们给我发错货了", " T1 ", world.shop.id)
    assert (decision.type, decision.queue) == ("wrong_item", "warehouse")
    assert intake.preview("x" * 9000, "none", world.shop.id).type == "other"
    assert story.everything() == before


def test_who_entered_a_ticket_may_see_what_becomes_of_it(world: World, now: datetime) -> None:
    number = opened(world, now, type="price_dispute", actor=world.actors.outsider)
    assert do(tickets.load, number, world.actors.outsider).number == number
    assert look(number).burns_at < FAR_FUTURE
