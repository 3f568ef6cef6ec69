"""What a template stages: shown above the composer, sent as far as it was left ticked, given back where refused."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select

from helpdesk.models import Compensation, Message, ReplyTemplate, TemplateOffer, TemplateUse, Ticket, TicketTag
from helpdesk.storage import session, unit_of_work
from tests import tickets
from tests.conftest import Client, Login, Statements
from tests.factories import World
from tests.web.tickets.test_compose import last_heard, replies, stored
from tests.web.tickets.test_show import template

ACTIONS = [
    {"kind": "tag", "tag": "催过"},
    {"kind": "priority", "priority": "P1"},
    {"kind": "transfer", "queue": "warehouse"},
    {"kind": "propose", "policy": "logistics_stuck_coupon"},
]
WORDS = "已催，送您 {amount} 券"
KEY = "11111111-1111-4111-8111-111111111111"


@pytest.fixture
def agent(client: Client, world: World, login: Login) -> Client:
    login(client, world.users.agent)
    return client


@pytest.fixture
def row(world: World, now: datetime) -> Ticket:
    with unit_of_work():
        order = tickets.order(world, now)
        template("push", now, WORDS, actions=ACTIONS, set_status="pending_customer")
        template("plain", now, "您好", kind=None)
        return tickets.ticket(
            world, now, owner=world.users.agent, hands=world.users.agent, order_id=order.id, type="logistics_stuck"
        )


def sent(agent: Client, row: Ticket, *places: int, **changed: Any) -> Any:
    """The composer with the template in it, these of its actions ticked."""
    data = {
        "mode": "reply",
        "text": "已催，送您 ¥3.00 券",
        "version": "1",
        "last_message_id": str(last_heard(row)),
        "template_id": "push",
        "template_version": "1",
        "rank": "1",
        "amount": "3.00",
        "evidence": ["carrier_reply"],
        "reason": "请查",
        "key": KEY,
        "action": [str(place) for place in places],
        **changed,
    }
    return agent.submit(f"/tickets/{row.number}/compose", data)


def tags() -> list[str]:
    return list(session().scalars(select(TicketTag.tag)))


def offers() -> list[int]:
    return list(session().scalars(select(Compensation.amount_fen)))


def test_without_script_the_template_and_what_it_does_stand_in_the_form(agent: Client, row: Ticket) -> None:
    page = agent.get(f"/tickets/{row.number}?template=push&rank=2").text
    composer = page[page.index('id="composer"') : page.index("composer-foot")]
    assert "已催，送您 ¥3.00 券</textarea>" in composer  # the amount that it proposes
    for words in ("加标签“催过”", "优先级改为 P1", "转到仓库", "提议补偿：", "可直接承诺", "还可补"):
        assert words in composer
    assert composer.count('name="action"') == 4
    assert 'name="template_version" value="1"' in composer
    assert 'name="rank" value="2"' in composer


def test_all_of_it_goes_with_the_reply(agent: Client, world: World, row: Ticket) -> None:
    assert sent(agent, row, 0, 1, 2, 3, status="pending_customer").status_code == 302
    ticket = stored(row)
    assert (ticket.priority, ticket.queue_id, ticket.status) == ("P1", world.queues.warehouse.id, "pending_customer")
    assert (tags(), offers(), replies()) == (["催过"], [300], ["已催，送您 ¥3.00 券"])
    use = session().scalars(select(TemplateUse)).one()
    assert (use.version, use.rank, use.distance, use.length) == (1, 1, 0, len("已催，送您 ¥3.00 券"))
    assert session().scalars(select(Message.template_code).where(Message.direction == "out")).one() == "push"


def test_what_stood_first_among_the_suggestions_goes_along_taken_or_not(agent: Client, row: Ticket) -> None:
    page = agent.get(f"/tickets/{row.number}").text
    named = {
        name: re.search(rf'name="{name}" value="([^"]*)"', page).group(1)  # type: ignore[union-attr]
        for name in ("suggested_id", "suggested_version")
    }
    assert named == {"suggested_id": "push", "suggested_version": "1"}
    assert sent(agent, row, **named).status_code == 302
    by_hand = {"template_id": "", "template_version": "", "text": "我来查一下"}
    assert sent(agent, row, **named, **by_hand, version=str(stored(row).version)).status_code == 302
    ids = set(session().scalars(select(Message.id).where(Message.direction == "out")))
    assert set(session().scalars(select(TemplateOffer.message_id))) == ids
    assert len(ids) == 2
    for spoiled in ({"suggested_id": "x" * 300}, {"suggested_version": "many"}):
        sent(agent, row, **{**named, **by_hand, **spoiled}, version=str(stored(row).version))
    assert len(set(session().scalars(select(TemplateOffer.message_id)))) == 2


def test_what_was_unticked_does_not_happen(agent: Client, world: World, row: Ticket) -> None:
    assert sent(agent, row, 0).status_code == 302
    assert (stored(row).priority, stored(row).queue_id) == ("P2", world.queues.customer_service.id)
    assert (tags(), offers()) == (["催过"], [])


@pytest.mark.parametrize(
    ("changed", "status", "words"),
    [
        ({"amount": "五块"}, 422, "金额"),
        ({"amount": "9999"}, 422, ""),
        ({"reason": ""}, 422, "请填写原因"),
        ({"version": "0"}, 409, "有了变化"),
        ({"text": "送您 {amount}"}, 422, "还有没填的内容"),
        ({"key": "mine"}, 422, ""),
        ({"evidence": ["photo_item"]}, 422, ""),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
def test_where_one_of_them_cannot_be_done_nothing_is_and_all_of_it_is_given_back(
    agent: Client, row: Ticket, changed: dict[str, Any], status: int, words: str
) -> None:
    answer = sent(agent, row, 0, 2, 3, **changed)
    assert answer.status_code == status
    assert words in answer.text
    assert (tags(), offers(), replies(), stored(row).version) == ([], [], [], 1)
    composer = answer.text[answer.text.index('id="composer"') : answer.text.index("composer-foot")]
    kept = [place for place in "0123" if re.search(rf'name="action" value="{place}" checked', composer)]
    assert kept == ["0", "2", "3"]
    assert re.search(r'name="amount" value="([^"]*)"', composer).group(1) == changed.get("amount", "3.00")  # type: ignore[union-attr]
    assert changed.get("text", "已催，送您 ¥3.00 券") in composer


@pytest.mark.parametrize("place", ["4", "-1", "x", ""])
def test_an_action_that_the_template_has_not_got_is_refused(agent: Client, row: Ticket, place: str) -> None:
    assert sent(agent, row, action=["0", place]).status_code == 422
    assert (tags(), replies()) == ([], [])


@pytest.mark.parametrize("changed", [{"template_id": "gone"}, {"template_version": "7"}, {"template_id": ""}])
def test_actions_of_a_template_that_is_none_of_his_are_not_carried_out(
    agent: Client, row: Ticket, changed: dict[str, str]
) -> None:
    answer = sent(agent, row, 0, **changed)
    assert answer.status_code == 409
    assert "没有执行" in answer.text
    assert (tags(), replies()) == ([], [])


def test_a_place_that_cannot_be_counts_as_found_by_hand(agent: Client, row: Ticket) -> None:
    for rank in ("0", "4", "x", "", "9" * 30):
        sent(agent, row, rank=rank)
    assert {use.rank for use in session().scalars(select(TemplateUse))} == {None}


def test_the_same_press_twice_offers_once(agent: Client, row: Ticket) -> None:
    sent(agent, row, 3)
    sent(agent, row, 3)
    assert offers() == [300]


def test_the_suggestions_carry_their_offer(agent: Client, row: Ticket) -> None:
    page = agent.get(f"/tickets/{row.number}").text
    card = page[page.index('id="suggestions"') : page.index("</section>", page.index('id="suggestions"'))]
    assert "suggestion-offer" in card
    assert "¥3.00" in card
    assert card.count("<template>") == 1  # the other one does nothing more


def test_an_action_that_makes_no_sense_here_cannot_be_ticked(agent: Client, world: World, now: datetime) -> None:
    with unit_of_work():
        template(
            "other", now, "好", kind=None, actions=[{"kind": "propose", "policy": "damaged_slight"}, *ACTIONS[1:3]]
        )
        there = tickets.ticket(
            world, now, owner=world.users.agent, queue=world.queues.warehouse, priority="P1", type="logistics_stuck"
        )
    page = agent.get(f"/tickets/{there.number}?template=other").text
    composer = page[page.index('id="composer"') : page.index("composer-foot")]
    assert composer.count('name="action"') == 1  # it is in that queue, and that urgent
    assert 'value="0" disabled' in composer
    assert "没有这个补偿方案" in composer


def test_the_shelf_holds_all_that_he_may_use_filled(agent: Client, row: Ticket, statements: Statements) -> None:
    with unit_of_work():
        session().add(ReplyTemplate(code="of_another", scope="personal", owner_id=(row.owner_id or 0) + 1))
    with statements() as seen:
        answer = agent.get(f"/tickets/{row.number}/templates")
    push, plain = answer.get_json()["templates"]
    assert (push["code"], push["version"], push["text"]) == ("push", 1, "已催，送您 ¥3.00 券")
    assert push["status"] == "pending_customer"
    assert push["staged"].count('name="action"') == 4
    assert "¥3.00" in push["offers"][0]
    assert "hs push" in push["fields"][3]
    assert (plain["code"], plain["staged"], plain["offers"]) == ("plain", "", [])
    assert len(seen) <= 12


def test_the_shelf_is_for_who_answers_customers(client: Client, world: World, login: Login, row: Ticket) -> None:
    login(client, world.users.finance)
    assert client.get(f"/tickets/{row.number}/templates").status_code == 403
    login(client, world.users.outsider)
    assert client.get(f"/tickets/{row.number}/templates").status_code == 404
