"""Undo: a command like any other, by who did it, once, and while nothing moved since."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from helpdesk.domain.access import Role
from helpdesk.domain.problems import Conflict, NotAllowed, NotFound
from helpdesk.domain.tickets import Priority, Status
from helpdesk.models import Correction, Responsibility
from helpdesk.services import assignment, assists, decisions, operations, priorities, tickets
from helpdesk.storage import session
from tests.factories import World
from tests.services.story import (
    clock,
    count_of,
    do,
    events,
    heard,
    look,
    opened,
    owner_of,
    queue_clocks,
    refused,
    replied,
    resolved,
    stages,
    stints,
)

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.mark.parametrize("waiting", [Status.OPEN, Status.PENDING_CUSTOMER, Status.PENDING_INTERNAL])
def test_undoing_a_resolve_goes_on_where_it_was_without_the_time_between(
    world: World, now: datetime, waiting: Status
) -> None:
    number = opened(world, now, type="logistics_stuck")
    agent = world.actors.agent
    pending_on = "courier" if waiting is Status.PENDING_INTERNAL else None
    do(assignment.claim, number, actor=agent, now=now)
    if waiting is not Status.OPEN:
        do(tickets.set_status, number, waiting, pending_on=pending_on, version=2, actor=agent, now=now + HOUR)
    operation = resolved(number, actor=agent, now=now + 2 * HOUR)
    do(operations.undo, operation, actor=agent, now=now + 3 * HOUR)
    ticket = look(number)
    assert (ticket.status, ticket.pending_on, ticket.outcome) == (waiting, pending_on, None)
    assert (ticket.resolved_at, ticket.first_resolved_at, ticket.cycle) == (None, None, 1)
    assert count_of(Responsibility) == 0
    solution, first = clock(number, "solution"), clock(number, "first_response")
    assert (solution.met_at, solution.breached, solution.elapsed_seconds) == (None, None, None)
    assert solution.due_at == (None if waiting is Status.PENDING_CUSTOMER else now + 5 * HOUR)
    assert (first.cancelled_at, first.due_at) == (None, now + 30 * MINUTE)  # had never stopped
    assert stages(first)["overrun"].due_at == now + 45 * MINUTE
    (stay,) = stints(number)
    assert (stay.left_at, stay.assignee_id) == (None, agent.id)
    assert queue_clocks(number)[0].late_after == now + 3 * HOUR
    assert events(number, "operation.undone")[0].params == {"operation": operation, "what": "ticket.resolve"}
    if waiting is Status.PENDING_CUSTOMER:
        heard(number, actor=agent, now=now + 4 * HOUR)
        assert clock(number, "solution").due_at == now + 7 * HOUR


def test_a_later_resolve_s_undo_keeps_when_it_was_first_resolved(world: World, now: datetime) -> None:
    number = opened(world, now, type="logistics_stuck")
    agent = world.actors.agent
    resolved(number, actor=agent, now=now)
    heard(number, actor=agent, now=now + HOUR)
    operation = resolved(number, actor=agent, now=now + 2 * HOUR)
    do(operations.undo, operation, actor=agent, now=now + 3 * HOUR)
    assert (look(number).first_resolved_at, look(number).status) == (now, "open")
    assert clock(number, "solution", cycle=1).met_at == now


def test_what_a_reply_met_stays_met_when_the_resolve_is_undone(world: World, now: datetime) -> None:
    number = opened(world, now, type="logistics_stuck")
    agent = world.actors.agent
    replied(number, actor=agent, now=now + MINUTE, is_solution=True)
    operation = resolved(number, actor=agent, now=now + HOUR)
    do(operations.undo, operation, actor=agent, now=now + 2 * HOUR)
    assert clock(number, "solution").met_at == clock(number, "first_response").met_at == now + MINUTE


def test_undoing_a_transfer_gives_the_ticket_and_the_time_back(world: World, now: datetime) -> None:
    number = opened(world, now)
    warehouse = world.actors.warehouse
    do(assignment.claim, number, actor=warehouse, now=now)
    due = clock(number, "solution").due_at
    operation = do(assignment.transfer, number, "finance", reason="退款", version=2, actor=warehouse, now=now + HOUR)
    do(operations.undo, operation, actor=warehouse, now=now + 2 * HOUR)
    first, second = stints(number)
    assert look(number).queue_id == world.queues.warehouse.id
    assert (first.left_at, first.assignee_id) == (None, warehouse.id)
    assert second.left_at == now + 2 * HOUR
    old, new = queue_clocks(number)
    assert (old.met_at, old.due_at, old.cancelled_at) == (None, now + 5 * HOUR, None)
    assert (new.met_at, new.cancelled_at) == (None, now + 2 * HOUR)
    assert clock(number, "solution").due_at == due


def test_undoing_a_transfer_out_of_customer_service_takes_the_found_owner_away(world: World, now: datetime) -> None:
    number = opened(world, now, type="logistics_stuck")
    agent = world.actors.agent
    operation = do(assignment.transfer, number, "warehouse", reason="找货", version=1, actor=agent, now=now)
    assert look(number).owner_id is not None
    do(operations.undo, operation, actor=agent, now=now)
    assert (look(number).owner_id, look(number).status) == (None, "open")


def test_an_assist_that_the_transfer_ended_goes_on_and_one_it_made_moot_ends(world: World, now: datetime) -> None:
    number = opened(world, now, type="logistics_stuck")
    agent = world.actors.agent
    do(assists.ask_for_help, number, "warehouse", party=None, question="?", version=1, actor=agent, now=now)
    operation = do(assignment.transfer, number, "warehouse", reason="都归你", version=2, actor=agent, now=now)
    assert [(stint.kind, stint.left_at) for stint in stints(number)] == [
        ("stay", now),
        ("assist", now),
        ("stay", None),
    ]
    owner = owner_of(world, number)
    asking = {"party": None, "question": "?", "version": 3, "actor": owner, "now": now}
    do(assists.ask_for_help, number, "customer_service", **asking)  # type: ignore[arg-type]
    do(operations.undo, operation, actor=agent, now=now + HOUR)
    assert [(stint.kind, stint.left_at) for stint in stints(number)] == [
        ("stay", None),
        ("assist", None),
        ("stay", now + HOUR),
        ("assist", now + HOUR),
    ]


def test_undoing_an_assignment_gives_it_back(world: World, now: datetime) -> None:
    number = opened(world, now, type="logistics_stuck")
    supervisor = world.actors.supervisor
    operation = do(assignment.assign, number, world.users.agent.id, version=1, actor=supervisor, now=now)
    do(operations.undo, operation, actor=supervisor, now=now)
    assert (look(number).owner_id, stints(number)[0].assignee_id, look(number).status) == (None, None, "open")


def test_undoing_a_correction_brings_type_queue_targets_and_tier_back_and_is_no_evidence(
    world: World, now: datetime
) -> None:
    number = opened(world, now, type=None, text="你们给我发错货了")
    tier, warehouse = look(number).tier, world.actors.warehouse
    operation = do(decisions.set_type, number, "price_dispute", version=1, actor=warehouse, now=now + HOUR)
    assert clock(number, "solution").due_at == now + 4 * HOUR
    do(operations.undo, operation, actor=warehouse, now=now + 2 * HOUR)
    ticket = look(number)
    assert (ticket.type, ticket.klass, ticket.tier) == ("wrong_item", "C", tier)
    assert (ticket.queue_id, clock(number, "solution").due_at) == (world.queues.warehouse.id, now + 8 * HOUR)
    assert queue_clocks(number)[0].due_at == now + 5 * HOUR
    assert session().scalars(select(Correction)).all() == []


def test_undoing_a_confirmation_makes_it_unconfirmed_again(world: World, now: datetime) -> None:
    number = opened(world, now, type=None, text="你们给我发错货了")
    warehouse = world.actors.warehouse
    do(assignment.claim, number, actor=warehouse, now=now)
    tier = look(number).tier
    operation = do(decisions.set_type, number, "wrong_item", version=2, actor=warehouse, now=now)
    do(operations.undo, operation, actor=warehouse, now=now)
    assert look(number).tier == tier != "manual"


def test_nothing_is_undone_twice(world: World, now: datetime) -> None:
    number = opened(world, now)
    operation = resolved(number, actor=world.actors.warehouse, now=now)
    do(operations.undo, operation, actor=world.actors.warehouse, now=now)
    with refused(Conflict, "operation.already_undone"):
        do(operations.undo, operation, actor=world.actors.warehouse, now=now)


def test_nothing_is_undone_that_moved_on(world: World, now: datetime) -> None:
    number = opened(world, now)
    warehouse = world.actors.warehouse
    operation = do(decisions.set_type, number, "damaged", version=1, actor=warehouse, now=now)
    do(priorities.set_priority, number, Priority.P1, version=2, actor=warehouse, now=now)
    with refused(Conflict, "operation.moved_on"):
        do(operations.undo, operation, actor=warehouse, now=now)


def test_a_reopened_ticket_has_moved_on(world: World, now: datetime) -> None:
    number = opened(world, now, type="logistics_stuck")
    operation = resolved(number, actor=world.actors.agent, now=now)
    heard(number, actor=world.actors.agent, now=now + HOUR)
    with refused(Conflict, "operation.moved_on"):
        do(operations.undo, operation, actor=world.actors.agent, now=now + HOUR)


def test_nobody_undoes_what_somebody_else_did(world: World, now: datetime) -> None:
    number = opened(world, now)
    operation = resolved(number, actor=world.actors.warehouse, now=now)
    for other in (owner_of(world, number), world.actors.ops, world.actors.system):
        with refused(NotFound, "operation.not_found"):
            do(operations.undo, operation, actor=other, now=now)
    with refused(NotFound, "operation.not_found"):
        do(operations.undo, 999, actor=world.actors.warehouse, now=now)


def test_who_lost_the_right_undoes_nothing_and_who_lost_sight_finds_nothing(world: World, now: datetime) -> None:
    number = opened(world, now)
    operation = resolved(number, actor=world.actors.warehouse, now=now)
    with refused(NotAllowed, "access.denied"):
        do(operations.undo, operation, actor=replace(world.actors.warehouse, role=Role.AUDITOR), now=now)
    moved = replace(world.actors.warehouse, queues=frozenset())
    with refused(NotFound, "operation.not_found"):
        do(operations.undo, operation, actor=moved, now=now)


def test_what_changed_nothing_can_t_be_undone(world: World, now: datetime) -> None:
    number = opened(world, now, type="logistics_stuck")
    agent = world.actors.agent
    do(assignment.assign, number, agent.id, version=1, actor=agent, now=now)
    operation = do(assignment.assign, number, agent.id, version=2, actor=agent, now=now)
    with refused(NotFound, "operation.not_found"):
        do(operations.undo, operation, actor=agent, now=now)
