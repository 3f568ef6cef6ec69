"""Approving from the list: one press, a reason for a refusal, several at once, and who may."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest

from helpdesk.models import Absence, Compensation
from helpdesk.storage import session, unit_of_work
from tests import money, tickets
from tests.conftest import Client, Login
from tests.factories import World, add


@pytest.fixture
def supervisor(client: Client, world: World, login: Login) -> Client:
    login(client, world.users.supervisor)
    return client


def waiting(world: World, now: datetime, fen: int = 5_000, **columns: Any) -> int:
    with unit_of_work():
        bought = tickets.order(world, now, number=f"20261122{fen}", paid_fen=20_000)
        return money.promise(world, tickets.ticket(world, now, order_id=bought.id), fen, now, **columns).id


def sent(client: Client, path: str, data: dict[str, object] | None = None) -> str:
    """The page that the answer leads to."""
    answer = client.submit(path, data)
    assert answer.status_code == 302, answer.text
    return client.get(answer.headers["Location"]).text


def state(promise: int) -> str:
    session().rollback()
    return session().get_one(Compensation, promise).state


def test_a_card_holds_all_that_decides_and_one_press_agrees(supervisor: Client, world: World, now: datetime) -> None:
    promise = waiting(world, now, evidence=["photo_item"], why="碎了两个杯子", ask_until=now + timedelta(hours=2))
    page = supervisor.get("/approvals").text
    for words in ("¥50.00", "实付的 25.0%", "碎了两个杯子", "林晓", "商品照片", "¥200.00", "前审批", "此前没有补偿"):
        assert words in page, words
    assert "已批准" in sent(supervisor, f"/approvals/{promise}/approve", {"version": "1"})
    assert state(promise) == "approved"


def test_the_menu_counts_what_waits_for_me(supervisor: Client, world: World, now: datetime) -> None:
    assert "笔等你审批" not in supervisor.get("/tickets").text
    waiting(world, now)
    assert re.search(r"nav-badge\">1<span class=\"visually-hidden\"> 笔等你审批", supervisor.get("/tickets").text)


def test_a_refusal_needs_a_reason_and_keeps_what_was_typed(supervisor: Client, world: World, now: datetime) -> None:
    promise = waiting(world, now)
    path = f"/approvals/{promise}/reject"
    empty = supervisor.submit(path, {"version": "1", "reason": "  "})
    assert (empty.status_code, "驳回要写原因" in empty.text) == (422, True)
    stale = supervisor.submit(path, {"version": "7", "reason": "照片看不清"})
    assert stale.status_code == 409
    assert "照片看不清</textarea>" in stale.text
    assert state(promise) == "proposed"
    done = sent(supervisor, path, {"version": "1", "reason": "照片看不清"})
    assert state(promise) == "rejected"
    assert "照片看不清" in done


def test_agreeing_to_what_has_changed_meanwhile_is_refused(supervisor: Client, world: World, now: datetime) -> None:
    promise = waiting(world, now)
    answer = supervisor.submit(f"/approvals/{promise}/approve", {"version": "9"})
    assert answer.status_code == 409
    assert state(promise) == "proposed"


def test_several_are_approved_each_on_its_own_and_told_one_by_one(
    supervisor: Client, world: World, now: datetime
) -> None:
    good, stale, mine = waiting(world, now, 1_000), waiting(world, now, 2_000), waiting(world, now, 3_000)
    with unit_of_work():
        session().get_one(Compensation, mine).proposed_by_id = world.users.supervisor.id
    data: dict[str, object] = {"id": [str(good), str(stale), str(mine), "x"]}
    data |= {f"version-{one}": ["1"] for one in (good, mine)} | {f"version-{stale}": ["5"]}
    data |= {f"name-{stale}": ["EX-250101-0002"]}
    page = sent(supervisor, "/approvals/approve", data)
    assert "已批准 1 笔" in page
    assert "2 笔没有批准" in page
    assert "EX-250101-0002：" in page
    assert [state(one) for one in (good, stale, mine)] == ["approved", "proposed", "proposed"]


def test_nothing_ticked_is_said(supervisor: Client) -> None:
    assert "没有勾选" in sent(supervisor, "/approvals/approve")


def test_nobody_approves_his_own_nor_without_being_asked(
    client: Client, world: World, login: Login, now: datetime
) -> None:
    promise = waiting(world, now, proposed_by_id=world.users.supervisor.id)
    for name in ("supervisor", "agent", "finance", "admin", "auditor"):
        login(client, getattr(world.users, name))
        assert client.submit(f"/approvals/{promise}/approve", {"version": "1"}).status_code == 403, name
    assert state(promise) == "proposed"


def test_a_stand_in_sees_in_whose_place_he_decides(client: Client, world: World, login: Login, now: datetime) -> None:
    promise = waiting(world, now)
    hours = {"starts_at": now - timedelta(hours=1), "ends_at": now + timedelta(hours=1), "kind": "leave"}
    with unit_of_work():
        add(Absence(user_id=world.users.supervisor.id, stand_in_id=world.users.agent2.id, **hours))
    login(client, world.users.agent2)
    page = client.get("/approvals").text
    assert "你代孙领审批" in page
    assert "笔等你审批" in page
    client.submit(f"/approvals/{promise}/approve", {"version": "1"})
    assert state(promise) == "approved"


def test_two_have_to_agree_and_the_first_is_told_so(client: Client, world: World, login: Login, now: datetime) -> None:
    promise = waiting(world, now, asked="finance_and_ops", approval="finance_and_ops")
    login(client, world.users.finance)
    assert "还要等另一位同意" in sent(client, f"/approvals/{promise}/approve", {"version": "1"})
    login(client, world.users.ops)
    assert "钱敏" in client.get("/approvals").text
    client.submit(f"/approvals/{promise}/approve", {"version": "2"})
    assert state(promise) == "approved"


def test_a_proposer_sees_his_own_waiting_on_others(client: Client, world: World, login: Login, now: datetime) -> None:
    waiting(world, now)
    login(client, world.users.agent)
    page = client.get("/approvals").text
    assert "没有等你审批的补偿" in page
    assert "等别人审批" in page
    assert '/approve"' not in page


def test_the_ladder_says_who_was_late_and_where_nobody_was(supervisor: Client, world: World, now: datetime) -> None:
    passed = [{"rung": "supervisor", "why": "empty"}, {"rung": "finance", "why": "late"}]
    waiting(world, now, asked="finance_and_ops", passed=passed)
    page = supervisor.get("/approvals").text
    ladder = re.sub(r"<[^>]+>|\s+", " ", page[page.index('class="ladder"') :].partition("</ol>")[0])
    assert re.search(r"主管 +没有人可批.*财务 +逾期未批.*待批", ladder), ladder
