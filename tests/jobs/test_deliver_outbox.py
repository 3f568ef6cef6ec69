"""Delivery: what the channel took is sent, what it refused comes again, and nothing goes twice by our doing."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, update

from helpdesk.adapters.senders import SENDERS, Delivery, SendFailed
from helpdesk.jobs.deliver_outbox import deliver_outbox
from helpdesk.models import Channel, Message, Outbox, Ticket
from helpdesk.services import attempts, outbox
from helpdesk.storage import _writing, session, unit_of_work
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
        message = Message(ticket_id=ticket.id, direction="out", text=text, state="queued", sent_at=now, created_at=now)
        session().add(message)
        session().flush()
        outbox.put("reply", f"reply:{text}", ticket_id=ticket.id, message_id=message.id, payload={}, now=now)


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


def test_no_channel_has_a_sender_yet_so_nothing_is_taken(ticket: Ticket, now: datetime) -> None:
    put(ticket, "一", now)
    assert dict(SENDERS) == {}
    assert deliver_outbox(lambda: now, "one") == 0
    assert states() == [("waiting", "queued")]
