"""A merge is taken back: every row is again what it was, and the clocks have never stopped."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from helpdesk.domain.access import Actor
from helpdesk.domain.problems import Conflict, NotAllowed, NotFound
from helpdesk.domain.tickets import Outcome, Party, Status
from helpdesk.models import ClockRow, ClockStage, PauseStep, Stint, Ticket, TicketPause, TicketReader
from helpdesk.queries.report_sources import told_by
from helpdesk.services import merging, operations, tickets
from helpdesk.storage import Base, session, unit_of_work
from tests.factories import World
from tests.services.story import clock, conversation, do, events, heard, look, opened, refused, replied, resolved

HOUR = timedelta(hours=1)


@pytest.fixture
def three(world: World, now: datetime) -> list[str]:
    """One order's parcel, and two more tickets about it; the last is the customer's own complaint, answered."""
    kinds = ["logistics_stuck", "quality", "service_complaint"]
    numbers = [opened(world, now, type=kind, order_number="T1", customer_name="周") for kind in kinds]
    later = now + timedelta(minutes=5)
    replied(numbers[2], actor=world.actors.agent, now=later, status_after=Status.PENDING_CUSTOMER)
    return numbers


def merged(sources: Iterable[str], into: str, *, actor: Actor, now: datetime) -> int:
    versions = {number: look(number).version for number in sources}
    return do(merging.merge, versions, into, reason="同一件事", version=look(into).version, actor=actor, now=now)


def as_stored(number: str) -> dict[str, Any]:
    """Everything that a merge touches, without ids of plans that are made anew and the version, which only grows."""
    ticket = look(number)
    clocks = select(ClockRow.id).where(ClockRow.ticket_id == ticket.id)
    pauses = select(TicketPause.id).where(TicketPause.ticket_id == ticket.id)
    kept: dict[type[Base], Any] = {
        Ticket: select(Ticket).where(Ticket.id == ticket.id),
        ClockRow: select(ClockRow).where(ClockRow.ticket_id == ticket.id),
        ClockStage: select(ClockStage).where(ClockStage.clock_id.in_(clocks)),
        Stint: select(Stint).where(Stint.ticket_id == ticket.id),
        TicketPause: select(TicketPause).where(TicketPause.ticket_id == ticket.id),
        PauseStep: select(PauseStep).where(PauseStep.pause_id.in_(pauses)),
    }
    found: dict[str, Any] = {}
    for model, statement in kept.items():
        hidden = {"version"} if model is Ticket else {"id"} if model is PauseStep else set()
        names = [column.key for column in model.__table__.columns if column.key not in hidden]
        rows = session().scalars(statement, execution_options={"populate_existing": True})
        found[model.__tablename__] = sorted(repr([getattr(row, name) for name in names]) for row in rows)
    return found | {"report": told_by([ticket.id]), "messages": [row.id for row in conversation(number)]}


def readers(number: str) -> set[int]:
    return set(session().scalars(select(TicketReader.user_id).where(TicketReader.ticket_id == look(number).id)))


def test_three_become_one_and_three_again_as_they_were(world: World, now: datetime, three: list[str]) -> None:
    before, reading = {number: as_stored(number) for number in three}, readers(three[0])
    operation = merged(three[1:], three[0], actor=world.actors.agent, now=now + HOUR)
    assert [look(number).status for number in three] == ["new", "merged", "merged"]
    assert do(operations.undo, operation, actor=world.actors.agent, now=now + 3 * HOUR) == three[0]
    assert {number: as_stored(number) for number in three} == before
    assert readers(three[0]) == reading
    assert [look(number).version for number in three[1:]] == [3, 4]


def test_both_sides_tell_of_it(world: World, now: datetime, three: list[str]) -> None:
    operation = merged(three[1:2], three[0], actor=world.actors.agent, now=now)
    do(operations.undo, operation, actor=world.actors.agent, now=now + HOUR)
    (here,), (there,) = events(three[0], "ticket.parted"), events(three[1], "ticket.parted")
    assert (here.params, there.params) == ({"number": three[1]}, {"number": three[0]})
    assert {here.operation_id, there.operation_id} == {operation}
    assert events(three[1], "ticket.status")[-1].params == {"from": "merged", "to": "new", "version": 3}


def test_a_stage_that_fell_due_meanwhile_fires_late_but_not_never(
    world: World, now: datetime, three: list[str]
) -> None:
    due = clock(three[1], "first_response").late_after
    operation = merged([three[1]], three[0], actor=world.actors.agent, now=now)
    assert clock(three[1], "first_response").cancelled_at == now
    do(operations.undo, operation, actor=world.actors.agent, now=now + 20 * HOUR)
    row = clock(three[1], "first_response")
    assert (row.cancelled_at, row.met_at, row.late_after) == (None, None, due)
    stages = session().scalars(select(ClockStage).where(ClockStage.clock_id == row.id)).all()
    assert stages
    assert all(stage.due_at is not None for stage in stages if stage.fired_at is None)


def test_a_resolved_one_is_resolved_again_with_its_result(world: World, now: datetime, three: list[str]) -> None:
    resolved(three[1], actor=world.actors.agent, now=now, outcome=Outcome.EXPLAINED, shares={Party.PLATFORM: 100})
    before = as_stored(three[1])
    operation = merged([three[1]], three[0], actor=world.actors.agent, now=now + HOUR)
    do(operations.undo, operation, actor=world.actors.agent, now=now + 2 * HOUR)
    assert as_stored(three[1]) == before


def test_what_had_been_unread_in_both_stays_so_in_both(world: World, now: datetime, three: list[str]) -> None:
    assert [look(number).unread for number in three] == [True, True, False]
    operation = merged(three[1:], three[0], actor=world.actors.agent, now=now)
    do(operations.undo, operation, actor=world.actors.agent, now=now)
    assert [look(number).unread for number in three] == [True, True, False]


def test_an_answer_given_there_meanwhile_stands(world: World, now: datetime, three: list[str]) -> None:
    operation = merged([three[1]], three[0], actor=world.actors.agent, now=now)
    replied(three[0], actor=world.actors.agent, now=now + HOUR)
    do(operations.undo, operation, actor=world.actors.agent, now=now + 2 * HOUR)
    assert clock(three[0], "first_response").met_at == now + HOUR
    assert clock(three[1], "first_response").met_at is None
    assert (look(three[0]).unread, look(three[1]).unread) == (False, True)


def test_once_the_customer_has_written_nobody_knows_which_was_meant(
    world: World, now: datetime, three: list[str]
) -> None:
    operation = merged([three[1]], three[0], actor=world.actors.agent, now=now)
    assert heard(three[1], actor=world.actors.agent, now=now + HOUR) == three[0]
    with refused(Conflict, "merge.heard_since"):
        do(operations.undo, operation, actor=world.actors.agent, now=now + 2 * HOUR)
    assert look(three[1]).status == "merged"


def test_where_the_other_one_was_merged_on_that_is_undone_first(world: World, now: datetime, three: list[str]) -> None:
    first = merged([three[1]], three[0], actor=world.actors.agent, now=now)
    second = merged([three[0]], three[2], actor=world.actors.agent, now=now)
    with refused(Conflict, "merge.target_ended"):
        do(operations.undo, first, actor=world.actors.agent, now=now + HOUR)
    do(operations.undo, second, actor=world.actors.agent, now=now + HOUR)
    do(operations.undo, first, actor=world.actors.agent, now=now + HOUR)
    assert [look(number).merged_into_id for number in three] == [None, None, None]


def test_it_is_undone_once_within_a_day_and_by_who_did_it(world: World, now: datetime, three: list[str]) -> None:
    operation = merged([three[1]], three[0], actor=world.actors.agent, now=now)
    with refused(NotFound, "operation.not_found"):
        do(operations.undo, operation, actor=world.actors.agent2, now=now)
    with refused(Conflict, "operation.too_late"):
        do(operations.undo, operation, actor=world.actors.agent, now=now + timedelta(hours=24, seconds=1))
    do(operations.undo, operation, actor=world.actors.agent, now=now + timedelta(hours=24))
    with refused(Conflict, "operation.already_undone"):
        do(operations.undo, operation, actor=world.actors.agent, now=now + timedelta(hours=24))


def test_who_may_no_more_work_on_all_of_them_undoes_nothing(world: World, now: datetime, three: list[str]) -> None:
    operation = merged([three[1]], three[0], actor=world.actors.agent, now=now)
    with unit_of_work():
        ticket, system = tickets.load(three[0], world.actors.system), world.actors.system
        there = tickets.Change(queue_id=world.queues.finance.id, owner_id=world.users.agent2.id)
        tickets.change(ticket, there, expected=None, actor=system, now=now)
    with refused(NotAllowed, "ticket.not_yours"):
        do(operations.undo, operation, actor=world.actors.agent, now=now)
    assert look(three[1]).status == "merged"


def test_all_or_none_are_merged(world: World, now: datetime, three: list[str]) -> None:
    stranger = opened(world, now, type="quality")
    versions = {three[1]: look(three[1]).version, stranger: look(stranger).version}
    with pytest.raises(Exception, match="unrelated"):
        do(merging.merge, versions, three[0], reason="x", actor=world.actors.agent, now=now)
    assert look(three[1]).status == "new"
