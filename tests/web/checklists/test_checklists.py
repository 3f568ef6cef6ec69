"""Checklists as pages: the list of all types, that of one, and the card on the ticket."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select

from helpdesk.domain.checklists import MOST_ITEMS, Item
from helpdesk.domain.rulebook import Label
from helpdesk.models import Checklist, ChecklistItem, ChecklistTick
from helpdesk.services import checklists
from helpdesk.storage import session, unit_of_work
from tests import tickets
from tests.conftest import Client, Login, Statements
from tests.factories import World
from tests.services.story import do

CALL, PHOTO = Label("给客户回电话", "Call the customer back"), Label("核对照片", "Check the photos")
ROWS = (Item(None, CALL), Item(None, PHOTO, required=False))


def row(place: int, zh: str, *, en: str = "", item: str = "", order: str = "", required: bool = True) -> dict[str, str]:
    name = f"rows-{place}-"
    values = {name + "item": item, name + "place": order or str(place + 1), name + "zh": zh, name + "en": en}
    return {**values, name + "required": "y"} if required else values


@pytest.fixture
def ops(client: Client, world: World, login: Login) -> Client:
    login(client, world.users.ops)
    return client


@pytest.fixture
def ids(world: World, now: datetime) -> dict[str, int]:
    do(checklists.set_checklist, "logistics_stuck", 0, ROWS, actor=world.actors.ops, now=now)
    return {one.name_zh: one.id for one in standing()}


def standing() -> list[ChecklistItem]:
    session().rollback()
    rows = session().scalars(select(ChecklistItem).where(ChecklistItem.active).order_by(ChecklistItem.position))
    return list(rows)


def ticket(world: World, now: datetime) -> str:
    with unit_of_work():
        return tickets.ticket(world, now, owner=world.users.agent, hands=world.users.agent).number


def test_all_types_are_listed_and_those_with_a_list_first(ops: Client, ids: dict[str, int]) -> None:
    page = ops.get("/checklists").text
    assert page.index("给客户回电话") < page.index('<span class="sub">没有清单')
    assert "选做" in page
    assert "/checklists/wrong_item" in page


def test_who_may_not_say_what_stands_there_only_reads(
    client: Client, world: World, login: Login, ids: dict[str, int]
) -> None:
    login(client, world.users.supervisor)
    page = client.get("/checklists").text
    assert "给客户回电话" in page
    assert "/checklists/wrong_item" not in page
    assert client.get("/checklists/wrong_item").status_code == 403


def test_a_list_is_written_in_the_order_of_its_numbers(ops: Client) -> None:
    rows = {**row(0, "拍照", order="2"), **row(1, "回电话", en="Call", order="1", required=False), **row(2, " ")}
    answer = ops.submit("/checklists/wrong_item", {"version": "0", **rows})
    assert answer.headers["Location"] == "/checklists"
    assert [(one.name_zh, one.name_en, one.required) for one in standing()] == [
        ("回电话", "Call", False),
        ("拍照", "拍照", True),
    ]
    page = ops.get("/checklists/wrong_item").text
    assert 'value="回电话"' in page
    assert 'name="version" value="1"' in page


def test_an_emptied_row_is_taken_off_and_others_keep_their_ids(ops: Client, ids: dict[str, int]) -> None:
    rows = {**row(0, "", item=str(ids[CALL.zh])), **row(1, "看照片", item=str(ids[PHOTO.zh]))}
    assert ops.submit("/checklists/logistics_stuck", {"version": "1", **rows}).status_code == 302
    assert [(one.id, one.name_zh) for one in standing()] == [(ids[PHOTO.zh], "看照片")]


@pytest.mark.parametrize(
    ("values", "status", "words"),
    [
        (row(0, "长" * 61), 422, "最多 60 个字"),
        ({**row(0, "一样"), **row(1, "一样")}, 422, "有两项写的一样"),
        (row(0, "", en="English alone"), 422, "每一项要填写"),
        (row(0, "回电话", item="abc"), 409, "被别人改过了"),
        (row(0, "回电话", item="9" * 30), 409, "被别人改过了"),
        ({key: text for n in range(MOST_ITEMS + 1) for key, text in row(n, f"第{n}项").items()}, 422, "最多 20 项"),
    ],
)
def test_what_can_be_no_list_is_said_and_what_was_typed_stays(
    ops: Client, values: dict[str, Any], status: int, words: str
) -> None:
    answer = ops.submit("/checklists/wrong_item", {"version": "0", **values})
    assert answer.status_code == status
    assert words in answer.text
    assert standing() == []
    assert any(
        text and f'value="{text}"' in answer.text for name, text in values.items() if name.endswith(("zh", "en"))
    )


def test_who_was_overtaken_sees_both_and_may_save_his(ops: Client, ids: dict[str, int]) -> None:
    stale = {"version": "0", **row(0, "回访", item=str(ids[CALL.zh])), **row(1, "拍照", item="99999")}
    answer = ops.submit("/checklists/logistics_stuck", stale)
    assert answer.status_code == 409
    assert "给客户回电话、核对照片" in answer.text
    assert "回访、拍照" in answer.text
    assert f'name="rows-0-item" type="hidden" value="{ids[CALL.zh]}"' in answer.text
    again = {"version": "1", **row(0, "回访", item=str(ids[CALL.zh])), **row(1, "拍照")}
    assert ops.submit("/checklists/logistics_stuck", again).status_code == 302
    assert [one.name_zh for one in standing()] == ["回访", "拍照"]


def test_there_is_no_list_of_a_type_that_there_is_not(ops: Client) -> None:
    assert ops.get("/checklists/moon").status_code == 404
    assert ops.submit("/checklists/moon", {"version": "0"}).status_code == 404


def test_the_change_is_told_on_the_page_of_changes(ops: Client, ids: dict[str, int]) -> None:
    page = ops.get("/changes?kind=checklists").text
    assert "的检查清单" in page
    assert "核对照片（选做）" in page


def test_items_are_ticked_on_the_ticket_and_say_who_did_it(
    client: Client, world: World, login: Login, now: datetime, ids: dict[str, int]
) -> None:
    login(client, world.users.agent)
    number = ticket(world, now)
    assert "还有 1 项必做没有完成" in client.get(f"/tickets/{number}").text
    answer = client.submit(f"/tickets/{number}/checklist", {"version": "1", "done": [str(ids[CALL.zh])]})
    assert answer.status_code == 302
    page = client.get(f"/tickets/{number}").text
    assert "必做的都完成了" in page
    assert "完成“给客户回电话”" in page
    assert session().scalars(select(ChecklistTick.user_id)).all() == [world.users.agent.id]


def test_what_a_colleague_ticked_meanwhile_stays(
    client: Client, world: World, login: Login, now: datetime, ids: dict[str, int]
) -> None:
    login(client, world.users.agent)
    number = ticket(world, now)
    do(checklists.set_ticks, number, [ids[CALL.zh]], [], version=1, actor=world.actors.agent2, now=now)
    client.submit(f"/tickets/{number}/checklist", {"version": "1", "done": [str(ids[PHOTO.zh])]})
    assert len(session().scalars(select(ChecklistTick)).all()) == 2
    both = [str(id_) for id_ in ids.values()]
    client.submit(f"/tickets/{number}/checklist", {"version": "1", "seen": both, "done": both[:1]})
    session().rollback()
    assert session().scalars(select(ChecklistTick.item_id)).all() == [ids[CALL.zh]]


def test_a_list_that_was_changed_since_is_not_ticked(
    client: Client, world: World, login: Login, now: datetime, ids: dict[str, int]
) -> None:
    login(client, world.users.agent)
    number = ticket(world, now)
    do(checklists.set_checklist, "logistics_stuck", 1, ROWS[1:], actor=world.actors.ops, now=now)
    answer = client.submit(f"/tickets/{number}/checklist", {"version": "1", "done": [str(ids[CALL.zh])]})
    assert (answer.status_code, "这份检查清单被别人改过了" in answer.text) == (409, True)


def test_resolving_says_what_is_missing(
    client: Client, world: World, login: Login, now: datetime, ids: dict[str, int]
) -> None:
    login(client, world.users.agent)
    number = ticket(world, now)
    assert "检查清单里还没有完成：给客户回电话" in client.get(f"/tickets/{number}?panel=resolve").text
    answer = client.submit(f"/tickets/{number}/resolve", {"version": "1", "outcome": "explained"})
    assert answer.status_code == 422
    assert "检查清单里没有完成：给客户回电话。" in answer.text
    client.set_cookie("lang", "en")
    answer = client.submit(f"/tickets/{number}/resolve", {"version": "1", "outcome": "explained"})
    assert "Call the customer back" in answer.text or "给客户回电话" in answer.text


def test_a_ticket_without_a_list_takes_no_statement_more(
    client: Client, world: World, login: Login, now: datetime, statements: Statements
) -> None:
    login(client, world.users.agent)
    number = ticket(world, now)
    client.get(f"/tickets/{number}")
    with statements() as without:
        client.get(f"/tickets/{number}")
    do(checklists.set_checklist, "logistics_stuck", 0, ROWS, actor=world.actors.ops, now=now)
    with statements() as beside:
        client.get(f"/tickets/{number}")
    assert len(beside) == len(without) + 1
    assert session().scalars(select(Checklist.version)).all() == [1]
