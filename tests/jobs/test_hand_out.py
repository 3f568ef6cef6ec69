"""The net under handing out: what waits finds somebody within seconds of a shift's begin or an absence's end."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select, update

from helpdesk.jobs.hand_out import hand_out
from helpdesk.models import Absence, Event, Queue, Shift, Stint
from helpdesk.services import dispatch
from helpdesk.storage import session, unit_of_work
from tests import tickets as rows
from tests.conftest import Statements
from tests.factories import World, add, open_session

HOUR = timedelta(hours=1)


@pytest.fixture
def shop(world: World, now: datetime) -> World:
    with unit_of_work():
        session().execute(update(Queue).where(Queue.writes_to_buyers).values(assignment="round_robin"))
        open_session(world.users.agent, now)
        for _ in range(3):
            rows.ticket(world, now)
    return world


def in_hand(world: World) -> int:
    return session().scalar(select(func.count(Stint.assignee_id))) or 0


def test_run_twice_it_hands_out_once_as_the_system(shop: World, now: datetime) -> None:
    assert hand_out(now) == 3
    assert hand_out(now) == 0
    told = session().scalars(select(Event).where(Event.code == "ticket.assignee")).all()
    assert {(event.actor_id, event.source) for event in told} == {(shop.users.system.id, "job")}
    assert len(told) == 3


def test_nothing_waiting_costs_one_look(shop: World, now: datetime, statements: Statements) -> None:
    hand_out(now)
    with statements() as seen:
        assert hand_out(now) == 0
    assert len(seen) == 1


def test_a_shift_that_begins_and_an_absence_that_ends_bring_work(shop: World, now: datetime) -> None:
    agent = shop.users.agent
    with unit_of_work():
        add(Shift(user_id=agent.id, starts_at=now + HOUR / 6, ends_at=now + 8 * HOUR))
        add(Absence(user_id=agent.id, starts_at=now - HOUR, ends_at=now + HOUR / 5, kind="training"))
    assert hand_out(now) == 0
    assert hand_out(now + HOUR / 6) == 0
    assert hand_out(now + HOUR / 5) == 3


def test_a_long_line_is_served_in_several_transactions(
    shop: World, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatch, "MOST_AT_ONCE", 2)
    assert hand_out(now) == 3
    assert in_hand(shop) == 3
