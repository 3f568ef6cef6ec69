"""Steps on waits: each once, only while the wait lasts, and what each of them does."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from helpdesk.domain.problems import Conflict
from helpdesk.domain.tickets import Status
from helpdesk.models import Channel, ClockRow, Message, Outbox, PauseStep, Responsibility, RuleBookRow
from helpdesk.services import pause_steps, resolution, tickets
from helpdesk.storage import session, unit_of_work
from tests.factories import World
from tests.services.story import clock, conversation, do, events, heard, look, opened, owner_of, replied
from tests.services.test_pauses import planned, waits

HOUR, DAY, SECOND = timedelta(hours=1), timedelta(days=1), timedelta(seconds=1)


@pytest.fixture
def number(world: World, now: datetime) -> str:
    """A logistics ticket that waits for its customer since ``now``, owned by the agent."""
    number = opened(world, now, "logistics_stuck")
    replied(number, actor=world.actors.agent, now=now, status_after=Status.PENDING_CUSTOMER)
    return number


def sweep(world: World, now: datetime, limit: int = pause_steps.BATCH) -> int:
    return do(pause_steps.sweep, world.actors.system, now, limit)


def waiting(number: str, world: World, now: datetime, status: Status, pending_on: str | None = None) -> None:
    version = look(number).version
    do(tickets.set_status, number, status, pending_on=pending_on, version=version, actor=world.actors.agent, now=now)


def taken(number: str) -> list[str]:
    return [event.params["step"] for event in events(number, "pause.step")]


def automatic(number: str) -> list[Message]:
    return [message for message in conversation(number) if message.automatic]


def notices(number: str) -> list[dict[str, Any]]:
    rows = session().scalars(
        select(Outbox).where(Outbox.ticket_id == look(number).id, Outbox.kind == "notice").order_by(Outbox.id)
    )
    return [row.payload for row in rows if row.payload["code"] == "pause.step"]


def with_rules(steps: list[dict[str, Any]]) -> None:
    """The published rules have these steps. Call it before anything is looked at: rules are read once."""
    with unit_of_work():
        row = session().execute(select(RuleBookRow)).scalar_one()
        digest = hashlib.sha256(repr(steps).encode()).hexdigest()
        session().execute(update(RuleBookRow).values(document={**row.document, "pause_steps": steps}, hash=digest))


def step(action: str, seconds: int = 3600, status: str = "pending_customer", text: str | None = None) -> dict[str, Any]:
    row: dict[str, Any] = {"code": action, "status": status, "after_seconds": seconds, "action": action}
    return row | ({"text": {"zh": text, "en": text}} if text else {})


# ---- when


def test_a_step_is_taken_after_its_instant_and_not_on_it(number: str, world: World, now: datetime) -> None:
    assert sweep(world, now + DAY) == 0
    assert sweep(world, now + DAY + SECOND) == 1
    assert taken(number) == ["customer_24h"]


def test_a_sweep_run_twice_takes_nothing_twice(number: str, world: World, now: datetime) -> None:
    assert sweep(world, now + DAY + SECOND) == 1
    assert sweep(world, now + DAY + SECOND) == 0
    assert len(automatic(number)) == 1


def test_the_customer_is_reminded_twice_and_then_the_ticket_is_resolved(
    number: str, world: World, now: datetime
) -> None:
    for days in (1, 2, 3):
        assert sweep(world, now + days * DAY + SECOND) == 1
    assert taken(number) == ["customer_24h", "customer_48h", "customer_72h"]
    ticket = look(number)
    assert (ticket.status, ticket.outcome) == ("resolved", "no_reply")
    shares = session().scalars(select(Responsibility).where(Responsibility.ticket_id == ticket.id)).all()
    assert [(share.party, share.percent) for share in shares] == [("undetermined", 100)]
    assert [message.created_at for message in automatic(number)] == [now + days * DAY + SECOND for days in (1, 2, 3)]
    assert sweep(world, now + 30 * DAY) == 0


@pytest.mark.parametrize("type_code", ["wrong_item", "price_dispute"])
def test_tickets_that_need_a_responsible_party_can_be_resolved_too(world: World, now: datetime, type_code: str) -> None:
    number = opened(world, now, type_code)
    actor = owner_of(world, number)
    replied(number, actor=actor, now=now, status_after=Status.PENDING_CUSTOMER)
    for days in (1, 2, 3):
        sweep(world, now + days * DAY + SECOND)
    assert look(number).status == "resolved"


def test_a_customer_who_answers_is_not_reminded(number: str, world: World, now: datetime) -> None:
    heard(number, actor=world.actors.agent, now=now + DAY)
    assert sweep(world, now + 9 * DAY) == 0


def test_a_customer_who_answers_in_the_same_moment_is_not_reminded(number: str, world: World, now: datetime) -> None:
    """The sweep's look is stale by the time it acts; it finds nothing left to do."""
    later = now + DAY + SECOND
    seen = do(pause_steps.due_steps, later)
    assert len(seen) == 1
    heard(number, actor=world.actors.agent, now=later)
    assert do(pause_steps.fire, seen, world.actors.system, later) == []
    assert automatic(number) == []
    assert look(number).status == "open"


def test_two_sweeps_see_the_same_step_and_one_takes_it(number: str, world: World, now: datetime) -> None:
    later = now + DAY + SECOND
    seen = do(pause_steps.due_steps, later)
    assert do(pause_steps.due_steps, later) == seen
    assert do(pause_steps.fire, seen, world.actors.system, later) == seen
    assert do(pause_steps.fire, seen, world.actors.system, later) == []
    assert len(automatic(number)) == 1


def test_a_step_of_a_wait_that_ended_without_its_plan_being_cleared_is_not_taken(
    number: str, world: World, now: datetime
) -> None:
    later = now + DAY + SECOND
    seen = do(pause_steps.due_steps, later)
    with unit_of_work():
        row = session().get_one(PauseStep, seen[0])
        code, due_at, pause_id = row.step_code, row.due_at, row.pause_id
    heard(number, actor=world.actors.agent, now=later)
    with unit_of_work():
        session().add(PauseStep(id=seen[0], pause_id=pause_id, step_code=code, due_at=due_at))
    assert do(pause_steps.due_steps, later) == []
    assert do(pause_steps.fire, seen, world.actors.system, later) == []


def test_after_a_downtime_what_follows_keeps_its_distance_from_a_late_reminder(
    number: str, world: World, now: datetime
) -> None:
    """The reminder says "by this time tomorrow": that is promised from when it is sent."""
    back = now + 26 * HOUR
    assert sweep(world, back) == 1
    assert planned(number) == {"customer_48h": back + DAY, "customer_72h": back + 2 * DAY}


def test_after_a_week_of_downtime_nobody_is_reminded_and_resolved_at_once(
    number: str, world: World, now: datetime
) -> None:
    back = now + 7 * DAY
    assert sweep(world, back) == 1
    assert (look(number).status, taken(number)) == ("pending_customer", ["customer_24h"])
    assert sweep(world, back + DAY + SECOND) == 1
    assert sweep(world, back + 2 * DAY + 2 * SECOND) == 1
    assert look(number).status == "resolved"


def test_a_few_seconds_late_move_nothing(number: str, world: World, now: datetime) -> None:
    sweep(world, now + DAY + timedelta(seconds=30))
    assert planned(number)["customer_48h"] == now + 2 * DAY


def test_batches_take_the_oldest_first(world: World, now: datetime) -> None:
    numbers = [opened(world, now, "logistics_stuck") for _ in range(5)]
    for minutes, number in enumerate(numbers):
        waiting(number, world, now + timedelta(minutes=minutes), Status.PENDING_CUSTOMER)
    later = now + DAY + HOUR
    assert [sweep(world, later, limit=2) for _ in range(4)] == [2, 2, 1, 0]
    assert all(taken(number) == ["customer_24h"] for number in numbers)


# ---- what


def test_a_reminder_is_an_automatic_message_and_changes_nothing_else(world: World, now: datetime) -> None:
    number = opened(world, now, "logistics_stuck")
    waiting(number, world, now, Status.PENDING_CUSTOMER)
    before = look(number).version
    sweep(world, now + DAY + SECOND)
    (message,) = automatic(number)
    assert (message.direction, message.author_id, message.is_solution, message.state) == ("out", None, False, "queued")
    assert clock(number, "first_response").met_at is None
    assert waits(number)[0][3] is None
    assert (look(number).version, look(number).status) == (before, "pending_customer")


def test_it_takes_its_way_like_a_reply_where_the_channel_has_a_sender(number: str, world: World, now: datetime) -> None:
    with unit_of_work():
        session().execute(update(Channel).values(sender="fake"))
    later = now + DAY + SECOND
    sweep(world, later)
    (message,) = automatic(number)
    row = session().execute(select(Outbox).where(Outbox.message_id == message.id)).scalar_one()
    assert (row.kind, row.key, row.state, row.not_before) == ("reply", f"message:{message.id}", "waiting", later)
    assert notices(number) == []


def test_without_a_sender_it_waits_to_be_carried_over_and_the_owner_is_told(
    number: str, world: World, now: datetime
) -> None:
    sweep(world, now + DAY + SECOND)
    (message,) = automatic(number)
    (notice,) = notices(number)
    assert notice["notify"] == ["owner"]
    assert notice["params"] | {"pause": 0} == {
        "pause": 0,
        "step": "customer_24h",
        "pause_action": "remind_customer",
        "waiting": "pending_customer",
        "message": message.id,
        "by_hand": True,
    }


def test_while_nobody_owns_the_ticket_its_queue_is_told(world: World, now: datetime) -> None:
    number = opened(world, now, "logistics_stuck")
    waiting(number, world, now, Status.PENDING_CUSTOMER)
    assert look(number).owner_id is None
    sweep(world, now + DAY + SECOND)
    assert notices(number)[0]["notify"] == ["queue"]


@pytest.mark.parametrize(
    ("said", "begins"),
    [("where is my parcel", "Hello"), ("我的快递呢", "您好"), ("SF123 到哪了", "您好"), ("??", "您好")],
)
def test_the_customer_is_written_to_in_his_language(world: World, now: datetime, said: str, begins: str) -> None:
    number = opened(world, now, "logistics_stuck")
    heard(number, actor=world.actors.agent, now=now, text=said)
    waiting(number, world, now, Status.PENDING_CUSTOMER)
    sweep(world, now + DAY + SECOND)
    assert automatic(number)[0].text.startswith(begins)


def test_known_placeholders_are_filled(world: World, now: datetime) -> None:
    with_rules([step("remind_customer", text="{customer}您好，{shop} 的订单 {order} 还在等您")])
    number = opened(world, now, "logistics_stuck", order_number="A1", customer_name="王{shop}")
    waiting(number, world, now, Status.PENDING_CUSTOMER)
    sweep(world, now + HOUR + SECOND)
    assert automatic(number)[0].text == "王{shop}您好，一号店 的订单 A1 还在等您"


@pytest.mark.parametrize("action", ["remind_customer", "resolve"])
def test_a_text_with_a_gap_is_not_sent_and_its_owner_is_told(world: World, now: datetime, action: str) -> None:
    with_rules([step(action, text="订单 {order} 还在等您")])
    number = opened(world, now, "logistics_stuck")
    waiting(number, world, now, Status.PENDING_CUSTOMER)
    assert sweep(world, now + HOUR + SECOND) == 1
    assert (automatic(number), taken(number), look(number).status) == ([], [], "pending_customer")
    (event,) = events(number, "pause.step_refused")
    assert event.params["problem"] == "message.unresolved_placeholders"
    assert notices(number)[0]["params"]["problem"] == "message.unresolved_placeholders"
    assert sweep(world, now + HOUR + SECOND) == 0


@pytest.mark.parametrize("broken", [Conflict("ticket.illegal_move", old="a", new="b"), KeyError("a mistake of ours")])
def test_what_cannot_be_done_leaves_no_trace_but_the_refusal_and_stops_no_other(
    number: str, world: World, now: datetime, monkeypatch: pytest.MonkeyPatch, broken: Exception
) -> None:
    sweep(world, now + DAY + SECOND)
    sweep(world, now + 2 * DAY + SECOND)

    def refuse(*_args: Any, **_kwargs: Any) -> int:
        raise broken

    monkeypatch.setattr(resolution, "resolve_loaded", refuse)
    other = opened(world, now + 2 * DAY, "logistics_stuck")
    waiting(other, world, now + 2 * DAY, Status.PENDING_CUSTOMER)
    assert sweep(world, now + 3 * DAY + SECOND) == 2
    assert len(automatic(number)) == 2
    assert look(number).status == "pending_customer"
    assert taken(other) == ["customer_24h"]
    reason = broken.code if isinstance(broken, Conflict) else "KeyError"
    assert [event.params["problem"] for event in events(number, "pause.step_refused")] == [reason]


def test_inside_the_owner_hears_first_and_the_supervisor_later(world: World, now: datetime) -> None:
    number = opened(world, now, "wrong_item")
    version = look(number).version
    actor = owner_of(world, number)
    status = Status.PENDING_INTERNAL
    do(tickets.set_status, number, status, pending_on="warehouse", version=version, actor=actor, now=now)
    sweep(world, now + 9 * HOUR)
    sweep(world, now + 25 * HOUR)
    assert [(notice["params"]["step"], notice["notify"]) for notice in notices(number)] == [
        ("internal_8h", ["owner"]),
        ("internal_24h", ["supervisor"]),
    ]
    assert automatic(number) == []
    assert look(number).status == "pending_internal"


def test_reopening_brings_the_ticket_back_to_work(world: World, now: datetime) -> None:
    with_rules([step("reopen", status="pending_approval")])
    number = opened(world, now, "logistics_stuck")
    waiting(number, world, now, Status.OPEN)
    waiting(number, world, now, Status.PENDING_APPROVAL)
    assert sweep(world, now + HOUR + SECOND) == 1
    assert look(number).status == "open"
    assert waits(number) == [("pending_approval", None, now, now + HOUR + SECOND)]
    assert notices(number)[0]["params"]["pause_action"] == "reopen"


def test_the_notice_to_the_customer_stands_before_the_resolve(number: str, world: World, now: datetime) -> None:
    for days in (1, 2, 3):
        sweep(world, now + days * DAY + SECOND)
    codes = [event.code for event in events(number)]
    assert codes.index("pause.step") < len(codes) - 1 - codes[::-1].index("ticket.status")
    row = session().execute(select(ClockRow).where(ClockRow.kind == "solution")).scalar_one()
    assert row.met_at == now + 3 * DAY + SECOND
    assert row.breached is False


def test_a_message_after_the_automatic_resolve_opens_the_next_cycle(number: str, world: World, now: datetime) -> None:
    for days in (1, 2, 3):
        sweep(world, now + days * DAY + SECOND)
    heard(number, actor=world.actors.agent, now=now + 4 * DAY)
    assert (look(number).status, look(number).cycle) == ("open", 2)
