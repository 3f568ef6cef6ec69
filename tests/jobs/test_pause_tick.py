"""Steps on waits as a job: twice in a row, after downtime, in more than one batch, after a crash."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from helpdesk.domain.tickets import Status
from helpdesk.jobs.pause_tick import pause_tick
from helpdesk.jobs.schedule import JOBS
from helpdesk.models import Event, Message, Ticket
from helpdesk.services import events as events_service
from helpdesk.services import pause_steps
from helpdesk.storage import session
from tests.factories import World
from tests.services.story import do, opened, replied

HOUR, DAY, SECOND = timedelta(hours=1), timedelta(days=1), timedelta(seconds=1)


@pytest.fixture
def awaited(world: World, now: datetime) -> int:
    """Seven tickets that wait for their customers since ``now``."""
    for _ in range(7):
        number = opened(world, now, "logistics_stuck")
        replied(number, actor=world.actors.agent, now=now, status_after=Status.PENDING_CUSTOMER)
    return 7


def steps() -> int:
    return session().execute(select(func.count()).select_from(Event).where(Event.code == "pause.step")).scalar_one()


def reminders() -> int:
    return session().execute(select(func.count()).select_from(Message).where(Message.automatic)).scalar_one()


def statuses() -> set[str]:
    return set(session().scalars(select(Ticket.status)))


def test_run_twice_in_a_row_it_takes_each_step_once(awaited: int, now: datetime) -> None:
    later = now + DAY + SECOND
    assert pause_tick(later) == awaited
    assert pause_tick(later) == 0
    assert (steps(), reminders()) == (awaited, awaited)


def test_26_hours_late_everybody_is_reminded_once_over_many_batches(
    awaited: int, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pause_steps.sweep, "__defaults__", (2,))
    later = now + DAY + 26 * HOUR
    assert pause_tick(later) == awaited
    assert pause_tick(later) == 0
    assert reminders() == awaited


def test_however_long_it_was_down_each_ticket_goes_through_all_its_steps(awaited: int, now: datetime) -> None:
    back = now + 10 * DAY
    for days in range(3):
        assert pause_tick(back + days * (DAY + SECOND)) == awaited
    assert pause_tick(back + 30 * DAY) == 0
    assert (steps(), reminders()) == (3 * awaited, 3 * awaited)
    assert statuses() == {"resolved"}


def test_a_machine_whose_time_jumped_back_takes_nothing_twice(awaited: int, now: datetime) -> None:
    assert pause_tick(now + DAY + SECOND) == awaited
    assert pause_tick(now + HOUR) == 0
    assert pause_tick(now + DAY + 2 * SECOND) == 0


class WentDown(BaseException):
    """The machine did: no program catches that."""


def test_a_crash_in_the_middle_of_a_batch_loses_and_doubles_nothing(
    awaited: int, world: World, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = now + DAY + SECOND
    assert do(pause_steps.sweep, world.actors.system, later, 2) == 2
    record = events_service.record
    seen = 0

    def crash_at_the_third(*args: Any, **kwargs: Any) -> Event:
        nonlocal seen
        seen += 1
        if seen == 3:
            raise WentDown
        return record(*args, **kwargs)

    monkeypatch.setattr(events_service, "record", crash_at_the_third)
    with pytest.raises(WentDown):
        pause_tick(later)
    assert (steps(), reminders()) == (2, 2)
    monkeypatch.setattr(events_service, "record", record)
    assert pause_tick(later) == awaited - 2
    assert (steps(), reminders()) == (awaited, awaited)


def test_the_job_worker_does_it_every_half_minute() -> None:
    assert {job.name: job.every_seconds for job in JOBS}["pause_tick"] == 30
