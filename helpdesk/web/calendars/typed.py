"""The hours form as it was typed: periods into hours, what is wrong beside its field, and how a week will look."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from flask import request

from helpdesk.domain.calendars import Calendar, DayKind, day_kind, hours_on
from helpdesk.domain.holidays import FIRST_YEAR, LAST_YEAR
from helpdesk.domain.hours import (
    WEEKDAYS,
    Intervals,
    Period,
    day_of,
    parse_date,
    periods_of,
    read_periods,
    show_periods,
    week_of,
)
from helpdesk.domain.problems import Invalid, Problem
from helpdesk.queries.calendars import CalendarRow
from helpdesk.services.calendars import MOST_SPECIAL_DAYS, CalendarSettings
from helpdesk.web.calendars.forms import LONGEST_HOURS, HoursForm
from helpdesk.wording import problem_text
from helpdesk.wording.calendars import WEEKDAYS as WEEKDAY_NAMES
from helpdesk.wording.catalog import gettext as _

COPIES: Mapping[str, tuple[str, ...]] = {"workdays": WEEKDAYS[:5], "weekend": WEEKDAYS[5:], "all": WEEKDAYS}
BLANK_ROWS = 3


@dataclass(frozen=True, slots=True)
class SpecialRow:
    """A special day as typed. ``error`` is worded."""

    day: str = ""
    hours: str = ""
    error: str = ""


@dataclass(slots=True)
class Typed:
    """What the form says. ``settings`` is None where something is wrong; ``rewritten`` are (weekday, as it will stand)
    of days whose periods overlap or touch."""

    settings: CalendarSettings | None
    special_rows: list[SpecialRow]
    rewritten: list[tuple[str, str]] = field(default_factory=list)


def fill(form: HoursForm, row: CalendarRow) -> None:
    """Show the calendar as it is, as a person would write it."""
    form.name_zh.data, form.name_en.data = row.name_zh, row.name_en
    for day, periods in periods_of(row.calendar.hours).items():
        form.weekday(WEEKDAYS[day]).data = show_periods(periods)
    form.observes_holidays.data = row.calendar.observes_holidays
    form.make_up.data = show_periods(row.calendar.make_up_hours or ())


def copy_hours(form: HoursForm) -> None:
    """Write one weekday's hours on others."""
    if form.copy_from.data not in WEEKDAYS:
        return
    for name in COPIES.get(form.copy_to.data, ()):
        form.weekday(name).data = form.weekday(form.copy_from.data).data


def stored_rows(row: CalendarRow, today: date) -> list[SpecialRow]:
    """The special days from this year on; earlier ones are history, kept and not shown."""
    return [
        SpecialRow(day.isoformat(), show_periods(row.calendar.overrides[day]))
        for day in sorted(row.calendar.overrides)
        if day.year >= today.year
    ]


def read(form: HoursForm, row: CalendarRow, today: date) -> Typed:
    """Everything at once, so that a person sees all that is wrong."""
    week: dict[int, tuple[Period, ...]] = {}
    good = True
    for day, name in enumerate(WEEKDAYS):
        periods = _periods(form, name)
        good = good and periods is not None
        week[day] = periods or ()
    make_up = _make_up(form)
    rows, special = _special_days()
    good = good and make_up is not None and not any(one.error for one in rows)
    hours = week_of(week)
    rewritten = [
        (_(WEEKDAY_NAMES[day]), show_periods(written) or _("不上班"))
        for day, written in periods_of(hours).items()
        if sorted(written) != sorted(week[day])
    ]
    past = {day: hours for day, hours in row.calendar.overrides.items() if day.year < today.year}
    settings = CalendarSettings(
        form.name_zh.data, form.name_en.data, hours, {**past, **special}, form.observes_holidays.data, make_up or None
    )
    return Typed(settings if good else None, rows, rewritten)


@dataclass(frozen=True, slots=True)
class PreviewDay:
    day: date
    hours: Intervals
    kind: DayKind


def next_week(calendar: Calendar, today: date) -> list[PreviewDay]:
    """Monday to Sunday of the week that comes."""
    monday = today + timedelta(days=7 - today.weekday())
    days = [monday + timedelta(days=n) for n in range(7)]
    return [PreviewDay(day, hours_on(calendar, day), day_kind(calendar, day)) for day in days]


def total(days: list[PreviewDay]) -> int:
    """Seconds."""
    return sum(end - begin for one in days for begin, end in one.hours)


def _periods(form: HoursForm, name: str) -> tuple[Period, ...] | None:
    entry = form.weekday(name)
    if len(entry.data) > LONGEST_HOURS:
        return None  # said by the form
    try:
        return read_periods(entry.data)
    except Invalid as problem:
        entry.errors = [*entry.errors, problem_text(problem)]
        return None


def _make_up(form: HoursForm) -> Intervals | None:
    if len(form.make_up.data) > LONGEST_HOURS:
        return None
    try:
        return day_of(read_periods(form.make_up.data))
    except Invalid as problem:
        form.make_up.errors = [*form.make_up.errors, problem_text(problem)]
        return None


def _special_days() -> tuple[list[SpecialRow], dict[date, Intervals]]:
    found: dict[date, Intervals] = {}
    rows: list[SpecialRow] = []
    sent = zip(request.form.getlist("special_date"), request.form.getlist("special_hours"), strict=False)
    for day_text, hours_text in list(sent)[: MOST_SPECIAL_DAYS + BLANK_ROWS]:
        row = SpecialRow(day_text.strip()[:40], hours_text.strip()[: LONGEST_HOURS + 1])
        if not row.day:
            if row.hours:
                rows.append(replace(row, error=_("请填写日期，或把时段也清空。")))
            continue
        try:
            day, hours = _special_day(row)
            if day in found:
                raise Invalid("calendar.day_twice", date=row.day)
            found[day] = hours
        except Problem as problem:
            row = replace(row, error=problem_text(problem))
        rows.append(row)
    return rows, found


def _special_day(row: SpecialRow) -> tuple[date, Intervals]:
    day = parse_date(row.day)
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise Invalid("calendar.bad_date", value=row.day)
    if len(row.hours) > LONGEST_HOURS:
        raise Invalid("input.too_long", limit=LONGEST_HOURS)
    return day, day_of(read_periods(row.hours))
