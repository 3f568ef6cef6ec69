"""Dead letters: who sees which, sent again under their old keys, given up, recorded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, update

from helpdesk.domain.problems import Invalid, NotAllowed
from helpdesk.models import Envelope, Event, Message, NotificationTarget, Outbox
from helpdesk.queries import outbox as outbox_queries
from helpdesk.queries.outbox import After
from helpdesk.services import dead_letters
from helpdesk.services.dead_letters import DeadLetter
from helpdesk.storage import session, unit_of_work
from tests.factories import World, add
from tests.tickets import ticket as a_ticket


@dataclass
class Letters:
    """A reply of each queue, and envelopes to a target of the house, of a queue, and to a person."""

    reply: DeadLetter
    their_reply: DeadLetter
    house: DeadLetter
    own: DeadLetter
    person: DeadLetter


@pytest.fixture
def letters(world: World, now: datetime) -> Letters:
    with unit_of_work():
        replies = []
        for number, queue in enumerate((world.queues.customer_service, world.queues.warehouse)):
            ticket = a_ticket(world, now, queue=queue)
            message = Message(
                ticket_id=ticket.id, direction="out", text="您好", state="failed", sent_at=now, created_at=now
            )
            add(message)
            reply = Outbox(
                key=f"message:{message.id}",
                kind="reply",
                ticket_id=ticket.id,
                message_id=message.id,
                payload={},
                state="dead",
                attempts=8,
                error="sender.down",
                not_before=now,
                next_try_at=now,
                done_at=now + timedelta(minutes=number),
                created_at=now,
            )
            add(reply)
            replies.append(DeadLetter("reply", reply.id))
        own = world.queues.customer_service.id
        values = {"kind": "dingtalk", "secret": {"url": "https://x?token=s3cret"}, "kinds": [], "created_at": now}
        house_target = NotificationTarget(name="全店", **values)
        own_target = NotificationTarget(name="客服群", queue_id=own, **values)
        add(house_target, own_target)
        rows = [
            Envelope(
                key=f"news:{number}",
                state="dead",
                attempts=3,
                error="robot.refused:300001",
                next_try_at=now,
                done_at=now + timedelta(minutes=5 + number),
                created_at=now,
                **address,
            )
            for number, address in enumerate(
                (
                    {"target_id": house_target.id},
                    {"target_id": own_target.id},
                    {"user_id": world.users.agent.id},
                )
            )
        ]
        add(*rows)
        return Letters(*replies, *(DeadLetter("envelope", row.id) for row in rows))


def seen(world: World, who: str) -> list[DeadLetter]:
    return [DeadLetter(row.kind, row.id) for row in outbox_queries.dead(getattr(world.actors, who))]


def test_ops_see_all_and_a_supervisor_what_is_of_his_queues(world: World, letters: Letters) -> None:
    every = [letters.person, letters.own, letters.house, letters.their_reply, letters.reply]
    assert seen(world, "ops") == seen(world, "admin") == every
    assert seen(world, "supervisor") == [letters.person, letters.own, letters.reply]
    assert outbox_queries.dead_count(world.actors.ops) == 5
    assert outbox_queries.dead_count(world.actors.supervisor) == 3
    for who in ("agent", "finance", "auditor"):
        with pytest.raises(NotAllowed):
            seen(world, who)


def test_they_come_page_by_page_and_tell_no_secret(world: World, letters: Letters) -> None:
    found, after = [], None
    while page := outbox_queries.dead(world.actors.ops, after, limit=2):
        found += page
        after = After(page[-1].died_at, page[-1].kind, page[-1].id)
    assert [DeadLetter(row.kind, row.id) for row in found] == seen(world, "ops")
    assert "s3cret" not in repr(found)
    assert [(row.way, str(row.to)) for row in found[:3]] == [
        ("mail", "林晓"),
        ("dingtalk", "客服群"),
        ("dingtalk", "全店"),
    ]
    assert (found[4].text, found[4].error, found[4].attempts) == ("您好", "sender.down", 8)


def test_letters_that_died_in_the_same_instant_are_not_lost_between_pages(
    world: World, letters: Letters, now: datetime
) -> None:
    with unit_of_work():
        for model in (Outbox, Envelope):
            session().execute(update(model).values(done_at=now))
    found, after = [], None
    while page := outbox_queries.dead(world.actors.ops, after, limit=1):
        found += page
        after = After(page[-1].died_at, page[-1].kind, page[-1].id)
    assert len({(row.kind, row.id) for row in found}) == len(found) == 5


def test_sent_again_they_wait_under_their_old_key_with_all_their_tries(
    world: World, letters: Letters, now: datetime
) -> None:
    with unit_of_work():
        chosen = [letters.reply, letters.own, letters.own]
        assert dead_letters.resend(chosen, actor=world.actors.supervisor, now=now) == chosen[:2]
        assert dead_letters.resend(chosen, actor=world.actors.supervisor, now=now) == []
    reply = session().get_one(Outbox, letters.reply.id)
    envelope = session().get_one(Envelope, letters.own.id)
    assert [(row.state, row.attempts, row.next_try_at) for row in (reply, envelope)] == [("waiting", 0, now)] * 2
    assert envelope.key == "news:1"
    assert session().get_one(Message, reply.message_id).state == "queued"
    assert [row.code for row in session().scalars(select(Event))] == ["outbox.resent"] * 2


def test_given_up_they_are_gone_and_the_message_stays_failed(world: World, letters: Letters, now: datetime) -> None:
    with unit_of_work():
        assert dead_letters.give_up([letters.reply, letters.person], actor=world.actors.ops, now=now) == [
            letters.reply,
            letters.person,
        ]
    assert outbox_queries.dead_count(world.actors.ops) == 3
    reply = session().get_one(Outbox, letters.reply.id)
    assert (reply.state, session().get_one(Message, reply.message_id).state) == ("withdrawn", "failed")
    assert [(row.code, row.ticket_id) for row in session().scalars(select(Event).order_by(Event.id))] == [
        ("outbox.given_up", reply.ticket_id),
        ("outbox.given_up", None),
    ]


def test_nobody_judges_what_he_does_not_see(world: World, letters: Letters, now: datetime) -> None:
    theirs = [letters.their_reply, letters.house, DeadLetter("envelope", 999), DeadLetter("nonsense", 1)]
    with unit_of_work():
        assert dead_letters.resend(theirs, actor=world.actors.supervisor, now=now) == []
        assert dead_letters.give_up(theirs, actor=world.actors.supervisor, now=now) == []
        with pytest.raises(NotAllowed):
            dead_letters.resend(theirs, actor=world.actors.agent, now=now)
        with pytest.raises(Invalid):
            dead_letters.resend([letters.own] * 201, actor=world.actors.ops, now=now)
    assert outbox_queries.dead_count(world.actors.ops) == 5
