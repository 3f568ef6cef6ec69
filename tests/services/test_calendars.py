"""A year's holidays: imported as a draft, published once they are final, and running clocks follow."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from helpdesk.domain.holidays import Holiday as DayOff
from helpdesk.domain.holidays import HolidayKind
from helpdesk.domain.problems import Invalid, NotAllowed, NotFound, Problem, Stale
from helpdesk.domain.tickets import Status
from helpdesk.models import CalendarVersion, Event, Holiday, HolidayYear, Queue, WorkCalendar
from helpdesk.services import calendars
from helpdesk.services.calendars import Published
from helpdesk.storage import session, unit_of_work
from tests.factories import World, add
from tests.services import story
from tests.services.story import clock, do, events, look, opened, refused, replied, resolved, stages

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TUESDAY_OFF = [{"date": "2026-11-24", "kind": "off", "name_zh": "店庆", "name_en": "Anniversary"}]


@pytest.fixture
def observing(world: World, now: datetime) -> WorkCalendar:
    """Finance works 9-18 on workdays and follows the public holidays; nothing is confirmed yet."""
    hours = {day: [["09:00", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
    document = {
        "timezone": "Asia/Shanghai",
        "hours": hours,
        "observes_holidays": True,
        "make_up_hours": [["09:00", "18:00"]],
        "confirmed_through": "2025-12-31",
    }
    with unit_of_work() as work:
        calendar = WorkCalendar(code="finance", name_zh="财务", name_en="Finance")
        add(calendar)
        add(CalendarVersion(calendar_id=calendar.id, version=1, document=document, created_at=now))
        work.get_one(Queue, world.queues.finance.id).calendar_id = calendar.id
    return calendar


def imported(world: World, now: datetime, rows: list[dict[str, str]]) -> tuple[int, ...]:
    return do(calendars.import_holidays, rows, actor=world.actors.ops, now=now)


def published(world: World, now: datetime, year: int = 2026) -> Published:
    return do(calendars.publish_year, year, actor=world.actors.ops, now=now)


def test_importing_stores_a_draft_and_moves_nothing(world: World, now: datetime, observing: WorkCalendar) -> None:
    number = opened(world, now + 6 * HOUR, type="price_dispute")
    due = clock(number, "solution").due_at
    assert imported(world, now, TUESDAY_OFF) == (2026,)
    assert session().get_one(HolidayYear, 2026).status == "draft"
    row = session().execute(select(Holiday)).scalar_one()
    assert (row.day.isoformat(), row.kind, row.name_zh, row.name_en) == ("2026-11-24", "off", "店庆", "Anniversary")
    assert session().get_one(WorkCalendar, observing.id).version == 1
    assert clock(number, "solution").due_at == due


def test_an_import_is_the_whole_table_of_its_years_and_of_no_other(world: World, now: datetime) -> None:
    imported(world, now, [*TUESDAY_OFF, {"date": "2027-01-01", "kind": "off"}])
    imported(world, now, [{"date": "2026-10-01", "kind": "off"}, {"date": "2026-10-10", "kind": "work"}])
    days = session().scalars(select(Holiday.day).order_by(Holiday.day)).all()
    assert [day.isoformat() for day in days] == ["2026-10-01", "2026-10-10", "2027-01-01"]


def test_a_bad_row_is_named_and_nothing_is_imported(world: World, now: datetime) -> None:
    with refused(Invalid, "holiday.bad_kind"):
        imported(world, now, [*TUESDAY_OFF, {"date": "2026-11-25", "kind": "maybe"}])


def test_publishing_gives_calendars_a_version_and_moves_running_clocks(
    world: World, now: datetime, observing: WorkCalendar
) -> None:
    """16:00 on Monday: four hours end on Tuesday at eleven; with Tuesday off, on Wednesday."""
    started = now + 6 * HOUR
    number = opened(world, started, type="price_dispute")
    waiting = opened(world, started, type="price_dispute")
    story.replied(
        waiting, actor=story.owner_of(world, waiting), now=started + HOUR, status_after=Status.PENDING_CUSTOMER
    )
    solved = opened(world, started, type="price_dispute")
    resolved(solved, actor=world.actors.finance, now=started + HOUR)
    frozen = clock(solved, "solution").due_at
    assert clock(number, "solution").due_at == started + 19 * HOUR
    assert clock(number, "solution").provisional is True
    imported(world, now, TUESDAY_OFF)
    with unit_of_work() as work:
        work.add(HolidayYear(year=2025, status="confirmed"))
    assert published(world, now) == Published(("finance",), 4)
    solution = clock(number, "solution")
    assert (solution.due_at, solution.calendar_version) == (started + 43 * HOUR, 2)
    assert solution.provisional is False
    assert stages(solution)["half"].due_at == started + 2 * HOUR + 39 * HOUR
    assert look(number).burns_at == clock(number, "first_response").late_after
    assert (clock(waiting, "solution").due_at, clock(waiting, "solution").calendar_version) == (None, 2)
    assert (clock(solved, "solution").due_at, clock(solved, "solution").calendar_version) == (frozen, 1)
    assert clock(number, "first_response").calendar_version == 1  # customer service works through holidays
    told = events(number, "clock.recomputed")
    assert [event.params for event in told] == [{"clocks": ["queue", "solution"], "calendar": observing.id}]
    assert [event.params["clocks"] for event in events(waiting, "clock.recomputed")] == [["queue"]]
    assert events(solved, "clock.recomputed") == []


def test_what_burns_first_follows(world: World, now: datetime, observing: WorkCalendar) -> None:
    started = now + 6 * HOUR
    number = opened(world, started, type="price_dispute")
    replied(number, actor=story.owner_of(world, number), now=started)
    imported(world, now, TUESDAY_OFF)
    published(world, now)
    assert look(number).burns_at == clock(number, "solution").late_after == started + 43 * HOUR


def test_publishing_is_told_with_what_it_moved(world: World, now: datetime, observing: WorkCalendar) -> None:
    imported(world, now, TUESDAY_OFF)
    published(world, now)
    told = {event.code: event.params for event in session().scalars(select(Event))}
    assert told["holidays.imported"] == {"years": [2026], "rows": 1}
    assert told["holidays.published"] == {"year": 2026, "calendars": ["finance"], "clocks": 0}


def test_publishing_again_moves_only_what_a_correction_moves(
    world: World, now: datetime, observing: WorkCalendar
) -> None:
    imported(world, now, TUESDAY_OFF)
    published(world, now)
    assert published(world, now) == Published((), 0)
    imported(world, now, [{"date": "2026-11-25", "kind": "off"}])
    assert published(world, now).calendars == ("finance",)
    assert session().get_one(WorkCalendar, observing.id).version == 3


def test_a_draft_year_does_not_slip_in_with_another_one(world: World, now: datetime, observing: WorkCalendar) -> None:
    imported(world, now, [*TUESDAY_OFF, {"date": "2027-01-01", "kind": "off"}])
    published(world, now)
    document = (
        session()
        .execute(
            select(CalendarVersion.document).where(
                CalendarVersion.calendar_id == observing.id, CalendarVersion.version == 2
            )
        )
        .scalar_one()
    )
    assert document["public_holidays"] == ["2026-11-24"]
    assert document["confirmed_through"] == "2026-12-31"


@pytest.mark.parametrize("year", [2027, 0, 10_000])
def test_a_year_without_holidays_is_a_forgotten_import(world: World, now: datetime, year: int) -> None:
    imported(world, now, TUESDAY_OFF)
    with refused(Invalid, "holiday.year_unknown"):
        published(world, now, year)


@pytest.mark.parametrize("name", ["agent", "supervisor", "finance", "auditor"])
def test_only_who_manages_all_queues_publishes(world: World, now: datetime, name: str) -> None:
    actor = getattr(world.actors, name)
    before = story.everything()
    for deed in (
        lambda: calendars.import_holidays(TUESDAY_OFF, actor=actor, now=now),
        lambda: calendars.publish_year(2026, actor=actor, now=now),
    ):
        with pytest.raises(Problem) as refusal:
            do(deed)
        assert isinstance(refusal.value, NotAllowed)
    assert story.everything() == before


# Corrections wait for the next publishing.


def days() -> list[str]:
    return [day.isoformat() for day in session().scalars(select(Holiday.day).order_by(Holiday.day))]


def version_of(year: int) -> int:
    return session().get_one(HolidayYear, year).version


def document(calendar: WorkCalendar) -> dict[str, Any]:
    """Of the calendar's present version."""
    row = session().get_one(WorkCalendar, calendar.id, populate_existing=True)
    found = select(CalendarVersion.document).where(
        CalendarVersion.calendar_id == row.id, CalendarVersion.version == row.version
    )
    return session().execute(found).scalar_one()


def test_a_correction_that_is_not_published_does_not_slip_in_with_another_year(
    world: World, now: datetime, observing: WorkCalendar
) -> None:
    imported(world, now, TUESDAY_OFF)
    published(world, now)
    imported(world, now, [{"date": "2026-11-25", "kind": "off"}])
    imported(world, now, [{"date": "2027-01-01", "kind": "off"}])
    published(world, now, 2027)
    assert document(observing)["public_holidays"] == ["2026-11-24", "2027-01-01"]
    assert document(observing)["confirmed_through"] == "2027-12-31"
    published(world, now, 2026)
    assert document(observing)["public_holidays"] == ["2026-11-25", "2027-01-01"]


def test_single_days_are_added_changed_and_removed(world: World, now: datetime) -> None:
    imported(world, now, TUESDAY_OFF)
    ops = world.actors.ops
    new_year = DayOff(date(2026, 1, 1), HolidayKind.OFF, "元旦", "New Year's Day")
    do(calendars.set_holiday, new_year, 1, actor=ops, now=now)
    do(calendars.set_holiday, replace(new_year, name_zh="新年"), 2, actor=ops, now=now)
    do(calendars.remove_holiday, date(2026, 11, 24), 3, actor=ops, now=now)
    row = session().execute(select(Holiday)).scalar_one()
    assert (row.day, row.name_zh) == (date(2026, 1, 1), "新年")
    assert version_of(2026) == 4
    changes = select(Event).where(Event.code == "holidays.changed").order_by(Event.id)
    told = [event.params for event in session().scalars(changes)]
    assert [(one["date"], one["kind"]) for one in told] == [
        ("2026-01-01", "off"),
        ("2026-01-01", "off"),
        ("2026-11-24", None),
    ]
    assert [one["changes"]["kind"] for one in told] == [[None, "off"], ["off", "off"], ["off", None]]


def test_a_first_day_makes_the_years_table(world: World, now: datetime) -> None:
    day = DayOff(date(2030, 1, 1), HolidayKind.OFF)
    do(calendars.set_holiday, day, 0, actor=world.actors.ops, now=now)
    assert (session().get_one(HolidayYear, 2030).status, version_of(2030)) == ("draft", 1)


def test_changes_made_on_an_older_table_are_stale(world: World, now: datetime) -> None:
    imported(world, now, TUESDAY_OFF)
    imported(world, now, TUESDAY_OFF)
    before, ops = story.everything(), world.actors.ops
    new_year = DayOff(date(2026, 1, 1), HolidayKind.OFF)
    for deed in (
        lambda: calendars.set_holiday(new_year, 1, actor=ops, now=now),
        lambda: calendars.remove_holiday(date(2026, 11, 24), 1, actor=ops, now=now),
        lambda: calendars.publish_year(2026, version=1, actor=ops, now=now),
        lambda: calendars.import_holidays(TUESDAY_OFF, versions={2026: 1}, actor=ops, now=now),
        lambda: calendars.import_holidays(TUESDAY_OFF, versions={}, actor=ops, now=now),
    ):
        with refused(Stale, "holiday.stale"):
            do(deed)
    assert story.everything() == before


def test_a_day_that_is_not_in_the_table_can_not_be_removed(world: World, now: datetime) -> None:
    imported(world, now, TUESDAY_OFF)
    with refused(NotFound, "holiday.no_such_day"):
        do(calendars.remove_holiday, date(2026, 11, 25), 1, actor=world.actors.ops, now=now)


def test_an_import_may_leave_the_other_days_of_its_years_alone(world: World, now: datetime) -> None:
    imported(world, now, [*TUESDAY_OFF, {"date": "2026-11-25", "kind": "work"}])
    rows = [{"date": "2026-11-25", "kind": "off"}, {"date": "2026-12-31", "kind": "off"}]
    do(calendars.import_holidays, rows, keep_others=True, versions={2026: 1}, actor=world.actors.ops, now=now)
    assert days() == ["2026-11-24", "2026-11-25", "2026-12-31"]
    assert session().get_one(Holiday, date(2026, 11, 25)).kind == "off"
