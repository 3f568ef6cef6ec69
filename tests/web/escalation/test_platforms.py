"""Deadlines of platforms as a form."""

from __future__ import annotations

from typing import Any

import pytest

from helpdesk.domain.escalation import PlatformRule
from helpdesk.domain.rulebook import Label
from helpdesk.models.rulebooks import published_rulebook
from helpdesk.storage import session
from tests.conftest import Client, Login
from tests.factories import World

NEW = "/escalation/platforms/new"
SHIP = "/escalation/platforms/ship_48h"


def form(**changed: Any) -> dict[str, Any]:
    plain = {
        "name_zh": "极速退款",
        "name_en": "Instant refund",
        "channels": ["tmall", "jd"],
        "types": ["cancel_order"],
        "starts": "ticket",
        "hours": "12",
        "met_by": "resolve",
        "version": "1",
    }
    return plain | changed


@pytest.fixture
def ops(client: Client, world: World, login: Login) -> Client:
    login(client, world.users.ops)
    return client


def rules() -> tuple[PlatformRule, ...]:
    session().rollback()
    return published_rulebook().platform_rules


def test_a_new_one_stands_in_the_table(ops: Client) -> None:
    assert ops.submit(NEW, form()).headers["Location"] == "/escalation#platforms"
    name = Label("极速退款", "Instant refund")
    channels = ("tmall", "jd")
    rule = PlatformRule("platform_2_1", name, channels, ("cancel_order",), "ticket", 43_200, "resolve")
    assert rules()[-1] == rule
    page = ops.get("/escalation").text
    row = page[page.index("极速退款") :]
    assert "天猫、京东" in row
    assert "12时" in row


def test_one_is_changed_and_keeps_a_channel_that_the_shop_gave_up(ops: Client) -> None:
    page = ops.get(SHIP).text
    assert 'value="douyin" checked' in page
    assert ops.submit(SHIP, form(channels=["douyin"], types=[])).status_code == 302
    rule = rules()[0]
    assert (rule.code, rule.channels, rule.types, rule.seconds) == ("ship_48h", ("douyin",), (), 43_200)


def test_one_is_taken_away(ops: Client) -> None:
    assert ops.submit(SHIP, {"version": "1", "do": "remove"}).status_code == 302
    assert "ship_48h" not in {rule.code for rule in rules()}
    assert ops.get(SHIP).status_code == 404
    assert ops.submit(SHIP, form(version="2")).status_code == 404


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"name_zh": ""}, "请填写"),
        ({"name_en": "x" * 61}, "最多 60 个字"),
        ({"channels": []}, "请至少选一个渠道"),
        ({"channels": ["moon"]}, "channels-error"),
        ({"types": ["moon"]}, "types-error"),
        ({"starts": "moon"}, "starts-error"),
        ({"hours": "0"}, "1 到 2160"),
        ({"hours": "soon"}, "hours-error"),
        ({"met_by": "luck"}, "met_by-error"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_mistake_is_said_beside_its_field(ops: Client, changed: dict[str, Any], words: str) -> None:
    answer = ops.submit(NEW, form(**changed))
    assert answer.status_code == 422
    assert words in answer.text
    assert published_rulebook().version == 1


def test_an_overtaken_one_shows_both(ops: Client) -> None:
    ops.submit(SHIP, form(hours="20"))
    answer = ops.submit(SHIP, form(hours="30"))
    assert answer.status_code == 409
    assert "建单后 20时内解决" in answer.text
    assert "建单后 1天6时内解决" in answer.text
    assert ops.submit(SHIP, form(hours="30", version="2")).status_code == 302
    gone = ops.submit(SHIP, {"version": "2", "do": "remove"})
    assert gone.status_code == 409
    assert len(rules()) == 5


def test_they_are_the_houses(client: Client, world: World, login: Login) -> None:
    login(client, world.users.supervisor)
    for path in (NEW, SHIP):
        assert client.get(path).status_code == 403
        assert client.submit(path, form()).status_code == 403
    page = client.get("/escalation").text
    assert "48 小时发货" in page
    assert SHIP not in page
