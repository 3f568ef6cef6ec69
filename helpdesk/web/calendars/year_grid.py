"""A year as twelve months of days, each with its kind, its mark and its words."""

from __future__ import annotations

import calendar as months
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from flask_babel import format_date

from helpdesk.domain.calendars import Calendar, DayKind, day_kind, hours_on
from helpdesk.domain.holidays import Holiday
from helpdesk.domain.hours import Intervals
from helpdesk.wording import label
from helpdesk.wording.calendars import day_kind_label, day_text, intervals_text
from helpdesk.wording.catalog import gettext as _


@dataclass(frozen=True, slots=True)
class Day:
    """``look`` names the style: regular, closed, holiday, make_up, special, shut. ``text`` says it all in words."""

    day: date
    look: str
    mark: str
    text: str
    today: bool


@dataclass(frozen=True, slots=True)
class Month:
    name: str
    weeks: list[list[Day | None]]


@dataclass(frozen=True, slots=True)
class Figures:
    """Of a year: days with hours, seconds of them, days that are holidays or make-up workdays."""

    open_days: int
    seconds: int
    holidays: int
    make_up: int


def year_grid(calendar: Calendar, year: int, names: Iterable[Holiday], today: date) -> list[Month]:
    """Twelve months; days of neighbouring months are left blank."""
    named = {holiday.day: label(holiday) for holiday in names}
    weeks, signs = months.Calendar(), marks()  # weeks from Monday on
    return [
        Month(
            format_date(date(year, month, 1), "LLLL"),
            [
                [_day(calendar, day, named, today, signs) if day.month == month else None for day in week]
                for week in weeks.monthdatescalendar(year, month)
            ],
        )
        for month in range(1, 13)
    ]


def figures(calendar: Calendar, year: int) -> Figures:
    """What the year comes to."""
    days = [date.fromordinal(n) for n in range(date(year, 1, 1).toordinal(), date(year, 12, 31).toordinal() + 1)]
    hours = [hours_on(calendar, day) for day in days]
    kinds = [day_kind(calendar, day) for day in days]
    return Figures(
        open_days=sum(bool(one) for one in hours),
        seconds=sum(end - begin for one in hours for begin, end in one),
        holidays=kinds.count(DayKind.HOLIDAY),
        make_up=kinds.count(DayKind.MAKE_UP),
    )


def marks() -> dict[str, str]:
    """One letter or so for what is not like any other day."""
    return {"holiday": _("休"), "make_up": _("班"), "special": _("特"), "shut": _("停")}


def _day(calendar: Calendar, day: date, named: Mapping[date, str], today: date, signs: Mapping[str, str]) -> Day:
    kind, hours = day_kind(calendar, day), hours_on(calendar, day)
    look = "shut" if kind is DayKind.SPECIAL and not hours else kind.value
    return Day(day, look, signs.get(look, ""), _words(day, kind, hours, named), day == today)


def _words(day: date, kind: DayKind, hours: Intervals, named: Mapping[date, str]) -> str:
    name = named.get(day, "") if kind in (DayKind.HOLIDAY, DayKind.MAKE_UP) else ""
    said = [day_text(day), name]
    if kind is not DayKind.CLOSED:
        said.append(day_kind_label(kind))
    if kind is not DayKind.HOLIDAY:
        said.append(intervals_text(hours))
    return _("，").join(part for part in said if part)
