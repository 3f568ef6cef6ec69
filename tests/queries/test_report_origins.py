"""Where the hours of what took most of them came from."""

from __future__ import annotations

from datetime import date

import pytest

from helpdesk.domain.access import Actor
from helpdesk.domain.problems import NotAllowed
from helpdesk.domain.report_headline import Origin
from helpdesk.domain.reports import Dimension, Question, Sums, month_of
from helpdesk.queries.report_origins import origin
from tests.factories import World
from tests.report_facts import fact, plant

OCTOBER = Question(month_of(date(2026, 10, 1)))
TODAY = date(2026, 11, 23)


def history(world: World, east: int = 24, south: int = 12) -> None:
    """Wrong items mostly out of the east, as much of everything else out of either."""
    rows = [("wrong_item", "华东仓")] * east + [("wrong_item", "华南仓")] * south
    rows += [("address_change", "华东仓")] * 20 + [("address_change", "华南仓")] * 40
    plant(
        world,
        [
            fact(world, ticket_id=number, type=kind, warehouse=warehouse, courier="顺丰", wall_seconds=3600)
            for number, (kind, warehouse) in enumerate(rows, 1)
        ],
    )


def asked(question: Question, value: str, actor: Actor, whole: int) -> Origin | None:
    return origin(question, value, actor, whole=Sums(resolved=whole), today=TODAY)


def test_the_warehouse_that_stands_out_is_told_with_its_share_of_everything(world: World) -> None:
    history(world)
    found = asked(OCTOBER, "wrong_item", world.actors.ops, 1)
    assert found == Origin("warehouse", "华东仓", 24 / 36, 44 / 96, 24)


def test_what_everything_goes_with_does_not_stand_out(world: World) -> None:
    history(world, east=12, south=24)
    assert asked(OCTOBER, "wrong_item", world.actors.ops, 2) is None, "and all of it went by the same courier"


def test_it_is_not_told_where_that_was_asked_for(world: World) -> None:
    history(world)
    narrowed = Question(OCTOBER.period, only=((Dimension.WAREHOUSE, "华东仓"),))
    assert asked(narrowed, "wrong_item", world.actors.ops, 3) is None
    assert asked(Question(OCTOBER.period, by=Dimension.WAREHOUSE), "华东仓", world.actors.ops, 4) is None


def test_people_of_a_queue_are_told_of_theirs_alone(world: World) -> None:
    history(world)
    nothing = Actor(
        **{**{name: getattr(world.actors.supervisor, name) for name in Actor.__slots__}, "queues": frozenset()}
    )
    assert asked(OCTOBER, "wrong_item", nothing, 5) is None
    assert asked(OCTOBER, "wrong_item", world.actors.supervisor, 5) is not None
    with pytest.raises(NotAllowed):
        asked(OCTOBER, "wrong_item", world.actors.agent, 5)
