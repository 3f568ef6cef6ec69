"""The board of upstream improvements, writing them, steps and suggestions."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select

from helpdesk.domain.reports import Side
from helpdesk.models import Improvement
from helpdesk.models.rulebooks import published_rulebook
from helpdesk.storage import session
from tests.conftest import Client, Login
from tests.factories import World
from tests.report_facts import fact, plant


@pytest.fixture
def ops(client: Client, world: World, login: Login) -> Client:
    login(client, world.users.ops)
    return client


def form(**changed: str) -> dict[str, str]:
    usual = {
        "key": str(uuid4()),
        "type": "wrong_item",
        "title": "双人复核",
        "measure": "count",
        "expected_percent": "30",
    }
    return {**usual, "expected_percent": "30", "cut": "", "value": "", "owner_id": "", "started_on": "", **changed}


def followed(ops: Client, path: str, data: dict[str, str]) -> str:
    """The text of the page that the answer leads to."""
    return ops.get(ops.submit(path, data).headers["Location"]).text


def stored() -> list[Improvement]:
    return list(session().scalars(select(Improvement)))


def test_an_empty_board_says_what_to_do(ops: Client) -> None:
    assert "还没有优化事项" in ops.get("/improvements").text


def test_a_new_one_stands_on_the_board_and_on_its_page(ops: Client) -> None:
    answer = followed(ops, "/improvements/new", data=form())
    assert "双人复核" in answer
    assert f'id="improvement-{stored()[0].id}"' in ops.get("/improvements").text


def test_the_type_s_bottleneck_and_direction_are_filled_in(ops: Client, world: World) -> None:
    kind = published_rulebook().types["wrong_item"]
    text = ops.get("/improvements/new?type=wrong_item").text
    assert kind.bottleneck.zh in text
    assert kind.improvement.zh in text


@pytest.mark.parametrize("bad", [{"title": ""}, {"expected_percent": "0"}, {"started_on": "x"}, {"key": "1"}])
def test_what_is_wrong_is_said_and_nothing_is_made(ops: Client, bad: dict[str, str]) -> None:
    assert ops.submit("/improvements/new", data=form(**bad)).status_code == 422
    assert stored() == []


def test_a_step_and_the_way_back(ops: Client) -> None:
    ops.submit("/improvements/new", data=form())
    path = f"/improvements/{stored()[0].id}/move"
    assert "进行中" in followed(ops, path, data={"version": "1", "to": "running"})
    assert "改过" in followed(ops, path, data={"version": "1", "to": "done"})
    ops.submit(path, data={"version": "2", "to": "idea"})
    session().expire_all()
    assert stored()[0].state == "idea"
    assert ops.submit(path, data={"version": "3", "to": "nowhere"}).status_code == 422


def test_an_edit_on_an_older_version_shows_both(ops: Client) -> None:
    ops.submit("/improvements/new", data=form())
    path = f"/improvements/{stored()[0].id}/edit"
    assert ops.submit(path, data=form(title="三人复核", version="1")).status_code == 302
    answer = ops.submit(path, data=form(title="四人复核", version="1"))
    assert answer.status_code == 409
    assert "三人复核" in answer.text
    assert "四人复核" in answer.text


def test_a_suggestion_is_taken_up_once(ops: Client, world: World, now: datetime) -> None:
    day = now.date() - timedelta(days=3)
    plant(
        world,
        [
            fact(
                world,
                Side.OPENED,
                day,
                ticket_id=number,
                type="wrong_item" if number < 20 else "address_change",
                warehouse="华东仓" if (number < 18 if number < 20 else number % 4 == 0) else "华南仓",
            )
            for number in range(80)
        ],
    )
    assert "华东仓" in ops.get("/improvements").text
    taken = {"type": "wrong_item", "cut": "warehouse", "value": "华东仓"}
    assert "已采纳" in followed(ops, "/improvements/adopt", data=taken)
    assert "采纳过" in followed(ops, "/improvements/adopt", data=taken)
    assert [(one.value, one.state) for one in stored()] == [("华东仓", "idea")]


def test_before_and_after_are_drawn_and_read_alike(ops: Client, world: World, now: datetime) -> None:
    start, facts, number = now.date() - timedelta(days=57), [], 0
    for at in range(-56, 56):
        for type, many in (("wrong_item", 4 if at < 0 else 2), ("address_change", 4)):
            for _ticket in range(many):
                number += 1
                facts.append(fact(world, Side.OPENED, start + timedelta(days=at), ticket_id=number, type=type))
    plant(world, facts)
    ops.submit("/improvements/new", data=form(started_on=start.isoformat()))
    path = f"/improvements/{stored()[0].id}"
    ops.submit(f"{path}/move", data={"version": "1", "to": "running"})
    page = ops.get(path).text
    assert "达到预期" in page
    assert "−50%" in page
    assert page.count('class="improvement-before"') == 8
    assert page.count('class="improvement-after"') == 8
    assert page.count('<th scope="row">') == 16
    assert "达到预期" in ops.get("/improvements").text
