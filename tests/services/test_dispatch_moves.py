"""What is taken out of somebody's hands by a rule, and what is undone after it was handed out."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

import pytest

from helpdesk.domain.access import Role
from helpdesk.domain.problems import Conflict
from helpdesk.domain.tickets import Priority
from helpdesk.models import Absence
from helpdesk.services import assignment, dispatch, operations, priorities, tickets
from helpdesk.storage import unit_of_work
from tests import tickets as rows
from tests.factories import World, add, user
from tests.services.desks import HOUR, handed, hands, hold, notices, settings, staffed, there
from tests.services.story import do, events, look, opened, refused, resolved


@pytest.fixture
def shop(world: World, now: datetime) -> World:
    return staffed(world, now)


def moved(number: str, how: str, world: World, now: datetime) -> bool:
    def deed() -> bool:
        ticket = tickets.load(number, world.actors.system)
        return dispatch.reassign(ticket, how, actor=world.actors.system, now=now, why={"stage": "breach"})

    return do(deed)


def test_next_takes_somebody_else_of_the_queue_and_says_why(shop: World, now: datetime) -> None:
    number = opened(shop, now, type="logistics_stuck")
    before = hands(number)
    assert moved(number, "next", shop, now)
    after = hands(number)
    assert {before, after} == {shop.users.agent.id, shop.users.agent2.id}
    assert look(number).owner_id == after
    told = events(number, "ticket.assignee")[-1].params
    assert (told["from"], told["to"]) == (before, after)
    assert told["why"] == {"mode": "least_load", "load": 0, "capacity": 3, "stage": "breach"}
    assert notices("ticket.assigned")[-1]["notify"] == [f"user:{after}"]


def test_next_works_where_people_take_for_themselves_too(world: World, now: datetime) -> None:
    there(now, world.users.agent, world.users.agent2)
    with unit_of_work():
        number = rows.ticket(world, now, hands=world.users.agent).number
    assert moved(number, "next", world, now)
    assert hands(number) == world.users.agent2.id


def test_next_leaves_it_where_it_is_if_nobody_else_can(shop: World, now: datetime) -> None:
    number = opened(shop, now, type="logistics_stuck")
    other = {shop.users.agent.id: shop.users.agent2, shop.users.agent2.id: shop.users.agent}[hands(number) or 0]
    hold(other, presence="away")
    before = (hands(number), look(number).version)
    assert not moved(number, "next", shop, now)
    assert (hands(number), look(number).version) == before


def test_several_that_move_on_at_once_are_spread(shop: World, now: datetime) -> None:
    settings(shop, assignment="round_robin", capacity=None)
    with unit_of_work():
        third = user("third", now, queues=[shop.queues.customer_service])
        numbers = [rows.ticket(shop, now, hands=shop.users.agent).number for _ in range(4)]
    there(now, third)
    for number in numbers:
        assert moved(number, "next", shop, now)
    assert Counter(hands(number) for number in numbers) == {shop.users.agent2.id: 2, third.id: 2}


def test_a_supervisor_takes_it_over_his_capacity_and_away_from_his_desk_but_not_on_leave(
    shop: World, now: datetime
) -> None:
    hold(shop.users.supervisor, capacity=1)
    with unit_of_work():
        rows.ticket(shop, now, hands=shop.users.supervisor)
        second = user("second", now, role=Role.SUPERVISOR, queues=[shop.queues.customer_service])
        add(Absence(user_id=second.id, starts_at=now - HOUR, ends_at=now + HOUR, kind="leave"))
    number = opened(shop, now, type="logistics_stuck")
    assert moved(number, "supervisor", shop, now)
    assert (hands(number), look(number).owner_id) == (shop.users.supervisor.id,) * 2
    assert events(number, "ticket.assignee")[-1].params["why"]["mode"] == "supervisor"
    assert not moved(number, "supervisor", shop, now)  # he has it


def test_a_queue_without_supervisors_keeps_it(shop: World, now: datetime) -> None:
    number = opened(shop, now)
    assert not moved(number, "supervisor", shop, now)


def test_what_is_taken_back_waits_for_somebody_else(shop: World, now: datetime) -> None:
    number = opened(shop, now, type="logistics_stuck")
    before = hands(number)
    assert moved(number, "unassign", shop, now)
    assert (hands(number), look(number).owner_id) == (None, None)
    assert not moved(number, "unassign", shop, now)
    handed(shop, now)
    assert hands(number) not in {None, before}


def test_a_solved_ticket_is_moved_nowhere(shop: World, now: datetime) -> None:
    number = opened(shop, now, type="logistics_stuck")
    resolved(number, actor=shop.actors.agent, now=now, shares={})
    assert not any(moved(number, how, shop, now) for how in ("next", "supervisor", "unassign"))


def test_the_next_round_hands_out_a_transfer_and_that_can_still_be_undone(shop: World, now: datetime) -> None:
    settings(shop, "warehouse", assignment="least_load")
    there(now, shop.users.warehouse)
    number = opened(shop, now, type="logistics_stuck")
    before, version = (hands(number), look(number).owner_id), look(number).version
    moved = do(
        assignment.transfer,
        number,
        "warehouse",
        reason="查打包",
        version=version,
        actor=shop.actors.supervisor,
        now=now,
    )
    assert hands(number) is None
    handed(shop, now, "warehouse")
    assert hands(number) == shop.users.warehouse.id
    do(operations.undo, moved, actor=shop.actors.supervisor, now=now)
    assert (hands(number), look(number).owner_id) == before


def test_undoing_a_transfer_brings_back_who_answered_the_customer(shop: World, now: datetime) -> None:
    number = opened(shop, now)
    owner = look(number).owner_id
    hold(shop.users.agent if owner == shop.users.agent.id else shop.users.agent2, presence="away")
    version = look(number).version
    moved = do(
        assignment.transfer, number, "customer_service", reason="x", version=version, actor=shop.actors.ops, now=now
    )
    handed(shop, now)
    assert look(number).owner_id != owner
    do(operations.undo, moved, actor=shop.actors.ops, now=now)
    assert (hands(number), look(number).owner_id) == (None, owner)


def test_what_somebody_did_since_the_hand_out_is_not_undone_over_his_head(shop: World, now: datetime) -> None:
    settings(shop, "warehouse", assignment="least_load")
    there(now, shop.users.warehouse)
    number = opened(shop, now, type="logistics_stuck")
    version = look(number).version
    moved = do(
        assignment.transfer,
        number,
        "warehouse",
        reason="查打包",
        version=version,
        actor=shop.actors.supervisor,
        now=now,
    )
    handed(shop, now, "warehouse")
    do(priorities.set_priority, number, Priority.P1, version=look(number).version, actor=shop.actors.warehouse, now=now)
    with refused(Conflict, "operation.moved_on"):
        do(operations.undo, moved, actor=shop.actors.supervisor, now=now)


def test_a_ticket_given_back_and_handed_on_returns_to_who_gave_it_back(shop: World, now: datetime) -> None:
    number = opened(shop, now, type="logistics_stuck")
    giver, version = hands(number), look(number).version
    given = do(assignment.assign, number, None, version=version, actor=shop.actors.supervisor, now=now)
    handed(shop, now)
    assert hands(number) not in {None, giver}
    do(operations.undo, given, actor=shop.actors.supervisor, now=now)
    assert (hands(number), look(number).owner_id) == (giver, giver)
