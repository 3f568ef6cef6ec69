from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from helpdesk.domain.problems import NotFound
from helpdesk.queries.onlookers import others
from helpdesk.services import onlookers
from tests.conftest import Statements
from tests.factories import World
from tests.services.story import do, look, opened

SECOND = timedelta(seconds=1)


@pytest.fixture
def number(world: World, now: datetime) -> str:
    return opened(world, now, type="logistics_stuck")


def looks(world: World, number: str, now: datetime, login: str = "agent", *, writing: bool = False) -> None:
    do(onlookers.look, number, writing=writing, actor=getattr(world.actors, login), now=now)


def seen(world: World, number: str, now: datetime, login: str = "agent2") -> list[tuple[str, bool]]:
    ticket = look(number).id
    found = others([ticket], getattr(world.actors, login), now)
    return [(one.name, one.writing) for one in found.get(ticket, [])]


def test_others_see_who_looks_and_who_writes_and_nobody_sees_himself(world: World, now: datetime, number: str) -> None:
    looks(world, number, now)
    looks(world, number, now, "supervisor", writing=True)
    assert seen(world, number, now) == [("孙领", True), ("林晓", False)]
    assert seen(world, number, now, "agent") == [("孙领", True)]
    looks(world, number, now + SECOND, writing=True)
    assert ("林晓", True) in seen(world, number, now + SECOND), "at once, not at the next beat"


def test_who_stops_saying_so_is_gone_after_a_quarter_of_a_minute_and_who_leaves_at_once(
    world: World, now: datetime, number: str
) -> None:
    looks(world, number, now)
    assert seen(world, number, now + 14 * SECOND)
    assert seen(world, number, now + 15 * SECOND) == []
    looks(world, number, now + 20 * SECOND)
    do(onlookers.leave, number, actor=world.actors.agent)
    assert seen(world, number, now + 20 * SECOND) == []


def test_saying_it_again_at_once_writes_nothing(
    world: World, now: datetime, number: str, statements: Statements
) -> None:
    looks(world, number, now)
    with statements() as sent:
        looks(world, number, now + 3 * SECOND)
    assert not any(statement.startswith(("UPDATE", "INSERT")) for statement in sent)
    looks(world, number, now + 5 * SECOND)
    assert seen(world, number, now + 19 * SECOND)


def test_who_may_not_see_the_ticket_is_no_onlooker(world: World, now: datetime, number: str) -> None:
    with pytest.raises(NotFound):
        looks(world, number, now, "outsider")


def test_those_long_gone_are_forgotten(world: World, now: datetime, number: str) -> None:
    looks(world, number, now)
    assert do(onlookers.remove_gone, now + timedelta(minutes=10)) == 0
    assert do(onlookers.remove_gone, now + timedelta(minutes=11)) == 1
