"""Hours as values and as documents.

Hours of one local day are lists of half-open intervals, in seconds since midnight (0..86400).
They are unions: they are kept sorted, disjoint and without touching neighbours, so an overlap
never counts twice and equal hours are equal values.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sized
from datetime import date
from typing import Any

from helpdesk.domain.problems import Invalid

Interval = tuple[int, int]
Intervals = tuple[Interval, ...]

Period = tuple[int, int]
"""A stretch as people write it, in seconds since midnight: one that ends before it begins runs overnight."""

DAY_SECONDS = 86_400
MAX_INTERVALS = 96
"""Intervals that one day may have: a quarter of an hour each."""

MAX_DATES = 4_000
"""Dates that a calendar may list as holidays, as overrides or as breaks."""

MAX_PERIODS = 24
"""Periods that a person may write for one day."""

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
"""Names in documents; the position is the weekday's number in values."""

_CLOCK = re.compile(r"([0-9]{1,2}):([0-5][0-9])(?::([0-5][0-9]))?")
_WRITTEN_TIME = r"[0-9]{1,2}(?::[0-9]{2}){0,2}"
_WRITTEN_PERIOD = re.compile(rf"({_WRITTEN_TIME})-({_WRITTEN_TIME})")
_AS_WRITTEN = str.maketrans({"：": ":", "–": "-", "—": "-", "~": "-", "～": "-", "至": "-", "到": "-"})
_BETWEEN_PERIODS = re.compile(r"[\s,;，；、]+")
_AROUND_DASH = re.compile(r"\s*-\s*")
CLOSED_WORDS = frozenset({"", "休", "休息", "closed", "off", "-"})
"""What people write for a day without hours."""


def union(intervals: Iterable[Interval]) -> Intervals:
    """The same seconds as sorted, disjoint intervals. ``Invalid`` if one lies outside the day or runs backwards."""
    merged: list[Interval] = []
    for begin, end in sorted(intervals):
        if not 0 <= begin <= end <= DAY_SECONDS:
            raise Invalid("calendar.bad_interval", begin=begin, end=end)
        if begin == end:
            continue
        if merged and begin <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((begin, end))
    return tuple(merged)


def subtract(hours: Intervals, breaks: Intervals) -> Intervals:
    """What is left of ``hours`` outside ``breaks``; both are unions."""
    left: list[Interval] = []
    for begin, end in hours:
        for off, on in breaks:
            if begin < off < end:
                left.append((begin, off))
            if off < end and on > begin:
                begin = min(on, end)
        if begin < end:
            left.append((begin, end))
    return tuple(left)


def parse_intervals(value: Any) -> Intervals:
    """``[["09:00", "12:00"], ["13:30", "24:00"]]`` as a union of intervals; ``Invalid`` says what is wrong.

    Seconds may be given (``"23:59:59"``). An overnight shift is two intervals: one that runs
    backwards is refused rather than guessed at.
    """
    if not isinstance(value, list | tuple):
        raise Invalid("calendar.bad_hours", value=_shown(value))
    if len(value) > MAX_INTERVALS:
        raise Invalid("calendar.too_many_intervals", limit=MAX_INTERVALS)
    return union(_interval(pair) for pair in value)


def show_intervals(hours: Intervals) -> list[list[str]]:
    """The form that ``parse_intervals`` reads."""
    return [[show_time(begin), show_time(end)] for begin, end in hours]


def show_time(seconds: int) -> str:
    """``09:00``, with the seconds only where there are any; the end of the day is ``24:00``."""
    minutes, second = divmod(seconds, 60)
    text = f"{minutes // 60:02}:{minutes % 60:02}"
    return f"{text}:{second:02}" if second else text


def parse_week(value: Any) -> dict[int, Intervals]:
    """``{"mon": [["09:00", "18:00"]], ...}`` by weekday number; a day that is missing is closed."""
    week = _mapping(value)
    if not set(week) <= set(WEEKDAYS):
        raise Invalid("calendar.bad_weekday", value=_shown(", ".join(map(str, week))))
    return {WEEKDAYS.index(name): parse_intervals(hours) for name, hours in week.items()}


def parse_dated(value: Any) -> dict[date, Intervals]:
    """``{"2026-01-04": [["09:00", "18:00"]], ...}`` by date."""
    table = _mapping(value)
    _check_count(table)
    return {parse_date(day): parse_intervals(hours) for day, hours in table.items()}


def parse_dates(value: Any) -> frozenset[date]:
    """``["2026-01-01", ...]`` as a set of dates."""
    if not isinstance(value, list | tuple | None):
        raise Invalid("calendar.malformed")
    days = value or ()
    _check_count(days)
    return frozenset(parse_date(day) for day in days)


def parse_date(value: Any) -> date:
    """``2026-01-04`` as a date; ``Invalid`` for anything else."""
    try:
        day = date.fromisoformat(value)
    except (TypeError, ValueError):
        raise Invalid("calendar.bad_date", value=_shown(value)) from None
    if day.isoformat() != value:  # other ISO forms: 20260104, 2026-W01-7
        raise Invalid("calendar.bad_date", value=_shown(value))
    return day


def show_week(hours: Mapping[int, Intervals]) -> dict[str, list[list[str]]]:
    """The form that ``parse_week`` reads, from Monday on."""
    return {WEEKDAYS[day]: show_intervals(hours[day]) for day in sorted(hours)}


def show_dated(hours: Mapping[date, Intervals]) -> dict[str, list[list[str]]]:
    """The form that ``parse_dated`` reads, in order of date."""
    return {day.isoformat(): show_intervals(hours[day]) for day in sorted(hours)}


def show_dates(days: Iterable[date]) -> list[str]:
    """The form that ``parse_dates`` reads, in order."""
    return [day.isoformat() for day in sorted(days)]


def read_periods(text: str) -> tuple[Period, ...]:
    """``9:00-12:00 13:30-18:30`` as a person types it, in his order; ``22:00-06:00`` runs overnight.

    Hours may stand alone (``9-18``); Chinese colons, dashes and commas are as good. Nothing, or 休, is a closed day.
    ``Invalid`` names the piece that can't be read, and a period without length.
    """
    written = _AROUND_DASH.sub("-", text.translate(_AS_WRITTEN).strip())
    if written.casefold() in CLOSED_WORDS:
        return ()
    pieces = [piece for piece in _BETWEEN_PERIODS.split(written) if piece]
    if len(pieces) > MAX_PERIODS:
        raise Invalid("calendar.too_many_intervals", limit=MAX_PERIODS)
    return tuple(_period(piece) for piece in pieces)


def show_periods(periods: Iterable[Period]) -> str:
    """``09:00-12:00 13:30-18:30``: what ``read_periods`` reads."""
    return " ".join(f"{show_time(begin)}-{show_time(end)}" for begin, end in periods)


def day_of(periods: Iterable[Period]) -> Intervals:
    """The hours of a single date. ``Invalid`` for an overnight period: another date has other hours after midnight."""
    periods = tuple(periods)
    for begin, end in periods:
        if begin > end:
            raise Invalid("calendar.overnight_on_date", begin=show_time(begin), end=show_time(end))
    return union(periods)


def week_of(days: Mapping[int, Iterable[Period]]) -> dict[int, Intervals]:
    """The hours of a week by weekday, Monday being 0; a period that runs overnight goes on on the next day."""
    pieces: dict[int, list[Interval]] = {day: [] for day in range(7)}
    for day, periods in days.items():
        for begin, end in periods:
            if begin <= end:
                pieces[day].append((begin, end))
            else:
                pieces[day].append((begin, DAY_SECONDS))
                pieces[(day + 1) % 7].append((0, end))
    return {day: hours for day in range(7) if (hours := union(pieces[day]))}


def periods_of(week: Mapping[int, Intervals]) -> dict[int, tuple[Period, ...]]:
    """The week as a person would write it: ``week_of`` backwards. What goes on after midnight is one period."""
    days: dict[int, tuple[Period, ...]] = {}
    for day in range(7):
        periods = list(week.get(day, ()))
        if periods and _comes_from(week, (day - 1) % 7):
            del periods[0]
        if _comes_from(week, day):
            periods[-1] = (periods[-1][0], week[(day + 1) % 7][0][1])
        days[day] = tuple(periods)
    return days


def _comes_from(week: Mapping[int, Intervals], day: int) -> bool:
    """Whether this day's last period and the next day's first are one shift, which ends earlier than it began."""
    evening, morning = week.get(day, ())[-1:], week.get((day + 1) % 7, ())[:1]
    if not evening or not morning:
        return False
    return evening[0][1] == DAY_SECONDS and morning[0][0] == 0 and 0 < morning[0][1] < evening[0][0]


def _period(piece: str) -> Period:
    match = _WRITTEN_PERIOD.fullmatch(piece)
    if match is None:
        raise Invalid("calendar.bad_hours", value=_shown(piece))
    begin, end = (_seconds(text if ":" in text else f"{text}:00") for text in match.groups())
    if begin in (end, DAY_SECONDS):
        raise Invalid("calendar.no_length", value=_shown(piece))
    return begin, end or DAY_SECONDS  # until midnight


def _mapping(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping | None):
        raise Invalid("calendar.malformed")
    return value or {}


def _check_count(dates: Sized) -> None:
    if len(dates) > MAX_DATES:
        raise Invalid("calendar.too_many_dates", limit=MAX_DATES)


def _interval(pair: Any) -> Interval:
    if not isinstance(pair, list | tuple) or len(pair) != 2:
        raise Invalid("calendar.bad_hours", value=_shown(pair))
    begin, end = _seconds(pair[0]), _seconds(pair[1])
    if begin > end:
        raise Invalid("calendar.interval_reversed", begin=pair[0], end=pair[1])
    return begin, end


def _seconds(text: Any) -> int:
    match = _CLOCK.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise Invalid("calendar.bad_time", value=_shown(text))
    hour, minute, second = (int(part or 0) for part in match.groups())
    seconds = hour * 3600 + minute * 60 + second
    if seconds > DAY_SECONDS:
        raise Invalid("calendar.bad_time", value=_shown(text))
    return seconds


def _shown(value: Any) -> str:
    return str(value)[:40]
