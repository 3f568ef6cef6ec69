"""Delivery: what the channel took is sent, what it refused comes again, and nothing goes twice by our doing."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select, update

from helpdesk.adapters.senders import Delivery, SendFailed
from helpdesk.jobs.deliver_outbox import deliver_outbox
from helpdesk.models import Channel, Message, Outbox, Ticket
from helpdesk.services import attempts, outbox
from helpdesk.storage import _writing, session, unit_of_work
from tests import tickets
from tests.adapters.fakes import FakeSender
from tests.factories import World
from tests.tickets import ticket as a_ticket

Deliver = Callable[..., int]


@pytest.fixture
def ticket(world: World, now: datetime) -> Ticket:
    with unit_of_work():
        session().execute(update(Channel).where(Channel.code == "tmall").values(sender="fake"))
        return a_ticket(world, now)


@pytest.fixture
def fake() -> FakeSender:
    return FakeSender()


def deliver(fake: FakeSender, at: datetime) -> int:
    return deliver_outbox(lambda: at, "one", senders={"fake": fake.send}, dice=random.Random(1))


def put(ticket: Ticket, text: str, now: datetime) -> None:
    with unit_of_work():
        queue_up(ticket.id, text, now)


def queue_up(ticket_id: int, text: str, now: datetime) -> None:
    message = Message(ticket_id=ticket_id, direction="out", text=text, state="queued", sent_at=now, created_at=now)
    session().add(message)
    session().flush()
    outbox.put("reply", f"reply:{text}", ticket_id=ticket_id, message_id=message.id, payload={}, now=now)


def states() -> list[tuple[str, str]]:
    rows = session().execute(
        select(Outbox.state, Message.state).join(Message, Message.id == Outbox.message_id).order_by(Outbox.id)
    )
    return [(row[0], row[1]) for row in rows]


def test_what_waits_is_sent_once_in_order(ticket: Ticket, fake: FakeSender, now: datetime) -> None:
    for text in ("一", "二", "三"):
        put(ticket, text, now)
    assert deliver(fake, now) == 3
    assert deliver(fake, now) == 0
    assert [delivery.text for delivery in fake.taken] == ["一", "二", "三"]
    assert states() == [("done", "sent")] * 3


def test_a_refused_reply_comes_again_with_the_same_id_and_the_next_one_waits(
    ticket: Ticket, fake: FakeSender, now: datetime
) -> None:
    put(ticket, "一", now)
    put(ticket, "二", now)
    fake.refuse = [SendFailed("sender.busy")]
    assert deliver(fake, now) == 1
    assert states() == [("waiting", "queued"), ("waiting", "queued")]
    assert deliver(fake, now + timedelta(seconds=29)) == 0
    assert deliver(fake, now + timedelta(seconds=60)) == 2
    assert [delivery.id for delivery in fake.asked] == ["reply:一", "reply:一", "reply:二"]
    assert states() == [("done", "sent")] * 2


def test_a_final_no_is_a_dead_letter_at_once(ticket: Ticket, fake: FakeSender, now: datetime) -> None:
    put(ticket, "一", now)
    fake.refuse = [SendFailed("sender.unknown_buyer", final=True)]
    deliver(fake, now)
    assert states() == [("dead", "failed")]
    assert session().execute(select(Outbox.error).where(Outbox.kind == "reply")).scalar_one() == "sender.unknown_buyer"


def test_a_sender_with_a_bug_holds_up_only_its_own(
    ticket: Ticket, fake: FakeSender, world: World, now: datetime
) -> None:
    put(ticket, "一", now)
    with unit_of_work():
        other = a_ticket(world, now)
    put(other, "二", now)
    fake.refuse = [ZeroDivisionError()]
    deliver(fake, now)
    assert states() == [("waiting", "queued"), ("done", "sent")]


def test_no_transaction_is_open_while_the_channel_is_spoken_to(ticket: Ticket, now: datetime) -> None:
    put(ticket, "一", now)
    inside: list[object] = []

    def send(_delivery: Delivery) -> None:
        inside.append(_writing.get())

    deliver_outbox(lambda: now, "one", senders={"fake": send})
    assert inside == [None]


def test_a_process_that_died_while_sending_is_followed_when_its_claim_has_run_out(
    ticket: Ticket, fake: FakeSender, now: datetime
) -> None:
    """At least once outside: nobody knows whether the channel took it, so it is sent again under the same id."""
    put(ticket, "一", now)

    def die(_delivery: Delivery) -> None:
        raise SystemExit

    with pytest.raises(SystemExit):
        deliver_outbox(lambda: now, "dying", senders={"fake": die})
    assert deliver(fake, now + timedelta(seconds=attempts.CLAIM_SECONDS)) == 0
    assert deliver(fake, now + timedelta(seconds=attempts.CLAIM_SECONDS + 1)) == 1
    assert [delivery.id for delivery in fake.taken] == ["reply:一"]


def test_after_downtime_everything_goes_out_once(ticket: Ticket, fake: FakeSender, now: datetime) -> None:
    for number in range(30):
        put(ticket, str(number), now)
    assert deliver(fake, now + timedelta(hours=26)) == 30
    assert deliver(fake, now + timedelta(hours=26)) == 0
    assert [delivery.text for delivery in fake.taken] == [str(number) for number in range(30)]


def test_a_channel_whose_sender_is_not_there_keeps_what_waits(ticket: Ticket, now: datetime) -> None:
    put(ticket, "一", now)
    assert deliver_outbox(lambda: now, "one", senders={}) == 0
    assert states() == [("waiting", "queued")]


def test_a_channel_that_asks_for_rest_rests_as_a_whole(
    world: World, ticket: Ticket, fake: FakeSender, now: datetime
) -> None:
    with unit_of_work():
        session().execute(update(Channel).where(Channel.code == "jd").values(sender="other"))
        other = a_ticket(world, now, channel_id=world.channels.jd.id)
        third = a_ticket(world, now)
    for one, text in ((ticket, "一"), (third, "二"), (other, "三")):
        put(one, text, now)
    fake.refuse = [SendFailed("channel.too_many", retry_after=90)]
    elsewhere = FakeSender()

    def run(at: datetime) -> int:
        return deliver_outbox(lambda: at, "one", senders={"fake": fake.send, "other": elsewhere.send})

    assert run(now) == 2
    assert [one.text for one in elsewhere.taken] == ["三"]
    assert run(now + timedelta(seconds=89)) == 0, "not even what nobody has tried yet"
    tried = session().scalars(select(Outbox.attempts).order_by(Outbox.id)).all()
    assert tried == [1, 0, 1], "what was only put back has all its tries"
    assert run(now + timedelta(seconds=120)) == 2
    assert sorted(one.text for one in fake.taken) == ["一", "二"]


def test_where_nobody_takes_anything_the_others_are_not_tried_in_this_run(
    world: World, ticket: Ticket, fake: FakeSender, now: datetime
) -> None:
    with unit_of_work():
        others = [a_ticket(world, now) for _ in range(5)]
    for place, one in enumerate([ticket, *others]):
        put(one, str(place), now)
    fake.refuse = [SendFailed("mail.unreachable", unreachable=True)]
    assert deliver(fake, now) == 1
    assert deliver(fake, now) == 5


def test_what_a_person_carried_over_is_not_sent_any_more(ticket: Ticket, fake: FakeSender, now: datetime) -> None:
    put(ticket, "一", now)
    with unit_of_work():
        session().execute(update(Message).where(Message.text == "一").values(state="copied"))
    assert deliver(fake, now) == 0


def test_a_sender_learns_what_it_needs_to_know(world: World, ticket: Ticket, fake: FakeSender, now: datetime) -> None:
    with unit_of_work() as work:
        channel = work.get_one(Channel, world.channels.tmall.id)
        channel.settings, channel.secret = {"url": "https://x.example"}, {"sign": "s"}
        work.get_one(Ticket, ticket.id).customer_id = tickets.customer(world, buyer_id="b-7").id
        work.get_one(Ticket, ticket.id).order_id = tickets.order(world, now).id
    put(ticket, "一", now)
    deliver(fake, now)
    (sent,) = fake.taken
    assert (sent.channel, sent.shop, sent.ticket) == ("tmall", "一号店", ticket.number)
    assert (sent.buyer_id, sent.order_number, sent.now) == ("b-7", "20261122001", now)
    assert (sent.settings, sent.secret) == ({"url": "https://x.example"}, {"sign": "s"})
    assert "'s'" not in repr(sent), "what signs stands in no log"


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(answers=st.lists(st.sampled_from(["taken", "busy", "rest", "down"]), max_size=14))
def test_whatever_the_channel_answers_replies_keep_their_order_and_go_once(
    world: World, ticket: Ticket, now: datetime, answers: list[str]
) -> None:
    with unit_of_work():
        session().execute(delete(Outbox))
        session().execute(update(Channel).values(held_until=None))
        here = [a_ticket(world, now).id for _ in range(2)]
        for place in range(3):
            for id in here:
                queue_up(id, f"{id}.{place}", now)
    fake = FakeSender()
    failures = {
        "busy": SendFailed("sender.busy"),
        "rest": SendFailed("channel.too_many", retry_after=40),
        "down": SendFailed("net.unreachable", unreachable=True),
    }
    fake.answers = [failures.get(answer) for answer in answers]
    for minutes in range(0, 600, 15):
        deliver(fake, now + timedelta(minutes=minutes))
    for id in here:
        said = [sent.text for sent in fake.taken if sent.text.startswith(f"{id}.")]
        dead = session().scalars(select(Outbox.id).where(Outbox.state == "dead", Outbox.ticket_id == id)).all()
        assert said == sorted(said)
        assert len(said) + len(dead) == 3
    assert len({sent.id for sent in fake.taken}) == len(fake.taken)
