from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from helpdesk.domain.forecast import Share
from helpdesk.models import Queue
from helpdesk.queries import pace
from helpdesk.storage import unit_of_work
from tests import tickets
from tests.conftest import Statements
from tests.factories import World, add
from tests.tickets import HOUR

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def measured_anew() -> Iterator[None]:
    pace.forget()
    yield
    pace.forget()


def solved(world: World, at: datetime, queue: Queue | None = None) -> None:
    row = tickets.ticket(world, at, queue=queue, status="resolved", created_at=at - HOUR, first_resolved_at=at)
    row.resolved_at = at


def met(world: World, now: datetime, at: datetime, *, late: bool, queue: Queue | None = None) -> None:
    row = tickets.ticket(world, at, queue=queue, status="resolved", due_in=None)
    add(tickets.clock(world, row, now, met_at=at, breached=late, elapsed_seconds=60))


def test_the_pace_is_counted_by_hour_and_queue_and_the_forecast_tells_its_basis(world: World, now: datetime) -> None:
    service = world.queues.customer_service
    with unit_of_work():
        for day in range(1, 15):
            for _ in range(2):
                solved(world, now - day * DAY + timedelta(minutes=90))
        solved(world, now - 15 * DAY)  # too long ago
        for _ in range(9):
            tickets.ticket(world, now, due_in=3 * HOUR)
    told = pace.outlook(world.actors.ops, now).forecasts[service.id]
    assert (told.enough, told.solved, told.days, told.open) == (True, 28, 14, 9)
    assert (
        told.at == now + 3 * HOUR
    )  # three are solved by then, as every day: one was in hand, two are the pace of 11:00
    assert told.solves_per_hour == pytest.approx(2 / 3)


def test_too_little_is_known_of_a_queue_that_has_solved_next_to_nothing(world: World, now: datetime) -> None:
    with unit_of_work():
        solved(world, now - DAY)
        tickets.ticket(world, now, due_in=HOUR)
    told = pace.outlook(world.actors.ops, now).forecasts[world.queues.customer_service.id]
    assert (told.enough, told.at, told.solved) == (False, None, 1)


def test_what_waits_for_the_customer_is_no_work_that_falls_due(world: World, now: datetime) -> None:
    with unit_of_work():
        tickets.ticket(world, now, paused=True, status="pending_customer")
        tickets.ticket(world, now, due_in=-HOUR)
        tickets.ticket(world, now, due_in=HOUR)
    told = pace.outlook(world.actors.ops, now).forecasts[world.queues.customer_service.id]
    assert told.open == 2


def test_the_share_late_of_the_last_seven_days_against_the_seven_before(world: World, now: datetime) -> None:
    warehouse = world.queues.warehouse
    with unit_of_work():
        for late in (True, False, False, False):
            met(world, now, now - DAY, late=late)
        for late in (True, False):
            met(world, now, now - 8 * DAY, late=late)
        met(world, now, now - 2 * DAY, late=True, queue=warehouse)
        met(world, now, now - 15 * DAY, late=True)
    everything, own = pace.outlook(world.actors.ops, now), pace.outlook(world.actors.supervisor, now)
    assert (own.week, own.week_before) == (Share(4, 1), Share(2, 1))
    assert (own.week.percent, own.week_before.percent) == (25.0, 50.0)
    assert everything.week == Share(5, 2)
    assert Share().percent is None


def test_nobody_without_the_right_is_told_anything(world: World, now: datetime) -> None:
    with unit_of_work():
        met(world, now, now - DAY, late=True)
    told = pace.outlook(world.actors.agent, now)
    assert (told.forecasts, told.week) == ({}, Share())
    assert set(pace.outlook(world.actors.supervisor, now).forecasts) == {world.queues.customer_service.id}


def test_without_the_job_worker_it_is_measured_once_in_five_minutes(
    world: World, now: datetime, statements: Statements
) -> None:
    def asked(at: datetime) -> tuple[int, datetime]:
        with statements() as seen:
            told = pace.outlook(world.actors.ops, at)
        return len(seen), told.measured_at

    assert asked(now) == (6, now)
    assert asked(now + timedelta(minutes=4)) == (0, now)
    later = now + timedelta(minutes=5)
    assert asked(later) == (6, later)


def test_a_very_busy_shop_is_measured_by_its_latest_tickets(
    world: World, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "MOST_ROWS", 24)
    with unit_of_work():
        for hour in range(1, 101):
            solved(world, now - hour * HOUR)
    told = pace.outlook(world.actors.ops, now).forecasts[world.queues.customer_service.id]
    assert (told.days, told.solved) == (1, 23)
