"""Stored clocks: whatever happens to a ticket, they say what counting its history anew says."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import update

from helpdesk.domain.tickets import Priority, Status
from helpdesk.models import (
    CalendarVersion,
    ClockStage,
    Queue,
    RuleBookRow,
    WorkCalendar,
)
from helpdesk.services import assignment, decisions, messages, operations, priorities
from helpdesk.storage import unit_of_work
from tests.factories import World, add
from tests.services import story
from tests.services.story import clock, do, look, opened, owner_of, queue_clocks, replied, resolved, stages

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def test_a_priority_recomputes_from_the_start_with_pauses_kept(world: World, now: datetime) -> None:
    number = opened(world, now, type="logistics_stuck")
    agent = world.actors.agent
    replied(number, actor=agent, now=now + HOUR, status_after=Status.PENDING_CUSTOMER)
    story.heard(number, actor=agent, now=now + 3 * HOUR)
    do(priorities.set_priority, number, Priority.P1, version=3, actor=agent, now=now + 3 * HOUR)
    solution = clock(number, "solution")
    assert (solution.target_seconds, solution.due_at) == (7200, now + 4 * HOUR)
    assert queue_clocks(number)[0].due_at == now + HOUR
    do(priorities.set_priority, number, Priority.P3, version=4, actor=agent, now=now + 3 * HOUR)
    assert clock(number, "solution").due_at == now + 6 * HOUR  # class B never gets more than four hours
    assert queue_clocks(number)[0].due_at == now + 3 * HOUR


def test_what_changed_while_an_answer_stood_holds_when_it_is_taken_back(world: World, now: datetime) -> None:
    number = opened(world, now, type="logistics_stuck")
    agent, later = world.actors.agent, now + HOUR
    message = replied(number, actor=agent, now=later, is_solution=True)
    do(priorities.set_priority, number, Priority.P1, version=look(number).version, actor=agent, now=later)
    assert (clock(number, "first_response").target_seconds, clock(number, "solution").target_seconds) == (1800, 14400)
    do(messages.take_back, number, message, actor=agent, now=later + timedelta(seconds=5))
    assert (clock(number, "first_response").due_at, clock(number, "solution").due_at) == (
        now + 15 * MINUTE,
        now + 2 * HOUR,
    )
    assert stages(clock(number, "solution"))["overrun"].due_at == now + 3 * HOUR


def test_a_priority_while_waiting_shows_when_the_wait_ends(world: World, now: datetime) -> None:
    number = opened(world, now, type="logistics_stuck")
    agent = world.actors.agent
    replied(number, actor=agent, now=now + HOUR, status_after=Status.PENDING_CUSTOMER)
    do(priorities.set_priority, number, Priority.P1, version=2, actor=agent, now=now + 2 * HOUR)
    assert clock(number, "solution").due_at is None
    story.heard(number, actor=agent, now=now + 3 * HOUR)
    assert clock(number, "solution").due_at == now + 4 * HOUR


def test_a_changed_policy_touches_new_tickets_only(world: World, now: datetime) -> None:
    old = opened(world, now, type="logistics_stuck")
    with unit_of_work() as work:
        first = work.get_one(RuleBookRow, 1)
        first.status = "retired"
        work.flush()
        types = [
            {**row, "solution_seconds": 600} if row["code"] in {"logistics_stuck", "quality"} else row
            for row in first.document["types"]
        ]
        document = {**first.document, "types": types, "queue_targets": {"customer_service": 60}}
        add(RuleBookRow(version=2, status="published", hash="2", document=document, created_at=now))
    new = opened(world, now, type="logistics_stuck")
    assert (clock(new, "solution").target_seconds, clock(new, "solution").rule_version) == (600, 2)
    do(priorities.set_priority, old, Priority.P1, version=1, actor=world.actors.agent, now=now)
    assert (clock(old, "solution").target_seconds, clock(old, "solution").rule_version) == (7200, 1)
    assert queue_clocks(old)[0].target_seconds == 3600
    do(decisions.set_type, old, "quality", version=2, actor=world.actors.agent, now=now)  # chosen under the new rules
    assert (clock(old, "solution").target_seconds, clock(old, "solution").rule_version) == (300, 2)


def test_a_new_calendar_of_the_queue_moves_no_running_clock_by_a_priority(world: World, now: datetime) -> None:
    number = opened(world, now, type="logistics_stuck")
    with unit_of_work() as work:
        work.get_one(Queue, world.queues.customer_service.id).calendar_id = world.calendars.office.id
    do(priorities.set_priority, number, Priority.P1, version=1, actor=world.actors.agent, now=now)
    assert clock(number, "solution").calendar_id == world.calendars.always.id


def test_a_breach_is_frozen_when_the_clock_is_met(world: World, now: datetime) -> None:
    number = opened(world, now, type="logistics_stuck")
    resolved(number, actor=world.actors.agent, now=now + 4 * HOUR)
    assert (clock(number, "solution").breached, clock(number, "solution").elapsed_seconds) == (False, 4 * 3600)
    late = opened(world, now, type="logistics_stuck")
    resolved(late, actor=world.actors.agent, now=now + 4 * HOUR + timedelta(seconds=1))
    assert (clock(late, "solution").breached, clock(late, "solution").elapsed_seconds) == (True, 4 * 3600 + 1)


def test_due_at_closing_is_in_time_at_the_next_opening_s_first_second(world: World, now: datetime) -> None:
    for after, breached in [(timedelta(), False), (timedelta(seconds=1), True)]:
        number = opened(world, now)  # 10:00 and eight hours: closing time
        tomorrow_morning = now + 23 * HOUR
        assert clock(number, "solution").due_at == now + 8 * HOUR
        assert clock(number, "solution").late_after == tomorrow_morning
        resolved(number, actor=world.actors.warehouse, now=tomorrow_morning + after)
        assert clock(number, "solution").breached is breached


def test_only_unfired_stages_are_written_anew(world: World, now: datetime) -> None:
    number = opened(world, now, type="logistics_stuck")
    half = stages(clock(number, "solution"))["half"]
    with unit_of_work() as work:
        work.execute(update(ClockStage).where(ClockStage.id == half.id).values(fired_at=now + 2 * HOUR))
    do(priorities.set_priority, number, Priority.P1, version=1, actor=world.actors.agent, now=now + 2 * HOUR)
    now_due = {code: stage.due_at for code, stage in stages(clock(number, "solution")).items()}
    assert now_due == {
        "half": now + 2 * HOUR,
        "warning": now + 1.5 * HOUR,
        "breach": now + 2 * HOUR,
        "overrun": now + 3 * HOUR,
    }


def test_stages_rest_while_the_customer_is_waited_for(world: World, now: datetime) -> None:
    number = opened(world, now, type="logistics_stuck")
    replied(number, actor=world.actors.agent, now=now + HOUR, status_after=Status.PENDING_CUSTOMER)
    assert {stage.due_at for stage in stages(clock(number, "solution")).values()} == {None}


def test_a_queue_without_a_target_has_no_clock(world: World, now: datetime) -> None:
    with unit_of_work():
        calendar = WorkCalendar(code="own", name_zh="自", name_en="Own")
        add(calendar)
        add(CalendarVersion(calendar_id=calendar.id, version=1, document={"timezone": "UTC"}, created_at=now))
        add(Queue(code="own", name_zh="自", name_en="Own", calendar_id=calendar.id))
    number = opened(world, now)
    do(assignment.transfer, number, "own", reason="试", version=1, actor=world.actors.warehouse, now=now)
    assert len(queue_clocks(number)) == 1
    operation = resolved(number, actor=owner_of(world, number), now=now)
    do(operations.undo, operation, actor=owner_of(world, number), now=now)
    do(priorities.set_priority, number, Priority.P1, version=4, actor=owner_of(world, number), now=now)
    assert len(queue_clocks(number)) == 1
