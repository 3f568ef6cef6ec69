from __future__ import annotations

import re
from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select

from helpdesk.models import Message, Ticket
from helpdesk.storage import session
from tests.conftest import Client, Login, Statements
from tests.factories import World


@pytest.fixture
def agent(client: Client, world: World, login: Login) -> Client:
    login(client, world.users.agent)
    return client


def form(world: World, **changed: Any) -> dict[str, Any]:
    return {
        "shop": str(world.shop.id),
        "channel": str(world.channels.tmall.id),
        "text": "收到的鞋子发错货了，我要的是 42 码",
        "order_number": "20261122001",
        "customer_name": "王先生",
        "phone": "13812345678",
        "priority": "P2",
        "external_id": str(uuid4()),
        **changed,
    }


def numbers() -> list[str]:
    return list(session().scalars(select(Ticket.number).order_by(Ticket.id)))


def test_what_a_customer_said_becomes_a_ticket(agent: Client, world: World) -> None:
    page = agent.get("/tickets/new").text
    assert re.search(r'name="external_id"[^>]*value="[0-9a-f-]{36}"', page)
    answer = agent.submit("/tickets", form(world))
    (number,) = numbers()
    assert answer.headers["Location"] == f"/tickets/{number}"
    row = session().scalars(select(Ticket)).one()
    assert (row.type, row.klass) == ("wrong_item", "C")
    assert f"已建工单 {number}" in agent.get("/tickets").text


def test_a_new_ticket_asks_for_shop_channel_and_queue_once(agent: Client, world: World, statements: Statements) -> None:
    agent.submit("/tickets", form(world))
    with statements() as seen:
        agent.submit("/tickets", form(world, order_number="20261122002"))
    for noun in ("shop", "channel", "queue"):
        assert sum(f"FROM {noun} " in " ".join(one.split()) and f"SELECT {noun}.id" in one for one in seen) == 1, noun
    assert len(seen) <= 40, "\n".join(seen)


def test_a_second_click_is_the_same_ticket(agent: Client, world: World) -> None:
    once = form(world)
    agent.submit("/tickets", once)
    answer = agent.submit("/tickets", once)
    (number,) = numbers()
    assert answer.headers["Location"] == f"/tickets/{number}"
    assert "刚才已经建好了" in agent.get("/tickets").text
    assert len(session().scalars(select(Message.id)).all()) == 1


def test_the_same_problem_of_the_same_order_joins_its_ticket(agent: Client, world: World) -> None:
    agent.submit("/tickets", form(world))
    agent.submit("/tickets", form(world, text="发错货了，快点处理"))
    assert len(numbers()) == 1
    assert "记为催单" in agent.get("/tickets").text
    assert session().scalars(select(Ticket.nudges)).one() == 1


def test_a_chosen_type_time_and_priority_are_taken(agent: Client, world: World) -> None:
    data = form(world, type="invoice", priority="P1", created_at="2026-11-23T09:00", subject="要发票")
    agent.submit("/tickets", data)
    row = session().scalars(select(Ticket)).one()
    assert (row.type, row.priority, row.tier, row.subject) == ("invoice", "P1", "manual", "要发票")
    assert row.created_at.isoformat() == "2026-11-23T01:00:00+00:00"


@pytest.mark.parametrize(
    "changed",
    [
        {"text": "  "},
        {"text": "长" * 5_001},
        {"subject": "长" * 201},
        {"order_number": "1" * 61},
        {"phone": "1" * 31},
        {"customer_name": "长" * 101},
        {"shop": "999"},
        {"channel": ""},
        {"type": "order_stall"},
        {"type": "no_such_type"},
        {"priority": "P0"},
        {"created_at": "2027-01-01T00:00"},
        {"created_at": "soon"},
        {"external_id": "1"},
        {"external_id": ""},
    ],
    ids=lambda changed: "-".join(f"{name}={value[:12]}" for name, value in changed.items()),
)
def test_a_form_that_cannot_be_comes_back_as_it_was_typed(agent: Client, world: World, changed: dict[str, str]) -> None:
    data = form(world, **changed)
    answer = agent.submit("/tickets", data)
    assert answer.status_code == 422
    assert data["text"].strip() in answer.text
    assert data["order_number"] in answer.text
    assert numbers() == []


def test_one_sees_what_it_would_become_before_it_is_one(agent: Client, world: World) -> None:
    fragment = agent.submit("/tickets/preview", form(world, external_id=""))
    assert fragment.status_code == 200
    assert "发错货" in fragment.text
    assert "仓库" in fragment.text
    assert "<html" not in fragment.text
    assert "输入客户的话" in agent.submit("/tickets/preview", {"text": ""}).text
    page = agent.submit("/tickets", form(world, preview="1")).text
    assert "把握很大" in page
    assert "我要的是 42 码</textarea>" in page
    assert numbers() == []


def test_words_that_look_like_markup_stay_words(agent: Client, world: World) -> None:
    text = "发错货<script>alert(1)</script>{{ 7*7 }}"
    agent.submit("/tickets", form(world, text=text, customer_name="<b>王</b>"))
    (number,) = numbers()
    page = agent.get(f"/tickets/{number}").text
    assert "<script>alert" not in page
    assert "&lt;b&gt;王" in page
    assert "49" not in page[page.index('id="timeline"') : page.index('id="composer"')]


@pytest.mark.parametrize(("person", "status"), [("auditor", 403), ("admin", 403), ("ops", 200), ("outsider", 200)])
def test_who_may_write_tickets_down(
    client: Client, world: World, login: Login, person: str, status: int, now: datetime
) -> None:
    login(client, getattr(world.users, person))
    assert client.get("/tickets/new").status_code == status
    assert (client.submit("/tickets", form(world)).status_code == 302) == (status == 200)
