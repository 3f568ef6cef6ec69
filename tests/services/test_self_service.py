"""Customers find their order, say what is wrong, and say when it is solved; nobody guesses his way in."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from helpdesk.domain.access import Actor, Role
from helpdesk.domain.problems import Conflict, Invalid, NotFound, TooMany
from helpdesk.domain.tickets import Status
from helpdesk.models import Order, Outbox, Shop
from helpdesk.services import self_service
from helpdesk.storage import session, unit_of_work
from tests.factories import World
from tests.services.story import conversation, do, events, look, opened, replied, resolved

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
HERE = "10.0.0.1"
ORDER, PHONE = "260-1", "13812345678"


@pytest.fixture
def number(world: World, now: datetime) -> str:
    """A ticket of an order whose buyer's phone is known, in a shop that lets its customers in."""
    with unit_of_work() as work:
        work.get_one(Shop, world.shop.id).self_service = True
    return opened(world, now, order_number=ORDER, phone=PHONE, type="logistics_stuck")


@pytest.fixture
def customer(world: World) -> Actor:
    return Actor(world.users.system.id, Role.SYSTEM, source=self_service.SOURCE)


def found(phone: str = "5678", order: str = ORDER, shop: str = "main") -> int:
    return do(self_service.find_order, shop, order, phone, address=HERE)


def order_id() -> int:
    return session().execute(select(Order.id).where(Order.number == ORDER)).scalar_one()


def admitted(now: datetime, *, order: str = ORDER, address: str = HERE, times: int = 1) -> None:
    for _ in range(times):
        do(self_service.admit, "main", order, address=address, now=now)


@pytest.mark.parametrize("phone", ["5678", "13812345678", "尾号 5678", "+86 138 1234 5678"])
def test_number_and_phone_find_the_order(number: str, phone: str) -> None:
    assert found(phone) == order_id()


@pytest.mark.parametrize(
    ("phone", "order", "shop"),
    [("5679", ORDER, "main"), ("5678", "260-2", "main"), ("5678", ORDER, "second"), ("5678", ORDER, "none")],
    ids=["another phone", "another order", "another shop", "no shop"],
)
def test_whatever_is_wrong_the_answer_is_the_same(number: str, phone: str, order: str, shop: str) -> None:
    with pytest.raises(NotFound) as refused:
        found(phone, order, shop)
    assert refused.value.code == "self_service.no_such_order"


def test_an_order_whose_buyer_told_no_phone_is_not_found_by_any(world: World, now: datetime, number: str) -> None:
    opened(world, now, order_number="260-9", buyer_id="b9", type="invoice")
    opened(world, now, order_number="260-8", phone="12", type="invoice")
    for order in ("260-9", "260-8"):
        with pytest.raises(NotFound):
            found("0012", order)


@pytest.mark.parametrize("column", ["active", "self_service"])
def test_a_shop_that_lets_nobody_in_has_neither_orders_nor_links(
    world: World, now: datetime, number: str, customer: Actor, column: str
) -> None:
    with unit_of_work() as work:
        setattr(work.get_one(Shop, world.shop.id), column, False)
    with pytest.raises(NotFound):
        found()
    for deed in (
        lambda: self_service.open_ticket(order_id(), "少了一件", "a", actor=customer, now=now),
        lambda: self_service.answer(look(number).id, "在吗", "b", actor=customer, now=now),
        lambda: self_service.confirm(look(number).id, actor=customer, now=now),
    ):
        with pytest.raises(NotFound) as refused:
            do(deed)
        assert refused.value.code == "self_service.link_ended"


def test_an_order_can_be_tried_ten_times_a_day_from_everywhere_together(number: str, now: datetime) -> None:
    for try_ in range(10):
        admitted(now + try_ * 100 * MINUTE, address=f"10.1.0.{try_}")
    with pytest.raises(TooMany) as refused:
        admitted(now + DAY - MINUTE)
    assert refused.value.params["retry_after"] == 60
    admitted(now + DAY)


def test_an_address_can_try_twenty_times_in_a_quarter_of_an_hour(number: str, now: datetime) -> None:
    for try_ in range(20):
        admitted(now, order=f"guess-{try_}")
    with pytest.raises(TooMany):
        admitted(now)
    admitted(now + 15 * MINUTE)


def test_whoever_finds_his_order_every_time_is_never_kept_out(number: str, now: datetime) -> None:
    for _ in range(30):
        admitted(now)
        found()


def test_what_he_says_opens_a_ticket_once_and_goes_on_with_one_that_is_under_way(
    world: World, now: datetime, number: str, customer: Actor
) -> None:
    def said(text: str, id: str) -> tuple[str, str]:
        done = do(self_service.open_ticket, order_id(), text, id, actor=customer, now=now)
        return done.outcome, done.number

    outcome, new = said("发票抬头开错了，麻烦重开一张发票", "a")
    assert outcome == "created"
    assert said("发票抬头开错了，麻烦重开一张发票", "a") == ("repeated", new)
    assert said("发票抬头开错了，还没有重开发票", "b") == ("appended", new)
    ticket = look(new)
    assert (ticket.type, ticket.nudges, ticket.order_id) == ("invoice", 1, order_id())
    assert ticket.customer_id == look(number).customer_id
    assert {event.source for event in events(new)} == {"customer"}


def test_five_tickets_a_day_are_enough_for_an_order(now: datetime, number: str, customer: Actor) -> None:
    for id in range(5):
        do(self_service.open_ticket, order_id(), f"问题 {id}", str(id), actor=customer, now=now)
    with pytest.raises(TooMany):
        do(self_service.open_ticket, order_id(), "又一个", "x", actor=customer, now=now)


def test_an_answer_joins_his_ticket_and_ends_our_wait_for_him(
    world: World, now: datetime, number: str, customer: Actor
) -> None:
    replied(number, actor=world.actors.agent, now=now, status_after=Status.PENDING_CUSTOMER)
    later = now + 5 * MINUTE
    for _ in range(2):  # a form that is sent twice
        assert do(self_service.answer, look(number).id, " 好的 ", "a", actor=customer, now=later) == number
    said = [message for message in conversation(number) if message.direction == "in"]
    assert [(message.text, message.sent_at) for message in said[1:]] == [("好的", later)]
    assert (look(number).status, look(number).unread) == ("open", True)


@pytest.mark.parametrize(("after", "same"), [(6 * DAY, True), (8 * DAY, False)])
def test_an_answer_reopens_within_a_week_and_opens_a_linked_ticket_later(
    world: World, now: datetime, number: str, customer: Actor, after: timedelta, same: bool
) -> None:
    resolved(number, actor=world.actors.agent, now=now)
    heard_by = do(self_service.answer, look(number).id, "还是没有动", "a", actor=customer, now=now + after)
    assert (heard_by == number) is same
    if same:
        assert (look(number).status, look(number).cycle) == ("open", 2)
    else:
        assert look(heard_by).follows_id == look(number).id


def test_twenty_messages_an_hour_are_enough(now: datetime, number: str, customer: Actor) -> None:
    id = look(number).id
    for said in range(20):
        do(self_service.answer, id, f"在吗 {said}", str(said), actor=customer, now=now)
    with pytest.raises(TooMany):
        do(self_service.answer, id, "在吗", "x", actor=customer, now=now)
    assert len(conversation(number)) == 21


@pytest.mark.parametrize("text", ["", "  ", "长" * 5001])
def test_nothing_and_too_much_are_refused(now: datetime, number: str, customer: Actor, text: str) -> None:
    with pytest.raises(Invalid):
        do(self_service.answer, look(number).id, text, "a", actor=customer, now=now)
    with pytest.raises(Invalid):
        do(self_service.open_ticket, order_id(), text, "a", actor=customer, now=now)


def test_confirming_closes_what_is_resolved_and_saying_it_again_changes_nothing(
    world: World, now: datetime, number: str, customer: Actor
) -> None:
    resolved(number, actor=world.actors.agent, now=now)
    for _ in range(2):
        do(self_service.confirm, look(number).id, actor=customer, now=now + MINUTE)
    assert look(number).status == "closed"
    assert len(events(number, "ticket.confirmed")) == 1


def test_confirming_a_solution_tells_its_owner_who_resolves(
    world: World, now: datetime, number: str, customer: Actor
) -> None:
    solution = replied(
        number, actor=world.actors.agent, now=now, is_solution=True, status_after=Status.PENDING_CUSTOMER
    )
    for _ in range(2):
        do(self_service.confirm, look(number).id, actor=customer, now=now + MINUTE)
    assert (look(number).status, look(number).unread) == ("open", True)
    (event,) = events(number, "ticket.confirmed")
    assert event.params["message"] == solution
    notice = session().scalars(select(Outbox).where(Outbox.key == f"confirmed:{solution}")).one()
    assert (notice.payload["code"], notice.payload["notify"]) == ("ticket.confirmed", ["owner", "assignee"])


def test_there_is_nothing_to_confirm_before_a_solution_or_after_he_said_more(
    world: World, now: datetime, number: str, customer: Actor
) -> None:
    def refused() -> bool:
        with pytest.raises(Conflict) as problem:
            do(self_service.confirm, look(number).id, actor=customer, now=now + 3 * MINUTE)
        return problem.value.code == "self_service.nothing_to_confirm"

    assert refused()
    replied(number, actor=world.actors.agent, now=now)
    assert refused()
    replied(number, actor=world.actors.agent, now=now + MINUTE, is_solution=True)
    do(self_service.answer, look(number).id, "不行", "a", actor=customer, now=now + 2 * MINUTE)
    assert refused()
