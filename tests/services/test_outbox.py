"""The outbox: in order, once inside, tried again outside, and dead in the end."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update

from helpdesk.models import Channel, Message, Outbox, Ticket
from helpdesk.services import attempts, outbox
from helpdesk.services.outbox import REPLIES, Claimed
from helpdesk.storage import session, unit_of_work
from tests.factories import World
from tests.tickets import ticket as a_ticket

SENDERS = ("test",)


@pytest.fixture
def ticket(world: World, now: datetime) -> Ticket:
    """A ticket on a channel with a sender."""
    with unit_of_work():
        session().execute(update(Channel).where(Channel.code == "tmall").values(sender="test"))
        return a_ticket(world, now)


def put_reply(ticket: Ticket, key: str, now: datetime, delay_seconds: int = 0) -> int:
    with unit_of_work():
        message = Message(
            ticket_id=ticket.id, direction="out", text=f"回复 {key}", state="queued", sent_at=now, created_at=now
        )
        session().add(message)
        session().flush()
        new = outbox.put(
            "reply",
            key,
            ticket_id=ticket.id,
            message_id=message.id,
            payload={},
            now=now,
            delay_seconds=delay_seconds,
        )
        assert new is not None
        return new


def claim(now: datetime, holder: str = "one") -> list[Claimed]:
    with unit_of_work():
        return outbox.claim(SENDERS, holder, now=now)


def done(row: Claimed, now: datetime, holder: str = "one") -> bool:
    with unit_of_work():
        return outbox.mark_done(row, holder, now=now)


def failed(row: Claimed, now: datetime, *, final: bool = False) -> bool:
    with unit_of_work():
        return outbox.mark_failed(row, "one", error="sender.down", final=final, jitter=0, now=now)


def stored(outbox_id: int) -> Outbox:
    return session().get_one(Outbox, outbox_id, populate_existing=True)


def message_state(outbox_id: int) -> str:
    row = stored(outbox_id)
    return session().execute(select(Message.state).where(Message.id == row.message_id)).scalar_one()


def test_a_key_is_taken_once(ticket: Ticket, now: datetime) -> None:
    with unit_of_work():
        assert outbox.put("notice", "stage:1:half", ticket_id=ticket.id, payload={}, now=now) is not None
        assert outbox.put("notice", "stage:1:half", ticket_id=ticket.id, payload={}, now=now) is None


def test_a_claimed_reply_carries_what_the_sender_needs(ticket: Ticket, now: datetime) -> None:
    new = put_reply(ticket, "a", now)
    (row,) = claim(now)
    assert (row.id, row.key, row.attempts, row.sender, row.channel, row.text) == (
        new,
        "a",
        1,
        "test",
        "tmall",
        "回复 a",
    )


def test_nobody_else_claims_it_until_the_claim_has_run_out(ticket: Ticket, now: datetime) -> None:
    put_reply(ticket, "a", now)
    claim(now)
    assert claim(now + timedelta(seconds=attempts.CLAIM_SECONDS), "two") == []
    (again,) = claim(now + timedelta(seconds=attempts.CLAIM_SECONDS + 1), "two")
    assert (again.key, again.attempts) == ("a", 2)


def test_the_result_of_a_claim_that_ran_out_is_not_taken(ticket: Ticket, now: datetime) -> None:
    new = put_reply(ticket, "a", now)
    (late,) = claim(now)
    (other,) = claim(now + timedelta(minutes=3), "two")
    assert not done(late, now + timedelta(minutes=3))
    assert done(other, now + timedelta(minutes=3), "two")
    assert stored(new).state == "done"


def test_two_claims_that_saw_the_same_row_share_it_out(ticket: Ticket, now: datetime) -> None:
    """Both conditions are checked again where it is written, so the second of two stale looks gets nothing."""
    put_reply(ticket, "a", now)
    with unit_of_work():
        first = outbox.claim(SENDERS, "one", now=now)
        second = outbox.claim(SENDERS, "two", now=now)
    assert (len(first), len(second)) == (1, 0)


def test_a_delivered_reply_shows_as_sent(ticket: Ticket, now: datetime) -> None:
    new = put_reply(ticket, "a", now)
    (row,) = claim(now)
    assert done(row, now)
    assert (stored(new).state, message_state(new)) == ("done", "sent")
    assert claim(now + timedelta(days=1)) == []


def test_a_reply_waits_for_its_time(ticket: Ticket, now: datetime) -> None:
    put_reply(ticket, "a", now, delay_seconds=10)
    assert claim(now + timedelta(seconds=9)) == []
    assert len(claim(now + timedelta(seconds=10))) == 1


def test_replies_of_a_ticket_go_in_order_also_while_the_first_waits_for_its_next_try(
    ticket: Ticket, now: datetime
) -> None:
    put_reply(ticket, "a", now)
    put_reply(ticket, "b", now)
    (row,) = claim(now)
    assert row.key == "a"
    assert claim(now) == []
    failed(row, now)
    assert claim(now) == []
    (row,) = claim(now + timedelta(seconds=30))
    assert row.key == "a"
    done(row, now)
    assert [row.key for row in claim(now)] == ["b"]


def test_another_ticket_does_not_wait(ticket: Ticket, world: World, now: datetime) -> None:
    put_reply(ticket, "a", now)
    put_reply(ticket, "b", now)
    with unit_of_work():
        other = a_ticket(world, now)
    put_reply(other, "c", now)
    assert [row.key for row in claim(now)] == ["a", "c"]


def test_tries_end_in_the_dead_letters_and_hold_up_nobody(ticket: Ticket, now: datetime) -> None:
    new = put_reply(ticket, "a", now)
    put_reply(ticket, "b", now)
    at = now
    for _ in range(outbox.REPLIES.most):
        (row,) = claim(at)
        assert row.key == "a"
        assert failed(row, at)
        at += timedelta(hours=2)
    assert (stored(new).state, stored(new).error, message_state(new)) == ("dead", "sender.down", "failed")
    assert [row.key for row in claim(at)] == ["b"]


def test_a_final_no_is_not_tried_again(ticket: Ticket, now: datetime) -> None:
    new = put_reply(ticket, "a", now)
    (row,) = claim(now)
    failed(row, now, final=True)
    assert (stored(new).state, stored(new).attempts) == ("dead", 1)


def test_a_dead_reply_can_be_tried_anew(ticket: Ticket, now: datetime) -> None:
    new = put_reply(ticket, "a", now)
    (row,) = claim(now)
    failed(row, now, final=True)
    with unit_of_work():
        assert outbox.retry_dead(new, now=now)
        assert not outbox.retry_dead(new, now=now)
    assert message_state(new) == "queued"
    (row,) = claim(now)
    assert row.attempts == 1
    assert done(row, now)
    assert message_state(new) == "sent"


def test_what_is_taken_back_in_time_is_never_sent(ticket: Ticket, now: datetime) -> None:
    put_reply(ticket, "a", now, delay_seconds=10)
    with unit_of_work():
        assert outbox.withdraw("a", now=now + timedelta(seconds=9))
        assert not outbox.withdraw("a", now=now + timedelta(seconds=9))
    assert claim(now + timedelta(days=1)) == []


def test_what_is_on_its_way_can_t_be_taken_back(ticket: Ticket, now: datetime) -> None:
    put_reply(ticket, "a", now)
    (row,) = claim(now)
    with unit_of_work():
        assert not outbox.withdraw("a", now=now)
    assert done(row, now)


def test_a_withdrawn_reply_does_not_hold_up_the_next(ticket: Ticket, now: datetime) -> None:
    put_reply(ticket, "a", now)
    put_reply(ticket, "b", now)
    with unit_of_work():
        outbox.withdraw("a", now=now)
    assert [row.key for row in claim(now)] == ["b"]


def test_without_a_way_out_a_row_waits(ticket: Ticket, now: datetime) -> None:
    """Replies on a channel whose sender isn't there, and notices: waiting is the truth, done would be a lie."""
    new = put_reply(ticket, "a", now)
    with unit_of_work():
        outbox.put("notice", "n", ticket_id=ticket.id, payload={}, now=now)
        assert outbox.claim((), "one", now=now) == []
        assert outbox.claim(("another",), "one", now=now) == []
    assert stored(new).state == "waiting"
    assert [row.key for row in claim(now)] == ["a"]


def test_old_notices_are_withdrawn_and_replies_are_not(ticket: Ticket, now: datetime) -> None:
    new = put_reply(ticket, "a", now)
    with unit_of_work():
        outbox.put("notice", "n", ticket_id=ticket.id, payload={}, now=now)
    with unit_of_work():
        assert outbox.expire_notices(now + timedelta(days=7)) == 0
        assert outbox.expire_notices(now + timedelta(days=7, seconds=1)) == 1
        assert outbox.expire_notices(now + timedelta(days=7, seconds=1)) == 0
    assert stored(new).state == "waiting"


@given(st.integers(1, outbox.REPLIES.most), st.floats(0, 1))
def test_tries_are_spread_ever_wider_up_to_an_hour(attempts: int, jitter: float) -> None:
    least = REPLIES.pause_seconds(attempts, 0)
    assert 30 <= least <= REPLIES.pause_seconds(attempts, jitter) <= 3600 * 1.25
    assert REPLIES.pause_seconds(attempts + 1, 0) in {least * 2, 3600}
