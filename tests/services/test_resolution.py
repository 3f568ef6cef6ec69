"""Solved, closed, and nothing in between."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from helpdesk.domain.problems import Conflict, Invalid, NotAllowed, Problem
from helpdesk.domain.tickets import Outcome, Party
from helpdesk.models import Note, Responsibility, User
from helpdesk.services import assignment, operations, resolution
from helpdesk.storage import session, unit_of_work
from tests.factories import World
from tests.services.story import clock, do, events, heard, look, opened, queue_clocks, refused, resolved, stints

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def shares_of(number: str) -> dict[str, int]:
    ticket = look(number)
    rows = session().scalars(select(Responsibility).where(Responsibility.ticket_id == ticket.id))
    return {row.party: row.percent for row in rows}


def test_resolving_keeps_outcome_parties_reason_and_times_and_ends_the_work(world: World, now: datetime) -> None:
    number = opened(world, now)
    later = now + 2 * HOUR
    resolved(
        number,
        actor=world.actors.warehouse,
        now=later,
        shares={Party.WAREHOUSE: 60, Party.COURIER: 40},
        reason=" 拣货错位 ",
    )
    ticket = look(number)
    assert (ticket.status, ticket.outcome, ticket.unread) == ("resolved", "resent", False)
    assert ticket.resolved_at == ticket.first_resolved_at == later
    assert shares_of(number) == {"warehouse": 60, "courier": 40}
    assert [stint.left_at for stint in stints(number)] == [later]
    assert (queue_clocks(number)[0].met_at, queue_clocks(number)[0].elapsed_seconds) == (later, 7200)
    solution = clock(number, "solution")
    assert (solution.met_at, solution.elapsed_seconds, solution.breached) == (later, 7200, False)
    told = {event.code: event for event in events(number)}
    assert told["ticket.responsibility"].params == {"shares": {"warehouse": 60, "courier": 40}}
    assert session().get_one(Note, told["ticket.status"].reason_note_id).text == "拣货错位"
    assert told["ticket.status"].operation_id is not None


def test_a_first_response_that_nobody_gave_is_no_longer_promised(world: World, now: datetime) -> None:
    number = opened(world, now)
    resolved(number, actor=world.actors.warehouse, now=now + 0.25 * HOUR)
    first = clock(number, "first_response")
    assert (first.met_at, first.cancelled_at) == (None, now + 0.25 * HOUR)


@pytest.mark.parametrize(
    ("type_code", "name", "more", "code"),
    [
        ("wrong_item", "warehouse", {"outcome": None}, "ticket.outcome_required"),
        ("wrong_item", "warehouse", {"shares": {}}, "ticket.party_required"),
        ("price_dispute", "finance", {"shares": {}}, "ticket.party_required"),
        ("wrong_item", "warehouse", {"shares": {Party.COURIER: 90}}, "ticket.shares_must_be_100"),
        ("wrong_item", "system", {}, "ticket.job_outcome"),
    ],
)
def test_what_is_missing_is_said_and_nothing_is_resolved(
    world: World, now: datetime, type_code: str, name: str, more: dict[str, object], code: str
) -> None:
    number = opened(world, now, type=type_code)
    with refused(Invalid, code):
        resolved(number, actor=getattr(world.actors, name), now=now, **more)


def test_jobs_resolve_what_nobody_answered_and_blame_nobody(world: World, now: datetime) -> None:
    number = opened(world, now)
    undetermined = {Party.UNDETERMINED: 100}
    resolved(number, actor=world.actors.system, now=now, outcome=Outcome.NO_REPLY, shares=undetermined)
    assert (look(number).outcome, shares_of(number)) == ("no_reply", {"undetermined": 100})


def test_a_resolved_ticket_is_not_resolved_again_in_another_way(world: World, now: datetime) -> None:
    number = opened(world, now)
    resolved(number, actor=world.actors.warehouse, now=now)
    for outcome in (Outcome.RESENT, Outcome.REFUNDED):
        with refused(Conflict, "ticket.illegal_move"):
            resolved(number, actor=world.actors.warehouse, now=now, outcome=outcome)
    with refused(Problem, "ticket.stale"):
        resolved(number, actor=world.actors.warehouse, now=now, version=1)


def test_a_second_resolve_replaces_the_blame_of_the_first(world: World, now: datetime) -> None:
    number = opened(world, now, type="logistics_stuck")
    resolved(number, actor=world.actors.agent, now=now, shares={Party.COURIER: 100})
    heard(number, actor=world.actors.agent, now=now + HOUR)
    resolved(number, actor=world.actors.agent, now=now + 2 * HOUR, shares={Party.PLATFORM: 100})
    assert shares_of(number) == {"platform": 100}


def test_the_next_cycle_is_not_put_into_the_hands_of_who_left(world: World, now: datetime) -> None:
    number = opened(world, now, type="logistics_stuck")
    do(assignment.claim, number, actor=world.actors.agent, now=now)
    resolved(number, actor=world.actors.agent, now=now)
    with unit_of_work() as work:
        work.get_one(User, world.users.agent.id).active = False
    heard(number, actor=world.actors.agent2, now=now + HOUR)
    assert stints(number)[-1].assignee_id is None


def test_after_seven_days_it_is_closed_for_good(world: World, now: datetime) -> None:
    number, other = opened(world, now), opened(world, now)
    resolved(number, actor=world.actors.warehouse, now=now)
    system = world.actors.system
    early = now + 7 * DAY  # on whose last second the customer's message still reopens it
    assert resolution.due_to_close(early, 10) == []
    assert do(resolution.close, number, actor=system, now=early) is False
    late = early + timedelta(seconds=1)
    assert resolution.due_to_close(late, 10) == [number]
    assert do(resolution.close, number, actor=system, now=late) is True
    assert do(resolution.close, number, actor=system, now=now + 8 * DAY) is False
    assert do(resolution.close, other, actor=system, now=now + 8 * DAY) is False
    ticket = look(number)
    assert (ticket.status, ticket.closed_at, ticket.resolved_at) == ("closed", late, now)
    assert resolution.due_to_close(now + 9 * DAY, 10) == []


def test_people_don_t_close_by_hand(world: World, now: datetime) -> None:
    number = opened(world, now)
    resolved(number, actor=world.actors.warehouse, now=now)
    with refused(NotAllowed, "ticket.not_yours"):
        do(resolution.close, number, actor=world.actors.auditor, now=now + 8 * DAY)


def test_a_first_response_that_was_late_stays_a_breach_when_resolved_without_an_answer(
    world: World, now: datetime
) -> None:
    number = opened(world, now)
    late = now + timedelta(minutes=31)
    operation = resolved(number, actor=world.actors.warehouse, now=late)
    first = clock(number, "first_response")
    assert (first.breached, first.elapsed_seconds) == (True, 31 * 60)
    do(operations.undo, operation, actor=world.actors.warehouse, now=late + timedelta(minutes=1))
    assert clock(number, "first_response").met_at is None
