"""Customers' words that other programs bring: they land on the ticket they belong to, and on no other."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from helpdesk.domain.problems import Invalid, NotAllowed, NotFound
from helpdesk.domain.tickets import Status
from helpdesk.models import Inbound, Message, Ticket
from helpdesk.services import hearing, merging
from helpdesk.services.hearing import Said
from helpdesk.services.intake import Opened
from helpdesk.storage import unit_of_work
from tests.factories import World
from tests.services import story
from tests.services.story import count_of, do, look, opened, refused, replied, request, resolved

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
SOURCE = "mail:1:1"


def heard(world: World, now: datetime, said: dict[str, Any] | None = None, **more: Any) -> Opened:
    """Somebody says something, by a program that knows no type."""
    values: dict[str, Any] = {"type": None, "source": SOURCE, "text": "好的，谢谢", **more}
    return do(hearing.hear, Said(request(world, **values), **(said or {})), actor=world.actors.system, now=now)


def waits_for(world: World, now: datetime, buyer: str = "buyer-1", **more: Any) -> str:
    """A ticket of this buyer that waits for his answer."""
    number = opened(world, now, type="logistics_stuck", buyer_id=buyer, **more)
    replied(number, actor=world.actors.agent, now=now, status_after=Status.PENDING_CUSTOMER)
    return number


def our_message(number: str) -> int:
    return next(one.id for one in story.conversation(number) if one.direction == "out")


def texts(number: str) -> list[str]:
    return [message.text for message in story.conversation(number) if message.direction == "in"]


def test_words_without_a_place_of_their_own_open_a_ticket(world: World, now: datetime) -> None:
    taken = heard(world, now, text="收到的杯子碎了", buyer_id="b")
    assert taken.outcome == "created"
    assert look(taken.number).type == "damaged"


def test_the_named_ticket_hears_and_no_longer_waits(world: World, now: datetime) -> None:
    number = waits_for(world, now)
    taken = heard(world, now + HOUR, {"number": number}, buyer_id="somebody else")
    assert (taken.number, taken.outcome) == (number, "heard")
    assert (look(number).status, look(number).unread, texts(number)[-1]) == (Status.OPEN, True, "好的，谢谢")
    assert [event.params["message"] for event in story.events(number, "message.received")] == [
        story.conversation(number)[-1].id
    ]


def test_a_named_ticket_that_is_none_of_the_shops_is_refused(world: World, now: datetime) -> None:
    number = opened(world, now)
    for named, shop in (("EX-000000-0001", world.shop), (number, world.shop2)):
        with refused(NotFound, "ticket.not_found"):
            heard(world, now, {"number": named}, shop_id=shop.id)


def test_words_from_before_the_named_ticket_are_refused(world: World, now: datetime) -> None:
    number = opened(world, now)
    with refused(Invalid, "message.before_ticket"):
        heard(world, now, {"number": number}, created_at=now - HOUR)


def test_an_answer_to_our_message_lands_on_its_ticket_whoever_wrote_it(world: World, now: datetime) -> None:
    waits_for(world, now)
    number = waits_for(world, now, buyer="buyer-2")
    taken = heard(world, now + HOUR, {"answers": (our_message(number),)}, buyer_id="his wife")
    assert (taken.number, taken.outcome) == (number, "heard")


def test_of_several_messages_the_last_one_of_this_shop_counts(world: World, now: datetime) -> None:
    first, second = waits_for(world, now), waits_for(world, now, buyer="buyer-2")
    answers = (our_message(first), our_message(second), 999_999)
    assert heard(world, now + HOUR, {"answers": answers}).number == second
    assert heard(world, now, {"answers": answers}, shop_id=world.shop2.id).outcome == "created"


def test_a_customers_own_message_is_no_message_of_ours(world: World, now: datetime) -> None:
    number = opened(world, now)
    assert heard(world, now, {"answers": (story.conversation(number)[0].id,)}).outcome == "created"


def test_an_answer_from_a_clock_that_is_slow_lands_all_the_same(world: World, now: datetime) -> None:
    number = waits_for(world, now)
    taken = heard(world, now + HOUR, {"answers": (our_message(number),)}, created_at=now - DAY)
    assert (taken.number, story.conversation(number)[-1].sent_at) == (number, now)


def test_a_conversation_goes_on_where_it_began(world: World, now: datetime) -> None:
    first = heard(world, now, external_id="<1@his>", text="杯子碎了", buyer_id="b")
    second = heard(world, now + HOUR, {"continues": ("<0@his>", "<1@his>")}, external_id="<2@his>", buyer_id="other")
    third = heard(world, now + HOUR, {"continues": ("<2@his>",)}, external_id="<3@his>")
    assert (first.outcome, second.outcome, third.outcome) == ("created", "heard", "heard")
    assert {second.number, third.number} == {first.number}


def test_ids_of_another_source_are_another_conversation(world: World, now: datetime) -> None:
    heard(world, now, external_id="1")
    assert heard(world, now, {"continues": ("1",)}, source="webhook:1").outcome == "created"


def test_a_number_in_the_words_counts_for_its_own_customer_only(world: World, now: datetime) -> None:
    """Otherwise whoever guesses a number writes into anybody's ticket."""
    number = opened(world, now, buyer_id="owner@example.com")
    claim = {"claimed_number": number}
    assert heard(world, now, claim, buyer_id="stranger@example.com").outcome == "created"
    assert heard(world, now, claim).outcome == "created"
    assert heard(world, now, claim, buyer_id="owner@example.com", shop_id=world.shop2.id).outcome == "created"
    other_channel = {"buyer_id": "owner@example.com", "channel_id": world.channels.jd.id}
    assert heard(world, now, claim, **other_channel).outcome == "created"
    assert texts(number) == ["收到的东西不对"]
    assert heard(world, now, claim, buyer_id="owner@example.com").number == number


def test_the_one_ticket_that_waits_for_the_buyer_hears(world: World, now: datetime) -> None:
    number = waits_for(world, now)
    opened(world, now, buyer_id="buyer-1")  # nobody waits for him there
    assert heard(world, now + HOUR, buyer_id="buyer-1").number == number


def test_a_phone_tells_who_he_is_where_the_channel_gives_no_id(world: World, now: datetime) -> None:
    number = waits_for(world, now, buyer="", phone="138 0000 1111")
    assert heard(world, now + HOUR, phone="+86 13800001111").number == number
    assert heard(world, now + HOUR, phone="13800002222").outcome == "created"


def test_where_two_wait_nobody_guesses(world: World, now: datetime) -> None:
    numbers = {waits_for(world, now), waits_for(world, now)}
    taken = heard(world, now + HOUR, buyer_id="buyer-1")
    assert taken.outcome == "created"
    assert taken.number not in numbers


def test_what_is_about_another_order_doesnt_join_the_one_that_waits(world: World, now: datetime) -> None:
    number = waits_for(world, now, order_number="T1")
    assert heard(world, now + HOUR, buyer_id="buyer-1", order_number="T2").outcome == "created"
    assert heard(world, now + HOUR, buyer_id="buyer-1", order_number="T1").number == number


def test_what_he_said_before_the_ticket_doesnt_join_it(world: World, now: datetime) -> None:
    waits_for(world, now)
    assert heard(world, now, buyer_id="buyer-1", created_at=now - HOUR).outcome == "created"


@pytest.mark.parametrize(
    ("later", "outcome"), [(timedelta(days=7), "heard"), (timedelta(days=7, seconds=1), "created")]
)
def test_a_resolved_ticket_reopens_within_seven_days_and_is_followed_by_a_linked_one_later(
    world: World, now: datetime, later: timedelta, outcome: str
) -> None:
    number = opened(world, now, buyer_id="b")
    resolved(number, actor=world.actors.warehouse, now=now)
    taken = heard(world, now + later, {"number": number}, text="还是不对")
    assert taken.outcome == outcome
    if outcome == "heard":
        assert (look(number).status, look(number).cycle) == (Status.OPEN, 2)
    else:
        assert (look(taken.number).follows_id, look(number).status) == (look(number).id, Status.RESOLVED)
        assert look(taken.number).customer_id == look(number).customer_id
    assert texts(taken.number)[-1] == "还是不对"


def test_of_a_merged_ticket_the_one_hears_that_lives_on(world: World, now: datetime) -> None:
    source, target = opened(world, now, buyer_id="b"), opened(world, now, buyer_id="b")
    do(merging.merge, {source: 1}, target, reason="同一件事", actor=world.actors.warehouse, now=now)
    assert heard(world, now, {"number": source}).number == target


def test_the_same_event_twice_is_heard_once_wherever_it_landed(world: World, now: datetime) -> None:
    number = waits_for(world, now)
    for said, more in (({"number": number}, {}), ({}, {"buyer_id": "b"})):
        first = heard(world, now, said, external_id=f"e{said}", **more)
        before = story.everything()
        again = heard(world, now + HOUR, said, external_id=f"e{said}", **more)
        assert (again.number, again.outcome) == (first.number, "repeated")
        assert story.everything() == before


def test_the_same_event_is_known_even_if_it_would_land_elsewhere_by_now(world: World, now: datetime) -> None:
    first = heard(world, now, external_id="e", buyer_id="buyer-1", text="杯子碎了")
    waits_for(world, now)
    again = heard(world, now + HOUR, external_id="e", buyer_id="buyer-1", text="杯子碎了")
    assert (again.number, again.outcome) == (first.number, "repeated")


def test_the_same_id_with_other_words_is_refused(world: World, now: datetime) -> None:
    number = waits_for(world, now)
    heard(world, now, {"number": number}, external_id="e")
    with refused(Invalid, "inbound.different_body"):
        heard(world, now, {"number": number}, external_id="e", text="别的话")
    assert texts(number)[1:] == ["好的，谢谢"]


def test_what_is_refused_leaves_no_trace(world: World, now: datetime) -> None:
    for said, more in (({"number": "EX-1"}, {}), ({}, {"text": " "}), ({}, {"text": "长" * 5_001})):
        with pytest.raises((Invalid, NotFound)):
            heard(world, now, said, **more)
    assert (count_of(Inbound), count_of(Ticket), count_of(Message)) == (0, 0, 0)


def test_who_may_not_open_tickets_brings_no_words(world: World, now: datetime) -> None:
    with refused(NotAllowed, "access.denied"), unit_of_work():
        hearing.hear(Said(request(world)), actor=world.actors.auditor, now=now)
