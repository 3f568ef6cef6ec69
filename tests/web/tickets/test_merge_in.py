"""Several tickets become one: chosen on a page that says what would happen, and undone from where one finds them."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from helpdesk.domain.tickets import Party
from helpdesk.models import Operation, Ticket
from helpdesk.services import assists
from helpdesk.storage import unit_of_work
from tests import tickets
from tests.conftest import Client, Login
from tests.factories import World
from tests.services.story import do, look

REASON = "同一个包裹，客户问了三次"


@pytest.fixture
def agent(client: Client, world: World, login: Login) -> Client:
    login(client, world.users.agent)
    return client


@pytest.fixture
def three(world: World, now: datetime) -> list[Ticket]:
    """One order of one customer; the first stays, the second burns earlier, the third is a colleague's."""
    with unit_of_work():
        about: dict[str, Any] = {"customer_id": tickets.customer(world).id, "order_id": tickets.order(world, now).id}
        hands: list[dict[str, Any]] = [{"hands": world.users.agent}, {}, {"hands": world.users.agent2}]
        return [
            tickets.ticket(
                world, now, subject=f"快递第{n}问", due_in=tickets.HOUR * (5 - 3 * (n == 2)), **about, **more
            )
            for n, more in enumerate(hands, start=1)
        ]


def address(stays: Ticket, *chosen: Ticket) -> str:
    query = "&".join(f"one={one.number}" for one in chosen)
    return f"/tickets/{stays.number}/merge-in?{query}"


def sent(*chosen: Ticket, **more: str) -> dict[str, Any]:
    return {"one": [f"{one.number}:1" for one in chosen], "version": "1", "reason": REASON} | more


def done_at(at: datetime) -> None:
    with unit_of_work() as work:
        work.execute(update(Operation).values(at=at))


def test_the_ticket_leads_there_and_all_open_ones_of_the_order_are_offered(agent: Client, three: list[Ticket]) -> None:
    stays = three[0]
    assert f'href="/tickets/{stays.number}/merge-in"' in agent.get(f"/tickets/{stays.number}").text
    page = agent.get(address(stays)).text
    assert sorted(re.findall(r'name="one" value="([^":]+)"', page)) == sorted(one.number for one in three[1:])
    assert 'id="plan"' not in page


def test_the_look_before_says_what_ends_what_stays_and_what_burns_earlier(agent: Client, three: list[Ticket]) -> None:
    page = agent.get(address(*three)).text
    assert f"2 张并入 {three[0].number}" in page
    assert "不变。 客户回到任何一张的消息都记在这里；客户不会收到通知。" in page
    assert f"{three[1].number} 的截止时间更早" in page
    instead = f"/tickets/{three[1].number}/merge-in?one={three[0].number}&amp;one={three[2].number}"
    assert f'href="{instead}"' in page
    assert "的截止时间更早" not in agent.get(address(three[1], three[0], three[2])).text


def test_three_become_one_and_come_back_from_the_page_of_one_that_ended(
    agent: Client, three: list[Ticket], now: datetime
) -> None:
    stays, *others = three
    answer = agent.submit(f"/tickets/{stays.number}/merge-in", sent(*others))
    assert answer.headers["Location"] == f"/tickets/{stays.number}"
    assert "2 张工单已并入这张。" in agent.get(f"/tickets/{stays.number}").text
    assert [look(one.number).merged_into_id for one in others] == [stays.id, stays.id]
    done_at(now - timedelta(hours=23))
    page = agent.get(f"/tickets/{others[1].number}").text
    undo = re.search(r'action="(/operations/\d+/undo)"', page)
    assert undo is not None
    assert "撤销合并" in page
    agent.submit(undo[1], {"next": "/tickets"})
    assert [look(one.number).status for one in others] == ["open", "open"]


def test_only_who_merged_is_offered_to_take_it_back_and_only_for_a_day(
    agent: Client, client: Client, login: Login, world: World, three: list[Ticket], now: datetime
) -> None:
    agent.submit(f"/tickets/{three[0].number}/merge-in", sent(three[1]))
    merged = f"/tickets/{three[1].number}"
    assert "撤销合并" in agent.get(merged).text
    done_at(now - timedelta(hours=25))
    assert "撤销合并" not in agent.get(merged).text
    done_at(now)
    login(client, world.users.agent2)
    assert "已合并到" in client.get(merged).text
    assert "撤销合并" not in client.get(merged).text


def test_what_waits_for_an_answer_is_named_and_nothing_can_be_sent(
    agent: Client, world: World, now: datetime, three: list[Ticket]
) -> None:
    question: dict[str, Any] = {"party": Party.WAREHOUSE, "question": "出库了吗？", "version": None}
    do(assists.ask_for_help, three[1].number, "warehouse", actor=world.actors.agent, now=now, **question)
    page = agent.get(address(three[0], three[1])).text
    assert "协助请求待答复" in page
    assert "标出的事项有了结果才能合并" in page
    assert f'action="/tickets/{three[0].number}/merge-in"' not in page
    version = str(look(three[1].number).version)
    answer = agent.submit(f"/tickets/{three[0].number}/merge-in", sent() | {"one": [f"{three[1].number}:{version}"]})
    assert answer.status_code == 409
    assert f"工单 {three[1].number} 还有协助请求没有答复" in answer.text


@pytest.mark.parametrize(
    ("more", "status", "said"),
    [
        ({"reason": " "}, 422, "请填写原因"),
        ({"reason": "长" * 501}, 422, "请填写原因"),
        ({"one": []}, 422, "请选择要合并的工单。"),
        ({"version": "7"}, 409, "被别人改过了"),
        ({"version": "x"}, 409, "被别人改过了"),
        ({"one": [f"EX-{n}:1" for n in range(12)]}, 422, "一次最多合并 10 张工单。"),
    ],
)
def test_what_can_t_be_merged_comes_back_with_the_reason_why(
    agent: Client, three: list[Ticket], more: dict[str, Any], status: int, said: str
) -> None:
    answer = agent.submit(f"/tickets/{three[0].number}/merge-in", sent(*three[1:]) | more)
    assert answer.status_code == status
    alert = re.search(r'role="alert">.*?<div>(.*?)</div>', answer.text, re.DOTALL)
    assert alert is not None
    assert said in alert[1]
    assert [look(one.number).status for one in three] == ["open"] * 3


def test_whoever_was_overtaken_keeps_his_words_and_gets_the_new_versions(agent: Client, three: list[Ticket]) -> None:
    with unit_of_work() as work:
        work.get_one(Ticket, three[1].id).version = 4
    answer = agent.submit(f"/tickets/{three[0].number}/merge-in", sent(*three[1:]))
    assert answer.status_code == 409
    assert f">{REASON}</textarea>" in answer.text
    assert f'value="{three[1].number}:4"' in answer.text


def test_where_nothing_is_to_be_merged_it_says_so(agent: Client, world: World, now: datetime) -> None:
    with unit_of_work():
        alone = tickets.ticket(world, now)
    assert "没有可以合并的工单" in agent.get(address(alone)).text


def test_it_is_for_those_who_work_on_the_ticket(
    client: Client, login: Login, world: World, three: list[Ticket]
) -> None:
    for user, status in ((world.users.outsider, 404), (world.users.finance, 404), (world.users.auditor, 403)):
        login(client, user)
        assert client.get(address(*three)).status_code == status
        assert client.submit(f"/tickets/{three[0].number}/merge-in", sent(*three[1:])).status_code in {status, 404, 403}
    assert [look(one.number).status for one in three] == ["open"] * 3
