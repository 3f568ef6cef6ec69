"""The page of results: what was found where, lit as text; what wasn't understood is told; filters can be completed."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from helpdesk.models import Note
from helpdesk.services import search_index
from helpdesk.storage import unit_of_work
from tests import tickets
from tests.conftest import Client, Login, Statements
from tests.factories import World, add


@pytest.fixture
def agent(client: Client, world: World, login: Login, now: datetime) -> Client:
    with unit_of_work():
        buyer = tickets.customer(world, name="李小雷", phone="13812345678")
        order = tickets.order(world, now, "20261123990042", customer_id=buyer.id)
        row = tickets.ticket(world, now, customer_id=buyer.id, order_id=order.id, text="外箱<b>压扁</b>了，快退款")
        add(Note(ticket_id=row.id, text="仓库说压扁的不是我们", created_at=now))
        tickets.ticket(world, now, status="pending_customer", text="发票抬头错了，退款也行")
        tickets.ticket(world, now, queue=world.queues.warehouse, text="压扁三箱")
    login(client, world.users.agent)
    return client


def test_what_was_said_is_lit_and_never_becomes_markup(agent: Client) -> None:
    page = agent.get("/search?q=压扁").text
    assert "仓库说<mark>压扁</mark>的不是我们" in page
    assert "外箱&lt;b&gt;<mark>压扁</mark>&lt;/b&gt;了" in page
    assert "EX-250101-0001" in page
    assert "EX-250101-0003" not in page


@pytest.mark.parametrize("words", ["lxl", "5678", "990042", "250101-0001", "李小雷"])
def test_numbers_and_buyers_stand_on_top(agent: Client, words: str) -> None:
    page = agent.get("/search", query_string={"q": words}).text
    assert "编号或客户相符" in page
    assert "EX-250101-0001" in page
    assert "13812345678" not in page


def test_filters_narrow_it_down_and_can_be_taken_off(agent: Client) -> None:
    page = agent.get("/search", query_string={"q": "退款 状态:待客户"}).text
    assert "EX-250101-0002" in page
    assert "EX-250101-0001" not in page
    assert 'href="/search?q=%E9%80%80%E6%AC%BE"' in page
    assert "EX-250101-0001" in agent.get("/search", query_string={"q": "起:2026-11-23 止:2026-11-23"}).text
    assert "没有找到" in agent.get("/search", query_string={"q": "退款 止:2026-11-22"}).text
    assert "没有找到" in agent.get("/search", query_string={"q": "退款 起:9999-12-31"}).text


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("颜色:红 退款", "没有叫“颜色”的筛选"),
        ("状态:没有", "“状态:没有”没有这个值"),
        ("起:昨天", "2026-11-01 这样"),
        ("货", "至少要两个字"),
        ("很" * 201, "200"),
        ("", "怎么搜"),
        ("不会有人这样说", "没有找到"),
    ],
)
def test_what_cannot_be_answered_is_told(agent: Client, query: str, told: str) -> None:
    assert told in agent.get("/search", query_string={"q": query}).text


@pytest.mark.parametrize("args", [{"in": "x"}, {"below": "x"}, {"below": "m9999999999"}, {"q": "a\x00b"}])
def test_a_spoiled_address_is_refused(agent: Client, args: dict[str, str]) -> None:
    assert agent.get("/search", query_string={"q": "退款", **args}).status_code == 422


def test_pages_follow_each_other_without_repeating_a_ticket(
    client: Client, world: World, login: Login, now: datetime
) -> None:
    with unit_of_work():
        for number in range(45):
            row = tickets.ticket(world, now, text="还没发货", created_at=now - timedelta(minutes=100 - number))
            tickets.message(row, "怎么还没发货", now + timedelta(minutes=number % 7))
    login(client, world.users.agent)
    page, seen, address = "", [], "/search?q=发货"
    while address:
        page = client.get(address).text
        seen += numbers(page)
        address = page.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")
        address = address if 'rel="next"' in page else ""
    assert len(seen) == len(set(seen)) == 45
    assert "45 张工单" in client.get("/search?q=发货").text


def numbers(page: str) -> list[str]:
    return [part.split('"')[0] for part in page.split('data-ticket data-number="')[1:]]


def test_each_kind_has_its_tab(agent: Client) -> None:
    assert numbers(agent.get("/search?q=压扁&in=notes").text) == ["EX-250101-0001"]
    assert numbers(agent.get("/search?q=压扁&in=tickets").text) == []
    assert numbers(agent.get("/search?q=李小雷&in=names").text) == ["EX-250101-0001"]
    assert numbers(agent.get("/search?q=李小雷&in=messages").text) == []


def test_an_index_that_is_being_built_says_so(agent: Client) -> None:
    assert "正在建立" not in agent.get("/search?q=压扁").text
    with unit_of_work():
        search_index.start_anew()
    assert "正在建立" in agent.get("/search?q=压扁").text


def test_filters_are_offered_in_the_readers_language_and_understood(agent: Client) -> None:
    offered = [one["text"] for one in agent.get("/search/values").json["values"]]  # type: ignore[index]
    assert {"状态:待客户", "负责人:我", "只看:超时", "类型:发错货", "优先级:P1", "队列:仓库"} <= set(offered)
    for one in offered:
        assert 'class="notice problem"' not in agent.get("/search", query_string={"q": one}).text, one


def test_a_page_takes_few_statements(agent: Client, statements: Statements) -> None:
    agent.get("/search?q=退款")
    with statements() as seen:
        agent.get("/search?q=退款 太慢")
    assert len(seen) <= 22, seen
