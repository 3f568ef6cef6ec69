"""A ticket's way as it was recorded, put together to its life-line."""

from __future__ import annotations

from datetime import datetime, timedelta

from helpdesk.domain.lifeline import CLOSED, CUSTOMER, RESOLVED, seconds_by_who
from helpdesk.domain.tickets import Status
from helpdesk.models.rulebooks import published_rulebook
from helpdesk.queries.ticket_clocks import ticket_clocks
from helpdesk.queries.ticket_life import Records, blame, end_of_life, life, queue_uses, ticket_records
from helpdesk.services import assignment, assists, merging, messages, operations, tickets
from tests.conftest import Statements
from tests.factories import World
from tests.services.story import do, heard, look, opened, owner_of, replied, resolved

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def line(number: str, now: datetime) -> list[tuple[str, float]]:
    ticket = look(number)
    records = ticket_records(ticket.id)
    end = end_of_life(Status(ticket.status), ticket.resolved_at, records, now)
    return [(segment.who, round(segment.length / HOUR, 2)) for segment in life(ticket.created_at, end, records)]


def status(number: str, world: World, now: datetime, wanted: Status, pending_on: str | None = None) -> None:
    ticket = look(number)
    actor = world.actors.agent if ticket.owner_id is None else owner_of(world, number)
    do(tickets.set_status, number, wanted, pending_on=pending_on, version=ticket.version, actor=actor, now=now)


def test_a_story_with_every_kind_of_time(world: World, now: datetime) -> None:
    """10:00 warehouse; 12:00 the customer is asked; 14:00 he answers; the warehouse goes home at 18:00."""
    number = opened(world, now)
    agent = owner_of(world, number)
    replied(number, actor=agent, now=now + 2 * HOUR, status_after=Status.PENDING_CUSTOMER)
    heard(number, actor=agent, now=now + 4 * HOUR)
    assert line(number, now + 10 * HOUR) == [("warehouse", 2), (CUSTOMER, 2), ("warehouse", 4), (CLOSED, 2)]


def test_a_transfer_and_its_undo(world: World, now: datetime) -> None:
    number = opened(world, now, "logistics_stuck")
    version = look(number).version
    agent = world.actors.agent
    operation = do(
        assignment.transfer, number, "warehouse", reason="要查库", version=version, actor=agent, now=now + HOUR
    )
    assert line(number, now + 2 * HOUR) == [("customer_service", 1), ("warehouse", 1)]
    do(operations.undo, operation, actor=agent, now=now + 2 * HOUR)
    assert line(number, now + 3 * HOUR) == [("customer_service", 1), ("warehouse", 1), ("customer_service", 1)]


def test_while_the_ticket_waits_for_an_assist_the_time_is_the_assists(world: World, now: datetime) -> None:
    number = opened(world, now, "logistics_stuck")
    version, agent = look(number).version, world.actors.agent
    do(
        assists.ask_for_help,
        number,
        "warehouse",
        party=None,
        question="发的是哪一件？",
        version=version,
        actor=agent,
        now=now,
    )
    status(number, world, now + HOUR, Status.PENDING_INTERNAL, "warehouse")
    found = line(number, now + 3 * HOUR)
    assert found == [("customer_service", 1), ("warehouse", 2)]


def test_resolved_and_closed_tickets_end_with_their_resolve(world: World, now: datetime) -> None:
    number = opened(world, now, "logistics_stuck")
    resolved(number, actor=world.actors.agent, now=now + 2 * HOUR)
    assert line(number, now + 9 * DAY) == [("customer_service", 2)]
    assert line(number, now + 90 * DAY) == [("customer_service", 2)]


def test_the_next_cycle_goes_on_from_the_customers_message(world: World, now: datetime) -> None:
    number = opened(world, now, "logistics_stuck")
    resolved(number, actor=world.actors.agent, now=now + 2 * HOUR)
    heard(number, actor=world.actors.agent, now=now + 5 * HOUR, sent_at=now + 4 * HOUR)
    assert line(number, now + 6 * HOUR) == [("customer_service", 2), (RESOLVED, 2), ("customer_service", 2)]


def test_an_undone_resolve_is_told_as_what_it_was(world: World, now: datetime) -> None:
    number = opened(world, now, "logistics_stuck")
    operation = resolved(number, actor=world.actors.agent, now=now + HOUR)
    do(operations.undo, operation, actor=world.actors.agent, now=now + 2 * HOUR)
    assert line(number, now + 3 * HOUR) == [("customer_service", 1), (RESOLVED, 1), ("customer_service", 1)]


def test_a_reply_that_was_taken_back_leaves_no_wait(world: World, now: datetime) -> None:
    number = opened(world, now, "logistics_stuck")
    message = replied(number, actor=world.actors.agent, now=now + HOUR, status_after=Status.PENDING_CUSTOMER)
    do(messages.take_back, number, message, actor=world.actors.agent, now=now + HOUR + timedelta(seconds=9))
    records = ticket_records(look(number).id)
    assert seconds_by_who(life(now, now + 2 * HOUR, records)) == {"customer_service": 7191, CUSTOMER: 9}


def test_a_merged_ticket_ends_where_it_was_merged(world: World, now: datetime) -> None:
    source = opened(world, now, "logistics_stuck", order_number="A1")
    target = opened(world, now, "quality", order_number="A1")
    version, agent = look(source).version, world.actors.agent
    do(merging.merge, {source: version}, target, reason="同一件事", actor=agent, now=now + HOUR)
    assert line(source, now + DAY) == [("customer_service", 1)]


def test_without_any_record_there_is_no_line(now: datetime) -> None:
    assert life(now, now + HOUR, Records()) == ()
    assert end_of_life(Status.MERGED, None, Records(), now) == now


def test_a_late_solution_is_blamed_on_the_queue_that_overran_its_own_target(world: World, now: datetime) -> None:
    """Eight hours for a wrong item, from 10:00 to next day at 9:00 (+1 h) in the warehouse's calendar."""
    number = opened(world, now)
    later = now + DAY + HOUR
    ticket = look(number)
    records = ticket_records(ticket.id)
    solution = next(one for one in ticket_clocks(ticket.id, 1, later) if one.kind == "solution")
    segments = life(ticket.created_at, later, records)
    uses = queue_uses(records, 1, later)
    found = blame(solution.counting, solution.calendar, segments, uses, later)
    assert (found.counted_seconds, found.over_seconds) == (10 * 3600, 2 * 3600)
    assert found.blame == "warehouse"
    assert [(use.queue, use.used_seconds, use.target_seconds) for use in uses] == [("warehouse", 10 * 3600, 4 * 3600)]


def test_a_late_first_response_is_blamed_on_those_who_answer_customers(world: World, now: datetime) -> None:
    number = opened(world, now)
    later = now + HOUR
    ticket = look(number)
    records = ticket_records(ticket.id)
    promise = next(one for one in ticket_clocks(ticket.id, 1, later) if one.kind == "first_response")
    segments = life(ticket.created_at, later, records)
    found = blame(promise.counting, promise.calendar, segments, (), later, answering="customer_service")
    assert (found.blame, found.over_seconds) == ("customer_service", 1800)


def test_the_present_wait_comes_along(world: World, now: datetime) -> None:
    number = opened(world, now, "logistics_stuck")
    replied(number, actor=world.actors.agent, now=now, status_after=Status.PENDING_CUSTOMER)
    pause = ticket_records(look(number).id).pause
    assert pause is not None
    assert (pause.since, len(pause.steps)) == (now, 3)


def test_all_of_it_takes_one_statement(world: World, now: datetime, statements: Statements) -> None:
    number = opened(world, now, "logistics_stuck")
    replied(number, actor=world.actors.agent, now=now, status_after=Status.PENDING_CUSTOMER)
    ticket_id = look(number).id
    published_rulebook()
    with statements() as seen:
        ticket_records(ticket_id)
    assert len(seen) == 1
