"""The page of the monthly report."""

from __future__ import annotations

from datetime import date

import pytest

from helpdesk.domain.reports import Fact, Side
from tests.conftest import Client, Login
from tests.factories import World
from tests.report_facts import fact, plant

OCTOBER = date(2026, 10, 5)


def history(world: World) -> list[Fact]:
    facts: list[Fact] = []
    for number in range(1, 41):
        kind = "wrong_item" if number <= 25 else "address_change"
        day = date(2026, 9 if number % 4 == 0 else 10, 1 + number % 28)
        shared = {"ticket_id": number, "type": kind, "warehouse": "华东仓" if number % 3 else "", "hour": number % 24}
        facts.append(fact(world, Side.OPENED, day, **shared))
        facts.append(
            fact(
                world,
                Side.RESOLVED,
                day,
                wall_seconds=3600 * number,
                work_seconds=1800 * number,
                time={"customer_service": 2400 * number, "customer": 1200 * number},
                first_n=1,
                first_ok=1,
                solution_n=1,
                solution_ok=int(number % 5 > 0),
                queue_n=2,
                queue_ok=1,
                reopened=int(number % 10 == 0),
                parties={"warehouse": 70, "courier": 30} if number % 2 else {},
                **shared,
            )
        )
        if number % 8 == 1:
            facts.append(fact(world, Side.MONEY, day, money_fen=1250, item_id=1, **shared))
    return plant(world, facts)


@pytest.fixture
def ops(client: Client, login: Login, world: World) -> Client:
    login(client, world.users.ops)
    return client


def test_the_report_of_a_month_shows_its_figures_by_type(ops: Client, world: World) -> None:
    history(world)
    page = ops.get("/reports?month=2026-10").get_data(as_text=True)
    assert "2026年10月" in page
    assert "发错货" in page
