"""A form that was overtaken says, field by field, what it was, what it is, and what the form wants."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select

from helpdesk.domain.tickets import Priority
from helpdesk.models import Ticket
from helpdesk.services import assignment, decisions, priorities
from helpdesk.storage import session, unit_of_work
from tests import tickets
from tests.conftest import Client, Login
from tests.factories import World
from tests.web.tickets.reading import crossing


@pytest.fixture
def agent(client: Client, world: World, login: Login) -> Client:
    login(client, world.users.agent)
    return client


@pytest.fixture
def row(world: World, now: datetime) -> Ticket:
    with unit_of_work():
        return tickets.ticket(world, now, owner=world.users.agent, hands=world.users.agent)


@pytest.fixture
def colleague(world: World, now: datetime) -> dict[str, Any]:
    return {"actor": world.actors.agent2, "now": now}


def stored(row: Ticket) -> Ticket:
    return session().scalars(select(Ticket).where(Ticket.id == row.id).execution_options(populate_existing=True)).one()


def test_what_one_wants_stands_beside_what_a_colleague_made_of_the_same_field(
    agent: Client, row: Ticket, colleague: dict[str, Any]
) -> None:
    with unit_of_work():
        priorities.set_priority(row.number, Priority.P1, version=1, **colleague)
    refused = agent.submit(f"/tickets/{row.number}/priority", {"priority": "P3", "version": "1"})
    assert refused.status_code == 409
    head, line = crossing(refused.text)
    assert head == ["项目", "你打开时", "现在是", "你要改成"]
    assert (line[0], line[1], line[3]) == ("优先级", "P2", "P3")
    assert line[2].startswith("P1 周舟")
    assert "再提交一次，就以你的为准" in refused.text
    assert f'href="/tickets/{row.number}">算了，保留现在的' in refused.text
    assert stored(row).priority == "P1"
    assert 'name="version" value="2"' in refused.text
    again = agent.submit(f"/tickets/{row.number}/priority", {"priority": "P3", "version": "2"})
    assert (again.status_code, stored(row).priority) == (302, "P3")


def test_another_field_is_no_conflict_and_both_changes_stay(
    agent: Client, row: Ticket, colleague: dict[str, Any]
) -> None:
    with unit_of_work():
        priorities.set_priority(row.number, Priority.P1, version=1, **colleague)
    refused = agent.submit(f"/tickets/{row.number}/type", {"type": "lost_parcel", "version": "1"})
    head, line = crossing(refused.text)
    assert head == ["项目", "你打开时", "现在是"]
    assert line[0] == "优先级"
    assert "和你要改的不冲突" in refused.text
    agent.submit(f"/tickets/{row.number}/type", {"type": "lost_parcel", "version": "2"})
    assert (stored(row).type, stored(row).priority) == ("lost_parcel", "P1")


def test_several_changes_of_a_field_are_told_as_one_and_those_taken_back_not_at_all(
    agent: Client, row: Ticket, colleague: dict[str, Any]
) -> None:
    with unit_of_work():
        priorities.set_priority(row.number, Priority.P1, version=1, **colleague)
    with unit_of_work():
        decisions.set_type(row.number, "lost_parcel", version=2, **colleague)
    with unit_of_work():
        priorities.set_priority(row.number, Priority.P2, version=3, **colleague)
    refused = agent.submit(f"/tickets/{row.number}/type", {"type": "lost_parcel", "version": "1"})
    _head, line = crossing(refused.text)
    assert line[0] == "类型"
    assert line[3].endswith("已经是了")


def test_queues_are_called_by_their_names(agent: Client, row: Ticket, colleague: dict[str, Any]) -> None:
    with unit_of_work():
        assignment.transfer(row.number, "warehouse", reason="查打包记录", version=1, **colleague)
    refused = agent.submit(f"/tickets/{row.number}/priority", {"priority": "P3", "version": "1"})
    lines = {line[0]: line for line in crossing(refused.text)[1:]}
    assert lines["队列"][1] == "客服"
    assert lines["队列"][2].startswith("仓库 周舟")


def test_people_are_called_by_their_names(
    client: Client, login: Login, row: Ticket, world: World, now: datetime
) -> None:
    with unit_of_work():
        assignment.assign(row.number, world.users.agent2.id, version=1, actor=world.actors.supervisor, now=now)
    login(client, world.users.supervisor)
    other = {"user_id": str(world.users.agent.id), "version": "1"}
    refused = client.submit(f"/tickets/{row.number}/assign", other)
    assert refused.status_code == 409
    lines = {line[0]: line for line in crossing(refused.text)[1:]}
    assert lines["经手人"][1] == lines["经手人"][3] == "林晓"
    assert lines["经手人"][2].startswith("周舟 ")


def test_what_is_overtaken_says_so_in_english_too(agent: Client, row: Ticket, colleague: dict[str, Any]) -> None:
    with unit_of_work():
        priorities.set_priority(row.number, Priority.P1, version=1, **colleague)
    agent.submit("/account/language", {"locale": "en"})
    refused = agent.submit(f"/tickets/{row.number}/priority", {"priority": "P3", "version": "1"})
    head, line = crossing(refused.text)
    assert head[0] != "项目"
    assert line[0] == "Priority"


def test_a_reply_that_was_overtaken_shows_the_fields_too(agent: Client, row: Ticket, colleague: dict[str, Any]) -> None:
    with unit_of_work():
        priorities.set_priority(row.number, Priority.P1, version=1, **colleague)
    data = {"mode": "reply", "text": "已催", "status": "pending_customer", "version": "1", "last_message_id": ""}
    refused = agent.submit(f"/tickets/{row.number}/compose", data)
    assert refused.status_code == 409, refused.status_code
    assert [line[0] for line in crossing(refused.text)] == ["项目", "优先级"]
    assert "已催" in refused.text
