"""A customer who matters more: shown wherever his tickets stand, and asked for."""

from __future__ import annotations

from datetime import datetime

import pytest

from helpdesk.models import Ticket
from helpdesk.storage import unit_of_work
from tests import tickets
from tests.conftest import Client, Login
from tests.factories import World

WHY = "全年采购三十万"


@pytest.fixture
def agent(client: Client, world: World, login: Login) -> Client:
    login(client, world.users.agent)
    return client


@pytest.fixture
def row(world: World, now: datetime) -> Ticket:
    with unit_of_work():
        tickets.ticket(world, now, owner=world.users.agent, subject="别人的")
        buyer = tickets.customer(world)
        return tickets.ticket(world, now, owner=world.users.agent, customer_id=buyer.id, subject="贵客的")


def test_the_customer_is_named_on_the_ticket_and_shown_there(agent: Client, row: Ticket) -> None:
    assert "标为 VIP" in agent.get(f"/tickets/{row.number}").text
    answer = agent.submit(f"/tickets/{row.number}/vip", {"version": "1", "reason": WHY})
    assert answer.status_code == 302
    page = agent.get(f"/tickets/{row.number}").text
    assert page.count("VIP</span>") >= 2  # in the head and on the customer's card
    assert f"{WHY} <small" in page
    assert "把客户标为 VIP" in page
    assert "VIP 客户" in page
    answer = agent.submit(f"/tickets/{row.number}/vip/end", {"version": "99"})
    assert answer.status_code == 409
    version = page.split('name="version" value="')[1].split('"')[0]
    agent.submit(f"/tickets/{row.number}/vip/end", {"version": version})
    assert "取消 VIP" not in agent.get(f"/tickets/{row.number}").text


def test_a_refused_reason_is_said_and_given_back(agent: Client, row: Ticket) -> None:
    answer = agent.submit(f"/tickets/{row.number}/vip", {"version": "99", "reason": WHY})
    assert (answer.status_code, WHY in answer.text) == (409, True)
    assert agent.submit(f"/tickets/{row.number}/vip", {"version": "1", "reason": ""}).status_code == 422


def test_lists_show_and_filter_by_it(agent: Client, row: Ticket, client: Client, world: World, login: Login) -> None:
    agent.submit(f"/tickets/{row.number}/vip", {"version": "1", "reason": WHY})
    everything = agent.get("/tickets").text
    assert "贵客的" in everything
    assert "别人的" in everything
    assert everything.count('title="VIP 客户"') == 1
    only = agent.get("/tickets?vip=1").text
    assert "贵客的" in only
    assert "别人的" not in only
    assert 'name="vip" value="1" checked' in only
    found = agent.get("/search?q=只看:VIP").text
    assert "贵客的" in found
    assert "别人的" not in found
    login(client, world.users.supervisor)
    assert 'title="VIP 客户"' in client.get("/board").text


def test_nonsense_in_the_filter_is_told(agent: Client) -> None:
    assert agent.get("/tickets?vip=maybe").status_code == 422
    assert agent.get("/tickets?tag=" + "x" * 31).status_code == 422
