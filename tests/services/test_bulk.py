"""One deed on many tickets, each for itself, and all of it taken back."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from helpdesk.domain.access import Actor
from helpdesk.domain.problems import Conflict, Invalid, NotAllowed, NotFound, Problem, Stale
from helpdesk.domain.tickets import Priority
from helpdesk.models import Operation, Outbox, Stint
from helpdesk.services import bulk, operations
from helpdesk.services.bulk import Assign, Deed, Remind, Row, SetPriority, Take
from helpdesk.storage import session, unit_of_work
from tests import tickets
from tests.factories import World
from tests.services.story import do, events, look

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def three(world: World, now: datetime) -> list[Row]:
    """Three tickets of customer service in the hands of its first agent."""
    with unit_of_work():
        made = [tickets.ticket(world, now, owner=world.users.agent, hands=world.users.agent) for _ in range(3)]
        return [Row(row.number, row.version) for row in made]


def done(deed: Deed, rows: list[Row], actor: Actor, now: datetime, batch: str = "one") -> list[Problem | None]:
    """What became of each."""
    results: list[Problem | None] = []
    for row in rows:
        try:
            do(bulk.carry_out, deed, row, batch=batch, actor=actor, now=now)
        except Problem as problem:
            results.append(problem)
        else:
            results.append(None)
    return results


def hands(number: str) -> int | None:
    return session().execute(select(Stint.assignee_id).where(Stint.ticket_id == look(number).id)).scalar_one()


def test_many_are_reassigned_and_all_of_it_is_taken_back(world: World, now: datetime, three: list[Row]) -> None:
    boss, other = world.actors.supervisor, world.users.agent2
    assert done(Assign(other.id), three, boss, now) == [None] * 3
    assert [(hands(row.number), look(row.number).owner_id) for row in three] == [(other.id, other.id)] * 3
    undone = do(operations.undo_batch, "one", actor=boss, now=now + MINUTE)
    assert [(one.number, one.problem) for one in undone] == [(row.number, None) for row in three]
    first = world.users.agent.id
    assert [(hands(row.number), look(row.number).owner_id) for row in three] == [(first, first)] * 3


def test_what_moved_since_is_told_and_stops_no_other(world: World, now: datetime, three: list[Row]) -> None:
    boss, other = world.actors.supervisor, world.users.agent2
    moved = Row(three[1].number, 1)
    done(SetPriority(Priority.P3), [moved], world.actors.agent, now, batch="somebody else's")
    first, second, third = done(Assign(other.id), three, boss, now)
    assert (first, third) == (None, None)
    assert isinstance(second, Stale)
    assert [hands(row.number) == other.id for row in three] == [True, False, True]
    moved = Row(three[0].number, look(three[0].number).version)
    done(SetPriority(Priority.P3), [moved], world.actors.agent2, now, batch="somebody else's")
    undone = do(operations.undo_batch, "one", actor=boss, now=now + MINUTE)
    assert [(one.number, one.problem and one.problem.code) for one in undone] == [
        (three[0].number, "operation.moved_on"),
        (three[2].number, None),
    ]
    assert [hands(row.number) == other.id for row in three] == [True, False, False]


def test_a_batch_is_undone_once_and_by_who_did_it(world: World, now: datetime, three: list[Row]) -> None:
    boss = world.actors.supervisor
    done(Assign(None), three, boss, now)
    with pytest.raises(NotFound):
        do(operations.undo_batch, "one", actor=world.actors.ops, now=now)
    with pytest.raises(NotFound):
        do(operations.undo_batch, "another", actor=boss, now=now)
    do(operations.undo_batch, "one", actor=boss, now=now)
    again = do(operations.undo_batch, "one", actor=boss, now=now)
    assert [one.problem and one.problem.code for one in again] == ["operation.already_undone"] * 3


def test_what_changed_nothing_is_nothing_to_undo(world: World, now: datetime, three: list[Row]) -> None:
    boss = world.actors.supervisor
    assert done(Assign(world.users.agent.id), three, boss, now) == [None] * 3
    with pytest.raises(NotFound):
        do(operations.undo_batch, "one", actor=boss, now=now)


def test_taking_over_makes_them_ones_own(world: World, now: datetime, three: list[Row]) -> None:
    boss = world.actors.supervisor
    assert done(Take(), three[:1], boss, now) == [None]
    assert (hands(three[0].number), look(three[0].number).owner_id) == (boss.id, boss.id)


def test_who_does_not_work_in_the_queue_cannot_take_over(world: World, now: datetime, three: list[Row]) -> None:
    (problem,) = done(Take(), three[:1], world.actors.ops, now)
    assert isinstance(problem, Invalid)
    assert problem.code == "ticket.not_a_member"


def test_a_priority_moves_the_deadline_and_comes_back_with_it(world: World, now: datetime, three: list[Row]) -> None:
    boss, number = world.actors.supervisor, three[0].number
    burns = look(number).burns_at
    assert done(SetPriority(Priority.P1), three[:1], boss, now) == [None]
    assert look(number).priority == "P1"
    assert look(number).burns_at < burns
    do(operations.undo_batch, "one", actor=boss, now=now + MINUTE)
    assert (look(number).priority, events(number, "operation.undone")[0].params["what"]) == ("P2", "ticket.priority")


def test_a_supervisor_acts_in_his_own_queues_only(world: World, now: datetime) -> None:
    with unit_of_work():
        foreign = tickets.ticket(world, now, queue=world.queues.warehouse, klass="C", hands=world.users.warehouse)
    row = Row(foreign.number, 1)
    for deed in (Assign(None), Take(), SetPriority(Priority.P1), Remind()):
        (problem,) = done(deed, [row], world.actors.supervisor, now)
        assert isinstance(problem, NotFound), deed
    assert session().scalars(select(Operation)).all() == []


def test_who_may_not_assign_changes_nothing(world: World, now: datetime, three: list[Row]) -> None:
    for actor in (world.actors.auditor, world.actors.admin):
        for deed in (Assign(None), Take(), SetPriority(Priority.P1), Remind()):
            (problem,) = done(deed, three[:1], actor, now)
            assert isinstance(problem, NotAllowed), deed
    (problem,) = done(Assign(world.users.agent.id), three[:1], world.actors.agent2, now)
    assert isinstance(problem, NotAllowed)


def test_more_than_fifty_at_once_are_refused_before_anything_is_done() -> None:
    bulk.check([Row(str(place), 1) for place in range(50)])
    with pytest.raises(Invalid) as refused:
        bulk.check([Row(str(place), 1) for place in range(51)])
    assert (refused.value.code, refused.value.params) == ("bulk.too_many", {"limit": 50})


def notices() -> list[Outbox]:
    return list(session().scalars(select(Outbox).where(Outbox.kind == "notice").order_by(Outbox.id)))


def test_a_reminder_tells_assignee_and_owner_and_leaves_the_ticket_alone(
    world: World, now: datetime, three: list[Row]
) -> None:
    boss, number = world.actors.supervisor, three[0].number
    assert done(Remind(), three[:1], boss, now) == [None]
    (notice,) = notices()
    assert notice.payload == {
        "code": "ticket.reminded",
        "params": {},
        "notify": ["assignee", "owner"],
        "actor": boss.id,
    }
    assert notice.ticket_id == look(number).id
    assert len(events(number, "ticket.reminded")) == 1
    assert look(number).version == 1


def test_a_ticket_is_reminded_of_once_in_ten_minutes_by_whomever(world: World, now: datetime, three: list[Row]) -> None:
    one = three[:1]
    done(Remind(), one, world.actors.supervisor, now)
    (problem,) = done(Remind(), one, world.actors.ops, now + 9 * MINUTE)
    assert isinstance(problem, Conflict)
    assert (problem.code, problem.params["wait"]) == ("reminder.too_soon", 60)
    assert done(Remind(), one, world.actors.ops, now + 10 * MINUTE) == [None]
    assert len(notices()) == 2


def test_nobody_to_remind_is_said(world: World, now: datetime) -> None:
    boss = world.users.supervisor
    with unit_of_work():
        free = tickets.ticket(world, now)
        own = tickets.ticket(world, now, owner=boss, hands=boss)
        solved = tickets.ticket(world, now, status="resolved", owner=world.users.agent)
    rows = [Row(row.number, 1) for row in (free, own, solved)]
    results = done(Remind(), rows, world.actors.supervisor, now)
    assert [result and result.code for result in results] == ["reminder.nobody", "reminder.nobody", "ticket.not_active"]
    assert notices() == []
