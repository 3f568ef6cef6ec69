"""The report's sums are proved and repaired on the command line."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import delete, func, select, update

from helpdesk.domain.reports import Side
from helpdesk.models import ReportDay, ReportDue, ReportFact, ReportPart, Ticket
from helpdesk.services import compensations
from helpdesk.services.compensations import Proposal
from helpdesk.storage import db, session, unit_of_work
from tests.factories import World
from tests.report_facts import close, fact, plant
from tests.services.story import do, opened
from tests.services.test_report_facts import check_sums, solve


def run(app: Flask, *arguments: str) -> Result:
    db.session.remove()
    result = app.test_cli_runner().invoke(args=["report", *arguments])
    db.session.remove()
    return result


@pytest.fixture
def figures(world: World) -> None:
    shared: dict[str, Any] = {"wall_seconds": 7200, "work_seconds": 3600, "first_n": 1, "first_ok": 1}
    plant(
        world,
        [
            fact(world, Side.OPENED, date(2026, 9, 6), hour=23),  # a Sunday
            fact(world, Side.OPENED, date(2026, 10, 5), ticket_id=2, type="price_dispute", hour=0),
            fact(world, Side.RESOLVED, ticket_id=2, **shared, parties={"warehouse": 60, "courier": 40}),
            fact(world, Side.RESOLVED, wall_seconds=60, work_seconds=60, reopened=1),
            fact(world, Side.MONEY, item_id=7, money_fen=550),
        ],
    )


@pytest.mark.usefixtures("figures")
def test_right_sums_are_proved(app: Flask) -> None:
    result = run(app, "recount")
    assert result.exit_code == 0, result.output
    assert "they equal the facts" in result.output


def test_nothing_at_all_is_right_too(app: Flask, world: World) -> None:
    assert run(app, "recount", "--facts").exit_code == 0


@pytest.mark.usefixtures("figures")
@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (update(ReportDay).where(ReportDay.cut == "all").values(opened=5), "2026-10-05 all : opened 5 instead of 1"),
        (update(ReportPart).where(ReportPart.part == "hour").values(amount=9), "hour 0: 9 instead of 1"),
        (delete(ReportDay).where(ReportDay.cut == "queue"), "opened 0 instead of 1"),
        (delete(ReportPart).where(ReportPart.key == "courier"), "party courier: 0 instead of 40"),
        (update(ReportFact).where(ReportFact.side == "money").values(money_fen=1), "money_fen 550 instead of 1"),
    ],
    ids=["another figure", "another part", "a row too few", "a part too few", "another fact"],
)
def test_wrong_sums_are_told_and_repaired(app: Flask, spoil: object, words: str) -> None:
    with unit_of_work() as work:
        work.execute(spoil)  # type: ignore[call-overload]
    result = run(app, "recount", "--repair")
    assert result.exit_code == 1
    assert words in result.output
    assert run(app, "recount").exit_code == 0
    check_sums()


def test_a_row_that_no_fact_stands_behind_is_told_and_removed(app: Flask, world: World) -> None:
    with unit_of_work() as work:
        work.add(ReportDay(cut="type", day=date(2026, 10, 5), value="wrong_item", opened=1))
    result = run(app, "recount", "--repair")
    assert "opened 1 instead of 0" in result.output
    assert session().scalar(select(func.count()).select_from(ReportDay)) == 0


def test_what_changed_is_counted_at_once_and_agrees_with_the_tickets(app: Flask, world: World, now: datetime) -> None:
    number = opened(world, now, type="logistics_stuck")
    solve(world, opened(world, now), now + timedelta(hours=1))
    wanted = Proposal(
        policy_code="logistics_stuck_coupon", amount_fen=300, evidence=("carrier_reply",), why="久等了", key="k1"
    )
    do(compensations.propose, number, wanted, version=None, actor=world.actors.agent, now=now)
    assert run(app, "recount", "--facts").exit_code == 0  # what is due is not missing
    assert "counted 2" in run(app, "follow").output
    result = run(app, "recount", "--facts")
    assert result.exit_code == 0, result.output
    assert "facts: 0 differ" in result.output


def test_facts_that_are_not_as_their_ticket_says_are_told(app: Flask, world: World, now: datetime) -> None:
    wrong, gone = (opened(world, now) for _ in range(2))
    solve(world, wrong, now + timedelta(hours=1))
    run(app, "follow")
    with unit_of_work() as work:
        work.execute(update(Ticket).where(Ticket.number == wrong).values(type="damaged"))
        work.execute(
            delete(ReportFact).where(
                ReportFact.ticket_id == select(Ticket.id).where(Ticket.number == gone).scalar_subquery()
            )
        )
        assert work.scalar(select(func.count()).select_from(ReportDue)) == 0
    result = run(app, "recount", "--facts")
    assert result.exit_code == 1
    assert "facts: 3 differ" in result.output
    assert {f"{wrong} opened: type", f"{wrong} resolved: type", f"{gone} opened: missing"} <= {
        line.strip() for line in result.output.splitlines()
    }
    close(world, now.date().replace(day=1), now)
    assert "facts: 0 differ" in run(app, "recount", "--facts").output
