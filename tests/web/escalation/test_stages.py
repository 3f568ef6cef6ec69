"""Stages of clocks as a form: lines, limits, who may, and what a preview says."""

from __future__ import annotations

from typing import Any

import pytest

from helpdesk.domain.escalation import Stage
from helpdesk.models.rulebooks import published_rulebook
from helpdesk.storage import session
from tests.conftest import Client, Login, Statements
from tests.factories import World

HOUSE = "/escalation/stages"


def line(number: int = 0, **values: Any) -> dict[str, Any]:
    plain = {"basis": "percent", "amount": "80", "notify": ["owner"], "urgency": "1", "reassign": "", "tag": ""}
    return {f"row-{number}-{name}": value for name, value in (plain | values).items()}


def form(*lines: dict[str, Any], version: int = 1, **more: str) -> dict[str, Any]:
    return {"version": str(version), **{name: value for one in lines for name, value in one.items()}, **more}


@pytest.fixture
def ops(client: Client, world: World, login: Login) -> Client:
    login(client, world.users.ops)
    return client


@pytest.fixture
def supervisor(client: Client, world: World, login: Login) -> Client:
    login(client, world.users.supervisor)
    return client


def house() -> tuple[Stage, ...]:
    session().rollback()
    return published_rulebook().stages


def test_the_rules_are_told_in_words_to_everybody_who_reads_the_board(
    client: Client, world: World, login: Login
) -> None:
    login(client, world.users.auditor)
    page = client.get("/escalation").text
    assert "到目标的 75%" in page
    assert "提醒经手人和负责人，紧急度升到 1" in page
    assert "用它的队列：财务、客服、仓库" in page
    assert "最长等 3天" in page
    assert "48 小时发货" in page
    assert "/escalation/stages" not in page
    login(client, world.users.agent)
    assert client.get("/escalation").status_code == 403


def test_the_page_takes_as_many_statements_for_many_rules(ops: Client, statements: Statements) -> None:
    with statements() as few:
        ops.get("/escalation")
    ops.submit(HOUSE, form(*(line(number, amount=str(number + 1)) for number in range(12))))
    with statements() as many:
        ops.get("/escalation")
    assert len(few) == len(many) - 1 <= 9  # the new version is parsed once


def test_saved_lines_are_the_next_version_for_new_tickets(ops: Client) -> None:
    answer = ops.submit(
        HOUSE,
        form(
            line(0, code="half", amount="60", notify=["assignee", "queue"]),
            line(3, basis="before", amount="30", urgency="3", reassign="next"),
            line(4, basis="after", amount="90", notify=[], urgency="0", tag=" 超时  太久 "),
            line(9, amount="", notify=[], urgency="0"),
        ),
    )
    assert answer.headers["Location"] == "/escalation"
    assert house() == (
        Stage("half", 60, None, 1, ("assignee", "queue")),
        Stage("stage_2_2", None, -1800, 3, ("owner",), "next"),
        Stage("stage_2_3", None, 5400, tag="超时 太久"),
    )
    page = ops.get("/escalation").text
    assert "规则版本 2" in page
    assert "只影响新工单" in page
    assert "吴营 改于" in page
    assert "目标前 30分" in page


def test_lines_come_and_go_without_a_script(ops: Client) -> None:
    page = ops.get(HOUSE).text
    assert page.count("data-row>") == 4 + 1 + 1  # stored, spare, and the pattern of the script
    more = ops.submit(HOUSE, form(line(0), line(1, amount="90"), do="more")).text
    assert more.count("data-row>") == 2 + 1 + 1
    assert 'name="row-2-amount"' in more
    less = ops.submit(HOUSE, form(line(0), line(1, amount="90"), do="remove-0")).text
    assert 'value="80"' not in less
    assert 'value="90"' in less
    assert published_rulebook().version == 1


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"amount": "0"}, "1 到 1000"),
        ({"amount": "1001"}, "1 到 1000"),
        ({"amount": "many"}, "row-0-amount-error"),
        ({"amount": "9" * 5000}, "row-0-amount-error"),
        ({"amount": ""}, "请填写"),
        ({"basis": "before", "amount": "10081"}, "0 到 10080"),
        ({"basis": "moon"}, "row-0-basis-error"),
        ({"notify": ["everybody"]}, "row-0-notify-error"),
        ({"urgency": "4"}, "row-0-urgency-error"),
        ({"urgency": "x"}, "row-0-urgency-error"),
        ({"reassign": "me"}, "row-0-reassign-error"),
        ({"tag": "x" * 31}, "最多 30 个字"),
        ({"notify": [], "urgency": "0"}, "请至少选一件事"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_mistake_is_said_beside_its_field(ops: Client, changed: dict[str, Any], words: str) -> None:
    answer = ops.submit(HOUSE, form(line(0, **changed), line(1, amount="77")))
    assert answer.status_code == 422
    assert words in answer.text
    assert 'value="77"' in answer.text
    assert published_rulebook().version == 1


def test_the_second_of_two_lines_for_one_moment_is_marked(ops: Client) -> None:
    answer = ops.submit(HOUSE, form(line(2), line(5)))
    assert answer.status_code == 422
    assert "row-5-amount-error" in answer.text
    assert "row-2-amount-error" not in answer.text


@pytest.mark.parametrize(
    ("lines", "words"),
    [((), "请至少留一个"), (tuple(line(n, amount=str(n + 1)) for n in range(13)), "最多 12 个")],
)
def test_a_list_has_one_to_twelve_lines(ops: Client, lines: tuple[dict[str, Any], ...], words: str) -> None:
    answer = ops.submit(HOUSE, form(*lines))
    assert answer.status_code == 422
    assert words in answer.text


@pytest.mark.parametrize("name", ["row-²-amount", "row--1-amount", f"row-{'9' * 50}-amount", "row-0", "row-0-moon"])
def test_names_of_fields_that_no_page_sends_are_passed_over(ops: Client, name: str) -> None:
    assert ops.submit(HOUSE, {**form(line(0)), name: "5"}).status_code == 302
    assert len(house()) == 1


def test_a_supervisor_gives_his_queue_a_list_of_its_own_and_takes_it_back(supervisor: Client, world: World) -> None:
    own = f"/escalation/queues/{world.queues.customer_service.id}"
    index = supervisor.get("/escalation").text
    assert own in index
    assert f"/escalation/queues/{world.queues.finance.id}" not in index
    assert "这个队列现在用默认的" in supervisor.get(own).text
    assert supervisor.submit(own, form(line(0, code="half"))).status_code == 302
    assert [stage.code for stage in published_rulebook().stages_for("customer_service")] == ["stage_2_1"]
    page = supervisor.get(own).text
    assert 'value="default"' in page
    assert supervisor.submit(own, form(version=2, do="default")).status_code == 302
    session().rollback()
    assert published_rulebook().queue_stages == {}


def test_the_house_and_other_queues_are_not_a_supervisors(supervisor: Client, world: World) -> None:
    for path in (HOUSE, f"/escalation/queues/{world.queues.finance.id}"):
        assert supervisor.get(path).status_code == 403
        assert supervisor.submit(path, form(line(0))).status_code == 403
    assert supervisor.get("/escalation/queues/999").status_code == 404
    assert published_rulebook().version == 1


def test_an_overtaken_list_shows_both_and_is_saved_the_second_time(ops: Client) -> None:
    ops.submit(HOUSE, form(line(0, amount="70")))
    answer = ops.submit(HOUSE, form(line(0, amount="85")))
    assert answer.status_code == 409
    assert "到目标的 70%" in answer.text
    assert "到目标的 85%" in answer.text
    assert 'name="version" value="2"' in answer.text
    assert ops.submit(HOUSE, form(line(0, amount="85"), version=2)).status_code == 302
    assert [stage.percent for stage in house()] == [85]


def test_another_part_of_the_rules_is_no_hindrance(ops: Client, world: World) -> None:
    ops.submit(f"/escalation/queues/{world.queues.finance.id}", form(line(0)))
    assert ops.submit(HOUSE, form(line(0))).status_code == 302
    assert published_rulebook().version == 3


def test_a_preview_says_what_a_list_means_for_a_ticket(ops: Client, world: World) -> None:
    values = form(line(0, amount="75"), line(1, basis="before", amount="9000"), do="preview", example="wrong_item")
    path = f"/escalation/queues/{world.queues.warehouse.id}"
    answer = ops.submit(path, values, headers={"X-Requested-With": "fetch"})
    assert "<html" not in answer.text
    assert "发错货 P2，解决时限 8时" in answer.text
    assert "<b>6时</b>" in answer.text
    assert "不会到" in answer.text
    assert "<html" in ops.submit(path, values).text
    broken = ops.submit(path, values | {"row-0-amount": "x"}, headers={"X-Requested-With": "fetch"})
    assert "改好后才能预览" in broken.text
