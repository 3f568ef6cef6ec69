"""Whose hands a ticket is in: taken by one, given by who may, moved with a reason."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import update

from helpdesk.domain.problems import Conflict, Invalid, NotAllowed, NotFound
from helpdesk.models import ClockRow, Membership, Note, Queue, Stint, Ticket, User
from helpdesk.services import assignment, operations, stints, tickets
from helpdesk.storage import session, unit_of_work
from tests.factories import World
from tests.services import story
from tests.services.story import clock, do, events, look, opened, owner_of, queue_clocks, refused, replied, resolved

HOUR = timedelta(hours=1)


def test_claiming_makes_the_taker_assignee_and_owner_of_an_unowned_ticket(world: World, now: datetime) -> None:
    number = opened(world, now, type="logistics_stuck")
    assert do(assignment.claim, number, actor=world.actors.agent, now=now) == 2
    assert (look(number).owner_id, story.stints(number)[0].assignee_id) == (world.users.agent.id,) * 2
    told = {event.code for event in events(number) if event.params.get("version") == 2}
    assert told == {"ticket.owner", "ticket.assignee", "ticket.status"}


def test_in_a_queue_that_does_not_write_the_owner_stays_who_answers(world: World, now: datetime) -> None:
    number = opened(world, now)
    owner = look(number).owner_id
    do(assignment.claim, number, actor=world.actors.warehouse, now=now)
    assert (look(number).owner_id, story.stints(number)[0].assignee_id) == (owner, world.users.warehouse.id)


def test_of_two_who_claim_one_wins_and_the_other_hears_who(world: World, now: datetime) -> None:
    number = opened(world, now, type="logistics_stuck")
    do(assignment.claim, number, actor=world.actors.agent, now=now)
    with refused(Conflict, "ticket.claimed_already"):
        do(assignment.claim, number, actor=world.actors.agent2, now=now)
    before = story.everything()
    assert do(assignment.claim, number, actor=world.actors.agent, now=now) == 2  # his already
    assert story.everything() == before


def test_who_read_before_the_other_s_claim_was_stored_still_loses(
    world: World, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The look says the ticket is free; the row decides."""
    number = opened(world, now, type="logistics_stuck")
    look_at = stints.stay_of

    def looked_too_early(ticket: Ticket) -> Stint | None:
        stay = look_at(ticket)
        assert stay is not None
        assert stay.assignee_id is None
        elsewhere = update(Stint).where(Stint.id == stay.id).values(assignee_id=world.users.agent2.id)
        session().execute(elsewhere.execution_options(synchronize_session=False))
        return stay

    monkeypatch.setattr(stints, "stay_of", looked_too_early)
    with pytest.raises(Conflict) as refusal:
        do(assignment.claim, number, actor=world.actors.agent, now=now)
    assert (refusal.value.code, refusal.value.params["by"]) == ("ticket.claimed_already", world.users.agent2.id)
    assert look(number).version == 1


def test_answering_the_customer_is_not_doing_the_warehouse_s_work(world: World, now: datetime) -> None:
    number = opened(world, now)
    with refused(NotAllowed, "ticket.not_yours"):
        do(assignment.claim, number, actor=owner_of(world, number), now=now)


def test_a_resolved_ticket_is_in_nobody_s_hands(world: World, now: datetime) -> None:
    number = opened(world, now)
    resolved(number, actor=world.actors.warehouse, now=now)
    for deed in (
        lambda: assignment.claim(number, actor=world.actors.warehouse, now=now),
        lambda: assignment.transfer(number, "finance", reason="x", version=2, actor=world.actors.warehouse, now=now),
        lambda: assignment.assign(number, None, version=2, actor=world.actors.ops, now=now),
        lambda: assignment.hand_over(number, world.users.agent.id, version=2, actor=world.actors.ops, now=now),
    ):
        with refused(Conflict, "ticket.not_active"):
            do(deed)


def test_a_supervisor_gives_tickets_out_and_takes_them_back(world: World, now: datetime) -> None:
    number = opened(world, now, type="logistics_stuck")
    supervisor = world.actors.supervisor
    do(assignment.assign, number, world.users.agent2.id, version=1, actor=supervisor, now=now)
    assert (look(number).owner_id, look(number).status) == (world.users.agent2.id, "open")
    do(assignment.assign, number, None, version=2, actor=supervisor, now=now)
    assert (look(number).owner_id, story.stints(number)[0].assignee_id) == (None, None)


def test_giving_a_new_ticket_to_nobody_does_not_take_it_up(world: World, now: datetime) -> None:
    number = opened(world, now, type="logistics_stuck")
    do(assignment.assign, number, None, version=1, actor=world.actors.supervisor, now=now)
    assert (look(number).status, look(number).version) == ("new", 1)


def test_an_agent_takes_a_ticket_over_but_gives_none_away(world: World, now: datetime) -> None:
    number = opened(world, now, type="logistics_stuck")
    do(assignment.assign, number, world.users.agent.id, version=1, actor=world.actors.agent, now=now)
    with refused(NotAllowed, "ticket.may_not_assign"):
        do(assignment.assign, number, world.users.agent2.id, version=2, actor=world.actors.agent, now=now)


@pytest.mark.parametrize("name", ["warehouse", "system", "auditor", "left"])
def test_only_working_members_of_its_queue_get_a_ticket(world: World, now: datetime, name: str) -> None:
    number = opened(world, now, type="logistics_stuck")
    user = world.users.agent2 if name == "left" else getattr(world.users, name)
    with unit_of_work() as work:
        if name == "left":
            work.get_one(User, user.id).active = False
        if name in {"system", "auditor"}:
            work.add(Membership(user_id=user.id, queue_id=world.queues.customer_service.id))
    with refused(Invalid, "ticket.not_a_member"):
        do(assignment.assign, number, user.id, version=1, actor=world.actors.ops, now=now)


def test_a_transfer_keeps_the_customer_s_clocks_and_the_owner_and_starts_the_queue_s_own(
    world: World, now: datetime
) -> None:
    number = opened(world, now)
    owner = look(number).owner_id
    kept = [(row.due_at, row.late_after, row.calendar_id) for row in map_clocks(number)]
    operation = do(
        assignment.transfer,
        number,
        "finance",
        reason=" 要退款 ",
        version=1,
        actor=world.actors.warehouse,
        now=now + HOUR,
    )
    assert operation > 0
    ticket = look(number)
    assert (ticket.queue_id, ticket.owner_id, ticket.klass, ticket.version) == (world.queues.finance.id, owner, "C", 2)
    assert [(row.due_at, row.late_after, row.calendar_id) for row in map_clocks(number)] == kept
    old, new = queue_clocks(number)
    assert (old.met_at, old.elapsed_seconds, new.started_at) == (now + HOUR, 3600, now + HOUR)
    told = events(number, "ticket.queue")[0]
    assert told.params == {"from": world.queues.warehouse.id, "to": world.queues.finance.id, "version": 2}
    assert session().get_one(Note, told.reason_note_id).text == "要退款"
    assert do(tickets.load, number, world.actors.warehouse).number == number  # he may still look


def map_clocks(number: str) -> list[ClockRow]:
    return [clock(number, "first_response"), clock(number, "solution")]


def test_a_transfer_needs_a_reason_and_another_queue_that_exists(world: World, now: datetime) -> None:
    number = opened(world, now)
    with unit_of_work() as work:
        work.get_one(Queue, world.queues.finance.id).active = False
    for queue, reason, kind, code in [
        ("warehouse", "x", Invalid, "ticket.same_queue"),
        ("customer_service", "  ", Invalid, "ticket.reason_required"),
        ("customer_service", "字" * 501, Invalid, "ticket.reason_required"),
        ("moon", "x", NotFound, "queue.not_found"),
        ("finance", "x", NotFound, "queue.not_found"),
    ]:
        with refused(kind, code):
            do(assignment.transfer, number, queue, reason=reason, version=1, actor=world.actors.warehouse, now=now)


def test_the_owner_hands_the_customer_over_whatever_queue_works_on_it(world: World, now: datetime) -> None:
    number = opened(world, now)
    owner = owner_of(world, number)
    other = next(a for a in (world.actors.agent, world.actors.agent2) if a.id != owner.id)
    for stranger in (world.actors.warehouse, world.actors.finance):
        with refused(NotAllowed, "ticket.may_not_assign"):
            do(assignment.hand_over, number, other.id, version=1, actor=stranger, now=now)
    with refused(Invalid, "ticket.not_a_member"):
        do(assignment.hand_over, number, world.users.warehouse.id, version=1, actor=owner, now=now)
    operation = do(assignment.hand_over, number, other.id, version=1, actor=owner, now=now)
    replied(number, actor=other, now=now)
    assert look(number).owner_id == other.id
    with refused(Conflict, "operation.moved_on"):  # the reply took the ticket up
        do(operations.undo, operation, actor=owner, now=now)
