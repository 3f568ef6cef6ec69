"""Questions to other queues on the ticket page: who may answers, takes or withdraws them there."""

from __future__ import annotations

import re
from datetime import datetime

import pytest
from sqlalchemy import select, update

from helpdesk.models import Note, Queue, Stint, Ticket
from helpdesk.services import dispatch
from helpdesk.storage import session, unit_of_work
from tests import tickets
from tests.conftest import Client, Login
from tests.factories import World, open_session
from tests.tickets import HOUR


@pytest.fixture
def row(world: World, now: datetime) -> Ticket:
    with unit_of_work():
        return tickets.ticket(world, now, owner=world.users.agent, hands=world.users.agent)


@pytest.fixture
def assist(world: World, now: datetime, row: Ticket) -> int:
    with unit_of_work():
        stint = tickets.assist(world, row, world.queues.warehouse, now, due_in=HOUR, question="发的是哪个尺码？")
        stint.asked_by_id = world.users.agent.id
        return stint.id


def stored(assist: int) -> Stint:
    return session().get_one(Stint, assist, populate_existing=True)


def path(row: Ticket, assist: int, what: str) -> str:
    return f"/tickets/{row.number}/assists/{assist}/{what}"


def test_the_queue_that_is_asked_answers_on_the_ticket_s_page(
    client: Client, world: World, login: Login, row: Ticket, assist: int
) -> None:
    page = login(client, world.users.warehouse).get(f"/tickets/{row.number}").text
    assert "仓库协助中" in page
    assert "还没有人接手" in page
    assert path(row, assist, "answer") in page
    assert path(row, assist, "withdraw") not in page
    answer = client.submit(path(row, assist, "answer"), {"answer": "发的是 L 码", "version": "1"})
    assert answer.status_code == 302
    note = session().get_one(Note, stored(assist).answer_note_id)
    assert (note.text, note.author_id) == ("发的是 L 码", world.users.warehouse.id)
    page = login(client, world.users.agent).get(f"/tickets/{row.number}").text
    assert "仓库协助中" not in page
    assert "仓库答复了协助请求" in page
    assert "发的是 L 码" in page


def test_a_question_is_taken_and_the_asker_sees_by_whom(
    client: Client, world: World, login: Login, row: Ticket, assist: int
) -> None:
    login(client, world.users.warehouse)
    client.submit(path(row, assist, "claim"), {"version": "1"})
    assert stored(assist).assignee_id == world.users.warehouse.id
    page = login(client, world.users.agent).get(f"/tickets/{row.number}").text
    assert "赵仓在答" in page
    assert "接手仓库的协助请求" in page
    assert path(row, assist, "answer") not in page


def test_who_asked_withdraws_with_a_reason(
    client: Client, world: World, login: Login, row: Ticket, assist: int
) -> None:
    login(client, world.users.agent)
    client.submit(path(row, assist, "withdraw"), {"version": "1", "reason": "客户自己说清楚了"})
    assert stored(assist).left_at is not None
    assert "客户自己说清楚了" in client.get(f"/tickets/{row.number}").text


def test_a_refused_answer_comes_back_as_it_was_typed(
    client: Client, world: World, login: Login, row: Ticket, assist: int
) -> None:
    login(client, world.users.warehouse)
    data = {"answer": "发的是 L 码", "version": "0", "assist": str(assist)}
    answer = client.submit(path(row, assist, "answer"), data)
    assert answer.status_code == 409
    assert re.search(rf'id="assist-answer-{assist}"[^>]*>发的是 L 码</textarea>', answer.text)
    assert "被别人改过了" in answer.text
    empty = client.submit(path(row, assist, "answer"), {**data, "answer": " ", "version": "1"})
    assert (empty.status_code, "请填写。" in empty.text) == (422, True)


def test_an_answer_that_comes_second_gives_the_words_back(
    client: Client, world: World, login: Login, now: datetime, row: Ticket, assist: int
) -> None:
    with unit_of_work() as work:
        work.execute(update(Stint).where(Stint.id == assist).values(left_at=now))
    login(client, world.users.warehouse)
    data = {"answer": "发的是 L 码", "version": "1", "assist": str(assist)}
    assert "发的是 L 码" in client.submit(path(row, assist, "answer"), data).text


@pytest.mark.parametrize(
    ("who", "what", "status"), [("agent", "answer", 403), ("outsider", "answer", 404), ("warehouse", "withdraw", 403)]
)
def test_others_are_turned_away(
    client: Client, world: World, login: Login, row: Ticket, assist: int, who: str, what: str, status: int
) -> None:
    login(client, getattr(world.users, who))
    answer = client.submit(path(row, assist, what), {"answer": "x", "version": "1"})
    assert answer.status_code == status
    assert stored(assist).left_at is None


def test_the_owner_gives_the_customer_to_a_colleague_and_takes_it_back(
    client: Client, world: World, login: Login, row: Ticket
) -> None:
    login(client, world.users.agent)
    page = client.get(f"/tickets/{row.number}?panel=owner").text
    offered = re.search(r'<select id="owner-user".*?</select>', page, re.DOTALL)
    assert offered is not None
    assert re.findall(r">([^<]+)</option>", offered.group()) == ["请选择", "周舟", "孙领"]
    client.submit(f"/tickets/{row.number}/owner", {"user_id": str(world.users.agent2.id), "version": "1"})
    owner = select(Ticket.owner_id).where(Ticket.id == row.id)
    assert session().scalar(owner) == world.users.agent2.id
    undo = re.search(r'action="(/operations/\d+/undo)"', client.get(f"/tickets/{row.number}").text)
    assert undo is not None
    client.submit(undo.group(1))
    assert session().scalar(owner) == world.users.agent.id


def test_who_neither_owns_nor_assigns_gives_nothing_away(
    client: Client, world: World, login: Login, row: Ticket
) -> None:
    login(client, world.users.agent2)
    assert "panel-owner" not in client.get(f"/tickets/{row.number}").text
    data = {"user_id": str(world.users.agent2.id), "version": "1"}
    assert client.submit(f"/tickets/{row.number}/owner", data).status_code == 403


def test_the_story_says_who_was_handed_the_ticket_and_why(
    client: Client, world: World, login: Login, now: datetime
) -> None:
    with unit_of_work() as work:
        work.execute(update(Queue).where(Queue.writes_to_buyers).values(assignment="least_load", capacity=8))
        open_session(world.users.agent2, now)
        for _ in range(3):
            tickets.ticket(world, now, hands=world.users.agent2)
        waiting = tickets.ticket(world, now)
    with unit_of_work():
        dispatch.hand_out(world.queues.customer_service.id, actor=world.actors.system, now=now)
    page = login(client, world.users.agent).get(f"/tickets/{waiting.number}").text
    assert "自动分派给周舟（最少在手 3/8，等了 1时）" in page
