"""Tickets about one trouble become one."""

from __future__ import annotations

from datetime import datetime, timedelta
from threading import Thread
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from helpdesk.domain.access import Actor
from helpdesk.domain.clocks import FAR_FUTURE
from helpdesk.domain.problems import Conflict, Invalid, NotAllowed, NotFound, Problem, Stale
from helpdesk.domain.tickets import Outcome, Party, Status
from helpdesk.models import Note, Notification, Ticket, TicketReader, User
from helpdesk.models.scope import readable
from helpdesk.services import assignment, assists, merging, messages, notices, operations, tickets
from helpdesk.storage import is_postgresql, session, unit_of_work
from tests.conftest import Statements
from tests.factories import World
from tests.services.story import (
    clock,
    conversation,
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
    stints,
)

HOUR = timedelta(hours=1)
PARTS = ("nudges", "urgency", "version", "status", "last_customer_message_at", "burns_at", "queue_id", "owner_id")


@pytest.fixture
def pair(world: World, now: datetime) -> tuple[str, str]:
    """A complaint about a parcel, and the parcel's own ticket: one order, both in customer service."""
    target = opened(world, now, type="logistics_stuck", order_number="T1", customer_name="周")
    return opened(world, now, type="service_complaint", order_number="T1", text="一直不动，投诉"), target


def merged(number: str, into: str, *, actor: Actor, now: datetime, **more: object) -> int:
    values: dict[str, Any] = {"reason": " 同一件事 ", "version": look(number).version} | more
    return do(merging.merge, {number: values.pop("version")}, into, actor=actor, now=now, **values)


def readers(number: str) -> set[int]:
    return set(session().scalars(select(TicketReader.user_id).where(TicketReader.ticket_id == look(number).id)))


def may_open(actor: Actor) -> set[str]:
    return set(session().scalars(select(Ticket.number).where(readable(actor))))


def test_the_merged_one_ends_and_both_tell_of_it(world: World, now: datetime, pair: tuple[str, str]) -> None:
    source, target = pair
    later = now + HOUR
    merged(source, target, actor=world.actors.agent, now=later)
    ticket = look(source)
    assert (ticket.status, ticket.merged_into_id, ticket.version) == ("merged", look(target).id, 2)
    assert (ticket.first_resolved_at, ticket.closed_at, ticket.outcome) == (None, None, None)
    told = {event.code: event for event in events(source)}
    assert told["ticket.status"].params == {"from": "new", "to": "merged", "version": 2}
    assert told["ticket.merged"].params == {"number": target, "version": 2}
    assert session().get_one(Note, told["ticket.merged"].reason_note_id).text == "同一件事"
    assert told["ticket.merged"].reason_note_id == told["ticket.status"].reason_note_id
    assert "ticket.merged_into" not in told
    (taken_in,) = events(target, "ticket.merged_in")
    assert (taken_in.params, taken_in.actor_id, taken_in.at) == ({"number": source}, world.users.agent.id, later)


def test_its_clocks_and_stay_end_without_a_result(world: World, now: datetime, pair: tuple[str, str]) -> None:
    source, target = pair
    late = now + 9 * HOUR
    merged(source, target, actor=world.actors.agent, now=late)
    rows = [clock(source, "first_response"), clock(source, "solution"), *queue_clocks(source)]
    assert [(row.cancelled_at, row.met_at, row.breached) for row in rows] == [(late, None, None)] * len(rows)
    assert [stint.left_at for stint in stints(source)] == [late]
    assert (look(source).burns_at, look(source).urgency) == (FAR_FUTURE, 0)


def test_what_another_queue_was_asked_is_answered_first(world: World, now: datetime, pair: tuple[str, str]) -> None:
    source, target = pair
    question = {"party": Party.WAREHOUSE, "question": "出库了吗？", "actor": world.actors.agent, "now": now}
    do(assists.ask_for_help, source, "warehouse", version=1, **question)
    with refused(Conflict, "merge.assist_waits"):
        merged(source, target, actor=world.actors.agent, now=now)
    assert look(source).status != "merged"


def test_the_other_one_goes_on_as_it_was(world: World, now: datetime, pair: tuple[str, str]) -> None:
    source, target = pair
    heard(source, actor=world.actors.agent, now=now + HOUR)
    before = [getattr(look(target), name) for name in PARTS]
    due = clock(target, "solution").due_at
    merged(source, target, actor=world.actors.agent, now=now + 2 * HOUR)
    assert [getattr(look(target), name) for name in PARTS] == before
    assert clock(target, "solution").due_at == due
    assert [stint.left_at for stint in stints(target)] == [None]


@pytest.mark.parametrize(("unread", "after"), [((True, False), True), ((False, True), True), ((False, False), False)])
def test_what_nobody_has_read_stays_unread(
    world: World, now: datetime, pair: tuple[str, str], unread: tuple[bool, bool], after: bool
) -> None:
    source, target = pair
    for number, waits in zip(pair, unread, strict=True):
        if not waits:
            replied(number, actor=world.actors.agent, now=now)
    merged(source, target, actor=world.actors.agent, now=now + HOUR)
    assert (look(source).unread, look(target).unread) == (False, after)


def test_who_had_to_do_with_the_one_may_open_the_other(world: World, now: datetime) -> None:
    source = opened(world, now, type="wrong_item", order_number="T1", customer_name="周")
    target = opened(world, now, type="price_dispute", order_number="T1")
    first, second = owner_of(world, source), owner_of(world, target)
    assert first != second
    do(assignment.claim, source, actor=world.actors.warehouse, now=now)
    do(assignment.hand_over, target, first.id, version=1, actor=second, now=now)
    do(assignment.hand_over, source, second.id, version=2, actor=first, now=now)
    do(assignment.hand_over, source, first.id, version=3, actor=second, now=now)
    merged(source, target, actor=first, now=now)
    assert readers(target) >= {first.id, second.id, world.users.warehouse.id}
    assert may_open(world.actors.warehouse) == {source, target}


def test_what_the_customer_writes_to_it_joins_the_other(world: World, now: datetime, pair: tuple[str, str]) -> None:
    source, target = pair
    merged(source, target, actor=world.actors.agent, now=now)
    assert heard(source, actor=world.actors.agent, now=now + HOUR, text="还没到") == target
    assert [message.text for message in conversation(target)][-1] == "还没到"
    assert len(conversation(source)) == 1


def test_a_reply_that_waits_to_be_copied_still_goes_out(world: World, now: datetime, pair: tuple[str, str]) -> None:
    source, target = pair
    message = replied(source, actor=world.actors.agent, now=now)
    merged(source, target, actor=world.actors.agent, now=now)
    do(messages.mark_copied, source, message, actor=world.actors.agent, now=now + HOUR)
    assert conversation(source)[-1].state == "copied"


def test_one_customer_is_enough_and_so_is_one_order(world: World, now: datetime) -> None:
    who = {"customer_name": "周", "buyer_id": "b1"}
    target = opened(world, now, type="logistics_stuck", order_number="T1", **who)
    for more in ({"order_number": "T2", **who}, {"order_number": "T1"}, {"order_number": "T1", "buyer_id": "b2"}):
        source = opened(world, now, type="quality", **more)
        merged(source, target, actor=world.actors.agent, now=now)
        assert look(source).status == "merged"


def test_two_that_have_nothing_in_common_stay_two(world: World, now: datetime) -> None:
    first = opened(world, now, type="logistics_stuck")  # neither order nor customer is known
    second = opened(world, now, type="quality")
    elsewhere = opened(world, now, type="quality", order_number="T1", shop_id=world.shop2.id)
    here = opened(world, now, type="quality", order_number="T1")
    for source, target in ((first, second), (first, here), (elsewhere, here)):
        with refused(Invalid, "ticket.merge_unrelated"):
            merged(source, target, actor=world.actors.agent, now=now)


def test_it_can_t_be_merged_into_itself(world: World, now: datetime, pair: tuple[str, str]) -> None:
    with refused(Invalid, "ticket.merge_into_itself"):
        merged(pair[0], pair[0], actor=world.actors.agent, now=now)


@pytest.mark.parametrize("end", [(Status.RESOLVED,), (Status.RESOLVED, Status.CLOSED), (Status.MERGED,)])
def test_what_has_ended_takes_nothing_in(
    world: World, now: datetime, pair: tuple[str, str], end: tuple[Status, ...]
) -> None:
    source, target = pair
    with unit_of_work():
        ticket = tickets.load(target, world.actors.system)
        for status in end:
            tickets.change(ticket, tickets.Change(status=status), expected=None, actor=world.actors.system, now=now)
    with refused(Conflict, "ticket.merge_into_ended"):
        merged(source, target, actor=world.actors.agent, now=now)


def test_a_resolved_one_is_merged_with_its_result_but_a_closed_one_is_not(
    world: World, now: datetime, pair: tuple[str, str]
) -> None:
    source, target = pair
    resolved(source, actor=world.actors.agent, now=now, outcome=Outcome.EXPLAINED, shares={Party.PLATFORM: 100})
    merged(source, target, actor=world.actors.agent, now=now + HOUR)
    assert (look(source).outcome, look(source).first_resolved_at) == ("explained", now)
    assert clock(source, "solution").met_at == now
    third = opened(world, now, type="quality", order_number="T1")
    resolved(third, actor=world.actors.agent, now=now, outcome=Outcome.EXPLAINED, shares={})
    with unit_of_work():
        closed = tickets.Change(status=Status.CLOSED)
        system = world.actors.system
        tickets.change(tickets.load(third, system), closed, expected=None, actor=system, now=now)
    with refused(Conflict, "ticket.illegal_move"):
        merged(third, target, actor=world.actors.agent, now=now)


def test_nothing_that_was_done_before_is_undone_on_a_merged_ticket(
    world: World, now: datetime, pair: tuple[str, str]
) -> None:
    source, target = pair
    operation = do(
        assignment.transfer, source, "finance", reason="核对金额", version=1, actor=world.actors.agent, now=now
    )
    agent = owner_of(world, source)
    merged(source, target, actor=agent, now=now)
    with refused(Conflict, "operation.moved_on"):
        do(operations.undo, operation, actor=world.actors.agent, now=now)


@pytest.mark.parametrize("reason", ["", "  \n", "长" * 501])
def test_it_asks_for_a_reason(world: World, now: datetime, pair: tuple[str, str], reason: str) -> None:
    with refused(Invalid, "ticket.reason_required"):
        merged(*pair, actor=world.actors.agent, now=now, reason=reason)


def test_a_ticket_that_moved_on_is_not_merged(world: World, now: datetime, pair: tuple[str, str]) -> None:
    do(assignment.claim, pair[0], actor=world.actors.agent2, now=now)
    with refused(Stale, "ticket.stale"):
        merged(*pair, actor=world.actors.agent, now=now, version=1)


def test_one_works_on_both_or_merges_neither(world: World, now: datetime, pair: tuple[str, str]) -> None:
    of_finance = opened(world, now, type="price_dispute", order_number="T1")
    stranger = next(
        actor for actor in (world.actors.agent, world.actors.agent2) if actor != owner_of(world, of_finance)
    )
    for source, target in ((of_finance, pair[1]), (pair[0], of_finance)):
        for actor in (stranger, world.actors.finance):
            with refused(NotAllowed, "ticket.not_yours"):
                merged(source, target, actor=actor, now=now)
    for actor in (world.actors.auditor, world.actors.ops):
        with refused(NotAllowed, "ticket.not_yours"):
            merged(*pair, actor=actor, now=now)
    for source, target in (pair, (pair[0], "EX-000000-0000"), ("EX-000000-0000", pair[0])):
        actor = world.actors.outsider if target == pair[1] else world.actors.agent
        with refused(NotFound, "ticket.not_found"):
            do(merging.merge, {source: 1}, target, reason="x", actor=actor, now=now)


def test_several_become_one_and_lead_to_where_the_matter_is_now(
    world: World, now: datetime, pair: tuple[str, str]
) -> None:
    last = opened(world, now, type="quality", order_number="T1")
    merged(*pair, actor=world.actors.agent, now=now)
    merged(pair[1], last, actor=world.actors.agent, now=now)
    assert heard(pair[0], actor=world.actors.agent, now=now) == last


@pytest.mark.parametrize("turned", [False, True], ids=["younger into older", "older into younger"])
def test_both_are_locked_at_once_in_the_order_of_their_ids(
    world: World, now: datetime, pair: tuple[str, str], statements: Statements, turned: bool
) -> None:
    source, target = reversed(pair) if turned else pair
    version = look(source).version
    with statements() as seen:
        do(merging.merge, {source: version}, target, reason="同一件事", actor=world.actors.agent, now=now)
    first = " ".join(seen[0].split())
    assert first.startswith("SELECT ticket.id")
    assert " IN (" in first
    assert first.endswith("ORDER BY ticket.id FOR UPDATE OF ticket" if is_postgresql() else "ORDER BY ticket.id")
    assert not any("FOR UPDATE" in statement for statement in seen[1:])


def test_of_two_merges_that_cross_one_wins_and_no_circle_comes_about(
    app: Flask, world: World, now: datetime, pair: tuple[str, str]
) -> None:
    """The second begins before the first is stored, and waits for it, whatever the threads' timing."""
    first, second = pair
    seen: list[Problem] = []

    def cross() -> None:
        with app.app_context():
            try:
                do(merging.merge, {second: 1}, first, reason="反过来", actor=world.actors.agent2, now=now)
            except Problem as problem:
                seen.append(problem)

    other = Thread(target=cross)
    with unit_of_work():
        merging.merge({first: 1}, second, reason="同一件事", actor=world.actors.agent, now=now)
        other.start()
        other.join(timeout=0.3)
        assert seen == []
    other.join(timeout=20)
    assert [problem.code for problem in seen] == ["ticket.merge_into_ended"]
    assert (look(first).status, look(second).status) == ("merged", "new")
    assert look(second).merged_into_id is None


def told(now: datetime) -> list[tuple[str, str, dict[str, Any]]]:
    """Login, ticket and words of everybody who heard of a merge."""
    with unit_of_work():
        while notices.spread(now):
            pass
        bells = (
            select(User.login, Ticket.number, Notification.params)
            .join(User, User.id == Notification.user_id)
            .join(Ticket, Ticket.id == Notification.ticket_id)
            .where(Notification.kind == "ticket.merged")
        )
        return [(row.login, row.number, row.params) for row in session().execute(bells.order_by(User.login))]


def test_whose_ticket_it_was_hears_once_where_it_went(world: World, now: datetime, pair: tuple[str, str]) -> None:
    source, target = pair
    give(source, world.users.agent2, world, now)
    merged(source, target, actor=world.actors.agent, now=now + HOUR)
    heard_of_it = told(now + HOUR)
    assert [(login, number, params["number"]) for login, number, params in heard_of_it] == [("agent2", target, source)]
    assert told(now + 2 * HOUR) == heard_of_it


def test_who_merges_his_own_is_not_told(world: World, now: datetime, pair: tuple[str, str]) -> None:
    source, target = pair
    give(source, world.users.agent, world, now)
    merged(source, target, actor=world.actors.agent, now=now + HOUR)
    assert told(now + HOUR) == []


def give(number: str, person: User, world: World, now: datetime) -> None:
    """He answers its customer, and has it in hand."""
    for deed, has in (
        (assignment.hand_over, look(number).owner_id),
        (assignment.assign, stints(number)[-1].assignee_id),
    ):
        if has != person.id:
            do(deed, number, person.id, version=look(number).version, actor=world.actors.supervisor, now=now)
