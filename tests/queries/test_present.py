"""A statement that is built once and asked at any time."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select

from helpdesk.models import Ticket
from helpdesk.queries.present import Present, Same
from helpdesk.storage import plain_rows, unit_of_work
from tests import tickets
from tests.factories import World

HOUR = timedelta(hours=1)


def test_one_statement_asks_at_any_present(world: World, now: datetime) -> None:
    with unit_of_work():
        number = tickets.ticket(world, now, due_in=HOUR).number
    present = Present()
    late = select(Ticket.number).where(Ticket.burns_at < present)
    soon = select(Ticket.number).where(Ticket.burns_at >= present, Ticket.burns_at <= present + 2 * HOUR)
    asked = [
        [row.number for row in plain_rows(statement, present.values(at))]
        for statement in (late, soon)
        for at in (now - 5 * HOUR, now, now + 3 * HOUR)
    ]
    assert asked == [[], [], [number], [], [number], []]


def test_before_and_after_are_parameters_of_their_own(now: datetime) -> None:
    present = Present()
    assert {(present - HOUR).key, (present + HOUR).key} == set(present.values(now))
    assert set(present.values(now).values()) == {now - HOUR, now + HOUR}


def test_the_same_is_the_same_object() -> None:
    one, other = ["a"], ["a"]
    assert Same(one) == Same(one)
    assert Same(one) != Same(other)
    assert len({Same(one), Same(one), Same(other)}) == 2
