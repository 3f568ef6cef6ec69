"""The pace is measured beside the pages, which read it; they do without when the job worker stands still."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from helpdesk.jobs.measure_pace import measure_pace
from helpdesk.models import Queue, QueuePace
from helpdesk.queries import pace
from helpdesk.storage import session, unit_of_work
from tests import tickets
from tests.conftest import Statements
from tests.factories import World
from tests.tickets import HOUR

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def looked_anew() -> Iterator[None]:
    pace.forget()
    yield
    pace.forget()


def work(world: World, now: datetime) -> None:
    """Two weeks of a steady pace, one of them late, and nine tickets that wait."""
    with unit_of_work() as storing:
        for day in range(1, 15):
            for minutes in (50, 70, 90):
                at = now - day * DAY + minutes * MINUTE
                row = tickets.ticket(
                    world, at, due_in=None, status="resolved", created_at=at - HOUR, first_resolved_at=at
                )
                late = (day, minutes) == (3, 70)
                storing.add(tickets.clock(world, row, now, met_at=at, breached=late, elapsed_seconds=60))
        for _ in range(9):
            tickets.ticket(world, now, due_in=3 * HOUR)


def test_a_page_reads_what_was_measured_in_one_statement(world: World, now: datetime, statements: Statements) -> None:
    work(world, now)
    measured = pace.outlook(world.actors.ops, now)
    pace.forget()
    assert measure_pace(now) == 1
    with statements() as seen:
        assert pace.outlook(world.actors.ops, now + MINUTE) == measured
    assert len(seen) == 1
    own = measured.forecasts[world.queues.customer_service.id]
    assert (own.enough, own.solved, own.open, own.at) == (True, 42, 9, now + 3 * HOUR)
    assert (measured.week.late, measured.week_before.late) == (1, 0)


def test_measuring_again_replaces_what_was_measured_before(world: World, now: datetime) -> None:
    work(world, now)
    assert (measure_pace(now), measure_pace(now + 5 * MINUTE)) == (1, 1)
    with unit_of_work() as storing:
        storing.get_one(Queue, world.queues.warehouse.id).active = False
    measure_pace(now + 10 * MINUTE)
    rows = session().scalars(select(QueuePace)).all()
    assert {row.measured_at for row in rows} == {now + 10 * MINUTE}
    assert world.queues.warehouse.id not in {row.queue_id for row in rows}


def test_what_the_job_worker_measured_too_long_ago_is_measured_by_the_page(world: World, now: datetime) -> None:
    measure_pace(now)
    work(world, now)
    queue = world.queues.customer_service.id
    before = pace.outlook(world.actors.ops, now + pace.USABLE - MINUTE)
    assert (before.measured_at, before.forecasts[queue].open) == (now, 0)
    later = now + pace.USABLE
    after = pace.outlook(world.actors.ops, later)
    assert (after.measured_at, after.forecasts[queue].open) == (later, 9)


def test_what_was_measured_by_a_clock_that_was_ahead_is_not_believed(world: World, now: datetime) -> None:
    measure_pace(now + HOUR)
    assert pace.outlook(world.actors.ops, now).measured_at == now
