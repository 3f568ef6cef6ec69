"""Tags as pages: the list of all, one of them, and on the ticket."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select

from helpdesk.models import Tag, TicketTag
from helpdesk.services import tags
from helpdesk.storage import session, unit_of_work
from tests import tickets
from tests.conftest import Client, Login, Statements
from tests.factories import World
from tests.services.story import do


@pytest.fixture
def agent(client: Client, world: World, login: Login) -> Client:
    login(client, world.users.agent)
    return client


@pytest.fixture
def boss(client: Client, world: World, login: Login) -> Client:
    login(client, world.users.supervisor)
    return client


@pytest.fixture
def number(world: World, now: datetime) -> str:
    """A ticket with the tag 大促, beside one without."""
    with unit_of_work():
        tickets.ticket(world, now, owner=world.users.agent, subject="没有标签的")
        found = tickets.ticket(world, now, owner=world.users.agent, subject="有标签的").number
    do(tags.set_tag, found, "大促", on=True, version=1, actor=world.actors.agent, now=now)
    return found


def row_of(name: str) -> Tag:
    session().rollback()
    return session().scalars(select(Tag).where(Tag.name == name)).one()


def standing() -> list[str]:
    session().rollback()
    return list(session().scalars(select(TicketTag.tag).order_by(TicketTag.tag)))


def form(**changed: Any) -> dict[str, Any]:
    return {"name": "双十一", "colour": "warn", "active": "y", "version": "1"} | changed


def test_a_tag_is_put_on_and_taken_off_on_the_ticket_and_each_can_be_undone(agent: Client, number: str) -> None:
    assert '<option value="大促">' in agent.get(f"/tickets/{number}?panel=tag").text
    assert agent.submit(f"/tickets/{number}/tag", {"version": "1", "tag": "加急"}).status_code == 302
    page = agent.get(f"/tickets/{number}").text
    assert "标签已加上" in page
    assert "撤销" in page
    assert "加上标签“加急”" in page
    assert 'href="/tickets?tag=%E5%8A%A0%E6%80%A5"' in page
    assert agent.submit(f"/tickets/{number}/untag", {"version": "1", "tag": "大促"}).status_code == 302
    assert standing() == ["加急"]
    flash = agent.get(f"/tickets/{number}").text.split("data-flash")[1]
    undo = flash.split('action="')[1].split('"')[0]
    assert agent.submit(undo, {"next": f"/tickets/{number}"}).status_code == 302
    assert standing() == ["加急", "大促"]


def test_twice_is_no_change_and_offers_nothing_to_undo(agent: Client, number: str) -> None:
    agent.submit(f"/tickets/{number}/tag", {"version": "1", "tag": "大促"})
    flash = agent.get(f"/tickets/{number}").text.split("data-flash")[1].split("</div>")[0]
    assert "撤销" not in flash


@pytest.mark.parametrize(
    ("values", "status", "words"),
    [
        ({"version": "1", "tag": ""}, 422, "请填写"),
        ({"version": "1", "tag": "x" * 31}, 422, "最多 30 个字"),
        ({"version": "9", "tag": "加急"}, 409, "加急"),
    ],
)
def test_what_is_refused_is_said_in_the_panel(
    agent: Client, number: str, values: dict[str, str], status: int, words: str
) -> None:
    answer = agent.submit(f"/tickets/{number}/tag", values)
    assert (answer.status_code, words in answer.text) == (status, True)
    assert standing() == ["大促"]


def test_lists_and_the_search_box_ask_for_a_tag(agent: Client, number: str) -> None:
    for address in ("/tickets?tag=大促", "/search?q=标签:大促", "/search?q=tag:大促"):
        page = agent.get(address).text
        assert "有标签的" in page, address
        assert "没有标签的" not in page, address
    page = agent.get("/tickets?tag=大促").text
    assert "不再只看标签“大促”" in page
    assert '<input type="hidden" name="tag" value="大促">' in page
    values = agent.get("/search/values").json or {}
    assert "标签:大促" in [one["text"] for one in values["values"]]


def test_who_asks_for_an_old_name_finds_what_it_means_now(boss: Client, number: str) -> None:
    boss.submit(f"/tags/{row_of('大促').id}", form())
    page = boss.get("/tickets?tag=大促").text
    assert "有标签的" in page
    assert "没有标签的" not in page


def test_all_tags_are_listed_with_how_many_open_tickets_have_them(boss: Client, number: str) -> None:
    page = boss.get("/tags").text
    assert "大促" in page
    assert 'href="/tickets?tag=' in page
    assert "/tags/new" in page


def test_an_agent_reads_the_list_and_changes_nothing(agent: Client, number: str) -> None:
    page = agent.get("/tags").text
    assert "大促" in page
    assert "/tags/new" not in page
    assert agent.get(f"/tags/{row_of('大促').id}").status_code == 403


def test_an_empty_list_says_what_to_do(boss: Client) -> None:
    assert "还没有标签" in boss.get("/tags").text


def test_a_tag_is_made_renamed_and_retired(boss: Client, number: str) -> None:
    answer = boss.submit("/tags/new", {"name": "开年", "colour": "over", "active": "y"})
    assert answer.headers["Location"] == "/tags"
    assert (row_of("开年").colour, row_of("开年").active) == ("over", True)
    tag = row_of("大促").id
    assert boss.submit(f"/tags/{tag}", form()).status_code == 302
    assert standing() == ["双十一"]
    assert "大促" in boss.get("/tags").text  # as an old name
    assert boss.submit(f"/tags/{tag}", {"name": "双十一", "colour": "warn", "version": "2"}).status_code == 302
    assert row_of("双十一").active is False
    assert "已停用" in boss.get("/tags").text
    assert "修改了标签“大促”" in boss.get("/changes?kind=tags").text


@pytest.mark.parametrize(
    ("values", "status", "words"),
    [
        (form(name=""), 422, "请填写"),
        (form(name="x" * 31), 422, "最多 30 个字"),
        (form(colour="pink"), 422, "双十一"),
        (form(version="9"), 409, "你打开之后"),
        (form(name="加急"), 409, "请用合并"),
    ],
)
def test_what_can_not_be_saved_is_said_and_what_was_typed_stays(
    boss: Client, world: World, now: datetime, number: str, values: dict[str, str], status: int, words: str
) -> None:
    do(tags.set_tag, number, "加急", on=True, version=1, actor=world.actors.agent, now=now)
    answer = boss.submit(f"/tags/{row_of('大促').id}", values)
    assert (answer.status_code, words in answer.text) == (status, True)
    assert f'value="{values["name"]}"' in answer.text
    assert standing() == sorted(["加急", "大促"])


def test_two_become_one(boss: Client, world: World, now: datetime, number: str) -> None:
    do(tags.set_tag, number, "双十一", on=True, version=1, actor=world.actors.agent, now=now)
    gone, stays = row_of("大促").id, row_of("双十一").id
    answer = boss.submit(f"/tags/{gone}/merge", {"into": str(stays), "version": "9"})
    assert (answer.status_code, "被别人改过了" in answer.text) == (409, True)
    assert boss.submit(f"/tags/{gone}/merge", {"into": "999", "version": "1"}).status_code == 422
    assert boss.submit(f"/tags/{gone}/merge", {"into": str(stays), "version": "1"}).status_code == 302
    assert standing() == ["双十一"]
    assert "已合并，共 1 张工单" in boss.get("/tags").text
    assert boss.get(f"/tags/{gone}").status_code == 404


def test_tags_cost_the_ticket_page_no_statement(
    agent: Client, world: World, now: datetime, number: str, statements: Statements
) -> None:
    agent.get(f"/tickets/{number}")
    with statements() as one:
        agent.get(f"/tickets/{number}")
    for place in range(19):
        do(tags.set_tag, number, f"标签{place}", on=True, version=1, actor=world.actors.agent, now=now)
    with statements() as many:
        agent.get(f"/tickets/{number}")
    assert len(many) == len(one)
