"""Files of public holidays: CSV in the form of the shipped table, and the ICS feeds that calendars subscribe to.

A file is small and comes from anywhere. Nothing in it is evaluated: of an ICS file only the plain events are looked
at, rules of recurrence are refused rather than unrolled, and time zones it defines are left alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import PurePath
from typing import cast

from icalendar import Event

from helpdesk.adapters.tabular import CSV_SUFFIXES, decode, read_table
from helpdesk.domain.holidays import HolidayKind, kind_said, names_of
from helpdesk.domain.problems import Invalid, Problem, TooLarge

MAX_BYTES = 256 * 1024
MAX_ROWS = 2_000
MAX_EVENT_LINES = 200
MAX_DAYS = 31
"""Of one event: the longest holidays have nine."""

ICS_SUFFIXES = (".ics", ".ical")
COLUMNS: Mapping[str, str] = {
    "日期": "date",
    "类型": "kind",
    "名称": "name_zh",
    "中文名": "name_zh",
    "英文名": "name_en",
}
FIELDS = ("date", "kind", "name_zh", "name_en")
KINDS: Mapping[str, str] = {"休": "off", "放假": "off", "班": "work", "上班": "work", "调休": "work"}
SPECIAL: Mapping[str, HolidayKind] = {"WORK-HOLIDAY": HolidayKind.OFF, "ALTERNATE-WORKDAY": HolidayKind.WORK}
"""Values of X-APPLE-SPECIAL-DAY, which says it without words."""

DAY = timedelta(days=1)
_FOLD = re.compile(r"\r?\n[ \t]")

Row = tuple[int, dict[str, str | None]]
"""A row as ``domain.holidays.sift_holidays`` reads it, with its place in the file."""


@dataclass(frozen=True, slots=True)
class HolidayFile:
    """What a file says. ``ignored`` entries name a festival, but neither a day off nor a workday."""

    rows: tuple[Row, ...]
    problems: tuple[Problem, ...] = ()
    ignored: int = 0


def read_holiday_file(name: str, content: bytes) -> HolidayFile:
    """The rows of a CSV or ICS file; its format follows from the name. ``Problem`` if it can't be read as a whole."""
    if len(content) > MAX_BYTES:
        raise TooLarge("holiday.file_too_large", most_kb=MAX_BYTES // 1024)
    if not content.strip():
        raise Invalid("import.empty_file")
    suffix = PurePath(name).suffix.casefold()
    if suffix in ICS_SUFFIXES:
        return _from_events(decode(content))
    if suffix in CSV_SUFFIXES:
        return _from_table(name, content)
    raise Invalid("holiday.unknown_format")


def _from_table(name: str, content: bytes) -> HolidayFile:
    table = read_table(name, content)
    columns = {header: COLUMNS.get(header, header.casefold()) for header in table.headers or ()}
    for needed in ("date", "kind"):
        if needed not in columns.values():
            raise Invalid("import.column_missing", field=needed)
    rows: list[Row] = []
    problems: list[Problem] = []
    for row in table.rows:
        _check_count(len(rows) + len(problems))
        if row.problem is not None:
            problems.append(Invalid("holiday.bad_row", row=row.number))
            continue
        cells: dict[str, str | None] = {columns[header]: str(cell).strip() for header, cell in row.cells.items()}
        kind = (cells.get("kind") or "").casefold()
        rows.append((row.number, {**cells, "kind": KINDS.get(kind, kind)}))
    return HolidayFile(tuple(rows), tuple(problems))


def _from_events(text: str) -> HolidayFile:
    found: dict[tuple[date, HolidayKind], Row] = {}
    problems: list[Problem] = []
    ignored = 0
    for number, lines in enumerate(_events(text), start=1):
        _check_count(number - 1)
        try:
            days = list(_days(number, lines))
        except Problem as problem:
            problems.append(problem)
            continue
        ignored += not days
        for day, kind, names in days:  # two feeds in one file say the same day twice
            cells: dict[str, str | None] = dict(zip(FIELDS, (day.isoformat(), kind.value, *names), strict=True))
            found.setdefault((day, kind), (number, cells))
    return HolidayFile(tuple(found.values()), tuple(problems), ignored)


def _events(text: str) -> Iterator[list[str]]:
    """The lines of each event, unfolded, without what is nested in it (alarms)."""
    lines: list[str] | None = None
    depth = 0
    for line in _FOLD.sub("", text).splitlines():
        mark = line.strip().upper()
        if mark == "BEGIN:VEVENT":
            lines, depth = [], 0
        elif mark == "END:VEVENT" and lines is not None:
            yield lines
            lines = None
        elif mark.startswith("BEGIN:"):
            depth += 1
        elif mark.startswith("END:"):
            depth -= 1
        elif lines is not None and depth == 0 and len(lines) < MAX_EVENT_LINES:
            lines.append(line)


def _days(number: int, lines: list[str]) -> Iterator[tuple[date, HolidayKind, tuple[str, str]]]:
    """The days of one event with what they are; none for an event that says neither."""
    event = _parsed(number, lines)
    summary = str(event.get("SUMMARY", ""))
    try:
        kind = SPECIAL.get(str(event.get("X-APPLE-SPECIAL-DAY", "")).upper()) or kind_said(summary)
    except Invalid as problem:
        raise Invalid(problem.code, row=number, **problem.params) from None
    if kind is None:
        return
    if any(name in event for name in ("RRULE", "RDATE")):
        raise Invalid("holiday.recurring", row=number)
    first, after = _span(number, event)
    count = max((after - first).days, 1)
    if count > MAX_DAYS:
        raise Invalid("holiday.too_long", row=number, days=count, most=MAX_DAYS)
    for day in range(count):
        yield first + day * DAY, kind, names_of(summary, kind)


def _parsed(number: int, lines: list[str]) -> Event:
    wanted = ("DTSTART", "DTEND", "DURATION", "SUMMARY", "RRULE", "RDATE", "X-APPLE-SPECIAL-DAY")
    kept = [line for line in lines if line.upper().startswith(wanted)]
    try:
        return cast(Event, Event.from_ical("\r\n".join(["BEGIN:VEVENT", *kept, "END:VEVENT", ""])))
    except (
        ValueError,
        LookupError,
        TypeError,
        AttributeError,
        ArithmeticError,
    ):  # the library's own, and what it trips over
        raise Invalid("holiday.bad_event", row=number) from None


def _span(number: int, event: Event) -> tuple[date, date]:
    """First day, and the day after the last (DTEND is exclusive)."""
    try:
        begin, end = event.start, event.end
    except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError):
        raise Invalid("holiday.bad_event", row=number) from None
    if isinstance(begin, datetime) or isinstance(end, datetime):
        if not (isinstance(begin, datetime) and isinstance(end, datetime) and begin.time() == end.time() == time()):
            raise Invalid("holiday.not_all_day", row=number)
        begin, end = begin.date(), end.date()
    if not date.min < begin < date.max - MAX_DAYS * DAY:
        raise Invalid("holiday.bad_event", row=number)
    return begin, end


def _check_count(seen: int) -> None:
    if seen >= MAX_ROWS:
        raise TooLarge("holiday.too_many_events", most=MAX_ROWS)
