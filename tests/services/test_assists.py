"""Another queue's help, while the ticket stays where it is."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from helpdesk.domain.access import Actor, Role
from helpdesk.domain.problems import Conflict, Invalid, NotAllowed, NotFound, Problem, Stale
from helpdesk.domain.tickets import Party, Status
from helpdesk.models import Note, Outbox, Stint, Ticket
from helpdesk.models.scope import listed
from helpdesk.services import assignment, assists, tickets
from helpdesk.storage import session, unit_of_work
from tests.factories import World, user
from tests.services.story import clock, do, events, look, opened, queue_clocks, refused, replied, resolved, stints

HOUR = timedelta(hours=1)


def asked(number: str, world: World, now: datetime, queue: str = "warehouse", **more: object) -> int:
    values = {"party": Party.WAREHOUSE, "question": " 发出了吗？ ", "version": look(number).version}
    values |= {"actor": world.actors.agent} | more
    return do(assists.ask_for_help, number, queue, now=now, **values)  # type: ignore[arg-type]


def test_a_question_opens_a_stint_with_its_own_clock_and_moves_nothing_else(world: World, now: datetime) -> None:
    number = opened(world, now, type="logistics_stuck")
    due = clock(number, "solution").due_at
    id = asked(number, world, now + HOUR)
    ticket, stint = look(number), session().get_one(Stint, id)
    assert (ticket.queue_id, ticket.owner_id, ticket.status) == (world.queues.customer_service.id, None, "open")
    assert (stint.kind, stint.queue_id, stint.party) == ("assist", world.queues.warehouse.id, "warehouse")
    assert (stint.asked_by_id, stint.left_at) == (world.users.agent.id, None)
    assert session().get_one(Note, stint.question_note_id).text == "发出了吗？"
    assert queue_clocks(number)[1].due_at == now + 5 * HOUR
    assert clock(number, "solution").due_at == due
    told = events(number, "assist.asked")[0]
    assert told.params == {"queue": "warehouse", "party": "warehouse"}
    assert told.reason_note_id == stint.question_note_id


def test_it_stands_in_the_list_of_the_queue_that_is_asked(world: World, now: datetime) -> None:
    number = opened(world, now, type="logistics_stuck")
    seen = select(Ticket.number).where(listed(world.actors.warehouse))
    assert session().scalars(seen).all() == []
    asked(number, world, now)
    assert session().scalars(seen).all() == [number]


def test_a_queue_is_asked_one_thing_at_a_time_and_several_queues_at_once(world: World, now: datetime) -> None:
    number = opened(world, now, type="logistics_stuck")
    asked(number, world, now)
    with refused(Conflict, "assist.open_already"):
        asked(number, world, now)
    asked(number, world, now, queue="finance", party=None)
    assert [stint.left_at for stint in stints(number)] == [None] * 3


def test_what_can_t_be_asked_is_refused(world: World, now: datetime) -> None:
    number = opened(world, now, type="logistics_stuck")
    with refused(Invalid, "assist.own_queue"):
        asked(number, world, now, queue="customer_service")
    for question in (" ", "字" * 2001):
        with refused(Invalid, "assist.question_required"):
            asked(number, world, now, question=question)
    with refused(NotFound, "queue.not_found"):
        asked(number, world, now, queue="moon")


def test_only_who_works_on_a_ticket_asks_and_only_while_it_is_active(world: World, now: datetime) -> None:
    number = opened(world, now, type="logistics_stuck")
    with refused(NotAllowed, "ticket.not_yours"):
        asked(number, world, now, actor=world.actors.finance)
    asked(number, world, now)
    resolved(number, actor=world.actors.agent, now=now + HOUR)
    assert {stint.left_at for stint in stints(number)} == {now + HOUR}
    with refused(Conflict, "ticket.not_active"):
        asked(number, world, now)


# Answering


def answered(id: int, world: World, now: datetime, text: str = " 发的是 L 码 ", **more: Any) -> str:
    return do(assists.answer, id, text, now=now, **({"actor": world.actors.warehouse, "version": None} | more))


def notices(code: str) -> list[Outbox]:
    rows = session().scalars(select(Outbox).where(Outbox.kind == "notice").order_by(Outbox.id))
    return [row for row in rows if row.payload["code"] == code]


@pytest.fixture
def number(world: World, now: datetime) -> str:
    """A ticket of customer service that an agent has in hand."""
    number = opened(world, now, type="logistics_stuck")
    do(assignment.claim, number, actor=world.actors.agent, now=now)
    return number


def waits_for(number: str, world: World, now: datetime, pending_on: str | None) -> None:
    do(
        tickets.set_status,
        number,
        Status.PENDING_INTERNAL,
        pending_on=pending_on,
        version=look(number).version,
        actor=world.actors.agent,
        now=now,
    )


def test_the_queue_that_is_asked_is_told_once(world: World, now: datetime, number: str) -> None:
    id = asked(number, world, now)
    row = notices("assist.asked")[0]
    assert row.key == f"assist:{id}:asked"
    assert row.payload["notify"] == [f"queue:{world.queues.warehouse.id}"]
    assert (row.payload["params"], row.payload["actor"]) == (
        {"queue": "warehouse", "assist": id},
        world.users.agent.id,
    )


def test_an_answer_ends_the_assist_and_its_clock_and_is_kept_as_a_note(
    world: World, now: datetime, number: str
) -> None:
    id = asked(number, world, now)
    assert answered(id, world, now + HOUR) == number
    stint = session().get_one(Stint, id)
    assert (stint.left_at, session().get_one(Note, stint.answer_note_id).text) == (now + HOUR, "发的是 L 码")
    frozen = next(row for row in queue_clocks(number) if row.stint_id == id)
    assert (frozen.met_at, frozen.elapsed_seconds, frozen.breached) == (now + HOUR, 3600, False)
    told = events(number, "assist.answered")[0]
    assert (told.params, told.reason_note_id) == ({"queue": "warehouse", "stint": id}, stint.answer_note_id)
    row = notices("assist.answered")[0]
    assert row.payload["notify"] == ["owner", f"user:{world.users.agent.id}"]
    assert row.payload["actor"] == world.users.warehouse.id


def test_the_queue_may_be_asked_again_after_its_answer(world: World, now: datetime, number: str) -> None:
    answered(asked(number, world, now), world, now)
    asked(number, world, now)
    assert len(notices("assist.asked")) == 2


@pytest.mark.parametrize(
    ("pending_on", "status"), [("warehouse", "open"), (None, "open"), ("finance", "pending_internal")]
)
def test_a_ticket_that_waited_for_the_answer_goes_on(
    world: World, now: datetime, number: str, pending_on: str | None, status: str
) -> None:
    id = asked(number, world, now)
    waits_for(number, world, now, pending_on)
    answered(id, world, now + HOUR)
    assert look(number).status == status


def test_a_ticket_waits_on_while_another_answer_is_due(world: World, now: datetime, number: str) -> None:
    first, second = asked(number, world, now), asked(number, world, now, queue="finance")
    waits_for(number, world, now, None)
    answered(first, world, now)
    assert look(number).status == "pending_internal"
    answered(second, world, now, actor=world.actors.finance)
    assert look(number).status == "open"


def test_an_answer_on_a_ticket_that_waits_for_its_customer_changes_nothing(
    world: World, now: datetime, number: str
) -> None:
    id = asked(number, world, now)
    replied(number, actor=world.actors.agent, now=now, status_after=Status.PENDING_CUSTOMER)
    answered(id, world, now)
    assert look(number).status == "pending_customer"


def test_only_the_queue_that_was_asked_answers(world: World, now: datetime, number: str) -> None:
    id = asked(number, world, now)
    with refused(NotAllowed, "assist.not_yours"):
        answered(id, world, now, actor=world.actors.agent)
    for stranger in ("finance", "auditor"):
        with refused(NotAllowed, "assist.not_yours"):
            answered(id, world, now, actor=getattr(world.actors, stranger))
    with refused(NotFound, "assist.not_found"):
        answered(id, world, now, actor=world.actors.outsider)
    with refused(NotFound, "assist.not_found"):
        answered(stints(number)[0].id, world, now)  # the stay is no question


@pytest.mark.parametrize("text", [" ", "字" * 5001])
def test_an_answer_says_something_and_not_too_much(world: World, now: datetime, number: str, text: str) -> None:
    id = asked(number, world, now)
    with refused(Invalid, "assist.answer_required"):
        answered(id, world, now, text=text)


def test_of_two_answers_the_first_counts(world: World, now: datetime, number: str) -> None:
    id = asked(number, world, now)
    answered(id, world, now)
    with refused(Conflict, "assist.not_open"):
        answered(id, world, now)


def test_an_answer_to_a_ticket_that_moved_on_is_shown_what_changed(world: World, now: datetime, number: str) -> None:
    id = asked(number, world, now)
    version = look(number).version
    waits_for(number, world, now, "warehouse")
    with refused(Stale, "ticket.stale"):
        answered(id, world, now, version=version)
    answered(id, world, now, version=version + 1)


def test_what_has_ended_with_its_ticket_is_not_answered(world: World, now: datetime, number: str) -> None:
    id = asked(number, world, now)
    resolved(number, actor=world.actors.agent, now=now, shares={})
    with refused(Conflict, "assist.not_open"):
        answered(id, world, now)


# Taking it into one's hands


def claimed(id: int, world: World, now: datetime, who: str = "warehouse") -> str:
    return do(assists.claim_assist, id, actor=getattr(world.actors, who), now=now)


def hands(id: int) -> int | None:
    return session().get_one(Stint, id).assignee_id


def test_a_question_is_taken_by_one_and_that_leaves_the_ticket_s_version(
    world: World, now: datetime, number: str
) -> None:
    id, version = asked(number, world, now), look(number).version
    assert claimed(id, world, now) == number
    claimed(id, world, now)
    assert (hands(id), look(number).version) == (world.users.warehouse.id, version)
    told = [event.params for event in events(number, "assist.assigned")]
    assert told == [{"queue": "warehouse", "stint": id, "from": None, "to": world.users.warehouse.id}]


def test_of_two_who_take_a_question_one_wins(world: World, now: datetime, number: str) -> None:
    id = asked(number, world, now)
    with unit_of_work():
        second = user("second", now, queues=[world.queues.warehouse])
    claimed(id, world, now)
    other = Actor(second.id, Role.AGENT, frozenset({world.queues.warehouse.id}))
    with refused(Conflict, "assist.claimed_already"):
        do(assists.claim_assist, id, actor=other, now=now)


def test_nobody_takes_what_another_queue_is_asked(world: World, now: datetime, number: str) -> None:
    id = asked(number, world, now)
    with refused(NotAllowed, "assist.not_yours"):
        claimed(id, world, now, "agent")


def assigned(
    id: int, user_id: int | None, world: World, now: datetime, who: str = "ops", was: int | None = None
) -> str:
    return do(assists.assign_assist, id, user_id, instead_of=was, actor=getattr(world.actors, who), now=now)


def test_who_assigns_gives_a_question_to_a_member_of_its_queue_and_takes_it_back(
    world: World, now: datetime, number: str
) -> None:
    id, him = asked(number, world, now), world.users.warehouse.id
    assigned(id, him, world, now)
    assigned(id, him, world, now, was=him)  # nothing new
    assert hands(id) == him
    assert len(events(number, "assist.assigned")) == 1
    assert notices("ticket.assigned")[0].payload["params"] == {"user": him, "mode": "person", "assist": id}
    assigned(id, None, world, now, who="supervisor", was=him)  # it stands on a ticket of his queue
    assert (hands(id), session().get_one(Stint, id).previous_id) == (None, him)


def test_a_question_goes_to_members_of_the_queue_only(world: World, now: datetime, number: str) -> None:
    id = asked(number, world, now)
    with refused(Invalid, "ticket.not_a_member"):
        assigned(id, world.users.agent2.id, world, now)


def test_who_was_seen_with_it_must_still_have_it(world: World, now: datetime, number: str) -> None:
    id = asked(number, world, now)
    claimed(id, world, now)
    with refused(Stale, "assist.stale"):
        assigned(id, None, world, now, was=None)


def test_one_gives_back_one_s_own_and_nobody_else_s(world: World, now: datetime, number: str) -> None:
    id, him = asked(number, world, now), world.users.warehouse.id
    claimed(id, world, now)
    with refused(NotAllowed, "assist.may_not_assign"):
        assigned(id, None, world, now, who="agent", was=him)
    assigned(id, None, world, now, who="warehouse", was=him)
    assert hands(id) is None


# Taking the question back


def withdrawn(id: int, world: World, now: datetime, who: str = "agent", reason: str = "") -> str:
    return do(assists.withdraw_assist, id, reason=reason, actor=getattr(world.actors, who), now=now)


@pytest.mark.parametrize("who", ["agent", "supervisor", "ops"])
def test_a_question_is_taken_back_and_counts_for_nobody(world: World, now: datetime, number: str, who: str) -> None:
    id = asked(number, world, now)
    waits_for(number, world, now, "warehouse")
    withdrawn(id, world, now + HOUR, who, reason="客户自己说清楚了")
    clock = next(row for row in queue_clocks(number) if row.stint_id == id)
    assert (session().get_one(Stint, id).left_at, clock.cancelled_at, clock.met_at) == (now + HOUR, now + HOUR, None)
    assert look(number).status == "open"
    told = events(number, "assist.withdrawn")[0]
    assert session().get_one(Note, told.reason_note_id).text == "客户自己说清楚了"


def test_a_question_that_is_late_already_keeps_its_lateness(world: World, now: datetime, number: str) -> None:
    id = asked(number, world, now)
    withdrawn(id, world, now + 30 * HOUR)
    clock = next(row for row in queue_clocks(number) if row.stint_id == id)
    assert (clock.cancelled_at, clock.breached) == (None, True)


@pytest.mark.parametrize(
    ("who", "kind", "code"),
    [
        ("warehouse", NotAllowed, "assist.may_not_withdraw"),
        ("agent2", NotAllowed, "assist.may_not_withdraw"),
        ("outsider", NotFound, "assist.not_found"),
    ],
)
def test_who_didn_t_ask_takes_nothing_back(
    world: World, now: datetime, number: str, who: str, kind: type[Problem], code: str
) -> None:
    id = asked(number, world, now)
    with refused(kind, code):
        withdrawn(id, world, now, who)


def test_a_reason_has_its_limit(world: World, now: datetime, number: str) -> None:
    id = asked(number, world, now)
    with refused(Invalid, "input.too_long"):
        withdrawn(id, world, now, reason="字" * 501)
