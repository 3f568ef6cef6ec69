"""A second matter in a customer's words becomes a ticket of its own: chosen on a page that says what would happen."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import pytest

from helpdesk.models import Ticket
from helpdesk.storage import session
from tests.conftest import Client, Login, Statements
from tests.factories import World
from tests.services.story import conversation, heard, look, opened, replied
from tests.tickets import HOUR

MATTER = "另外，上次答应的差价没退给我，什么时候退"


@pytest.fixture
def agent(client: Client, world: World, login: Login) -> Client:
    login(client, world.users.agent)
    return client


@pytest.fixture
def number(world: World, now: datetime) -> str:
    """A parcel that doesn't move; meanwhile its buyer speaks of money."""
    made = opened(
        world, now - 3 * HOUR, type="logistics_stuck", order_number="T1", customer_name="周", text="快递不动了"
    )
    replied(made, actor=world.actors.agent, now=now - 2 * HOUR)
    heard(made, actor=world.actors.agent, now=now - HOUR, text=MATTER)
    return made


def matter(number: str) -> int:
    return conversation(number)[-1].id


def sent(number: str, **more: Any) -> dict[str, Any]:
    usual = {"one": [matter(number)], "version": look(number).version, "type": "price_dispute"}
    return usual | {"relation": "child", "order_number": "T1", "reason": "两件事"} | more


def test_the_ticket_leads_there_once_there_is_more_than_one_word(
    agent: Client, world: World, now: datetime, number: str
) -> None:
    alone = opened(world, now, type="quality")
    assert f'href="/tickets/{number}/split"' in agent.get(f"/tickets/{number}").text
    assert f"/tickets/{alone}/split" not in agent.get(f"/tickets/{alone}").text
    assert "没有可以拆出的消息" in agent.get(f"/tickets/{alone}/split").text


def test_only_later_words_of_the_customer_are_offered(agent: Client, number: str) -> None:
    page = agent.get(f"/tickets/{number}/split").text
    assert re.findall(r'name="one" value="(\d+)"', page) == [str(matter(number))]
    assert 'id="plan"' not in page


def test_the_look_before_reads_the_type_in_the_words(agent: Client, number: str) -> None:
    page = agent.get(f"/tickets/{number}/split?one={matter(number)}&one=99999999&one=x").text
    assert "1 条消息成为新工单" in page
    assert '<option value="refund_status" selected>' in page
    assert 'name="order_number" value="T1"' in page


def test_the_look_before_takes_few_statements(agent: Client, number: str, statements: Statements) -> None:
    with statements() as asked:
        agent.get(f"/tickets/{number}/split?one={matter(number)}")
    assert len(asked) <= 12


def test_split_off_it_is_a_ticket_and_can_be_undone(agent: Client, number: str) -> None:
    agent.submit(f"/tickets/{number}/split", sent(number))
    page = agent.get(f"/tickets/{number}").text
    made = session().query(Ticket).order_by(Ticket.id.desc()).first()
    assert made is not None
    assert f"1 条消息拆成了工单 {made.number}。" in page
    assert [message.text for message in conversation(made.number)] == [MATTER]
    assert made.type == "price_dispute"
    undo = re.search(r'action="(/operations/\d+/undo)"', page)
    assert undo is not None
    agent.submit(undo[1], {"next": f"/tickets/{number}"})
    assert MATTER in [message.text for message in conversation(number)]


def test_who_was_overtaken_sees_what_he_chose_and_wrote(agent: Client, number: str) -> None:
    answer = agent.submit(f"/tickets/{number}/split", sent(number, version=1, reason="两件事，分开办", type="quality"))
    assert answer.status_code == 409
    assert "两件事，分开办" in answer.text
    assert '<option value="quality" selected>' in answer.text
    assert len(conversation(number)) == 3


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"reason": ""}, "原因"),
        ({"one": []}, "请选择要拆出的客户消息。"),
        ({"relation": "duplicate"}, "请选择是什么关系。"),
        ({"type": "unheard_of"}, "类型"),
        ({"order_number": "长" * 61}, "60"),
    ],
)
def test_what_makes_no_sense_is_said_and_nothing_moves(
    agent: Client, number: str, more: dict[str, Any], says: str
) -> None:
    answer = agent.submit(f"/tickets/{number}/split", sent(number, **more))
    assert answer.status_code in (400, 422)
    assert says in answer.text
    assert len(conversation(number)) == 3


def test_a_ticket_that_is_not_his_is_not_found(client: Client, world: World, login: Login, number: str) -> None:
    login(client, world.users.outsider)
    assert client.get(f"/tickets/{number}/split").status_code == 404
