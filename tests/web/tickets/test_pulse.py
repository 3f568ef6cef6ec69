"""A page that stays open hears that its ticket has moved on."""

from __future__ import annotations

import re
from datetime import datetime

import pytest

from helpdesk.models import Note, Ticket
from helpdesk.storage import unit_of_work
from tests import tickets
from tests.conftest import Client, Frozen, Login, Statements
from tests.factories import World, add
from tests.tickets import HOUR


@pytest.fixture
def agent(client: Client, world: World, login: Login) -> Client:
    login(client, world.users.agent)
    return client


@pytest.fixture
def row(world: World, now: datetime) -> Ticket:
    with unit_of_work():
        return tickets.ticket(world, now, owner=world.users.agent, hands=world.users.agent)


def asked_by_page(client: Client, row: Ticket) -> str:
    """Where the page that is open now asks."""
    found = re.search(r'data-pulse="([^"]+)"', client.get(f"/tickets/{row.number}").text)
    assert found is not None
    return found.group(1).replace("&amp;", "&")


def test_nothing_new_is_nothing_and_costs_nothing_again(agent: Client, row: Ticket, frozen: Frozen) -> None:
    url = asked_by_page(agent, row)
    first = agent.get(url)
    assert (first.status_code, first.text.strip()) == (200, "")
    frozen.shift(minutes=20)
    again = agent.get(url, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_what_is_new_is_said_by_its_weight(agent: Client, world: World, row: Ticket, now: datetime) -> None:
    url = asked_by_page(agent, row)
    etag = agent.get(url).headers["ETag"]

    def told() -> str:
        nonlocal etag
        answer = agent.get(url, headers={"If-None-Match": etag})
        assert answer.status_code == 200, "each piece of news is told"
        etag = answer.headers["ETag"]
        assert f'href="/tickets/{row.number}"' in answer.text
        return answer.text

    with unit_of_work() as work:
        work.query(Ticket).filter_by(id=row.id).update({"version": 2})
    assert "工单刚刚有变动" in told()
    with unit_of_work():
        add(Note(ticket_id=row.id, author_id=world.users.warehouse.id, text="仓库：还在", created_at=now))
    assert "有一条新的内部备注" in told()
    with unit_of_work():
        tickets.message(row, "马上为您核实", now, author=world.users.agent2)
    assert "同事刚刚回复了客户" in told()
    with unit_of_work():
        tickets.message(row, "还在吗", now)
    assert "客户来了新消息" in told()
    assert agent.get(asked_by_page(agent, row)).text.strip() == "", "a page that shows it all hears nothing"


def test_the_way_back_to_the_list_is_kept(agent: Client, row: Ticket) -> None:
    page = agent.get(f"/tickets/{row.number}?tab=mine").text
    assert re.search(r'data-pulse="[^"]*tab=mine', page)
    assert f'href="/tickets/{row.number}?tab=mine"' in agent.get(f"/tickets/{row.number}/pulse?tab=mine&heard=0").text


def test_an_address_with_nonsense_is_one_that_has_seen_nothing(agent: Client, row: Ticket) -> None:
    nonsense = f"version=x&heard={'9' * 500}&said=-1&noted=１"
    assert agent.get(f"/tickets/{row.number}/pulse?{nonsense}").status_code == 200


def test_only_who_may_see_the_ticket_hears_of_it(client: Client, world: World, login: Login, row: Ticket) -> None:
    assert client.get(f"/tickets/{row.number}/pulse", headers={"X-Requested-With": "fetch"}).status_code == 401
    login(client, world.users.outsider)
    assert client.get(f"/tickets/{row.number}/pulse").status_code == 404


def test_listening_does_not_keep_a_session_alive_and_takes_few_statements(
    agent: Client, world: World, row: Ticket, now: datetime, frozen: Frozen, statements: Statements
) -> None:
    with unit_of_work():
        tickets.assist(world, row, world.queues.warehouse, now, due_in=HOUR, question="？")
    url = asked_by_page(agent, row)
    frozen.shift(hours=1)
    with statements() as seen:
        agent.get(url)
    written = [statement for statement in seen if statement.startswith("UPDATE")]
    assert [statement for statement in written if "expires_at=" in statement] == []
    assert len(written) == 1  # that somebody is there
    frozen.shift(seconds=10)
    with statements() as seen:
        agent.get(url)
    assert len(seen) <= 4, "\n".join(seen)
    assert not any(statement.startswith("UPDATE") for statement in seen)
