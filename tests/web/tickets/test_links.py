"""Links to other tickets, on the ticket page."""

from __future__ import annotations

import re
from datetime import datetime

import pytest
from sqlalchemy import func, select

from helpdesk.models import Ticket, TicketLink
from helpdesk.storage import session, unit_of_work
from tests import tickets
from tests.conftest import Client, Login
from tests.factories import World


@pytest.fixture
def pair(world: World, now: datetime) -> tuple[Ticket, Ticket]:
    with unit_of_work():
        return tickets.ticket(world, now, hands=world.users.agent), tickets.ticket(world, now, subject="缺了一件")


@pytest.fixture
def agent(client: Client, world: World, login: Login) -> Client:
    login(client, world.users.agent)
    return client


def sent(other: str, relation: str = "parent", version: str = "1") -> dict[str, str]:
    return {"other": other, "relation": relation, "version": version}


def count() -> int | None:
    return session().scalar(select(func.count()).select_from(TicketLink))


def card(page: str) -> str:
    found = re.search(r'<section class="card" aria-labelledby="links-title".*?</section>', page, re.DOTALL)
    return found.group() if found else ""


def test_a_link_is_made_shown_on_both_pages_taken_away_and_brought_back(
    agent: Client, pair: tuple[Ticket, Ticket]
) -> None:
    here, there = pair
    assert "还没有关联的工单" in card(agent.get(f"/tickets/{here.number}").text)
    made = agent.submit(f"/tickets/{here.number}/links", sent(f" {there.number.lower()} "))
    assert made.headers["Location"] == f"/tickets/{here.number}"
    shown = card(agent.get(f"/tickets/{here.number}").text)
    assert "它的上级" in shown
    assert "缺了一件" in shown
    assert "下级工单完成 0 / 1。" in shown
    assert "不会结束还没完成的下级" in shown
    assert "它的下级" in card(agent.get(f"/tickets/{there.number}").text)
    row = session().scalars(select(TicketLink.id)).one()
    agent.submit(f"/tickets/{there.number}/links/{row}/remove", {"version": "1"})
    assert count() == 0
    undo = re.search(r"/operations/(\d+)/undo", agent.get(f"/tickets/{there.number}").text)
    assert undo is not None
    agent.submit(undo.group())
    assert count() == 1


@pytest.mark.parametrize(
    ("other", "relation", "status", "why"),
    [
        ("EX-000000-9999", "parent", 422, "没有工单 EX-000000-9999"),
        ("", "parent", 422, ""),
        ("here", "parent", 422, "不能关联到它自己"),
        ("there", "cousin", 422, "请选择是什么关系"),
    ],
)
def test_what_is_refused_stays_in_the_form(
    agent: Client, pair: tuple[Ticket, Ticket], other: str, relation: str, status: int, why: str
) -> None:
    here, there = pair
    number = {"here": here.number, "there": there.number}.get(other, other)
    answer = agent.submit(f"/tickets/{here.number}/links", sent(number, relation))
    assert answer.status_code == status
    assert why in card(answer.text)
    assert f'value="{number}"' in card(answer.text)
    assert "<details open>" in card(answer.text)
    assert count() == 0


def test_one_overtaken_and_one_gone_are_named(agent: Client, pair: tuple[Ticket, Ticket]) -> None:
    here, there = pair
    assert agent.submit(f"/tickets/{here.number}/links", sent(there.number, version="7")).status_code == 409
    assert agent.submit(f"/tickets/{here.number}/links/99/remove", {"version": "1"}).status_code == 404
    agent.submit(f"/tickets/{here.number}/links", sent(there.number))
    row = session().scalars(select(TicketLink.id)).one()
    assert agent.submit(f"/tickets/{here.number}/links/{row}/remove", {"version": "7"}).status_code == 409
    assert count() == 1


def test_who_only_reads_sees_links_and_changes_none(
    agent: Client, client: Client, login: Login, world: World, pair: tuple[Ticket, Ticket]
) -> None:
    here, there = pair
    agent.submit(f"/tickets/{here.number}/links", sent(there.number))
    login(client, world.users.auditor)
    shown = card(client.get(f"/tickets/{here.number}").text)
    assert there.number in shown
    assert "<form" not in shown
