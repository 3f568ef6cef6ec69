"""What goes along with a reply: carried out with it or not at all, and taken back with it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from helpdesk.domain.problems import Conflict, Invalid, NotAllowed, NotFound, Problem, Stale
from helpdesk.domain.tickets import Priority, Status
from helpdesk.models import Compensation, Message, Outbox, TicketTag
from helpdesk.services import approvals, assignment, messages, priorities, tickets
from helpdesk.services.compensations import Proposal
from helpdesk.services.messages import Draft
from helpdesk.services.staging import Staged
from helpdesk.storage import session, unit_of_work
from tests import tickets as rows
from tests.factories import World, add
from tests.services.story import clock, conversation, do, events, look, opened, refused, replied, stints

SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)
ALL = Staged(tags=("少件", "催过"), priority=Priority.P1, queue="warehouse", reason="请查打包录像")


@pytest.fixture
def number(world: World, now: datetime) -> str:
    number = opened(world, now, type="logistics_stuck")
    do(assignment.claim, number, actor=world.actors.agent, now=now)
    return number


def tags(number: str) -> set[str]:
    return set(session().scalars(select(TicketTag.tag).where(TicketTag.ticket_id == look(number).id)))


def sent(world: World, number: str, now: datetime, staged: Staged = ALL, **more: Any) -> int:
    return replied(number, actor=world.actors.agent, now=now, actions=staged, **more)


def test_reply_status_solution_tags_priority_and_queue_go_in_one(world: World, now: datetime, number: str) -> None:
    version = look(number).version
    sent(world, number, now + HOUR, status_after=Status.PENDING_CUSTOMER, is_solution=True)
    ticket = look(number)
    assert (ticket.status, ticket.priority, ticket.queue_id) == ("pending_customer", "P1", world.queues.warehouse.id)
    assert (ticket.owner_id, ticket.version) == (world.users.agent.id, version + 1)
    assert tags(number) == {"少件", "催过"}
    assert conversation(number)[-1].is_solution
    assert clock(number, "solution").met_at == now + HOUR
    assert [stint.assignee_id for stint in stints(number)] == [world.users.agent.id, None]
    operations = {
        event.operation_id for code in ("priority", "queue", "status") for event in changes(number, code, now)
    }
    assert len(operations) == 1
    told = session().scalars(select(Outbox).where(Outbox.key.startswith("transferred:"))).one()
    assert told.payload["params"] == {"from": world.queues.customer_service.id, "to": world.queues.warehouse.id}


def changes(number: str, what: str, now: datetime) -> list[Any]:
    return [event for event in events(number, f"ticket.{what}") if event.at == now + HOUR]


def test_taken_back_all_of_it_is_as_before(world: World, now: datetime, number: str) -> None:
    with unit_of_work():
        add(TicketTag(ticket_id=look(number).id, tag="催过"))
    message = sent(world, number, now + HOUR, status_after=Status.PENDING_CUSTOMER, is_solution=True)
    do(messages.take_back, number, message, actor=world.actors.agent, now=now + HOUR + 5 * SECOND)
    ticket = look(number)
    assert (ticket.status, ticket.priority, ticket.queue_id) == ("open", "P2", world.queues.customer_service.id)
    assert tags(number) == {"催过"}  # stood there before
    assert clock(number, "solution").met_at is None
    (stay,) = [stint for stint in stints(number) if stint.left_at is None]
    assert (stay.queue_id, stay.assignee_id) == (world.queues.customer_service.id, world.users.agent.id)


def test_what_moved_on_since_stays_when_the_reply_is_taken_back(world: World, now: datetime, number: str) -> None:
    message = sent(world, number, now, Staged(priority=Priority.P1), status_after=Status.PENDING_CUSTOMER)
    do(
        priorities.set_priority,
        number,
        Priority.P3,
        version=look(number).version,
        actor=world.actors.supervisor,
        now=now + SECOND,
    )
    do(messages.take_back, number, message, actor=world.actors.agent, now=now + 2 * SECOND)
    assert (look(number).priority, look(number).status) == ("P3", "pending_customer")
    assert conversation(number)[-1].state == "taken_back"


def test_a_wait_goes_on_where_it_was_when_the_reply_is_taken_back(world: World, now: datetime, number: str) -> None:
    do(
        tickets.set_status,
        number,
        Status.PENDING_CUSTOMER,
        version=look(number).version,
        actor=world.actors.agent,
        now=now,
    )
    message = sent(world, number, now + HOUR, Staged(priority=Priority.P1), status_after=Status.OPEN)
    do(messages.take_back, number, message, actor=world.actors.agent, now=now + HOUR + SECOND)
    assert (look(number).status, look(number).priority) == ("pending_customer", "P2")


def test_a_tag_alone_leaves_the_rest_alone_and_comes_once(world: World, now: datetime, number: str) -> None:
    version = look(number).version
    sent(world, number, now, Staged(tags=("少件", "少件")))
    sent(world, number, now + SECOND, Staged(tags=("少件",)))
    assert tags(number) == {"少件"}
    assert look(number).version == version
    assert len(events(number, "ticket.tagged")) == 1


@pytest.mark.parametrize(
    ("staged", "kind", "code"),
    [
        (Staged(tags=("好",), queue="nowhere", reason="看看"), NotFound, "queue.not_found"),
        (Staged(tags=("好",), queue="customer_service", reason="看看"), Invalid, "ticket.same_queue"),
        (Staged(tags=("好",), queue="warehouse", reason=" "), Invalid, "ticket.reason_required"),
        (Staged(tags=("长" * 31,)), Invalid, "input.bad_value"),
        (Staged(tags=(" ",)), Invalid, "input.bad_value"),
        (Staged(tags=tuple("一二三四五六七八九十甲")), Invalid, "input.bad_value"),
    ],
    ids=["no such queue", "its own queue", "no reason", "long tag", "blank tag", "many tags"],
)
def test_what_cannot_be_done_sends_nothing(
    world: World, now: datetime, number: str, staged: Staged, kind: type[Problem], code: str
) -> None:
    with refused(kind, code):
        sent(world, number, now, staged, status_after=Status.PENDING_CUSTOMER)


def test_a_ticket_that_moved_on_is_not_acted_on_unseen(world: World, now: datetime, number: str) -> None:
    seen = look(number).version
    do(priorities.set_priority, number, Priority.P3, version=seen, actor=world.actors.supervisor, now=now)
    last = conversation(number)[-1].id
    for staged in (Staged(tags=("少件",)), Staged(priority=Priority.P1)):
        draft = Draft("好的", last, actions=staged)
        with refused(Stale, "ticket.stale"):
            do(messages.reply, number, draft, version=seen, actor=world.actors.agent, now=now)


def test_who_may_reply_but_not_transfer_sends_nothing(
    world: World, now: datetime, number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("helpdesk.services.staging.may_transfer", lambda *_: False)
    with refused(NotAllowed, "ticket.may_not_transfer"):
        sent(world, number, now)


def test_a_resolved_ticket_takes_neither(world: World, now: datetime, number: str) -> None:
    draft = Draft("好的", 99, actions=Staged(tags=("少件",)))
    with unit_of_work():
        row = tickets.load(number, world.actors.agent)
        row.status = "resolved"
    with refused(Conflict, "ticket.not_active"):
        do(messages.reply, number, draft, version=1, actor=world.actors.agent, now=now)


OFFER = Proposal("damaged_slight", 3_000, "reply:1", evidence=("photo_item", "photo_package"))
"""Of 159.00 yuan paid; the agent's own limit is 30.00."""


class TestOffers:
    @pytest.fixture
    def broken(self, world: World, now: datetime) -> str:
        with unit_of_work():
            order = rows.order(world, now, paid_fen=15_900)
            return rows.ticket(world, now, type="damaged", order_id=order.id, owner=world.users.agent).number

    def offers(self) -> list[Compensation]:
        return list(session().scalars(select(Compensation).execution_options(populate_existing=True)))

    def test_the_offer_goes_with_the_reply(self, world: World, now: datetime, broken: str) -> None:
        sent(world, broken, now, Staged(tags=("破损",), queue="warehouse", reason="查打包", offer=OFFER))
        (offer,) = self.offers()
        assert (offer.state, offer.amount_fen, offer.proposed_by_id) == ("approved", 3_000, world.users.agent.id)
        assert look(broken).queue_id == world.queues.warehouse.id

    def test_beyond_his_limit_somebody_is_asked(self, world: World, now: datetime, broken: str) -> None:
        sent(world, broken, now, Staged(offer=replace(OFFER, amount_fen=3_001)))
        assert [(one.state, one.asked) for one in self.offers()] == [("proposed", "supervisor")]

    @pytest.mark.parametrize(
        ("changed", "code"),
        [
            ({"amount_fen": 0}, "compensation.amount_not_positive"),
            ({"evidence": ()}, "compensation.evidence_missing"),
            ({"policy_code": "logistics_stuck_coupon"}, "compensation.not_offered"),
        ],
        ids=["nothing", "not seen", "of another type"],
    )
    def test_an_offer_that_cannot_be_made_sends_nothing(
        self, world: World, now: datetime, broken: str, changed: dict[str, Any], code: str
    ) -> None:
        staged = Staged(tags=("破损",), priority=Priority.P1, offer=replace(OFFER, **changed))
        with refused(Invalid, code):
            sent(world, broken, now, staged, status_after=Status.PENDING_CUSTOMER)

    @pytest.mark.parametrize("fen", [3_000, 3_001], ids=["holds", "asked"])
    def test_taken_back_nobody_was_promised_it(self, world: World, now: datetime, broken: str, fen: int) -> None:
        message = sent(world, broken, now, Staged(priority=Priority.P1, offer=replace(OFFER, amount_fen=fen)))
        do(messages.take_back, broken, message, actor=world.actors.agent, now=now + SECOND)
        assert [one.state for one in self.offers()] == ["withdrawn"]
        assert look(broken).priority == "P2"

    def test_one_that_was_agreed_to_meanwhile_stands(self, world: World, now: datetime, broken: str) -> None:
        message = sent(world, broken, now, Staged(offer=replace(OFFER, amount_fen=3_001)))
        (offer,) = self.offers()
        do(approvals.approve, offer.id, version=1, actor=world.actors.supervisor, now=now + SECOND)
        do(messages.take_back, broken, message, actor=world.actors.agent, now=now + 2 * SECOND)
        assert [one.state for one in self.offers()] == ["approved"]
        assert session().get_one(Message, message).state == "taken_back"

    def test_sent_twice_it_is_one_offer(self, world: World, now: datetime, broken: str) -> None:
        for _ in range(2):
            sent(world, broken, now, Staged(offer=OFFER))
        assert len(self.offers()) == 1
