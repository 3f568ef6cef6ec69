"""Calendars with what hangs on them, and the years of public holidays."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, case, func, select

from helpdesk.domain.access import Actor, Permission
from helpdesk.domain.calendars import Calendar, with_holidays
from helpdesk.domain.holidays import (
    Comparison,
    Holiday,
    HolidayKind,
    compare,
    holiday_of,
    last_confirmed_day,
    year_to_confirm,
)
from helpdesk.domain.problems import NotFound
from helpdesk.models import CalendarVersion, ClockRow, HolidayYear, Queue, WorkCalendar
from helpdesk.models import Holiday as HolidayRow
from helpdesk.models.calendars import calendar_of, published_holidays
from helpdesk.models.clocks import is_running
from helpdesk.storage import session

NO_CLOCKS = (0, 0)

_CURRENT = (CalendarVersion.calendar_id == WorkCalendar.id) & (CalendarVersion.version == WorkCalendar.version)


@dataclass(frozen=True, slots=True)
class Using:
    """A queue that works by a calendar."""

    id: int
    name_zh: str
    name_en: str


@dataclass(frozen=True, slots=True)
class CalendarRow:
    """A calendar as it is now. ``running`` clocks count by it; ``behind`` of them are yet to follow its last change."""

    id: int
    code: str
    name_zh: str
    name_en: str
    version: int
    calendar: Calendar
    queues: tuple[Using, ...]
    running: int
    behind: int

    @property
    def queue_ids(self) -> frozenset[int]:
        return frozenset(queue.id for queue in self.queues)


@dataclass(frozen=True, slots=True)
class Year:
    """A year of public holidays. ``status``: missing, draft or confirmed; ``version`` 0 where there is no table yet.

    ``days`` is the table people work on, ``published`` what calendars follow.
    """

    year: int
    status: str
    version: int
    days: tuple[Holiday, ...]
    published: tuple[Holiday, ...]

    @property
    def unpublished(self) -> Comparison:
        """What publishing would change of the table that calendars follow."""
        return compare(self.published, self.days)

    @property
    def corrected(self) -> bool:
        """Confirmed, and worked on since."""
        return self.status == "confirmed" and not self.unpublished.is_empty


@dataclass(frozen=True, slots=True)
class Effect:
    """What publishing a year would do: calendars that get a new version, and the clocks that run by them."""

    calendars: tuple[CalendarRow, ...]

    @property
    def clocks(self) -> int:
        return sum(row.running for row in self.calendars)


def calendars(actor: Actor) -> list[CalendarRow]:
    """All of them, in three statements."""
    actor.require(Permission.CALENDARS_READ)
    return _rows()


def calendar(calendar_id: int, actor: Actor) -> CalendarRow:
    """One of them, or ``NotFound``."""
    actor.require(Permission.CALENDARS_READ)
    found = _rows(WorkCalendar.id == calendar_id)
    if not found:
        raise NotFound("calendar.not_found")
    return found[0]


def holiday_years(years: Collection[int]) -> dict[int, Year]:
    """These years, whether there is a table for them or not, in two statements."""
    wanted = tuple(years)
    known = {row.year: row for row in session().scalars(select(HolidayYear).where(HolidayYear.year.in_(wanted)))}
    days: dict[int, list[Holiday]] = {year: [] for year in wanted}
    between = HolidayRow.day.between(date(min(wanted), 1, 1), date(max(wanted), 12, 31))
    for row in session().scalars(select(HolidayRow).where(between).order_by(HolidayRow.day)):
        days.get(row.day.year, []).append(Holiday(row.day, HolidayKind(row.kind), row.name_zh, row.name_en))
    return {year: _year(year, known.get(year), tuple(days[year])) for year in wanted}


def holiday_year(year: int) -> Year:
    """One of them."""
    return holiday_years((year,))[year]


def published() -> list[Holiday]:
    """All that calendars which observe holidays follow."""
    return [day for days in published_holidays().values() for day in days]


def known_years() -> list[int]:
    """Years that have a table, in order."""
    return list(session().scalars(select(HolidayYear.year).order_by(HolidayYear.year)))


def effect_of_publishing(year: Year) -> Effect:
    """Counted, not done: how far publishing the year's table as it stands now would reach."""
    tables = {**published_holidays(), year.year: year.days}
    confirmed = last_confirmed_day(tables)
    table = [day for days in tables.values() for day in days]
    changed = [row for row in _rows() if with_holidays(row.calendar, table, confirmed) != row.calendar]
    return Effect(tuple(changed))


def unconfirmed_year(today: date) -> int | None:
    """The year whose holidays are to be confirmed by now (see ``domain.holidays.year_to_confirm``), None if all is.

    None, too, where no calendar observes holidays: nobody waits for them.
    """
    confirmed = session().scalars(select(HolidayYear.year).where(HolidayYear.status == "confirmed")).all()
    year = year_to_confirm(today, confirmed)
    if year is None:
        return None
    documents = session().scalars(select(CalendarVersion.document).join(WorkCalendar, _CURRENT))
    return year if any(calendar_of(document).observes_holidays for document in documents) else None


def _rows(*conditions: ColumnElement[bool]) -> list[CalendarRow]:
    columns = (WorkCalendar.id, WorkCalendar.code, WorkCalendar.name_zh, WorkCalendar.name_en, WorkCalendar.version)
    found = session().execute(
        select(*columns, CalendarVersion.document)
        .join(CalendarVersion, _CURRENT)
        .where(*conditions)
        .order_by(WorkCalendar.id)
    )
    rows = found.all()
    ids = [row.id for row in rows]
    queues, running = _queues(ids), _clocks(ids)
    return [
        CalendarRow(
            id=row.id,
            code=row.code,
            name_zh=row.name_zh,
            name_en=row.name_en,
            version=row.version,
            calendar=calendar_of(row.document),
            queues=tuple(queues.get(row.id, ())),
            running=running.get(row.id, NO_CLOCKS)[0],
            behind=running.get(row.id, NO_CLOCKS)[1],
        )
        for row in rows
    ]


def _queues(calendar_ids: list[int]) -> dict[int, list[Using]]:
    found: dict[int, list[Using]] = {}
    rows = session().execute(
        select(Queue.calendar_id, Queue.id, Queue.name_zh, Queue.name_en)
        .where(Queue.calendar_id.in_(calendar_ids))
        .order_by(Queue.position, Queue.id)
    )
    for row in rows:
        found.setdefault(row.calendar_id, []).append(Using(row.id, row.name_zh, row.name_en))
    return found


def _clocks(calendar_ids: list[int]) -> dict[int, tuple[int, int]]:
    """(running, behind) by calendar, in one pass over the running clocks."""
    behind = func.sum(case((ClockRow.calendar_version < WorkCalendar.version, 1), else_=0))
    rows = session().execute(
        select(ClockRow.calendar_id, func.count(), behind)
        .join(WorkCalendar, WorkCalendar.id == ClockRow.calendar_id)
        .where(is_running, ClockRow.calendar_id.in_(calendar_ids))
        .group_by(ClockRow.calendar_id)
    )
    return {calendar_id: (running, behind) for calendar_id, running, behind in rows}


def _year(year: int, row: HolidayYear | None, days: tuple[Holiday, ...]) -> Year:
    if row is None:
        return Year(year, "missing", 0, days, ())
    status = "missing" if row.status == "draft" and not days else row.status
    published = tuple(map(holiday_of, row.published)) if row.status == "confirmed" else ()
    return Year(year, status, row.version, days, published)
