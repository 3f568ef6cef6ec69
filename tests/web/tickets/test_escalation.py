"""What platforms demand and what stages have done, on the ticket page, in both languages."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from helpdesk.services import rulebooks, sla
from helpdesk.storage import unit_of_work
from tests.conftest import Client, Frozen, Login
from tests.factories import World
from tests.services.story import do, opened

MINUTE = timedelta(minutes=1)
STAGES: list[dict[str, Any]] = [
    {"code": "soon", "offset_seconds": -600, "tag": "快到期"},
    {"code": "due", "offset_seconds": 0, "reassign": "next"},
    {"code": "over", "offset_seconds": 600},
]


@pytest.fixture
def number(world: World, now: datetime, frozen: Frozen) -> str:
    """A wish to cancel that nobody has answered for 41 minutes; a quarter of an hour was promised."""
    actor = world.actors.ops
    do(rulebooks.publish_section, "stages", STAGES, expected_version=1, actor=actor, now=now)
    number = opened(world, now, type="cancel_order")
    for minutes in (6, 16, 26):
        do(sla.sweep, world.actors.system, now + minutes * MINUTE)
    frozen.shift(minutes=41)
    return number


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (
            "zh_CN",
            ["48 小时后平台自动退款", "首次响应还剩 10分", "首次响应已超时", "首次响应已超时 10分", "加上标签“快到期”"],
        ),
        ("en", ["Platform refunds after 48 h"]),
    ],
)
def test_the_page_tells_platform_and_stages(
    client: Client, login: Login, world: World, number: str, language: str, words: list[str]
) -> None:
    with unit_of_work() as work:
        work.merge(world.users.agent).locale = language
    page = login(client, world.users.agent).get(f"/tickets/{number}").get_data(as_text=True)
    for word in words:
        assert word in page


def test_that_nobody_else_could_take_it_is_said(client: Client, login: Login, world: World, number: str) -> None:
    page = login(client, world.users.agent).get(f"/tickets/{number}").get_data(as_text=True)
    assert "没能改派：没有别人可以接手" in page
