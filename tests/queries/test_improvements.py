"""The board of upstream improvements, what the report measures of each, and suggestions."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from helpdesk.domain.improvements import Day, State, Verdict
from helpdesk.domain.problems import NotAllowed, NotFound
from helpdesk.domain.reports import Period, Side
from helpdesk.queries import improvements as queries
from helpdesk.services import improvements
from helpdesk.services.improvements import Draft
from tests.conftest import Statements
from tests.factories import World
from tests.report_facts import fact, plant
from tests.services.story import do

START, TODAY = date(2026, 8, 3), date(2026, 10, 1)
DRAFT = Draft("wrong_item", "双人复核", 30, started_on=START)


def running(world: World, now: datetime, draft: Draft = DRAFT, key: str = "k") -> int:
    how: dict[str, Any] = {"actor": world.actors.ops, "today": TODAY, "now": now}
    id = do(improvements.create, draft, key=key, **how)
    do(improvements.move, id, 1, State.RUNNING, **how)
    return id


def tickets(world: World, before: int, after: int, **more: Any) -> None:
    """Wrong parcels a day before and since the start, beside four of another type."""
    facts, number = [], 0
    for at in range(-56, 56):
        for type, many in (("wrong_item", before if at < 0 else after), ("address_change", 4)):
            for _ticket in range(many):
                number += 1
                day = START + timedelta(days=at)
                facts.append(fact(world, Side.OPENED, day, ticket_id=number, type=type, **more))
    plant(world, facts)


def test_the_board_tells_what_came_of_each(world: World, now: datetime) -> None:
    tickets(world, 2, 1)
    id = running(world, now)
    board = queries.board(world.actors.ops, TODAY)
    (one,) = board[State.RUNNING]
    assert (one.item.id, one.item.title, one.effect.verdict) == (id, "双人复核", Verdict.REACHED)
    assert one.effect.change == pytest.approx(-0.5)
    assert (len(one.effect.before), len(one.effect.after)) == (8, 8)
    assert sum(map(len, board.values())) == 1


def test_the_board_takes_as_many_statements_however_many_improvements(
    world: World, now: datetime, statements: Statements, monkeypatch: pytest.MonkeyPatch
) -> None:
    tickets(world, 2, 1, warehouse="华东仓")
    wanted = [DRAFT, replace(DRAFT, cut="warehouse", value="华南仓"), replace(DRAFT, type="address_change")]
    ids = [running(world, now, draft, key=str(at)) for at, draft in enumerate(wanted)]
    with statements() as seen:
        board = queries.board(world.actors.ops, TODAY)
    assert len(seen) == 3, seen
    weeks = {one.item.id: sum(week.sums.amount for week in one.effect.before) for one in board[State.RUNNING]}
    assert [weeks[id] for id in ids] == [112, 0, 224], "each improvement has the weeks of its own type and value"
    monkeypatch.setattr(queries, "MOST_MEASURED", 2)
    assert queries.board(world.actors.ops, TODAY) == board, "measured by several statements it is the same board"


def test_an_idea_has_no_effect_yet(world: World, now: datetime) -> None:
    tickets(world, 2, 1)
    how: dict[str, Any] = {"actor": world.actors.ops, "today": TODAY, "now": now}
    id = do(improvements.create, DRAFT, key="k", **how)
    assert queries.item(id, world.actors.ops, TODAY).effect.verdict is Verdict.NOT_STARTED


def test_a_series_is_narrowed_and_sums_its_measure(world: World, now: datetime) -> None:
    of: dict[str, Any] = {"type": "wrong_item", "warehouse": "华东仓"}
    plant(
        world,
        [
            fact(world, Side.RESOLVED, START, ticket_id=1, wall_seconds=3600, **of),
            fact(world, Side.RESOLVED, START, ticket_id=2, wall_seconds=1800, **of),
            fact(world, Side.RESOLVED, START, ticket_id=3, wall_seconds=9000, type="wrong_item", warehouse="华南仓"),
            fact(world, Side.MONEY, START, ticket_id=1, item_id=1, money_fen=700, **of),
            fact(world, Side.OPENED, START, ticket_id=4, type="address_change"),
        ],
        {1: [("A1", "B7")]},
    )
    actor = world.actors.ops

    def on_day(**changed: Any) -> Day:
        id = running(world, now, replace(DRAFT, **changed), key=str(changed))
        (days,) = queries.series([(queries.item(id, actor, TODAY).item, Period(START, START))], actor)
        return days[START]

    assert on_day(measure="hours", cut="warehouse", value="华东仓") == Day(5400, 2, 1)
    assert on_day(measure="hours") == Day(14400, 3, 1)
    assert on_day(measure="money", cut="batch", value="B7") == Day(700, 1, 1)
    assert on_day(measure="hours", cut="sku", value="A1") == Day(3600, 1, 1)
    assert on_day(measure="hours", cut="channel", value=str(world.channels.tmall.id)) == Day(14400, 3, 1)
    assert on_day(measure="hours", cut="courier", value="顺丰") == Day(0, 0, 1)


def test_a_supervisor_sees_the_improvements_of_his_queues_types(world: World, now: datetime) -> None:
    others = running(world, now)
    mine = running(world, now, replace(DRAFT, type="logistics_stuck"), key="mine")
    assert set(queries.by_type(world.actors.supervisor)) == {"logistics_stuck"}
    assert queries.by_type(world.actors.ops)["wrong_item"] == [(others, "双人复核", "running")]
    assert queries.item(mine, world.actors.supervisor, TODAY).item.id == mine
    with pytest.raises(NotFound):
        queries.item(others, world.actors.supervisor, TODAY)
    with pytest.raises(NotAllowed):
        queries.board(world.actors.agent, TODAY)


def test_what_was_dropped_is_not_told_on_the_report(world: World, now: datetime) -> None:
    id = running(world, now)
    do(improvements.move, id, 2, State.DROPPED, actor=world.actors.ops, today=TODAY, now=now)
    assert queries.by_type(world.actors.ops) == {}


PERIOD = Period(START, START + timedelta(days=20))


def uneven(world: World) -> None:
    """Of the wrong parcels 18 of 20 came from the east, of other tickets every fourth did."""
    facts = [
        fact(
            world,
            Side.OPENED,
            START,
            ticket_id=number,
            type="wrong_item" if number < 20 else "address_change",
            warehouse="华东仓" if (number < 18 if number < 20 else number % 4 == 0) else "华南仓",
            queue_id=(world.queues.warehouse if number < 20 else world.queues.customer_service).id,
        )
        for number in range(80)
    ]
    plant(world, facts, {number: [("A1", "B7" if number < 18 else "B8")] for number in range(80)})


def test_a_warehouse_and_a_batch_that_stand_out_are_suggested(world: World) -> None:
    uneven(world)
    found = {(one.tally.type, one.tally.value): one for one in queries.suggestions(PERIOD, world.actors.ops)}
    assert set(found) == {
        ("wrong_item", "华东仓"),
        ("wrong_item", "B7"),
        ("address_change", "华南仓"),
        ("address_change", "B8"),
    }
    one = found["wrong_item", "华东仓"]
    assert (one.tally.seen, one.share, one.elsewhere) == (18, 0.9, 0.25)


def test_a_suggestion_that_was_taken_up_does_not_come_again(world: World, now: datetime) -> None:
    uneven(world)
    running(world, now, replace(DRAFT, cut="warehouse", value="华东仓"))
    left = {(one.tally.type, one.tally.value) for one in queries.suggestions(PERIOD, world.actors.ops)}
    assert ("wrong_item", "华东仓") not in left
    assert ("wrong_item", "B7") in left


def test_out_of_sight_nothing_is_counted(world: World) -> None:
    uneven(world)
    assert queries.suggestions(PERIOD, world.actors.supervisor) == []


def test_suggestions_take_as_many_statements_however_many_tickets(world: World, statements: Statements) -> None:
    uneven(world)
    with statements() as seen:
        queries.suggestions(PERIOD, world.actors.ops)
    assert len(seen) <= 9
