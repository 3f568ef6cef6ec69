"""The public holiday table: days off, and weekend days worked in exchange (调休).

It is data, published a year at a time; ``calendars.with_holidays`` applies it to the calendars
that observe holidays.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from helpdesk.domain.hours import MAX_DATES, parse_date
from helpdesk.domain.problems import Invalid

MAX_NAME = 40


class HolidayKind(StrEnum):
    OFF = "off"
    WORK = "work"  # 调休 make-up workday


@dataclass(frozen=True, slots=True)
class Holiday:
    """A row of the table."""

    day: date
    kind: HolidayKind
    name_zh: str = ""
    name_en: str = ""


def parse_holidays(rows: Iterable[Mapping[str, str | None]]) -> tuple[Holiday, ...]:
    """Rows with the columns date, kind (off, work), name_zh and name_en, in order of date.

    ``Invalid`` names the row (the first is 1) that is malformed or repeats a date.
    """
    found: dict[date, Holiday] = {}
    for number, row in enumerate(rows, start=1):
        if number > MAX_DATES:
            raise Invalid("calendar.too_many_dates", limit=MAX_DATES)
        holiday = _holiday(row, number)
        if holiday.day in found:
            raise Invalid("holiday.twice", row=number, date=holiday.day.isoformat())
        found[holiday.day] = holiday
    return tuple(found[day] for day in sorted(found))


def last_confirmed_day(years: Iterable[int]) -> date:
    """The end of the unbroken run of confirmed years; ``date.min`` if there is none, so all is provisional."""
    confirmed = set(years)
    if not confirmed:
        return date.min
    year = min(confirmed)
    while year + 1 in confirmed:
        year += 1
    return date(year, 12, 31)


def year_to_confirm(today: date, years: Iterable[int]) -> int | None:
    """The year whose holidays are missing: this one, and from 1 December the next; None if all is known."""
    confirmed = set(years)
    wanted = (today.year, today.year + 1) if today.month == 12 else (today.year,)
    return next((year for year in wanted if year not in confirmed), None)


def _holiday(row: Mapping[str, str | None], number: int) -> Holiday:
    kind = (row.get("kind") or "").strip()
    names = [(row.get(column) or "").strip() for column in ("name_zh", "name_en")]
    if kind not in list(HolidayKind):
        raise Invalid("holiday.bad_kind", row=number, value=kind[:MAX_NAME])
    if max(map(len, names)) > MAX_NAME:
        raise Invalid("holiday.name_too_long", row=number, limit=MAX_NAME)
    try:
        day = parse_date((row.get("date") or "").strip())
    except Invalid as error:
        raise Invalid("holiday.bad_date", row=number, **error.params) from None
    return Holiday(day, HolidayKind(kind), *names)
