"""Working hours and holidays."""

from __future__ import annotations

import json
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    String,
    Text,
    UniqueConstraint,
    bindparam,
    cast,
    select,
)
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.domain.calendars import Calendar
from helpdesk.domain.holidays import Holiday as PublicHoliday
from helpdesk.domain.holidays import holiday_of
from helpdesk.domain.problems import NotFound
from helpdesk.storage import Base, plain_rows, session


class WorkCalendar(Base):
    """A named calendar; ``version`` is the current one."""

    __tablename__ = "work_calendar"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(40), unique=True)
    name_zh: Mapped[str] = mapped_column(String(60))
    name_en: Mapped[str] = mapped_column(String(60))
    version: Mapped[int] = mapped_column(default=1)


class CalendarVersion(Base):
    """One immutable state of a calendar: weekly hours with holidays and make-up days worked in."""

    __tablename__ = "calendar_version"
    __table_args__ = (UniqueConstraint("calendar_id", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    calendar_id: Mapped[int] = mapped_column(ForeignKey("work_calendar.id"))
    version: Mapped[int]
    document: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]


class HolidayYear(Base):
    """Whether a year's holidays are final. The State Council publishes the next year's in November.

    ``published`` is what calendars follow: rows of [date, kind, name_zh, name_en]. The ``holiday`` table is what people
    work on, so that a correction counts nowhere before it is published. ``version`` counts the changes of either.
    """

    __tablename__ = "holiday_year"
    __table_args__ = (CheckConstraint("status IN ('draft', 'confirmed')", name="status"),)

    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    status: Mapped[str] = mapped_column(String(12))
    version: Mapped[int] = mapped_column(default=1)
    published: Mapped[list[Any]] = mapped_column(default=list)


class Holiday(Base):
    """A day off, or a weekend day worked in exchange (调休)."""

    __tablename__ = "holiday"
    __table_args__ = (CheckConstraint("kind IN ('off', 'work')", name="kind"),)

    day: Mapped[date] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(4))
    name_zh: Mapped[str] = mapped_column(String(40))
    name_en: Mapped[str] = mapped_column(String(40))


calendar_document: ColumnElement[str] = cast(CalendarVersion.document, Text)
"""The document as text: a calendar is parsed once, and until then nobody needs to read into it."""


_VERSIONS = select(CalendarVersion.calendar_id, CalendarVersion.version, calendar_document.label("document")).where(
    CalendarVersion.calendar_id.in_(bindparam("ids", expanding=True))
)


def load_calendars(versions: set[tuple[int, int]]) -> dict[tuple[int, int], Calendar]:
    """Calendars by (id, version), in one statement; each document is parsed once."""
    if not versions:
        return {}
    rows = plain_rows(_VERSIONS, {"ids": [calendar_id for calendar_id, _ in versions]})
    found = {
        (row.calendar_id, row.version): calendar_of(row.document)
        for row in rows
        if (row.calendar_id, row.version) in versions
    }
    missing = versions - set(found)
    if missing:
        raise NotFound("calendar.no_such_version", calendars=sorted(missing))
    return found


def load_calendar(calendar_id: int, version: int) -> Calendar:
    """One calendar as the value that clocks count by. Asked once per session: a version never changes."""
    known: dict[tuple[int, int], Calendar] = session().info.setdefault("calendars", {})
    key = calendar_id, version
    if key not in known:
        known |= load_calendars({key})
    return known[key]


def calendar_of(document: dict[str, Any] | str) -> Calendar:
    """The value of a stored document, parsed once: for statements that bring the document along, best as text."""
    return _parsed(document if isinstance(document, str) else json.dumps(document, sort_keys=True))


@lru_cache(maxsize=64)
def _parsed(document: str) -> Calendar:
    return Calendar.parse(json.loads(document))


def published_holidays() -> dict[int, tuple[PublicHoliday, ...]]:
    """The tables that calendars follow, by confirmed year. What people work on, or only imported, is not in them."""
    rows = session().execute(
        select(HolidayYear.year, HolidayYear.published)
        .where(HolidayYear.status == "confirmed")
        .order_by(HolidayYear.year)
    )
    return {year: tuple(map(holiday_of, published)) for year, published in rows}
