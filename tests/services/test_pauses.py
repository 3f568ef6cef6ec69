"""Waits begin and end with a ticket's status, on whatever path it changes; the rules' steps are planned with them."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from helpdesk.domain.tickets import Priority, Status
from helpdesk.models import PauseStep, TicketPause
from helpdesk.services import merging, messages, operations, priorities, tickets
from helpdesk.storage import session
from tests.factories import World
from tests.services.story import do, heard, look, opened, owner_of, replied, resolved, taken_in

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def pauses(number: str) -> list[TicketPause]:
    ticket_id = look(number).id
    found = select(TicketPause).where(TicketPause.ticket_id == ticket_id).order_by(TicketPause.id)
    return list(session().scalars(found.execution_options(populate_existing=True)))


def waits(number: str) -> list[tuple[str, str | None, datetime, datetime | None]]:
    return [(row.status, row.pending_on, row.started_at, row.ended_at) for row in pauses(number)]


def planned(number: str) -> dict[str, datetime]:
    """When what is still to be done is due, by code."""
    steps = (
        select(PauseStep)
        .join(TicketPause, TicketPause.id == PauseStep.pause_id)
        .where(TicketPause.ticket_id == look(number).id, PauseStep.fired_at.is_(None))
        .order_by(PauseStep.due_at)
    )
    return {step.step_code: step.due_at for step in session().scalars(steps)}


@pytest.fixture
def number(world: World, now: datetime) -> str:
    return opened(world, now, "logistics_stuck")


def moved(number: str, world: World, now: datetime, status: Status, pending_on: str | None = None) -> None:
    version = look(number).version
    actor = world.actors.agent
    do(tickets.set_status, number, status, pending_on=pending_on, version=version, actor=actor, now=now)


def test_waiting_for_the_customer_plans_two_reminders_and_the_end(number: str, world: World, now: datetime) -> None:
    moved(number, world, now, Status.PENDING_CUSTOMER)
    assert waits(number) == [("pending_customer", None, now, None)]
    assert pauses(number)[0].rule_version == 1
    assert planned(number) == {
        "customer_24h": now + DAY,
        "customer_48h": now + 2 * DAY,
        "customer_72h": now + 3 * DAY,
    }


def test_each_reason_has_steps_of_its_own(number: str, world: World, now: datetime) -> None:
    moved(number, world, now, Status.PENDING_INTERNAL, "warehouse")
    assert set(planned(number)) == {"internal_8h", "internal_24h"}
    moved(number, world, now + HOUR, Status.PENDING_APPROVAL)
    assert set(planned(number)) == {"approval_4h", "approval_24h"}
    assert waits(number) == [
        ("pending_internal", "warehouse", now, now + HOUR),
        ("pending_approval", None, now + HOUR, None),
    ]


def test_waiting_for_somebody_else_begins_a_new_wait(number: str, world: World, now: datetime) -> None:
    moved(number, world, now, Status.PENDING_INTERNAL, "warehouse")
    moved(number, world, now + HOUR, Status.PENDING_INTERNAL, "finance")
    assert waits(number) == [
        ("pending_internal", "warehouse", now, now + HOUR),
        ("pending_internal", "finance", now + HOUR, None),
    ]
    assert planned(number)["internal_8h"] == now + 9 * HOUR


def test_going_on_with_the_work_ends_the_wait_and_what_was_planned(number: str, world: World, now: datetime) -> None:
    moved(number, world, now, Status.PENDING_CUSTOMER)
    moved(number, world, now + HOUR, Status.OPEN)
    assert waits(number) == [("pending_customer", None, now, now + HOUR)]
    assert planned(number) == {}


def test_a_change_that_leaves_the_status_alone_leaves_the_wait_alone(number: str, world: World, now: datetime) -> None:
    moved(number, world, now, Status.PENDING_CUSTOMER)
    version = look(number).version
    do(priorities.set_priority, number, Priority.P1, version=version, actor=world.actors.agent, now=now + HOUR)
    assert waits(number) == [("pending_customer", None, now, None)]
    assert len(planned(number)) == 3


def test_a_reply_may_begin_the_wait(number: str, world: World, now: datetime) -> None:
    replied(number, actor=world.actors.agent, now=now, status_after=Status.PENDING_CUSTOMER)
    assert waits(number) == [("pending_customer", None, now, None)]


def test_taking_the_reply_back_ends_the_wait_that_never_was(number: str, world: World, now: datetime) -> None:
    message = replied(number, actor=world.actors.agent, now=now, status_after=Status.PENDING_CUSTOMER)
    do(messages.take_back, number, message, actor=world.actors.agent, now=now + timedelta(seconds=5))
    assert waits(number) == [("pending_customer", None, now, now)]
    assert planned(number) == {}


def test_taking_a_reply_back_takes_up_the_wait_that_it_had_ended(number: str, world: World, now: datetime) -> None:
    moved(number, world, now, Status.PENDING_INTERNAL, "warehouse")
    message = replied(number, actor=world.actors.agent, now=now + HOUR, status_after=Status.PENDING_CUSTOMER)
    do(messages.take_back, number, message, actor=world.actors.agent, now=now + HOUR + timedelta(seconds=5))
    assert [(row.status, row.ended_at) for row in pauses(number)] == [
        ("pending_internal", None),
        ("pending_customer", now + HOUR),
    ]
    assert planned(number) == {"internal_8h": now + 8 * HOUR, "internal_24h": now + 24 * HOUR}


def test_a_customers_message_ends_the_wait_when_it_was_said(number: str, world: World, now: datetime) -> None:
    moved(number, world, now, Status.PENDING_CUSTOMER)
    heard(number, actor=world.actors.agent, now=now + 2 * HOUR, sent_at=now + HOUR)
    assert waits(number) == [("pending_customer", None, now, now + HOUR)]


def test_what_was_said_before_the_wait_ends_it_without_length(number: str, world: World, now: datetime) -> None:
    moved(number, world, now + HOUR, Status.PENDING_CUSTOMER)
    heard(number, actor=world.actors.agent, now=now + 2 * HOUR, sent_at=now)
    assert waits(number) == [("pending_customer", None, now + HOUR, now + HOUR)]


def test_a_repeated_complaint_ends_the_wait_too(world: World, now: datetime) -> None:
    number = opened(world, now, order_number="A1")
    moved_by = owner_of(world, number)
    version = look(number).version
    do(tickets.set_status, number, Status.PENDING_CUSTOMER, version=version, actor=moved_by, now=now)
    assert taken_in(world, now + HOUR, order_number="A1").outcome == "appended"
    assert waits(number) == [("pending_customer", None, now, now + HOUR)]


@pytest.mark.parametrize("status", [Status.PENDING_CUSTOMER, Status.PENDING_INTERNAL, Status.PENDING_APPROVAL])
def test_resolving_ends_the_wait(number: str, world: World, now: datetime, status: Status) -> None:
    moved(number, world, now, Status.OPEN)
    moved(number, world, now, status)
    resolved(number, actor=world.actors.agent, now=now + HOUR)
    assert waits(number) == [(status.value, None, now, now + HOUR)]
    assert planned(number) == {}


def test_undoing_the_resolve_takes_the_wait_up_without_the_time_between(
    number: str, world: World, now: datetime
) -> None:
    moved(number, world, now, Status.PENDING_INTERNAL, "warehouse")
    operation = resolved(number, actor=world.actors.agent, now=now + HOUR)
    do(operations.undo, operation, actor=world.actors.agent, now=now + 3 * HOUR)
    assert waits(number) == [("pending_internal", "warehouse", now + 2 * HOUR, None)]
    assert planned(number) == {"internal_8h": now + 10 * HOUR, "internal_24h": now + 26 * HOUR}


def test_a_new_cycle_begins_without_a_wait(number: str, world: World, now: datetime) -> None:
    moved(number, world, now, Status.PENDING_CUSTOMER)
    resolved(number, actor=world.actors.agent, now=now + HOUR)
    heard(number, actor=world.actors.agent, now=now + DAY)
    assert look(number).status == Status.OPEN
    assert waits(number) == [("pending_customer", None, now, now + HOUR)]


def test_merging_ends_the_wait(world: World, now: datetime) -> None:
    source = opened(world, now, "logistics_stuck", order_number="A1")
    target = opened(world, now, "quality", order_number="A1")
    moved(source, world, now, Status.PENDING_CUSTOMER)
    version = look(source).version
    do(merging.merge, {source: version}, target, reason="同一件事", actor=world.actors.agent, now=now + HOUR)
    assert waits(source) == [("pending_customer", None, now, now + HOUR)]
    assert planned(source) == {}


def test_whoever_writes_pending_on_and_status_writes_the_wait(number: str, world: World, now: datetime) -> None:
    """At any moment the open wait says what the ticket says: all paths go through one function."""
    steps = [
        (Status.PENDING_CUSTOMER, None),
        (Status.PENDING_INTERNAL, "finance"),
        (Status.PENDING_INTERNAL, None),
        (Status.OPEN, None),
        (Status.PENDING_APPROVAL, None),
    ]
    for hour, (status, pending_on) in enumerate(steps):
        moved(number, world, now + hour * HOUR, status, pending_on)
        ticket = look(number)
        open_now = [(row.status, row.pending_on) for row in pauses(number) if row.ended_at is None]
        expected = [] if ticket.status == Status.OPEN else [(ticket.status, ticket.pending_on)]
        assert open_now == expected
