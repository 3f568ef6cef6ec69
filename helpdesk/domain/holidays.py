"""The public holiday table: days off, and weekend days worked in exchange (调休).

It is data, published a year at a time; ``calendars.with_holidays`` applies it to the calendars
that observe holidays.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from helpdesk.domain.hours import MAX_DATES, parse_date
from helpdesk.domain.problems import Invalid

MAX_NAME = 40
FIRST_YEAR, LAST_YEAR = 2000, 2100
"""Years that a table of holidays may speak of: any other is a slip of the pen."""

FESTIVALS: Mapping[str, str] = {
    "元旦": "New Year's Day",
    "春节": "Spring Festival",
    "除夕": "Spring Festival",
    "清明": "Tomb-sweeping Day",
    "劳动节": "Labour Day",
    "五一": "Labour Day",
    "端午": "Dragon Boat Festival",
    "中秋": "Mid-autumn Festival",
    "国庆": "National Day",
}
"""English names of the public holidays, by a word that their Chinese name contains."""

_WORK_WORDS = ("班", "make-up", "makeup", "workday", "working day")
_OFF_WORDS = ("休", "放假", "假期", "假日", "holiday", "day off")
_NO_WORDS = ("不放假", "不休", "no holiday", "not a holiday")
_MARK = re.compile(
    r"[（(\[【]\s*(?:休|班|休息|放假|假期|上班|补班|调休|补休|holiday|workday|day off)\s*[）)\]】]"
    r"|^[休班]\s+|\s+[休班]$",
    re.IGNORECASE,
)


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

    def to_row(self) -> list[str]:
        """The form in which a published table is kept; ``holiday_of`` reads it."""
        return [self.day.isoformat(), self.kind.value, self.name_zh, self.name_en]


def holiday_of(row: Sequence[str]) -> Holiday:
    """The day of a stored row (see ``Holiday.to_row``)."""
    day, kind, name_zh, name_en = row
    return Holiday(date.fromisoformat(day), HolidayKind(kind), name_zh, name_en)


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a new table makes of the one that is there, each in order of date."""

    added: tuple[Holiday, ...]
    changed: tuple[tuple[Holiday, Holiday], ...]  # before, after
    removed: tuple[Holiday, ...]
    same: int

    @property
    def is_empty(self) -> bool:
        return not (self.added or self.changed or self.removed)


def compare(present: Iterable[Holiday], wanted: Iterable[Holiday]) -> Comparison:
    """What it takes to come from one table to the other."""
    before, after = ({one.day: one for one in table} for table in (present, wanted))
    common = sorted(before.keys() & after.keys())
    return Comparison(
        added=tuple(after[day] for day in sorted(after.keys() - before.keys())),
        changed=tuple((before[day], after[day]) for day in common if before[day] != after[day]),
        removed=tuple(before[day] for day in sorted(before.keys() - after.keys())),
        same=sum(before[day] == after[day] for day in common),
    )


def english_name(name_zh: str, kind: HolidayKind) -> str:
    """``Spring Festival`` for ``春节``, as the shipped table words it; empty where the festival isn't known."""
    festival = next((name for word, name in FESTIVALS.items() if word in name_zh), "")
    return f"{festival} make-up workday" if festival and kind is HolidayKind.WORK else festival


def kind_said(summary: str) -> HolidayKind | None:
    """What an entry of a calendar feed says of its day: ``国庆节（休）`` is off, ``春节（班）`` is worked.

    None for a festival without a word of either. ``Invalid`` where only 调休 is said, which may mean both.
    """
    said = summary.casefold()
    if any(word in said for word in _NO_WORDS):
        return None
    said, exchanged = said.replace("调休", ""), "调休" in said
    if any(word in said for word in _WORK_WORDS):
        return HolidayKind.WORK
    if any(word in said for word in _OFF_WORDS):
        return HolidayKind.OFF
    if exchanged:
        raise Invalid("holiday.unclear", name=summary[:MAX_NAME])
    return None


def names_of(summary: str, kind: HolidayKind) -> tuple[str, str]:
    """Chinese and English name from an entry of a feed, without its mark: ``春节`` of ``春节（休）``."""
    name = " ".join(_MARK.sub("", " ".join(summary.split())).split())[:MAX_NAME]
    if name.isascii():
        return name, name
    if kind is HolidayKind.WORK and "班" not in name:
        name = f"{name.removesuffix('调休')[: MAX_NAME - 4]}调休上班"
    return name, english_name(name, kind)


def parse_holidays(rows: Iterable[Mapping[str, str | None]]) -> tuple[Holiday, ...]:
    """Rows with the columns date, kind (off, work), name_zh and name_en, in order of date.

    ``Invalid`` names the row (the first is 1) that is malformed or repeats a date.
    """
    holidays, problems = sift_holidays(enumerate(rows, start=1))
    if problems:
        raise problems[0]
    return holidays


def sift_holidays(
    rows: Iterable[tuple[int, Mapping[str, str | None]]],
) -> tuple[tuple[Holiday, ...], tuple[Invalid, ...]]:
    """The same of rows that carry their number in a file: what is good, in order of date, and what is wrong.

    Each problem names its row. ``Invalid`` only for more rows than any table has.
    """
    found: dict[date, Holiday] = {}
    problems: list[Invalid] = []
    for count, (number, row) in enumerate(rows, start=1):
        if count > MAX_DATES:
            raise Invalid("calendar.too_many_dates", limit=MAX_DATES)
        try:
            holiday = _holiday(row, number)
            if holiday.day in found:
                raise Invalid("holiday.twice", row=number, date=holiday.day.isoformat())
        except Invalid as problem:
            problems.append(problem)
        else:
            found[holiday.day] = holiday
    return tuple(found[day] for day in sorted(found)), tuple(problems)


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
    if not all(map(str.isprintable, names)):
        raise Invalid("holiday.bad_name", row=number)
    try:
        day = parse_date((row.get("date") or "").strip())
    except Invalid as error:
        raise Invalid("holiday.bad_date", row=number, **error.params) from None
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise Invalid("holiday.year_out_of_range", row=number, first=FIRST_YEAR, last=LAST_YEAR)
    return Holiday(day, HolidayKind(kind), *names)
