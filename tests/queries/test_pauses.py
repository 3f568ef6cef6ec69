"""What a ticket waits for, and what comes next."""

from __future__ import annotations

from datetime import datetime, timedelta

from helpdesk.domain.tickets import Status
from helpdesk.models.rulebooks import published_rulebook
from helpdesk.queries.pauses import open_pause
from helpdesk.services import pause_steps, tickets
from tests.conftest import Statements
from tests.factories import World
from tests.services.story import do, look, opened, replied

DAY = timedelta(days=1)


def test_it_tells_since_when_and_what_comes_next(world: World, now: datetime) -> None:
    number = opened(world, now, "logistics_stuck")
    replied(number, actor=world.actors.agent, now=now, status_after=Status.PENDING_CUSTOMER)
    found = open_pause(look(number).id)
    assert found is not None
    assert (found.status, found.pending_on, found.since) == (Status.PENDING_CUSTOMER, None, now)
    assert [(step.action, step.place, step.due_at) for step in found.steps] == [
        ("remind_customer", 1, now + DAY),
        ("remind_customer", 2, now + 2 * DAY),
        ("resolve", 0, now + 3 * DAY),
    ]


def test_what_has_been_done_is_not_told_again(world: World, now: datetime) -> None:
    number = opened(world, now, "logistics_stuck")
    replied(number, actor=world.actors.agent, now=now, status_after=Status.PENDING_CUSTOMER)
    do(pause_steps.sweep, world.actors.system, now + DAY + timedelta(seconds=1))
    found = open_pause(look(number).id)
    assert found is not None
    assert [(step.action, step.place) for step in found.steps] == [("remind_customer", 2), ("resolve", 0)]


def test_a_wait_of_which_nothing_is_left_to_do_is_still_one(world: World, now: datetime) -> None:
    number = opened(world, now, "logistics_stuck")
    version = look(number).version
    status, actor = Status.PENDING_INTERNAL, world.actors.agent
    do(tickets.set_status, number, status, pending_on="warehouse", version=version, actor=actor, now=now)
    do(pause_steps.sweep, world.actors.system, now + 9 * DAY)
    found = open_pause(look(number).id)
    assert found is not None
    assert (found.pending_on, found.since, found.steps) == ("warehouse", now, ())


def test_a_ticket_that_waits_for_nobody_has_none(world: World, now: datetime) -> None:
    assert open_pause(look(opened(world, now)).id) is None


def test_it_takes_one_statement_beside_the_rules(world: World, now: datetime, statements: Statements) -> None:
    number = opened(world, now, "logistics_stuck")
    replied(number, actor=world.actors.agent, now=now, status_after=Status.PENDING_CUSTOMER)
    ticket_id = look(number).id
    published_rulebook()
    with statements() as seen:
        open_pause(ticket_id)
    assert len(seen) == 1
