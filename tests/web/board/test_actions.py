from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select

from helpdesk.models import Event, Stint, Ticket
from helpdesk.queries import pace
from helpdesk.storage import session, unit_of_work
from tests import tickets
from tests.conftest import Client, Frozen, Login
from tests.factories import World
from tests.tickets import HOUR


@pytest.fixture(autouse=True)
def measured_anew() -> Iterator[None]:
    pace.forget()
    yield
    pace.forget()


@pytest.fixture
def boss(client: Client, world: World, login: Login) -> Client:
    """The supervisor of customer service."""
    login(client, world.users.supervisor)
    return client


@pytest.fixture
def three(world: World, now: datetime) -> list[str]:
    """Numbers of three tickets of his queue, in its first agent's hands; the first two are overdue."""
    me = world.users.agent
    with unit_of_work():
        return [
            tickets.ticket(world, now, owner=me, hands=me, due_in=due).number for due in (-2 * HOUR, -HOUR, 5 * HOUR)
        ]


def form_of(page: str) -> dict[str, Any]:
    """The versions that the page's form would send along."""
    return dict(re.findall(r'name="(version-[^"]+)" value="(\d+)"', page))


def submitted(boss: Client, path: str, **fields: Any) -> str:
    """Send the board's form as it stands, with these fields; returns the page after it."""
    answer = boss.submit(path, {**form_of(boss.get("/board").text), "next": "/board?by=agent", **fields})
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/board?by=agent"
    return boss.get("/board?by=agent").text


def hands(number: str) -> int | None:
    statement = select(Stint.assignee_id).join(Ticket, Ticket.id == Stint.ticket_id).where(Ticket.number == number)
    return session().execute(statement).scalar_one()


def test_ticked_cards_are_reassigned_and_all_taken_back(boss: Client, world: World, three: list[str]) -> None:
    first, other = world.users.agent.id, world.users.agent2.id
    page = submitted(boss, "/board/assign", number=three, user_id=other)
    assert "已改派 3 张。" in page
    assert [hands(number) for number in three] == [other] * 3
    undo = re.search(r'action="(/board/undo/[0-9a-f-]{36})"', page)
    assert undo
    page = submitted(boss, undo.group(1))
    assert "已撤销 3 张。" in page
    assert [hands(number) for number in three] == [first] * 3
    assert "已经撤销过" in submitted(boss, undo.group(1))


def test_a_cards_button_is_about_that_card_whatever_is_ticked(boss: Client, world: World, three: list[str]) -> None:
    other = world.users.agent2.id
    assert "已改派 1 张。" in submitted(boss, "/board/assign", number=three[1:], target=three[0], user_id=other)
    assert [hands(number) == other for number in three] == [True, False, False]
    assert "已接手 1 张。" in submitted(boss, "/board/take", number=three[:2], only=three[2])
    assert [hands(number) == world.users.supervisor.id for number in three] == [False, False, True]


def test_what_moved_on_is_told_beside_what_was_done(boss: Client, world: World, three: list[str]) -> None:
    fields = {f"version-{number}": "1" for number in three} | {f"version-{three[1]}": "7"}
    page = submitted(boss, "/board/assign", number=three, user_id=world.users.agent2.id, **fields)
    assert "已改派 2 张。" in page
    assert "1 张没有做：" in page
    assert f"<li>{three[1]}：" in page


def test_a_card_without_a_version_is_stale(boss: Client, world: World, three: list[str]) -> None:
    answer = boss.submit("/board/assign", {"number": three[0], "user_id": world.users.agent2.id})
    assert answer.headers["Location"] == "/board"
    assert "1 张没有做：" in boss.get("/board").text


def test_putting_back_leaves_it_to_nobody(boss: Client, three: list[str]) -> None:
    submitted(boss, "/board/assign", number=three[0], user_id="none")
    assert hands(three[0]) is None


@pytest.mark.parametrize("person", ["", "x", "0", "99999999999999"])
def test_a_person_has_to_be_chosen(boss: Client, world: World, three: list[str], person: str) -> None:
    page = submitted(boss, "/board/assign", number=three, user_id=person)
    assert "请选一个人。" in page
    assert [hands(number) for number in three] == [world.users.agent.id] * 3


def test_nobody_outside_the_queue_gets_it(boss: Client, world: World, three: list[str]) -> None:
    page = submitted(boss, "/board/assign", number=three[:1], user_id=world.users.warehouse.id)
    assert "1 张没有做：" in page


def test_a_priority_is_changed_with_its_deadline_and_can_be_undone(boss: Client, three: list[str]) -> None:
    page = submitted(boss, "/board/priority?to=P1", only=three[2])
    assert "已把 1 张改为 P1，时限重新计算。" in page
    assert 'action="/board/undo/' in page
    assert boss.submit("/board/priority?to=P9", {"only": three[2]}).status_code == 422


def test_reminding_is_told_once_in_ten_minutes(boss: Client, three: list[str], frozen: Frozen) -> None:
    page = submitted(boss, "/board/remind", number=three[:2])
    assert "已催办 2 张。" in page
    assert 'action="/board/undo/' not in page
    frozen.shift(minutes=4)
    page = submitted(boss, "/board/remind", number=three)
    assert "已催办 1 张。" in page
    assert "10 分钟内已经催办过，6分 后可以再催。" in page


def test_everybody_with_something_overdue_is_reminded(
    boss: Client, world: World, now: datetime, three: list[str]
) -> None:
    with unit_of_work():
        tickets.ticket(world, now, due_in=-HOUR)  # nobody has it
        tickets.ticket(world, now, due_in=-HOUR, queue=world.queues.warehouse, klass="C", hands=world.users.warehouse)
    assert "已催办 2 张。" in submitted(boss, "/board/remind-all")
    statement = (
        select(Ticket.number)
        .join(Event, Event.ticket_id == Ticket.id)
        .where(Event.code == "ticket.reminded")
        .order_by(Ticket.number)
    )
    assert session().scalars(statement).all() == three[:2]


def test_with_nothing_overdue_there_is_nobody_to_remind(boss: Client) -> None:
    assert "没有要催办的工单。" in submitted(boss, "/board/remind-all")


def test_nothing_ticked_is_said(boss: Client, world: World) -> None:
    assert "没有勾选工单。" in submitted(boss, "/board/take")
    assert "没有勾选工单。" in submitted(boss, "/board/assign", user_id=world.users.agent2.id)


def test_more_than_fifty_are_refused_before_anything_is_done(boss: Client, world: World, three: list[str]) -> None:
    many = [*three, *(f"EX-250101-{place:04}" for place in range(10, 60))]
    answer = boss.submit("/board/take", {"number": many, f"version-{three[0]}": "1"})
    assert answer.status_code == 422
    assert "一次最多选 50 张工单" in answer.text
    assert hands(three[0]) == world.users.agent.id


@pytest.mark.parametrize("who", ["ops", "admin", "auditor"])
def test_who_looks_at_the_board_without_the_right_changes_nothing(
    client: Client, world: World, login: Login, three: list[str], who: str
) -> None:
    login(client, getattr(world.users, who))
    fields = {"number": three[0], f"version-{three[0]}": "1", "user_id": str(world.users.agent2.id)}
    for path in ("/board/take", "/board/priority?to=P1"):
        client.submit(path, fields)
    if who != "ops":
        client.submit("/board/assign", fields)
        client.submit("/board/remind", fields)
    assert hands(three[0]) == world.users.agent.id
    row = session().execute(select(Ticket.version, Ticket.priority).where(Ticket.number == three[0])).one()
    assert (row.version, row.priority) == (1, "P2")
    assert "1 张没有做：" in client.get("/board").text


def test_a_foreign_queue_s_ticket_does_not_exist_for_a_supervisor(boss: Client, world: World, now: datetime) -> None:
    with unit_of_work():
        foreign = tickets.ticket(
            world, now, queue=world.queues.warehouse, klass="C", hands=world.users.warehouse
        ).number
    for path in ("/board/assign", "/board/take", "/board/priority?to=P1", "/board/remind"):
        fields = {f"version-{foreign}": "1", "user_id": str(world.users.agent.id)}
        page = submitted(boss, path, number=foreign, **fields)
        assert "1 张没有做：" in page, path
    assert hands(foreign) == world.users.warehouse.id


def test_the_batch_of_somebody_else_cannot_be_undone(
    boss: Client, client: Client, world: World, login: Login, three: list[str]
) -> None:
    page = submitted(boss, "/board/assign", number=three, user_id=world.users.agent2.id)
    undo = re.search(r'action="(/board/undo/[^"]+)"', page)
    assert undo
    login(client, world.users.ops)
    assert client.submit(undo.group(1)).status_code == 404
    assert hands(three[0]) == world.users.agent2.id


def test_a_question_to_ones_queue_is_answered_from_the_card(
    client: Client, world: World, now: datetime, login: Login
) -> None:
    with unit_of_work():
        row = tickets.ticket(world, now)
        asked = tickets.assist(world, row, world.queues.customer_service, now, due_in=HOUR, question="客户要几件？")
    login(client, world.users.supervisor)
    page = client.get("/board").text
    assert f'data-answer="/board/assists/{asked.id}/answer"' in page
    opened = client.get(f"/board?panel=answer&number={row.number}").text
    assert re.search(rf'<form[^>]*action="/board/assists/{asked.id}/answer"', opened)
    empty = client.submit(f"/board/assists/{asked.id}/answer", {"text": " ", "version": "1"})
    assert empty.status_code == 422
    answer = client.submit(f"/board/assists/{asked.id}/answer", {"text": "要两件", "version": "1"})
    assert answer.headers["Location"] == "/board"
    page = client.get("/board").text
    assert f"已答复工单 {row.number} 的协助请求。" in page
    assert "等客服答复" not in page


def test_a_refused_answer_gives_back_what_was_typed(client: Client, world: World, now: datetime, login: Login) -> None:
    with unit_of_work():
        row = tickets.ticket(world, now)
        asked = tickets.assist(world, row, world.queues.customer_service, now, due_in=HOUR, question="?")
    login(client, world.users.supervisor)
    answer = client.submit(f"/board/assists/{asked.id}/answer", {"text": "写了很久的答复", "version": "9"})
    assert answer.status_code == 409
    assert "写了很久的答复" in answer.text


def test_without_script_the_dialog_opens_with_the_people_of_the_tickets_queue(
    client: Client, world: World, now: datetime, login: Login, three: list[str]
) -> None:
    login(client, world.users.ops)
    page = client.get(f"/board?panel=assign&number={three[0]}").text
    dialog = page[page.index('id="panel-assign"') : page.index("</dialog>", page.index('id="panel-assign"'))]
    assert dialog.startswith('id="panel-assign" aria-labelledby="panel-assign-title" open')
    assert "周舟" in dialog
    assert "赵仓" not in dialog
    assert f'name="target" form="bulk" value="{three[0]}"' in dialog
