"""The contract of a sender: every real one joins the list here."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from helpdesk.adapters.senders import SENDERS, Delivery, Send, SendFailed
from tests.adapters.fakes import FakeSender

DELIVERY = Delivery(id="reply:1", channel="tmall", buyer_id="b-1", text="您好")


@pytest.fixture(params=["fake"])
def sender(request: pytest.FixtureRequest) -> FakeSender:
    makers: dict[str, Callable[[], FakeSender]] = {"fake": FakeSender}
    return makers[request.param]()


def test_it_returns_when_the_channel_took_the_message(sender: FakeSender) -> None:
    send: Send = sender.send
    send(DELIVERY)
    assert sender.taken == [DELIVERY]


def test_the_same_id_again_is_the_same_message(sender: FakeSender) -> None:
    sender.send(DELIVERY)
    sender.send(DELIVERY)
    assert sender.taken == [DELIVERY]


def test_a_refusal_says_why_and_whether_to_try_again(sender: FakeSender) -> None:
    sender.refuse = [SendFailed("sender.busy"), SendFailed("sender.unknown_buyer", final=True)]
    seen = []
    for _ in range(2):
        with pytest.raises(SendFailed) as refused:
            sender.send(DELIVERY)
        seen.append((refused.value.code, refused.value.final))
    assert seen == [("sender.busy", False), ("sender.unknown_buyer", True)]
    assert sender.taken == []


def test_for_now_every_channel_is_one_without_a_sender() -> None:
    assert not SENDERS
