"""Steps on waits as a form."""

from __future__ import annotations

from typing import Any

import pytest

from helpdesk.domain.tickets import Status
from helpdesk.models.rulebooks import published_rulebook
from helpdesk.services.escalation import steps_of
from helpdesk.storage import session
from tests.conftest import Client, Login
from tests.factories import World

CUSTOMER = "/escalation/pauses/customer"
WORDS = {"text_zh": "还在等您", "text_en": "Still waiting"}


def line(number: int = 0, **values: Any) -> dict[str, Any]:
    plain = {"hours": "24", "action": "remind_customer", **WORDS}
    return {f"row-{number}-{name}": value for name, value in (plain | values).items()}


def form(*lines: dict[str, Any], version: int = 1, **more: str) -> dict[str, Any]:
    return {"version": str(version), **{name: value for one in lines for name, value in one.items()}, **more}


@pytest.fixture
def ops(client: Client, world: World, login: Login) -> Client:
    login(client, world.users.ops)
    return client


def steps(status: Status = Status.PENDING_CUSTOMER) -> list[tuple[str, int, str]]:
    session().rollback()
    return [(step.code, step.after_seconds // 3600, step.action) for step in steps_of(published_rulebook(), status)]


def test_what_stands_there_can_be_changed_line_by_line(ops: Client) -> None:
    page = ops.get(CUSTOMER).text
    assert 'value="customer_72h"' in page
    assert "{customer}" in page
    answer = ops.submit(CUSTOMER, form(line(0, code="customer_24h", hours="12"), line(1, hours="48", action="resolve")))
    assert answer.headers["Location"] == "/escalation"
    assert steps() == [("customer_24h", 12, "remind_customer"), ("step_2_2", 48, "resolve")]
    assert "最长等 2天" in ops.get("/escalation").text


def test_lines_come_and_go_without_a_script(ops: Client) -> None:
    more = ops.submit(CUSTOMER, form(line(0), line(1, hours="30"), do="more")).text
    assert 'name="row-2-hours"' in more
    less = ops.submit(CUSTOMER, form(line(0), line(1, hours="30"), do="remove-0")).text
    assert 'name="row-0-hours"' not in less
    assert 'value="30"' in less
    assert published_rulebook().version == 1


def test_no_steps_at_all_means_waiting_for_ever(ops: Client) -> None:
    assert ops.submit("/escalation/pauses/approval", form()).status_code == 302
    assert steps(Status.PENDING_APPROVAL) == []
    assert len(steps()) == 3
    assert "会一直等下去" in ops.get("/escalation").text


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"hours": "0"}, "1 到 2160"),
        ({"hours": "2161"}, "1 到 2160"),
        ({"hours": "soon"}, "row-0-hours-error"),
        ({"hours": ""}, "请填写"),
        ({"action": "shout"}, "row-0-action-error"),
        ({"text_en": ""}, "中英文都要填写"),
        ({"text_zh": "字" * 501}, "最多 500 个字"),
        ({"text_zh": "付了 {paid}"}, "填不上 {paid}，可用的是 {customer}、{shop}、{order}"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_mistake_is_said_beside_its_field(ops: Client, changed: dict[str, Any], words: str) -> None:
    answer = ops.submit(CUSTOMER, form(line(0, **changed), line(1, hours="77")))
    assert answer.status_code == 422
    assert words in answer.text
    assert 'value="77"' in answer.text
    assert published_rulebook().version == 1


def test_the_end_of_a_wait_is_its_last_step(ops: Client) -> None:
    answer = ops.submit(CUSTOMER, form(line(0, action="resolve"), line(1, hours="48")))
    assert answer.status_code == 422
    assert "row-0-action-error" in answer.text
    answer = ops.submit("/escalation/pauses/internal", form(line(0, action="resolve")))
    assert "只有等客户的工单可以自动解决" in answer.text


def test_an_overtaken_list_shows_both(ops: Client) -> None:
    ops.submit(CUSTOMER, form(line(0, hours="10")))
    answer = ops.submit(CUSTOMER, form(line(0, hours="20")))
    assert answer.status_code == 409
    assert "等了 10时" in answer.text
    assert "等了 20时" in answer.text
    assert ops.submit("/escalation/pauses/internal", form(line(0, action="reopen"))).status_code == 302


def test_they_are_the_houses(client: Client, world: World, login: Login) -> None:
    login(client, world.users.supervisor)
    assert client.get(CUSTOMER).status_code == 403
    assert client.submit(CUSTOMER, form(line(0))).status_code == 403
    assert CUSTOMER not in client.get("/escalation").text


@pytest.mark.parametrize("name", ["moon", "1", "pending_customer"])
def test_a_wait_that_there_is_not_is_not_found(ops: Client, name: str) -> None:
    assert ops.get(f"/escalation/pauses/{name}").status_code == 404
