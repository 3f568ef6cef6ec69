"""What is said to the customer and by him: sent once, met when submitted, taken back as if it had never been."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from helpdesk.domain.problems import Conflict, Invalid, NotAllowed, NotFound, Stale
from helpdesk.domain.tickets import Outcome, Priority, Status
from helpdesk.models import Channel, Inbound, Message, Outbox, Ticket, TicketReader
from helpdesk.services import assignment, messages, operations, priorities, resolution, tickets
from helpdesk.services.messages import Draft
from helpdesk.storage import session, unit_of_work
from tests.factories import World
from tests.services.story import (
    clock,
    conversation,
    count_of,
    do,
    events,
    everything,
    heard,
    look,
    opened,
    owner_of,
    refused,
    replied,
    resolved,
    stints,
)

SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def number(world: World, now: datetime) -> str:
    """A ticket of customer service that nobody has touched yet."""
    return opened(world, now, type="logistics_stuck")


def with_sender(world: World) -> None:
    with unit_of_work() as work:
        work.get_one(Channel, world.channels.tmall.id).sender = "tmall"


def test_the_first_reply_meets_the_first_response_and_takes_the_ticket_up(
    world: World, now: datetime, number: str
) -> None:
    id = replied(number, actor=world.actors.agent, now=now + 9 * MINUTE, text=" 马上查 ")
    ticket, message = look(number), conversation(number)[-1]
    assert (ticket.status, ticket.owner_id, ticket.unread) == ("open", world.users.agent.id, False)
    assert stints(number)[0].assignee_id == world.users.agent.id
    assert (message.id, message.text, message.state, message.author_id) == (
        id,
        "马上查",
        "queued",
        world.users.agent.id,
    )
    first = clock(number, "first_response")
    assert (first.met_at, first.elapsed_seconds, first.breached) == (now + 9 * MINUTE, 540, False)
    assert clock(number, "solution").met_at is None
    assert session().get(TicketReader, (ticket.id, world.users.agent.id)) is not None
    assert events(number, "message.sent")[0].params == {"message": id, "solution": False, "template": None}


def test_a_late_first_reply_stays_late_for_good(world: World, now: datetime, number: str) -> None:
    replied(number, actor=world.actors.agent, now=now + 31 * MINUTE)
    assert clock(number, "first_response").breached is True
    do(priorities.set_priority, number, Priority.P3, version=2, actor=world.actors.agent, now=now + HOUR)
    first = clock(number, "first_response")
    assert (first.breached, first.target_seconds) == (True, 1800)


def test_a_reply_marked_as_a_solution_meets_the_solution(world: World, now: datetime, number: str) -> None:
    replied(number, actor=world.actors.agent, now=now + HOUR, is_solution=True)
    assert clock(number, "solution").met_at == now + HOUR
    assert look(number).status == Status.OPEN


def test_an_owner_s_reply_leaves_owner_and_assignee_alone(world: World, now: datetime) -> None:
    number = opened(world, now)
    replied(number, actor=owner_of(world, number), now=now)
    assert (look(number).owner_id, stints(number)[0].assignee_id) == (owner_of(world, number).id, None)


def test_reply_and_status_go_together(world: World, now: datetime, number: str) -> None:
    replied(number, actor=world.actors.agent, now=now, status_after=Status.PENDING_CUSTOMER)
    assert (look(number).status, look(number).version) == ("pending_customer", 2)
    assert clock(number, "solution").due_at is None


def test_on_a_stale_version_neither_status_nor_reply_is_kept(world: World, now: datetime, number: str) -> None:
    do(assignment.claim, number, actor=world.actors.agent2, now=now)
    draft = Draft("好的", last_message_id=99, status_after=Status.PENDING_CUSTOMER)
    with refused(Stale, "ticket.stale"):
        do(messages.reply, number, draft, version=1, actor=world.actors.agent, now=now)
    do(messages.reply, number, Draft("好的", last_message_id=99), version=1, actor=world.actors.agent, now=now)
    assert look(number).owner_id == world.users.agent2.id  # a reply alone crosses nobody's change


def test_whom_it_waits_for_internally_goes_with_the_reply(world: World, now: datetime, number: str) -> None:
    replied(
        number,
        actor=world.actors.agent,
        now=now,
        status_after=Status.PENDING_INTERNAL,
        pending_on="warehouse",
    )
    assert (look(number).status, look(number).pending_on) == ("pending_internal", "warehouse")


@pytest.mark.parametrize("status", [Status.NEW, Status.RESOLVED, Status.CLOSED, Status.MERGED])
def test_a_reply_can_t_bring_a_status_that_has_a_deed_of_its_own(
    world: World, now: datetime, number: str, status: Status
) -> None:
    with refused(Invalid, "message.status_after"):
        replied(number, actor=world.actors.agent, now=now, status_after=status)


def test_the_composer_asks_before_crossing_a_newer_message(world: World, now: datetime, number: str) -> None:
    seen = conversation(number)[-1].id
    heard(number, actor=world.actors.agent, now=now + MINUTE, text="不用了")
    with refused(Conflict, "message.newer_message"):
        do(messages.reply, number, Draft("已补发", seen), version=1, actor=world.actors.agent, now=now + 2 * MINUTE)
    draft = Draft("已补发", seen, cross_newer=True)
    do(messages.reply, number, draft, version=1, actor=world.actors.agent, now=now + 2 * MINUTE)
    assert conversation(number)[-1].text == "已补发"


def test_it_asks_before_crossing_a_colleagues_reply_but_not_ones_own(world: World, now: datetime, number: str) -> None:
    seen, mine = conversation(number)[-1].id, world.actors.agent
    replied(number, actor=mine, now=now, text="在查")
    do(messages.reply, number, Draft("补一句", seen, last_reply_id=0), version=2, actor=mine, now=now + MINUTE)
    theirs = replied(number, actor=world.actors.agent2, now=now + MINUTE, text="已补发")
    with refused(Conflict, "message.colleague_replied"):
        do(messages.reply, number, Draft("再等等", seen, last_reply_id=0), version=2, actor=mine, now=now + MINUTE)
    do(messages.reply, number, Draft("好", seen, last_reply_id=theirs), version=2, actor=mine, now=now + MINUTE)
    do(messages.reply, number, Draft("好", seen, last_reply_id=0, cross_newer=True), version=2, actor=mine, now=now)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "message.text_required"),
        (" \n", "message.text_required"),
        ("字" * 5001, "input.too_long"),
        ("a\x00b", "input.bad_character"),
        ("{customer}您好", "message.unresolved_placeholders"),
    ],
)
def test_what_can_t_be_sent_is_refused_with_its_reason(
    world: World, now: datetime, number: str, text: str, code: str
) -> None:
    with refused(Invalid, code):
        replied(number, actor=world.actors.agent, now=now, text=text)


def test_only_the_owner_and_members_of_writing_queues_write_to_buyers(world: World, now: datetime) -> None:
    number = opened(world, now)
    for actor in (world.actors.warehouse, world.actors.system):
        with refused(NotAllowed, "ticket.may_not_reply"):
            replied(number, actor=actor, now=now)
    with refused(NotAllowed, "ticket.may_not_reply"):
        heard(number, actor=world.actors.warehouse, now=now)
    with refused(NotAllowed, "ticket.may_not_note"):
        do(messages.add_note, number, "查过", actor=world.actors.finance, now=now)


def test_nobody_replies_on_a_resolved_ticket(world: World, now: datetime, number: str) -> None:
    resolved(number, actor=world.actors.agent, now=now)
    with refused(Conflict, "ticket.not_active"):
        replied(number, actor=world.actors.agent, now=now)


def test_on_a_channel_with_a_sender_it_waits_ten_seconds_in_the_outbox(
    world: World, now: datetime, number: str
) -> None:
    with_sender(world)
    id = replied(number, actor=world.actors.agent, now=now, text="地址已改")
    row = session().execute(select(Outbox)).scalar_one()
    assert (row.key, row.kind, row.state, row.message_id) == (f"message:{id}", "reply", "waiting", id)
    assert row.not_before == row.next_try_at == now + 10 * SECOND
    assert "地址" not in str(row.payload)
    with refused(Conflict, "message.channel_sends_itself"):
        do(messages.mark_copied, number, id, actor=world.actors.agent, now=now)


def test_on_a_channel_without_one_a_person_carries_it_over_once(world: World, now: datetime, number: str) -> None:
    id = replied(number, actor=world.actors.agent, now=now)
    assert count_of(Outbox) == 0
    do(messages.mark_copied, number, id, actor=world.actors.agent, now=now)
    assert conversation(number)[-1].state == "copied"
    assert events(number, "message.copied")[0].params == {"message": id}
    with refused(Conflict, "message.not_queued"):
        do(messages.mark_copied, number, id, actor=world.actors.agent, now=now)
    with refused(NotAllowed, "ticket.may_not_reply"):
        do(messages.mark_copied, number, id, actor=world.actors.ops, now=now)


def test_what_a_sender_could_not_deliver_is_carried_over_too(world: World, now: datetime, number: str) -> None:
    with_sender(world)
    id = replied(number, actor=world.actors.agent, now=now)
    with unit_of_work() as work:
        work.execute(update(Message).where(Message.id == id).values(state="failed"))
    do(messages.mark_copied, number, id, actor=world.actors.agent, now=now)
    assert conversation(number)[-1].state == "copied"


def test_a_reply_taken_back_was_never_sent(world: World, now: datetime, number: str) -> None:
    with_sender(world)
    do(assignment.claim, number, actor=world.actors.agent, now=now)
    due = clock(number, "solution").due_at
    sent = now + 5 * MINUTE
    id = replied(number, actor=world.actors.agent, now=sent, is_solution=True, status_after=Status.PENDING_CUSTOMER)
    do(messages.take_back, number, id, actor=world.actors.agent, now=sent + 9 * SECOND)
    assert conversation(number)[-1].state == "taken_back"
    assert session().execute(select(Outbox.state)).scalar_one() == "withdrawn"
    first, solution = clock(number, "first_response"), clock(number, "solution")
    assert (first.met_at, first.due_at) == (None, now + 30 * MINUTE)
    assert (solution.met_at, solution.due_at, solution.pauses) == (None, due, [])
    assert look(number).status == Status.OPEN
    assert look(number).burns_at == now + 30 * MINUTE


def test_the_wait_it_began_never_was(world: World, now: datetime, number: str) -> None:
    do(
        tickets.set_status,
        number,
        Status.PENDING_INTERNAL,
        pending_on="courier",
        version=1,
        actor=world.actors.agent,
        now=now,
    )
    sent = now + HOUR
    id = replied(number, actor=world.actors.agent, now=sent, status_after=Status.PENDING_CUSTOMER)
    do(messages.take_back, number, id, actor=world.actors.agent, now=sent + 5 * SECOND)
    assert (look(number).status, look(number).pending_on) == ("pending_internal", "courier")
    assert (clock(number, "solution").pauses, clock(number, "solution").due_at) == ([], now + 4 * HOUR)


def test_a_status_that_somebody_changed_since_stays(world: World, now: datetime, number: str) -> None:
    id = replied(number, actor=world.actors.agent, now=now, status_after=Status.PENDING_CUSTOMER)
    do(priorities.set_priority, number, Priority.P1, version=2, actor=world.actors.agent2, now=now + SECOND)
    do(messages.take_back, number, id, actor=world.actors.agent, now=now + 2 * SECOND)
    assert look(number).status == Status.PENDING_CUSTOMER


@pytest.mark.parametrize("sender", [True, False], ids=["sender", "copied"])
def test_after_ten_seconds_it_is_too_late(world: World, now: datetime, number: str, sender: bool) -> None:
    if sender:
        with_sender(world)
    id = replied(number, actor=world.actors.agent, now=now)
    with refused(Conflict, "message.too_late_to_take_back"):
        do(messages.take_back, number, id, actor=world.actors.agent, now=now + 10 * SECOND)


def test_what_left_already_can_t_be_taken_back(world: World, now: datetime, number: str) -> None:
    id = replied(number, actor=world.actors.agent, now=now)
    do(messages.mark_copied, number, id, actor=world.actors.agent, now=now + SECOND)
    with refused(Conflict, "message.too_late_to_take_back"):
        do(messages.take_back, number, id, actor=world.actors.agent, now=now + 2 * SECOND)
    with_sender(world)
    id = replied(number, actor=world.actors.agent, now=now)
    with unit_of_work() as work:
        work.execute(update(Outbox).values(state="claimed"))
    with refused(Conflict, "message.too_late_to_take_back"):
        do(messages.take_back, number, id, actor=world.actors.agent, now=now + SECOND)


def test_only_its_author_takes_it_back_and_only_an_outgoing_one(world: World, now: datetime, number: str) -> None:
    id = replied(number, actor=world.actors.agent, now=now)
    with refused(NotAllowed, "message.not_yours"):
        do(messages.take_back, number, id, actor=world.actors.agent2, now=now)
    with refused(NotFound, "message.not_found"):
        do(messages.take_back, number, conversation(number)[0].id, actor=world.actors.agent, now=now)


def test_a_second_reply_in_between_has_met_the_clocks_instead(world: World, now: datetime, number: str) -> None:
    first = replied(number, actor=world.actors.agent, now=now, is_solution=True)
    replied(number, actor=world.actors.agent, now=now + 4 * SECOND)
    replied(number, actor=world.actors.agent, now=now + 6 * SECOND, is_solution=True)
    do(messages.take_back, number, first, actor=world.actors.agent, now=now + 8 * SECOND)
    assert clock(number, "first_response").met_at == now + 4 * SECOND
    assert clock(number, "solution").met_at == now + 6 * SECOND


def test_taking_back_the_second_reply_leaves_the_first_one_s_deed(world: World, now: datetime, number: str) -> None:
    replied(number, actor=world.actors.agent, now=now)
    second = replied(number, actor=world.actors.agent, now=now + MINUTE)
    do(messages.take_back, number, second, actor=world.actors.agent, now=now + MINUTE)
    assert clock(number, "first_response").met_at == now


def test_a_reply_is_not_taken_back_from_under_a_resolve(world: World, now: datetime, number: str) -> None:
    """It found the promise kept; afterwards nobody could tell from the history what had kept it."""
    id = replied(number, actor=world.actors.agent, now=now, is_solution=True)
    operation = resolved(number, actor=world.actors.agent, now=now + 3 * SECOND)
    for undone in (False, True):
        if undone:
            do(operations.undo, operation, actor=world.actors.agent, now=now + 5 * SECOND)
        with refused(Conflict, "message.resolved_since"):
            do(messages.take_back, number, id, actor=world.actors.agent, now=now + 6 * SECOND)
    assert conversation(number)[-1].state == "queued"
    assert clock(number, "first_response").met_at == clock(number, "solution").met_at == now


def test_the_customer_s_message_ends_the_wait_when_he_wrote_not_when_we_entered_it(
    world: World, now: datetime, number: str
) -> None:
    replied(number, actor=world.actors.agent, now=now + HOUR, status_after=Status.PENDING_CUSTOMER)
    heard(number, actor=world.actors.agent, now=now + 9 * HOUR, sent_at=now + 3 * HOUR)
    ticket, message = look(number), conversation(number)[-1]
    assert (ticket.status, ticket.unread) == ("open", True)
    assert ticket.last_customer_message_at == now + 3 * HOUR
    assert (message.sent_at, message.created_at, message.state) == (now + 3 * HOUR, now + 9 * HOUR, "received")
    assert clock(number, "solution").due_at == now + 6 * HOUR


def test_waiting_for_our_own_people_stops_no_customer_s_clock(world: World, now: datetime, number: str) -> None:
    version = 1
    for status in (Status.PENDING_INTERNAL, Status.PENDING_APPROVAL):
        version = do(tickets.set_status, number, status, version=version, actor=world.actors.agent, now=now + HOUR)
        assert clock(number, "solution").due_at == now + 4 * HOUR
    version = do(
        tickets.set_status, number, Status.PENDING_CUSTOMER, version=version, actor=world.actors.agent, now=now + HOUR
    )
    assert clock(number, "solution").due_at is None
    assert clock(number, "first_response").due_at == now + 30 * MINUTE  # never waits


def test_a_submit_that_comes_twice_is_one_message(world: World, now: datetime, number: str) -> None:
    assert heard(number, actor=world.actors.agent, now=now, external_id="m1") == number
    before = everything()
    assert heard(number, actor=world.actors.agent, now=now + MINUTE, external_id="m1", sent_at=now) == number
    assert everything() == before
    with refused(Invalid, "inbound.different_body"):
        heard(number, actor=world.actors.agent, now=now, external_id="m1", text="别的话")


def test_without_an_id_the_same_words_at_the_same_second_are_one_message(
    world: World, now: datetime, number: str
) -> None:
    for _ in range(2):
        heard(number, actor=world.actors.agent, now=now)
    heard(number, actor=world.actors.agent, now=now, text="还在吗")
    assert [message.text for message in conversation(number)][1:] == ["在吗", "还在吗"]


def test_a_submit_repeated_after_the_ticket_closed_still_names_its_ticket(
    world: World, now: datetime, number: str
) -> None:
    heard(number, actor=world.actors.agent, now=now, external_id="m1")
    resolved(number, actor=world.actors.agent, now=now)
    do(resolution.close, number, actor=world.actors.system, now=now + 8 * DAY)
    assert heard(number, actor=world.actors.agent, now=now + 8 * DAY, sent_at=now, external_id="m1") == number
    assert count_of(Ticket) == 1


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"sent_at": timedelta(minutes=5, seconds=1)}, "ticket.created_in_future"),
        ({"sent_at": -SECOND}, "message.before_ticket"),
        ({"text": ""}, "message.text_required"),
        ({"external_id": "x" * 201}, "input.too_long"),
        ({"external_id": "\x00"}, "input.bad_character"),
    ],
)
def test_a_message_that_can_t_be_is_refused(
    world: World, now: datetime, number: str, more: dict[str, Any], code: str
) -> None:
    if isinstance(ahead := more.get("sent_at"), timedelta):
        more = more | {"sent_at": now + ahead}
    with refused(Invalid, code):
        heard(number, actor=world.actors.agent, now=now, **more)


def test_within_seven_days_a_resolved_ticket_begins_a_new_cycle(world: World, now: datetime, number: str) -> None:
    do(assignment.claim, number, actor=world.actors.agent, now=now)
    resolved(number, actor=world.actors.agent, now=now + HOUR)
    again = now + HOUR + 7 * DAY
    assert heard(number, actor=world.actors.agent, now=again) == number
    ticket = look(number)
    assert (ticket.status, ticket.cycle, ticket.outcome, ticket.resolved_at) == ("open", 2, None, None)
    assert ticket.first_resolved_at == now + HOUR
    frozen, running = clock(number, "solution", cycle=1), clock(number, "solution", cycle=2)
    assert (frozen.met_at, frozen.elapsed_seconds, frozen.breached) == (now + HOUR, 3600, False)
    assert (running.started_at, running.due_at, running.pauses) == (again, again + 4 * HOUR, [])
    assert clock(number, "first_response", cycle=2).due_at == again + 30 * MINUTE
    last = stints(number)[-1]
    assert (last.entered_at, last.left_at, last.assignee_id) == (again, None, world.users.agent.id)
    assert [event.params["cycle"] for event in events(number, "ticket.reopened")] == [2]
    resolved(number, actor=world.actors.agent, now=again + HOUR)
    assert look(number).first_resolved_at == now + HOUR


def test_a_cycle_begins_no_earlier_than_the_one_before_it_ended(world: World, now: datetime, number: str) -> None:
    resolved(number, actor=world.actors.agent, now=now + 2 * HOUR)
    heard(number, actor=world.actors.agent, now=now + 3 * HOUR, sent_at=now + HOUR)
    assert clock(number, "solution").started_at == stints(number)[-1].entered_at == now + 2 * HOUR


def test_later_it_opens_a_new_ticket_that_names_the_old_one(world: World, now: datetime) -> None:
    number = opened(world, now, type="logistics_stuck", order_number="T1", customer_name="周")
    resolved(number, actor=world.actors.agent, now=now)
    late = now + 7 * DAY + SECOND
    for times in (1, 2):
        new = heard(number, actor=world.actors.agent, now=late, text="还是没收到货", external_id="m1")
        assert new != number
        assert len(events(number, "ticket.continued")) == 1, times
    ticket, old = look(new), look(number)
    assert (ticket.follows_id, ticket.order_id, ticket.customer_id) == (old.id, old.order_id, old.customer_id)
    assert (old.status, old.cycle) == ("resolved", 1)
    assert [message.text for message in conversation(new)] == ["还是没收到货"]


def test_on_a_closed_ticket_too(world: World, now: datetime, number: str) -> None:
    resolved(number, actor=world.actors.agent, now=now, outcome=Outcome.EXPLAINED, shares={})
    assert do(resolution.close, number, actor=world.actors.system, now=now + 8 * DAY) is True
    new = heard(number, actor=world.actors.system, now=now + 7 * DAY, sent_at=now + DAY)
    assert look(new).follows_id == look(number).id
    inbound = session().scalars(select(Inbound).order_by(Inbound.id)).all()
    assert {row.ticket_id for row in inbound[1:]} == {look(new).id}


def test_what_he_writes_to_a_merged_ticket_joins_the_one_it_went_into(world: World, now: datetime, number: str) -> None:
    target = opened(world, now, type="logistics_stuck")
    with unit_of_work():
        ticket = tickets.load(number, world.actors.system)
        wanted = tickets.Change(status=Status.MERGED, merged_into_id=look(target).id)
        tickets.change(ticket, wanted, expected=None, actor=world.actors.system, now=now)
    assert heard(number, actor=world.actors.agent, now=now) == target
    assert [message.text for message in conversation(target)][-1] == "在吗"
