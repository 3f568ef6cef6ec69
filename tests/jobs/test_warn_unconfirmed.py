from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from helpdesk.jobs.warn_unconfirmed import warn_unconfirmed
from helpdesk.models import CalendarVersion, HolidayYear, Outbox
from helpdesk.storage import session, unit_of_work
from tests.factories import World

DECEMBER = datetime(2026, 11, 30, 16, 0, tzinfo=UTC)  # Tuesday, the first of December in Shanghai
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def confirmed(world: World) -> None:
    with unit_of_work() as work:
        work.add(HolidayYear(year=2026, status="confirmed"))
        row = work.scalars(select(CalendarVersion)).first()
        assert row
        row.document = {**row.document, "observes_holidays": True}


def notices() -> list[Outbox]:
    return list(session().scalars(select(Outbox).where(Outbox.kind == "notice").order_by(Outbox.id)))


def test_nobody_is_told_before_december(world: World) -> None:
    assert warn_unconfirmed(DECEMBER - timedelta(seconds=1)) == 0
    assert notices() == []


def test_ops_and_admins_are_told_once_a_week(world: World) -> None:
    told = [warn_unconfirmed(DECEMBER + n * DAY) for n in range(14)]
    assert [n for n, one in enumerate(told) if one] == [0, 6, 13]  # at once, then on Mondays
    assert warn_unconfirmed(DECEMBER + 13 * DAY) == 0
    first, *_ = notices()
    assert first.payload == {
        "code": "calendar.unconfirmed",
        "params": {"year": 2027},
        "notify": ["role:ops", "role:admin"],
    }


def test_a_job_worker_that_was_away_for_weeks_tells_once(world: World) -> None:
    assert warn_unconfirmed(DECEMBER + 25 * DAY) == 1
    assert len(notices()) == 1


def test_a_published_year_ends_it(world: World) -> None:
    with unit_of_work() as work:
        work.add(HolidayYear(year=2027, status="confirmed"))
    assert warn_unconfirmed(DECEMBER) == 0
