"""Calendars and years of holidays as they are read."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import select

from helpdesk.models import CalendarVersion, ClockRow, Holiday, HolidayYear, WorkCalendar
from helpdesk.queries import calendars
from helpdesk.storage import session, unit_of_work
from tests import tickets
from tests.factories import World

NEW_YEAR = ["2027-01-01", "off", "元旦", "New Year's Day"]


def year(number: int, status: str, days: list[list[str]], published: list[list[str]] | None = None) -> None:
    with unit_of_work() as work:
        work.add(HolidayYear(year=number, status=status, published=published or []))
        for day, kind, zh, en in days:
            work.add(Holiday(day=date.fromisoformat(day), kind=kind, name_zh=zh, name_en=en))


def observe(world: World) -> None:
    with unit_of_work() as work:
        found = select(CalendarVersion).where(CalendarVersion.calendar_id == world.calendars.office.id)
        row = work.execute(found).scalar_one()
        row.document = {**row.document, "observes_holidays": True, "confirmed_through": "2026-12-31"}


def test_a_calendar_comes_with_its_queues_and_clocks(world: World, now: datetime) -> None:
    with unit_of_work() as work:
        tickets.ticket(world, now)
        tickets.ticket(world, now, paused=True)
        tickets.ticket(world, now, due_in=None)
        done = tickets.ticket(world, now)
        work.execute(select(ClockRow).where(ClockRow.ticket_id == done.id)).scalar_one().cancelled_at = now
        work.get_one(WorkCalendar, world.calendars.always.id).version = 2
        document = {"timezone": "Asia/Shanghai", "hours": {"mon": [["09:00", "18:00"]]}}
        work.add(CalendarVersion(calendar_id=world.calendars.always.id, version=2, document=document, created_at=now))
    office, always = calendars.calendars(world.actors.auditor)
    assert [queue.name_zh for queue in office.queues] == ["财务", "仓库"]
    assert (office.running, office.behind) == (0, 0)
    assert [queue.name_zh for queue in always.queues] == ["客服"]
    assert (always.version, list(always.calendar.hours)) == (2, [0])
    assert (always.running, always.behind) == (2, 2)


def test_a_year_says_how_far_it_is(world: World) -> None:
    assert calendars.holiday_year(2027).status == "missing"
    year(2026, "draft", [])
    assert calendars.holiday_year(2026).status == "missing"
    year(2027, "draft", [NEW_YEAR])
    year(2028, "confirmed", [["2028-01-01", "off", "", ""]], [["2028-01-01", "off", "元旦", ""]])
    draft, confirmed = calendars.holiday_years((2027, 2028)).values()
    assert (draft.status, draft.version, draft.corrected, len(draft.unpublished.added)) == ("draft", 1, False, 1)
    assert (confirmed.status, confirmed.corrected, len(confirmed.unpublished.changed)) == ("confirmed", True, 1)
    assert calendars.known_years() == [2026, 2027, 2028]
    assert [day.name_zh for day in calendars.published()] == ["元旦"]


def test_the_effect_of_publishing_is_counted_and_nothing_happens(world: World, now: datetime) -> None:
    observe(world)
    year(2026, "confirmed", [])
    year(2027, "draft", [NEW_YEAR])
    with unit_of_work() as work:
        row = tickets.ticket(world, now, due_in=None)
        work.add(tickets.clock(world, row, now, calendar_id=world.calendars.office.id))
    effect = calendars.effect_of_publishing(calendars.holiday_year(2027))
    assert [row.code for row in effect.calendars] == ["office"]
    assert effect.clocks == 1
    assert session().get_one(WorkCalendar, world.calendars.office.id).version == 1


def test_publishing_what_calendars_follow_already_has_no_effect(world: World) -> None:
    observe(world)
    year(2026, "confirmed", [])
    assert calendars.effect_of_publishing(calendars.holiday_year(2026)).calendars == ()


def test_a_draft_is_as_good_as_nothing_when_a_year_should_be_confirmed(world: World) -> None:
    observe(world)
    year(2026, "confirmed", [])
    year(2027, "draft", [NEW_YEAR])
    assert calendars.unconfirmed_year(date(2026, 11, 30)) is None
    assert calendars.unconfirmed_year(date(2026, 12, 1)) == 2027


def test_where_no_calendar_observes_holidays_nobody_waits_for_them(world: World) -> None:
    assert calendars.unconfirmed_year(date(2026, 12, 1)) is None
