"""What the customer said about another matter becomes a ticket of its own, and goes back as it was."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from helpdesk.domain.access import Actor
from helpdesk.domain.clocks import FAR_FUTURE
from helpdesk.domain.links import Relation
from helpdesk.domain.problems import Conflict, Invalid, NotAllowed, NotFound, Stale
from helpdesk.domain.tickets import Outcome, Party, Status
from helpdesk.models import Attachment, Inbound, Message, Note, Order
from helpdesk.queries.links import links_of
from helpdesk.queries.report_sources import told_by
from helpdesk.services import operations, splitting, tickets
from helpdesk.services.splitting import Split, Wanted
from helpdesk.storage import session, unit_of_work
from tests import tickets as tickets_at_hand
from tests.factories import World
from tests.services.story import (
    clock,
    conversation,
    do,
    events,
    heard,
    look,
    opened,
    queue_clocks,
    refused,
    replied,
    resolved,
    taken_in,
)
from tests.services.test_parting import as_stored

HOUR = timedelta(hours=1)


@pytest.fixture
def number(world: World, now: datetime) -> str:
    """A parcel that doesn't move; an hour later its buyer speaks of an invoice, too, twice."""
    made = opened(world, now, type="logistics_stuck", order_number="T1", customer_name="周", text="快递不动了")
    heard(made, actor=world.actors.agent, now=now + HOUR, text="另外，上次的差价没退给我")
    heard(made, actor=world.actors.agent, now=now + 2 * HOUR, text="差价什么时候退")
    return made


def split(number: str, *, actor: Actor, now: datetime, messages: list[int] | None = None, **more: Any) -> Split:
    """The second and third word of the customer go, as a matter of price, unless others are named."""
    heard_there = [message.id for message in conversation(number) if message.direction == "in"]
    values: dict[str, Any] = {"type": "price_dispute", "relation": Relation.CHILD, "order_number": "T1"}
    values |= {"reason": " 另一件事 "} | more
    version = values.pop("version", look(number).version)
    ids = heard_there[1:3] if messages is None else messages
    return do(splitting.split, number, ids, Wanted(**values), version=version, actor=actor, now=now)


def texts(number: str) -> list[str]:
    return [message.text for message in conversation(number)]


def test_the_words_go_and_the_others_stay(world: World, now: datetime, number: str) -> None:
    ids = {message.id for message in conversation(number)}
    made = split(number, actor=world.actors.agent, now=now + 3 * HOUR).number
    assert texts(number) == ["快递不动了"]
    assert texts(made) == ["另外，上次的差价没退给我", "差价什么时候退"]
    assert {message.id for one in (number, made) for message in conversation(one)} == ids
    assert look(number).last_customer_message_at == now
    assert look(made).last_customer_message_at == now + 2 * HOUR


def test_the_new_one_is_of_the_chosen_type_and_the_same_customer(world: World, now: datetime, number: str) -> None:
    ticket = look(split(number, actor=world.actors.agent, now=now + 3 * HOUR).number)
    assert (ticket.type, ticket.klass, ticket.tier, ticket.status) == ("price_dispute", "A", "manual", "new")
    assert (ticket.customer_id, ticket.order_id) == (look(number).customer_id, look(number).order_id)
    assert (ticket.subject, ticket.queue_id, ticket.unread) == (
        "另外，上次的差价没退给我",
        world.queues.finance.id,
        True,
    )


def test_its_clocks_start_when_the_first_of_the_words_was_said(world: World, now: datetime, number: str) -> None:
    fresh = opened(world, now + HOUR, type="price_dispute", order_number="T9", created_at=now + HOUR)
    made = split(number, actor=world.actors.agent, now=now + 3 * HOUR).number
    assert look(made).created_at == now + HOUR
    for kind in ("first_response", "solution"):
        ours, theirs = clock(made, kind), clock(fresh, kind)
        assert (ours.started_at, ours.due_at, ours.late_after) == (now + HOUR, theirs.due_at, theirs.late_after)
    assert [(row.started_at, row.due_at) for row in queue_clocks(made)] == [
        (row.started_at, row.due_at) for row in queue_clocks(fresh)
    ]


def test_those_of_the_first_run_on_as_they_were(world: World, now: datetime, number: str) -> None:
    replied(number, actor=world.actors.agent, now=now + HOUR)
    before = as_stored(number)
    split(number, actor=world.actors.agent, now=now + 3 * HOUR)
    after = as_stored(number)
    assert {name for name in before if before[name] != after[name]} == {"ticket", "messages"}


def test_both_tell_of_it_and_are_linked(world: World, now: datetime, number: str) -> None:
    done = split(number, actor=world.actors.agent, now=now + 3 * HOUR, relation=Relation.CAUSED_BY)
    (here,), (there,) = events(number, "ticket.split"), events(done.number, "ticket.split_off")
    assert here.params == {"number": done.number, "messages": 2}
    assert there.params == {"number": number, "messages": 2}
    assert {here.operation_id, there.operation_id} == {done.operation}
    assert session().get_one(Note, here.reason_note_id).text == "另一件事"
    (link,) = links_of(look(done.number).id, world.actors.supervisor)
    assert (link.relation, link.number) == (Relation.CAUSED_BY, number)


def test_it_may_be_about_another_order_which_nobody_has_told_us_of(world: World, now: datetime, number: str) -> None:
    made = split(number, actor=world.actors.agent, now=now + 3 * HOUR, order_number=" T7 ").number
    order = session().get_one(Order, look(made).order_id)
    assert (order.number, order.known) == ("T7", False)
    assert look(split_again(world, now, number)).order_id is None


def split_again(world: World, now: datetime, number: str) -> str:
    heard(number, actor=world.actors.agent, now=now + 4 * HOUR, text="还有发票")
    last = conversation(number)[-1].id
    return split(number, actor=world.actors.agent, now=now + 5 * HOUR, messages=[last], order_number="").number


def test_what_came_in_with_the_words_goes_with_them(world: World, now: datetime, tmp_path: Path, number: str) -> None:
    again = {"type": "logistics_stuck", "order_number": "T1", "external_id": "x", "text": "发票呢"}
    taken_in(world, now + 2 * HOUR, **again)
    message = conversation(number)[-1]
    with unit_of_work():
        photo = tickets_at_hand.file(look(number), tmp_path, now, message_id=message.id).id
    made = split(number, actor=world.actors.agent, now=now + 3 * HOUR, messages=[message.id]).number
    row = session().execute(select(Inbound.ticket_id).where(Inbound.message_id == message.id)).one()
    assert row.ticket_id == session().get_one(Attachment, photo).ticket_id == look(made).id
    assert taken_in(world, now + 4 * HOUR, **again).number == made


def test_undone_all_is_as_it_was_and_the_new_one_counts_nowhere(world: World, now: datetime, number: str) -> None:
    before = as_stored(number)
    done = split(number, actor=world.actors.agent, now=now + 3 * HOUR)
    assert do(operations.undo, done.operation, actor=world.actors.agent, now=now + 4 * HOUR) == number
    assert as_stored(number) == before
    ticket = look(done.number)
    assert (ticket.status, ticket.merged_into_id, ticket.burns_at) == ("merged", look(number).id, FAR_FUTURE)
    rows = [clock(done.number, "first_response"), clock(done.number, "solution"), *queue_clocks(done.number)]
    assert all(row.met_at is None and row.cancelled_at == now + 4 * HOUR for row in rows)
    assert not told_by([ticket.id]).facts
    assert links_of(look(number).id, world.actors.agent) == ()
    assert [event.params["messages"] for event in events(number, "ticket.rejoined")] == [2]
    assert [event.params["number"] for event in events(done.number, "ticket.gone_back")] == [number]


def test_what_the_customer_said_there_meanwhile_stays_his_last_word(world: World, now: datetime, number: str) -> None:
    done = split(number, actor=world.actors.agent, now=now + 3 * HOUR)
    heard(number, actor=world.actors.agent, now=now + 4 * HOUR)
    do(operations.undo, done.operation, actor=world.actors.agent, now=now + 5 * HOUR)
    assert look(number).last_customer_message_at == now + 4 * HOUR
    assert len(conversation(number)) == 4


def test_what_he_writes_to_the_new_one_after_an_undo_comes_to_the_first(
    world: World, now: datetime, number: str
) -> None:
    done = split(number, actor=world.actors.agent, now=now + 3 * HOUR)
    do(operations.undo, done.operation, actor=world.actors.agent, now=now + 4 * HOUR)
    assert heard(done.number, actor=world.actors.system, now=now + 5 * HOUR) == number


@pytest.mark.parametrize("what", ["heard", "noted", "changed", "word moved on"])
def test_once_something_was_done_there_it_stands(world: World, now: datetime, number: str, what: str) -> None:
    agent, later = world.actors.agent, now + 4 * HOUR
    done = split(number, actor=agent, now=now + 3 * HOUR, type="service_complaint")
    if what == "heard":
        heard(done.number, actor=agent, now=later)
    elif what == "noted":
        do(lambda: tickets.add_note(tickets.load(done.number, agent), "看过了", actor=agent, now=later))
    elif what == "changed":
        version = look(done.number).version
        do(tickets.set_status, done.number, Status.PENDING_INTERNAL, version=version, actor=agent, now=later)
    else:
        last = conversation(done.number)[-1].id
        split(done.number, actor=agent, now=later, messages=[last])
    with refused(Conflict, "split.moved_on"):
        do(operations.undo, done.operation, actor=agent, now=later)


def test_where_the_first_has_ended_nothing_goes_back(world: World, now: datetime, number: str) -> None:
    done = split(number, actor=world.actors.agent, now=now + 3 * HOUR)
    resolved(
        number, actor=world.actors.agent, now=now + 4 * HOUR, outcome=Outcome.EXPLAINED, shares={Party.COURIER: 100}
    )
    system = world.actors.system
    do(
        lambda: tickets.change(
            tickets.load(number, system), tickets.Change(status=Status.CLOSED), expected=None, actor=system, now=now
        )
    )
    with refused(Conflict, "split.source_ended"):
        do(operations.undo, done.operation, actor=world.actors.agent, now=now + 5 * HOUR)


def test_it_is_undone_once_within_a_day_and_by_who_did_it(world: World, now: datetime, number: str) -> None:
    at = now + 3 * HOUR
    done = split(number, actor=world.actors.agent, now=at)
    with refused(NotFound, "operation.not_found"):
        do(operations.undo, done.operation, actor=world.actors.agent2, now=at)
    with refused(Conflict, "operation.too_late"):
        do(operations.undo, done.operation, actor=world.actors.agent, now=at + timedelta(hours=24, seconds=1))
    do(operations.undo, done.operation, actor=world.actors.agent, now=at + timedelta(hours=24))
    with refused(Conflict, "operation.already_undone"):
        do(operations.undo, done.operation, actor=world.actors.agent, now=at)


def test_what_can_t_go_is_refused_and_changes_nothing(world: World, now: datetime, number: str) -> None:
    agent, later = world.actors.agent, now + 3 * HOUR
    ours = replied(number, actor=agent, now=later)
    first = conversation(number)[0].id
    elsewhere = conversation(opened(world, now, type="quality"))[0].id
    for ids in ([first], [ours], [elsewhere], [first, ours]):
        with refused(Conflict, "split.not_movable"):
            split(number, actor=agent, now=later, messages=ids)
    with refused(Invalid, "split.nothing_chosen"):
        split(number, actor=agent, now=later, messages=[])
    with refused(Invalid, "ticket.reason_required"):
        split(number, actor=agent, now=later, reason=" ")
    with refused(Invalid, "link.unknown_relation"):
        split(number, actor=agent, now=later, relation=Relation.DUPLICATE)
    with refused(Stale, "ticket.stale"):
        split(number, actor=agent, now=later, version=99)
    for code, long in (
        ("input.too_long", {"order_number": "长" * 600}),
        ("ticket.reason_required", {"reason": "长" * 600}),
    ):
        with refused(Invalid, code):
            split(number, actor=agent, now=later, **dict[str, Any](long))


def test_the_word_that_reopened_the_ticket_stays(world: World, now: datetime, number: str) -> None:
    agent = world.actors.agent
    resolved(number, actor=agent, now=now + 3 * HOUR, outcome=Outcome.EXPLAINED, shares={Party.COURIER: 100})
    heard(number, actor=agent, now=now + 4 * HOUR, text="又不动了")
    heard(number, actor=agent, now=now + 5 * HOUR, text="顺便，颜色也不对")
    assert look(number).cycle == 2
    ids = [message.id for message in conversation(number)]
    for stays in ids[:-1]:
        with refused(Conflict, "split.not_movable"):
            split(number, actor=agent, now=now + 6 * HOUR, messages=[stays])
    made = split(number, actor=agent, now=now + 6 * HOUR, messages=ids[-1:]).number
    assert texts(made) == ["顺便，颜色也不对"]


def test_who_only_reads_splits_nothing_and_a_stranger_finds_nothing(world: World, now: datetime, number: str) -> None:
    for actor in (world.actors.auditor, world.actors.finance):
        with (
            refused(NotAllowed, "ticket.not_yours")
            if actor is world.actors.auditor
            else pytest.raises((NotAllowed, NotFound))
        ):
            split(number, actor=actor, now=now + 3 * HOUR)
    with refused(NotFound, "ticket.not_found"):
        split(number, actor=world.actors.outsider, now=now + 3 * HOUR)


def test_the_same_words_leave_once(world: World, now: datetime, number: str) -> None:
    ids = [message.id for message in conversation(number)][1:]
    split(number, actor=world.actors.agent, now=now + 3 * HOUR, messages=ids)
    with refused(Conflict, "split.not_movable"):
        split(number, actor=world.actors.agent, now=now + 3 * HOUR, messages=ids)
    assert session().scalars(select(Message.ticket_id).where(Message.id.in_(ids))).unique().all() == [
        look(events(number, "ticket.split")[0].params["number"]).id
    ]
