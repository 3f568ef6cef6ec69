"""A deed for many tickets, from the list to its results: what a person sees, and what he can't do."""

from __future__ import annotations

import csv
import io
import re
from datetime import datetime

import pytest
from sqlalchemy import select

from helpdesk.jobs.work_bulk import work_bulk
from helpdesk.models import BulkRow, BulkRun, Ticket
from helpdesk.storage import session, unit_of_work
from tests import tickets
from tests.conftest import Client, Frozen, Login, Statements
from tests.factories import World


@pytest.fixture
def boss(client: Client, world: World, login: Login) -> Client:
    login(client, world.users.supervisor)
    return client


def make(world: World, now: datetime, count: int, **more: object) -> list[str]:
    with unit_of_work():
        return [tickets.ticket(world, now, owner=world.users.agent, **more).number for _ in range(count)]  # type: ignore[arg-type]


def chosen(client: Client, numbers: list[str]) -> str:
    answer = client.submit("/tickets/bulk", {"number": numbers})
    assert answer.status_code == 302, answer.text
    return str(answer.headers["Location"])


def submitted(client: Client, path: str, data: dict[str, str] | None = None) -> str:
    """The page that the form leads to."""
    answer = client.submit(path, data)
    assert answer.status_code == 302, answer.text
    return client.get(str(answer.headers["Location"])).text


def planned(client: Client, page: str, **fields: str) -> str:
    version = re.findall(r'name="version" value="(\d+)"', client.get(page).text)[0]
    answer = client.submit(f"{page}/plan", {"version": version, **fields})
    assert answer.status_code == 302, answer.text
    return client.get(page).text


def started(client: Client, page: str) -> str:
    version = re.findall(r'name="version" value="(\d+)"', client.get(page).text)[0]
    return submitted(client, f"{page}/start", {"version": version})


def priorities() -> list[str]:
    session().rollback()
    return list(session().scalars(select(Ticket.priority).order_by(Ticket.id)))


def test_ticked_tickets_are_looked_at_changed_and_taken_back(boss: Client, world: World, now: datetime) -> None:
    numbers = make(world, now, 3)
    make(world, now, 1)
    ended = make(world, now, 1, status="closed")
    page = chosen(boss, numbers + ended)
    shown = planned(boss, page, kind="priority", priority_value="P1")
    assert "改优先级：P1" in shown
    assert "改这 3 张" in shown
    assert "已经是“已关闭”，不能再这样改" in shown
    assert ended[0] in shown
    assert priorities() == ["P2"] * 5
    result = started(boss, page)
    assert priorities() == ["P1"] * 3 + ["P2"] * 2
    assert result.count("已改") >= 3
    run = page.rpartition("/")[2]
    assert f"<small>批量操作 {run}</small>" in boss.get(f"/tickets/{numbers[0]}").text
    undone = submitted(boss, f"{page}/undo")
    assert "已撤销" in undone
    assert priorities() == ["P2"] * 5
    assert "改优先级：P1" in boss.get("/tickets/bulk").text


def test_all_tickets_of_a_filter_are_those_of_that_moment(boss: Client, world: World, now: datetime) -> None:
    make(world, now, 60)
    make(world, now, 2, priority="P3")
    listed = boss.get("/tickets?priority=P2").text
    assert "批量操作全部 60 张" in listed
    page = str(boss.submit("/tickets/bulk?priority=P2", {"all": "1"}).headers["Location"])
    make(world, now, 1)
    shown = planned(boss, page, kind="priority", priority_value="P1")
    assert "改这 60 张" in shown
    assert "在后台进行" in shown
    going = started(boss, page)
    assert 'data-progress="going"' in going
    assert "0 / 60 张" in going
    assert set(priorities()) == {"P2", "P3"}
    assert work_bulk(lambda: now) == 60
    assert 'data-progress="over"' in boss.get(page).text
    assert priorities() == ["P1"] * 60 + ["P3"] * 2 + ["P2"]
    undoing = submitted(boss, f"{page}/undo")
    assert "撤销中" in undoing
    assert work_bulk(lambda: now) == 60
    assert priorities() == ["P2"] * 60 + ["P3"] * 2 + ["P2"]


def test_a_run_in_the_background_can_be_stopped(boss: Client, world: World, now: datetime) -> None:
    page = chosen(boss, make(world, now, 50))
    planned(boss, page, kind="priority", priority_value="P1")
    started(boss, page)
    stopped = submitted(boss, f"{page}/cancel")
    assert "已停下" in stopped
    assert work_bulk(lambda: now) == 0
    assert boss.submit(f"{page}/cancel").status_code == 409


def test_the_results_are_a_file(boss: Client, world: World, now: datetime) -> None:
    numbers = make(world, now, 2) + make(world, now, 1, priority="P1")
    page = chosen(boss, numbers)
    planned(boss, page, kind="priority", priority_value="P1")
    started(boss, page)
    answer = boss.get(f"{page}/rows")
    rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert rows[0] == ["工单", "结果", "原因"]
    assert rows[1:] == [[numbers[0], "已改", ""], [numbers[1], "已改", ""], [numbers[2], "本来就是这样", ""]]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "请选择要做什么"),
        ({"kind": "priority"}, "请选择要改成什么"),
        ({"kind": "transfer", "transfer_value": "warehouse"}, "请填写原因"),
        ({"kind": "note", "note_text": ""}, "备注"),
        ({"kind": "type", "type_value": "nonsense"}, "有一项填写得不对"),
    ],
)
def test_what_is_missing_is_said_and_what_was_typed_stays(
    boss: Client, world: World, now: datetime, fields: dict[str, str], said: str
) -> None:
    page = chosen(boss, make(world, now, 1))
    answer = boss.submit(f"{page}/plan", {"version": "1", **fields})
    assert answer.status_code == 422
    assert said in answer.text
    if "transfer_value" in fields:
        assert '<option value="warehouse" selected>' in answer.text


def test_a_run_is_nobody_elses(
    boss: Client, client: Client, world: World, now: datetime, login: Login, frozen: Frozen
) -> None:
    page = chosen(boss, make(world, now, 1))
    login(client, world.users.agent)
    for address in (page, f"{page}/rows"):
        assert client.get(address).status_code == 404
    for deed in ("plan", "start", "cancel", "undo"):
        fields = {"version": "1", "kind": "priority", "priority_value": "P1"}
        assert client.submit(f"{page}/{deed}", fields).status_code == 404


def test_an_auditor_is_offered_nothing(client: Client, world: World, now: datetime, login: Login) -> None:
    numbers = make(world, now, 1)
    login(client, world.users.auditor)
    assert "/tickets/bulk" not in client.get("/tickets").text
    assert client.submit("/tickets/bulk", {"number": numbers}).status_code == 403


def test_nothing_ticked_leads_back_and_unknown_numbers_are_left_out(boss: Client, world: World, now: datetime) -> None:
    assert "没有勾选工单" in submitted(boss, "/tickets/bulk?priority=P1")
    page = chosen(boss, [*make(world, now, 1), "EX-000000-0000"])
    assert "批量操作 1 张工单" in boss.get(page).text
    assert session().scalars(select(BulkRow.id)).all()
    assert boss.submit("/tickets/bulk?tab=assists", {"all": "1"}).status_code == 422


def test_work_in_the_name_of_somebody_who_left_ends(boss: Client, world: World, now: datetime) -> None:
    page = chosen(boss, make(world, now, 50))
    planned(boss, page, kind="priority", priority_value="P1")
    started(boss, page)
    with unit_of_work():
        session().get_one(type(world.users.supervisor), world.users.supervisor.id).active = False
    assert work_bulk(lambda: now) == 0
    assert session().scalars(select(BulkRun.state)).all() == ["cancelled"]


def test_the_page_asks_few_statements(boss: Client, world: World, now: datetime, statements: Statements) -> None:
    page = chosen(boss, make(world, now, 50) + make(world, now, 5, status="closed"))
    planned(boss, page, kind="priority", priority_value="P1")
    with statements() as draft:
        boss.get(page)
    started(boss, page)
    work_bulk(lambda: now)
    with statements() as over:
        boss.get(page)
    assert max(len(draft), len(over)) <= 12, (draft, over)
