from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from helpdesk.adapters.senders import SendFailed
from helpdesk.domain.problems import Conflict, Invalid, NotAllowed, NotFound, Problem, Stale
from helpdesk.jobs.deliver_outbox import deliver_outbox
from helpdesk.models import Channel, Event, Message, Shop
from helpdesk.queries import channels as queries
from helpdesk.services import channel_tests, channels, intake, messages, outbox, shops
from helpdesk.services.channels import ChannelSettings
from helpdesk.services.shops import ShopSettings
from helpdesk.storage import session, unit_of_work
from tests.adapters.fakes import FakeSender
from tests.factories import World
from tests.services.story import do, look, opened, refused, replied, request

HTTP = ChannelSettings("微店", "Weidian", sender="http", url="https://bridge.example/replies")
MINUTE = timedelta(minutes=1)


def created(world: World, now: datetime, wanted: ChannelSettings = HTTP, code: str = "weidian") -> channels.Kept:
    return do(channels.create_channel, code, wanted, actor=world.actors.admin, now=now)


def stored(id: int) -> Channel:
    return session().get_one(Channel, id)


def test_a_channel_that_sends_by_http_gets_a_secret_that_is_told_once(world: World, now: datetime) -> None:
    kept = created(world, now)
    assert kept.sign.startswith("unsnag_chs_")
    assert stored(kept.id).secret == {"sign": kept.sign}
    assert kept.sign not in repr(kept)
    assert kept.sign not in repr([event.params for event in session().scalars(select(Event))])
    assert kept.sign not in repr(queries.channels(world.actors.admin, now=now))
    again = do(channels.update_channel, kept.id, 1, replace(HTTP, name_zh="微店铺"), actor=world.actors.admin, now=now)
    assert again.sign == "", "a change of the name is no reason for another"
    turned = do(channels.rotate_sign, kept.id, 2, actor=world.actors.admin, now=now)
    assert turned.sign not in ("", kept.sign)
    assert stored(kept.id).secret == {"sign": turned.sign}


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        (replace(HTTP, url="ftp://x.example/"), "channel.bad_url"),
        (replace(HTTP, url="https://user:pw@x.example/"), "channel.bad_url"),
        (replace(HTTP, url="https://x.example/" + "a" * 500), "channel.bad_url"),
        (replace(HTTP, url="https://x.example:port/"), "channel.bad_url"),
        (replace(HTTP, url=""), "channel.bad_url"),
        (replace(HTTP, sender="pigeon"), "channel.bad_sender"),
        (replace(HTTP, sender="mail", mailbox="no mailbox"), "target.bad_mailbox"),
        (replace(HTTP, name_zh=" "), "channel.bad_name"),
        (replace(HTTP, name_en="a\nb"), "channel.bad_name"),
    ],
)
def test_what_no_sender_can_work_with_is_refused(
    world: World, now: datetime, wanted: ChannelSettings, code: str
) -> None:
    with pytest.raises(Invalid) as problem:
        created(world, now, wanted)
    assert problem.value.code == code


@pytest.mark.parametrize("code", ["", "Weidian", "微店", "-a", "a" * 41, "a b"])
def test_a_code_is_short_and_plain_and_stands_once(world: World, now: datetime, code: str) -> None:
    with pytest.raises(Invalid):
        created(world, now, code=code)
    with pytest.raises(Conflict):
        created(world, now, code="tmall")


def test_only_who_manages_channels_does(world: World, now: datetime) -> None:
    for actor in (world.actors.supervisor, world.actors.ops, world.actors.auditor):
        with pytest.raises(NotAllowed):
            do(channels.create_channel, "x", HTTP, actor=actor, now=now)
        with pytest.raises(NotAllowed):
            do(shops.update_shop, world.shop.id, 1, ShopSettings("x"), actor=actor, now=now)
        with pytest.raises(NotAllowed):
            queries.channels(actor, now=now)


def test_a_change_is_checked_against_what_was_seen_and_recorded(world: World, now: datetime) -> None:
    channel = world.channels.tmall.id
    wanted = ChannelSettings("天猫旗舰", "Tmall", sender="mail")
    do(channels.update_channel, channel, 1, wanted, actor=world.actors.admin, now=now)
    event = session().scalars(select(Event).where(Event.code == "channel.changed")).one()
    assert event.params["changes"]["name_zh"] == ["天猫", "天猫旗舰"]
    with pytest.raises(Stale):
        do(channels.update_channel, channel, 1, wanted, actor=world.actors.admin, now=now)
    do(channels.update_channel, channel, 2, wanted, actor=world.actors.admin, now=now)
    assert stored(channel).version == 2, "nothing differed"


def test_replies_that_wait_when_the_sender_goes_can_be_copied_and_are_never_sent_twice(
    world: World, now: datetime
) -> None:
    with unit_of_work() as work:
        work.get_one(Channel, world.channels.tmall.id).sender = "fake"
    number = opened(world, now, type="logistics_stuck")
    message = replied(number, actor=world.actors.agent, now=now)
    by_hand = ChannelSettings("天猫", "Tmall")
    do(channels.update_channel, world.channels.tmall.id, 1, by_hand, actor=world.actors.admin, now=now)
    do(messages.mark_copied, number, message, actor=world.actors.agent, now=now + MINUTE)
    assert session().get_one(Message, message).state == "copied"
    with unit_of_work() as work:
        work.get_one(Channel, world.channels.tmall.id).sender = "fake"
    fake = FakeSender()
    deliver_outbox(lambda: now + MINUTE, "one", senders={"fake": fake.send})
    assert fake.asked == []


def test_a_reply_that_failed_is_tried_once_more_by_the_agent_or_copied(world: World, now: datetime) -> None:
    with unit_of_work() as work:
        work.get_one(Channel, world.channels.tmall.id).sender = "fake"
    number = opened(world, now, type="logistics_stuck")
    message = replied(number, actor=world.actors.agent, now=now)
    fake = FakeSender(refuse=[SendFailed("channel.answered:404", final=True)])

    def deliver(at: datetime) -> None:
        deliver_outbox(lambda: at, "one", senders={"fake": fake.send})

    with refused(Conflict, "message.not_failed"):
        do(messages.try_again, number, message, actor=world.actors.agent, now=now)
    deliver(now + MINUTE)
    assert session().get_one(Message, message).state == "failed"
    (way,) = queries.ways([message]).values()
    assert (way.state, way.tries, way.error) == ("dead", 1, "channel.answered:404")
    do(messages.try_again, number, message, actor=world.actors.agent, now=now + 2 * MINUTE)
    deliver(now + 2 * MINUTE)
    assert session().get_one(Message, message).state == "sent"
    assert [one.id for one in fake.asked] == [f"message:{message}"] * 2


def test_the_page_counts_how_replies_fare(world: World, now: datetime) -> None:
    with unit_of_work() as work:
        work.get_one(Channel, world.channels.tmall.id).sender = "fake"
    number = opened(world, now, type="logistics_stuck")
    for place in range(3):
        replied(number, actor=world.actors.agent, now=now + place * MINUTE)
    fake = FakeSender(answers=[None, SendFailed("channel.answered:400", final=True)])
    with unit_of_work():
        outbox.put("notice", "another", ticket_id=look(number).id, payload={}, now=now)
    deliver_outbox(lambda: now + MINUTE + MINUTE / 2, "one", senders={"fake": fake.send})
    row = queries.channel(world.channels.tmall.id, world.actors.admin, now=now + 2 * MINUTE)
    assert (row.waiting, row.dead, row.last_sent_at) == (1, 1, now + MINUTE + MINUTE / 2)
    other = queries.channel(world.channels.jd.id, world.actors.admin, now=now)
    assert (other.waiting, other.dead, other.last_sent_at) == (0, 0, None)


@pytest.mark.parametrize("place", ["shop", "channel"])
def test_a_closed_place_takes_no_new_tickets_and_answers_the_old_ones(world: World, now: datetime, place: str) -> None:
    number = opened(world, now, type="logistics_stuck")
    admin = world.actors.admin
    if place == "shop":
        do(shops.update_shop, world.shop.id, 1, ShopSettings("一号店", active=False), actor=admin, now=now)
    else:
        closed = ChannelSettings("天猫", "Tmall", active=False)
        do(channels.update_channel, world.channels.tmall.id, 1, closed, actor=admin, now=now)
    with refused(Invalid, "ticket.place_closed"):
        do(intake.open_ticket, request(world), actor=world.actors.agent, now=now)
    replied(number, actor=world.actors.agent, now=now)


def test_a_test_goes_the_way_of_replies_once_and_says_what_came_back(world: World, now: datetime) -> None:
    kept, admin = created(world, now), world.actors.admin
    fake = FakeSender(refuse=[SendFailed("channel.answered:401", final=True)])

    def tested() -> tuple[str, str | None]:
        found = queries.last_test(kept.id)
        assert found is not None
        return found.state, found.error

    def deliver(at: datetime) -> int:
        return deliver_outbox(lambda: at, "one", senders={"http": fake.send})

    assert queries.last_test(kept.id) is None
    do(channel_tests.ask, kept.id, "b-1", actor=admin, now=now)
    assert tested() == ("waiting", None)
    assert (deliver(now), tested()) == (1, ("withdrawn", "channel.answered:401"))
    do(channel_tests.ask, kept.id, "b-1", actor=admin, now=now + MINUTE)
    assert (deliver(now + MINUTE), tested()) == (1, ("done", None))
    assert deliver(now + 2 * MINUTE) == 0
    (sent,) = fake.taken
    assert (sent.buyer_id, sent.channel, sent.secret) == ("b-1", "weidian", {"sign": kept.sign})
    with pytest.raises(Conflict):
        do(channel_tests.ask, world.channels.jd.id, "b-1", actor=admin, now=now)
    for buyer, problem in (("", Invalid), ("x" * 101, Invalid)):
        with pytest.raises(problem):
            do(channel_tests.ask, kept.id, buyer, actor=admin, now=now)


def test_a_test_of_a_channel_without_a_way_says_so(world: World, now: datetime) -> None:
    kept = created(world, now)
    do(channel_tests.ask, kept.id, "b-1", actor=world.actors.admin, now=now)
    deliver_outbox(lambda: now, "one", senders={})
    found = queries.last_test(kept.id)
    assert found is not None
    assert (found.state, found.error) == ("withdrawn", "channel.no_way")


def test_shops_are_made_and_changed(world: World, now: datetime) -> None:
    admin = world.actors.admin
    id = do(shops.create_shop, "third", ShopSettings("三号店", self_service=True), actor=admin, now=now)
    assert session().get_one(Shop, id).self_service
    problems: list[type[Problem]] = []
    for deed in (
        lambda: shops.create_shop("third", ShopSettings("x"), actor=admin, now=now),
        lambda: shops.create_shop("fourth", ShopSettings("x", timezone="Mars/Base"), actor=admin, now=now),
        lambda: shops.update_shop(id, 7, ShopSettings("x"), actor=admin, now=now),
        lambda: shops.update_shop(999, 1, ShopSettings("x"), actor=admin, now=now),
    ):
        with pytest.raises(Problem) as problem:
            do(deed)
        problems.append(type(problem.value))
    assert problems == [Conflict, Invalid, Stale, NotFound]
