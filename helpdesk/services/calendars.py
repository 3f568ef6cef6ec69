"""Holidays as the State Council publishes them, and the calendars that follow.

Rows are imported first and change nothing yet; publishing a year makes them final: calendars that observe
holidays get a new version, and running clocks move to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, date, datetime

from sqlalchemy import ColumnElement, delete, select

from helpdesk.domain.access import Actor, Permission, Scope
from helpdesk.domain.calendars import with_holidays
from helpdesk.domain.holidays import Holiday, HolidayKind, last_confirmed_day, parse_holidays
from helpdesk.domain.problems import Invalid, NotAllowed
from helpdesk.models import CalendarVersion, HolidayYear, WorkCalendar
from helpdesk.models import Holiday as HolidayRow
from helpdesk.models.calendars import load_calendar
from helpdesk.services import clocks
from helpdesk.services.events import record
from helpdesk.storage import insert_once, session


@dataclass(frozen=True, slots=True)
class Published:
    """What publishing a year moved: codes of calendars with a new version, and how many running clocks."""

    calendars: tuple[str, ...]
    clocks: int


def import_holidays(rows: Iterable[Mapping[str, str | None]], *, actor: Actor, now: datetime) -> tuple[int, ...]:
    """Store the holiday table of the years that occur in ``rows`` (date, kind, name_zh, name_en); returns them.

    The rows are the whole table of each of these years: what was there before is replaced. No calendar changes
    until the year is published. ``Invalid`` names the bad row, and nothing is stored.
    """
    _require(actor)
    holidays = parse_holidays(rows)
    years = tuple(sorted({holiday.day.year for holiday in holidays}))
    for year in years:
        insert_once(HolidayYear, year=year, status="draft")
        session().execute(delete(HolidayRow).where(_in_year(year)))
    session().add_all(
        HolidayRow(day=one.day, kind=one.kind.value, name_zh=one.name_zh, name_en=one.name_en) for one in holidays
    )
    session().flush()
    record("holidays.imported", actor=actor, now=now, years=list(years), rows=len(holidays))
    return years


def publish_year(year: int, *, actor: Actor, now: datetime) -> Published:
    """The year's holidays are final: write new versions of the calendars that observe them, and move running clocks.

    Publishing again after a corrected import moves what the correction moves, and nothing if there is none.
    ``Invalid`` if no holiday of that year is known: an empty year is a forgotten import.
    """
    _require(actor)
    known = MINYEAR <= year <= MAXYEAR and session().scalars(select(HolidayRow.day).where(_in_year(year))).first()
    if not known:
        raise Invalid("holiday.year_unknown", year=year)
    insert_once(HolidayYear, year=year, status="draft")
    status = session().get_one(HolidayYear, year, with_for_update=True)
    status.status = "confirmed"
    session().flush()
    table, confirmed_through = _table(), _confirmed_through()
    changed, moved = [], 0
    for calendar in session().scalars(select(WorkCalendar).order_by(WorkCalendar.id).with_for_update()):
        if _renew(calendar, table, confirmed_through, now):
            changed.append(calendar.code)
            moved += clocks.recompute_on_calendar(calendar.id, calendar.version, actor=actor, now=now)
    record("holidays.published", actor=actor, now=now, year=year, calendars=changed, clocks=moved)
    return Published(tuple(changed), moved)


def _require(actor: Actor) -> None:
    """Holidays hold for every queue, so it takes the right over every queue."""
    if actor.scope(Permission.QUEUES_MANAGE) is not Scope.ALL:
        raise NotAllowed("access.denied", permission=Permission.QUEUES_MANAGE.value)


def _renew(calendar: WorkCalendar, table: tuple[Holiday, ...], confirmed_through: date, now: datetime) -> bool:
    """Write the calendar's next version, if the table makes any difference to it."""
    present = load_calendar(calendar.id, calendar.version)
    renewed = with_holidays(present, table, confirmed_through)
    if renewed == present:
        return False
    calendar.version += 1
    session().add(
        CalendarVersion(
            calendar_id=calendar.id, version=calendar.version, document=renewed.to_document(), created_at=now
        )
    )
    session().flush()
    return True


def _table() -> tuple[Holiday, ...]:
    """Final years only: what is merely imported counts nowhere."""
    confirmed = _confirmed_years()
    rows = session().scalars(select(HolidayRow).order_by(HolidayRow.day))
    return tuple(
        Holiday(row.day, HolidayKind(row.kind), row.name_zh, row.name_en) for row in rows if row.day.year in confirmed
    )


def _confirmed_through() -> date:
    return last_confirmed_day(_confirmed_years())


def _confirmed_years() -> set[int]:
    return set(session().scalars(select(HolidayYear.year).where(HolidayYear.status == "confirmed")))


def _in_year(year: int) -> ColumnElement[bool]:
    return HolidayRow.day.between(date(year, 1, 1), date(year, 12, 31))
