"""Saved views as a person keeps them: from the list, for himself or for others, and back again."""

from __future__ import annotations

import re
from datetime import datetime
from html import unescape

import pytest
from sqlalchemy import select

from helpdesk.models import SavedView
from helpdesk.storage import session, unit_of_work
from tests import tickets
from tests.conftest import Client, Login, Statements
from tests.factories import World
from tests.tickets import HOUR


@pytest.fixture
def agent(client: Client, world: World, login: Login) -> Client:
    login(client, world.users.agent)
    return client


@pytest.fixture
def supervisor(client: Client, world: World, login: Login) -> Client:
    login(client, world.users.supervisor)
    return client


def saved(client: Client, name: str = "破损", args: str = "type=damaged", whose: str = "personal") -> SavedView:
    answer = client.submit(f"/views/new?{args}", {"name": name, "whose": whose})
    assert answer.status_code == 302, answer.text
    return session().scalars(select(SavedView).where(SavedView.name == name)).one()


def links(page: str) -> list[str]:
    return [unescape(address) for address in re.findall(r'href="([^"]+)"', page)]


def test_a_list_is_kept_under_a_name_and_stands_beside_the_queues_with_its_count(
    agent: Client, world: World, now: datetime
) -> None:
    with unit_of_work():
        tickets.ticket(world, now, type="damaged", owner=world.users.agent)
        tickets.ticket(world, now, type="invoice", owner=world.users.agent)
    assert "/views/new?type=damaged&sort=-created" in links(agent.get("/tickets?type=damaged&sort=-created").text)
    view = saved(agent, args="type=damaged&sort=-created")
    page = agent.get(f"/tickets?type=damaged&sort=-created&view={view.id}").text
    assert re.search(r'title="破损" aria-current="page">.*?<span class="nav-count">1</span>', page, re.DOTALL)
    assert "<h1>破损</h1>" in page
    assert "和保存的不一样了" not in page
    sent = agent.get(f"/views/{view.id}").headers["Location"]
    assert sent == f"/tickets?type=damaged&sort=-created&view={view.id}"


def test_a_list_that_moved_on_is_kept_in_its_view_or_left(agent: Client, world: World) -> None:
    view = saved(agent)
    page = agent.get(f"/tickets?type=damaged&priority=P1&view={view.id}").text
    assert "和保存的不一样了" in page
    kept = agent.submit(f"/views/{view.id}/keep", {"version": "1", "type": "damaged", "priority": "P1"})
    assert kept.headers["Location"] == f"/tickets?type=damaged&priority=P1&view={view.id}"
    assert session().get_one(SavedView, view.id).filter == {"type": "damaged", "priority": "P1"}
    assert agent.submit(f"/views/{view.id}/keep", {"version": "1", "type": "invoice"}).status_code == 409


def test_views_are_renamed_moved_deleted_and_brought_back(agent: Client, world: World) -> None:
    first, second = saved(agent, "一"), saved(agent, "二")
    agent.submit(f"/views/{second.id}/move", {"version": "1", "to": "up"})
    page = agent.get("/views").text
    assert page.index(">二<") < page.index(">一<")
    agent.submit(f"/views/{first.id}/edit", {"name": "第一", "whose": "personal", "version": "1"})
    assert ">第一<" in agent.get("/views").text
    agent.submit(f"/views/{first.id}/delete", {"version": "2"})
    gone = agent.get("/views").text
    assert "已删除视图“第一”" in gone
    assert f'action="/views/{first.id}/restore"' in gone
    assert agent.get(f"/views/{first.id}").status_code == 404
    agent.submit(f"/views/{first.id}/restore")
    assert "已恢复视图“第一”" in agent.get("/views").text


def test_a_rename_that_was_overtaken_shows_both_names(agent: Client, world: World) -> None:
    view = saved(agent)
    agent.submit(f"/views/{view.id}/edit", {"name": "别处改的", "whose": "personal", "version": "1"})
    page = agent.submit(f"/views/{view.id}/edit", {"name": "我改的", "whose": "personal", "version": "1"})
    assert page.status_code == 409
    assert "别处改的" in page.text
    assert 'value="我改的"' in page.text


def test_a_supervisor_keeps_views_for_his_queue_and_an_agent_uses_them(
    supervisor: Client, world: World, login: Login
) -> None:
    queue = world.queues.customer_service.id
    view = saved(supervisor, "客服组", whose=f"team:{queue}")
    refused = supervisor.submit("/views/new?type=damaged", {"name": "全体", "whose": "all"})
    assert refused.status_code == 422
    agent = login(supervisor, world.users.agent)
    page = agent.get("/views").text
    assert ">客服组<" in page
    assert f"/views/{view.id}/edit" not in links(page)
    outsider = login(supervisor, world.users.warehouse)
    assert outsider.get(f"/views/{view.id}").status_code == 404


@pytest.mark.parametrize(
    ("typed", "said"),
    [({"name": "", "whose": "personal"}, "请填写"), ({"name": "x" * 61, "whose": "personal"}, "最多 60 个字")],
)
def test_a_name_that_can_not_be_is_said_so(agent: Client, typed: dict[str, str], said: str) -> None:
    page = agent.submit("/views/new?type=damaged", typed)
    assert page.status_code == 422
    assert said in page.text


def test_columns_are_chosen_step_by_step_and_drawn_in_their_order(agent: Client, world: World, now: datetime) -> None:
    with unit_of_work():
        tickets.ticket(world, now, due_in=-HOUR, owner=world.users.agent, subject="杯子碎了")
    page = agent.get("/views/columns?columns=subject,number&view=mine&owner=me").text
    assert "/views/columns?owner=me&columns=number,subject&view=mine" in [
        address.replace("%2C", ",") for address in links(page)
    ]
    table = agent.get("/tickets?columns=number,queue,subject").text
    assert re.findall(r'<th scope="col" class="cell-(\w+)', table) == ["number", "queue", "subject"]
    assert "客服" in table
    assert "杯子碎了" in table
    assert agent.get("/tickets?columns=number,password").status_code == 422


def test_a_head_sorts_and_says_so(agent: Client, world: World, now: datetime) -> None:
    page = agent.get("/tickets?columns=subject,created").text
    assert "/tickets?columns=subject,created&sort=-created" in [one.replace("%2C", ",") for one in links(page)]
    assert 'aria-sort="descending"' in agent.get("/tickets?columns=subject,created&sort=-created").text


def test_the_menu_of_views_costs_two_statements_however_many_there_are(
    agent: Client, world: World, statements: Statements
) -> None:
    agent.get("/tickets")
    with statements() as few:
        agent.get("/tickets")
    for place in range(15):
        saved(agent, f"视图 {place}", f"type=damaged&owner={place + 1}")
    with statements() as many:
        agent.get("/tickets")
    assert len(many) == len(few) <= 12
