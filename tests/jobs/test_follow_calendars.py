from __future__ import annotations

from datetime import datetime

import pytest

from helpdesk.jobs.follow_calendars import follow_calendars
from helpdesk.services import calendars
from tests.factories import World
from tests.services.story import clock, opened
from tests.services.test_calendar_hours import LONGER, changed


@pytest.fixture
def left_behind(world: World, now: datetime, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Three tickets whose clocks were too many to move at once."""
    monkeypatch.setattr(calendars, "MOST_AT_ONCE", 0)
    monkeypatch.setattr("helpdesk.jobs.follow_calendars.TICKETS_AT_A_TIME", 1)
    numbers = [opened(world, now, type="price_dispute") for _ in range(3)]
    changed(world, now, LONGER)
    return numbers


def versions(numbers: list[str]) -> list[int]:
    return [clock(number, "solution").calendar_version for number in numbers]


def test_clocks_that_were_left_behind_follow_once(left_behind: list[str], now: datetime) -> None:
    assert follow_calendars(lambda: now) == 6
    assert versions(left_behind) == [2, 2, 2]
    assert follow_calendars(lambda: now) == 0


def test_a_job_worker_that_stops_leaves_the_rest_to_the_next(left_behind: list[str], now: datetime) -> None:
    answers = iter([False, True, True])
    assert follow_calendars(lambda: now, stopping=lambda: next(answers)) == 2
    assert versions(left_behind) == [2, 1, 1]
    assert follow_calendars(lambda: now) == 4
    assert versions(left_behind) == [2, 2, 2]
