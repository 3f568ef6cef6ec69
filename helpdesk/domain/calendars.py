"""Working time: when a queue is open, and how much of a stretch of time that is.

A second is open when its wall-clock time in the calendar's zone lies inside an interval of that
local date, half-open ``[from, to)``. The hours of a date are its override if there is one, else
those of its weekday, minus its breaks; a holiday has none at all and wins over an override. The
public holiday table (days off, 调休 make-up workdays) stands between override and weekday.

Instants come in and go out as aware UTC datetimes. The arithmetic walks UTC days: between two
changes of the zone's offset local and UTC time differ by a constant, so an hour that is repeated
counts twice, one that is skipped does not exist, and intervals come out in the order of real time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from helpdesk.domain import hours as documents
from helpdesk.domain.holidays import Holiday, HolidayKind
from helpdesk.domain.hours import Intervals, subtract, union
from helpdesk.domain.problems import Invalid

HORIZON_DAYS = 800
"""After this many days without an opening a target is never reached: an empty calendar must not hang."""

CENTURY_DAYS = 36_525
"""Nor is it searched for any longer than this, however rare the openings."""

DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
FIRST_DAY, LAST_DAY = date.min.toordinal() + 2, date.max.toordinal() - 2  # room for any zone's offset
CACHED_DAYS = 4_096
WEEK = timedelta(days=7)

Key = TypeVar("Key")

Span = tuple[datetime, datetime]
"""A stretch of real time in UTC, half-open."""


class DayKind(StrEnum):
    """Why a date has the hours it has."""

    REGULAR = "regular"
    CLOSED = "closed"  # a weekday without hours
    HOLIDAY = "holiday"
    MAKE_UP = "make_up"  # 调休 make-up workday of the public table
    SPECIAL = "special"  # the calendar's own hours for this date


@dataclass(frozen=True)
class Calendar:
    """The working time of a queue.

    ``hours`` by weekday (Monday is 0); ``overrides`` are the hours of single dates; ``breaks`` are
    taken from either; ``holidays`` are closed whatever else is said. A calendar that
    ``observes_holidays`` takes ``public_holidays`` and ``make_up_days`` from the public table (see
    ``with_holidays``); a make-up day has ``make_up_hours`` (None: what its weekday has). Deadlines
    after the local date ``confirmed_through`` are provisional (None: they never are).
    """

    timezone: str
    hours: Mapping[int, Intervals] = field(default_factory=dict)
    overrides: Mapping[date, Intervals] = field(default_factory=dict)
    holidays: frozenset[date] = frozenset()
    breaks: Mapping[date, Intervals] = field(default_factory=dict)
    confirmed_through: date | None = None
    observes_holidays: bool = False
    make_up_hours: Intervals | None = None
    public_holidays: frozenset[date] = frozenset()
    make_up_days: frozenset[date] = frozenset()
    zone: ZoneInfo = field(init=False, repr=False, compare=False)
    _days: dict[int, tuple[Span, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        week = {day: union(hours) for day, hours in self.hours.items()}
        if not set(week) <= set(range(7)):
            raise Invalid("calendar.bad_weekday", value=", ".join(str(day) for day in week))
        breaks = {day: union(hours) for day, hours in self.breaks.items()}
        freeze = object.__setattr__
        freeze(self, "zone", _zone(self.timezone))
        freeze(self, "hours", _frozen({day: hours for day, hours in week.items() if hours}))
        freeze(self, "overrides", _frozen({day: union(hours) for day, hours in self.overrides.items()}))
        for name in ("holidays", "public_holidays", "make_up_days"):
            freeze(self, name, frozenset(getattr(self, name)))
        freeze(self, "breaks", _frozen({day: hours for day, hours in breaks.items() if hours}))
        if self.make_up_hours is not None:
            freeze(self, "make_up_hours", union(self.make_up_hours))
        freeze(self, "_days", {})

    __hash__ = None  # type: ignore[assignment]  # holds mappings

    @classmethod
    def parse(cls, document: Mapping[str, Any]) -> Calendar:
        """The calendar of a stored document; only ``timezone`` is required. ``Invalid`` says what is wrong.

        ``{"timezone": "Asia/Shanghai", "hours": {"mon": [["09:00", "18:00"]]}, "overrides":
        {"2026-01-04": [...]}, "holidays": ["2026-01-01"], "breaks": {...}, "confirmed_through":
        "2026-12-31", "observes_holidays": true, "make_up_hours": [...]}``
        """
        if not isinstance(document, Mapping):
            raise Invalid("calendar.malformed")
        make_up = document.get("make_up_hours")
        confirmed = document.get("confirmed_through")
        return cls(
            timezone=document.get("timezone", ""),
            hours=documents.parse_week(document.get("hours")),
            overrides=documents.parse_dated(document.get("overrides")),
            holidays=documents.parse_dates(document.get("holidays")),
            breaks=documents.parse_dated(document.get("breaks")),
            confirmed_through=None if confirmed is None else documents.parse_date(confirmed),
            observes_holidays=document.get("observes_holidays") is True,
            make_up_hours=None if make_up is None else documents.parse_intervals(make_up),
            public_holidays=documents.parse_dates(document.get("public_holidays")),
            make_up_days=documents.parse_dates(document.get("make_up_days")),
        )

    def to_document(self) -> dict[str, Any]:
        """The JSON form: ``Calendar.parse(calendar.to_document()) == calendar``."""
        return {
            "timezone": self.timezone,
            "hours": documents.show_week(self.hours),
            "overrides": documents.show_dated(self.overrides),
            "holidays": documents.show_dates(self.holidays),
            "breaks": documents.show_dated(self.breaks),
            "confirmed_through": self.confirmed_through.isoformat() if self.confirmed_through else None,
            "observes_holidays": self.observes_holidays,
            "make_up_hours": None if self.make_up_hours is None else documents.show_intervals(self.make_up_hours),
            "public_holidays": documents.show_dates(self.public_holidays),
            "make_up_days": documents.show_dates(self.make_up_days),
        }

    @property
    def never_opens(self) -> bool:
        """No date at all can have hours; a form refuses such a calendar."""
        return not (self.hours or any(self.overrides.values()) or (self.make_up_days and self.make_up_hours))

    def local_date(self, at: datetime) -> date:
        """The date on the wall at this instant."""
        return _utc(at).astimezone(self.zone).date()


def with_holidays(base: Calendar, rows: Iterable[Holiday], confirmed_through: date | None = None) -> Calendar:
    """The calendar with this public holiday table in place of the one it had.

    Unchanged if it doesn't observe holidays. A date that the calendar itself overrides keeps its own
    hours: the shop knows better than the table. ``confirmed_through`` is the last day for which the
    table is final (see ``holidays.last_confirmed_day``).
    """
    if not base.observes_holidays:
        return base
    table = tuple(rows)
    return replace(
        base,
        public_holidays=frozenset(row.day for row in table if row.kind is HolidayKind.OFF),
        make_up_days=frozenset(row.day for row in table if row.kind is HolidayKind.WORK),
        confirmed_through=confirmed_through,
    )


def hours_on(calendar: Calendar, day: date) -> Intervals:
    """The open intervals of a local date, in seconds since its midnight on the wall."""
    hours = _planned(calendar, day)
    if not hours or day in calendar.holidays:
        return ()
    breaks = calendar.breaks.get(day)
    return subtract(hours, breaks) if breaks else hours


def day_kind(calendar: Calendar, day: date) -> DayKind:
    """Why this local date has the hours it has."""
    if day in calendar.holidays:
        return DayKind.HOLIDAY
    if day in calendar.overrides:
        return DayKind.SPECIAL
    if day in calendar.public_holidays:
        return DayKind.HOLIDAY
    if day in calendar.make_up_days and calendar.make_up_hours:
        return DayKind.MAKE_UP
    return DayKind.REGULAR if calendar.hours.get(day.weekday()) else DayKind.CLOSED


def _planned(calendar: Calendar, day: date) -> Intervals:
    """The hours of a date before its breaks, and before the calendar's own holidays close it."""
    override = calendar.overrides.get(day)
    if override is not None:
        return override
    if day in calendar.public_holidays:
        return ()
    if day in calendar.make_up_days and calendar.make_up_hours is not None:
        return calendar.make_up_hours
    return calendar.hours.get(day.weekday(), ())


def is_open(calendar: Calendar, at: datetime) -> bool:
    """Whether the queue works at this instant."""
    local = _utc(at).astimezone(calendar.zone)
    second = local.hour * 3600 + local.minute * 60 + local.second
    return any(begin <= second < end for begin, end in hours_on(calendar, local.date()))


def open_spans(calendar: Calendar, start: datetime, end: datetime | None = None) -> Iterator[Span]:
    """The open stretches in ``[start, end)``, in order; neighbours may touch at UTC midnight.

    Without an ``end`` they go on until there has been no opening for ``HORIZON_DAYS``.
    """
    start = _utc(start)
    end = None if end is None else _utc(end)
    if calendar.never_opens or (end is not None and end <= start):
        return
    day = max(start.toordinal(), FIRST_DAY)
    last = min(day + CENTURY_DAYS if end is None else end.toordinal(), LAST_DAY)
    idle_until = day + HORIZON_DAYS if end is None else last
    while day <= min(idle_until, last):
        for begin, close in _utc_day(calendar, day):
            if end is not None and close > end:
                if begin < end:
                    yield max(begin, start), end
                return
            if close > start:
                yield max(begin, start), close
                if end is None:
                    idle_until = day + HORIZON_DAYS
        day += 1


def open_intervals(calendar: Calendar, start: datetime, end: datetime) -> Iterator[Span]:
    """The open stretches in ``[start, end)`` as a person sees them: neighbours that touch are one."""
    pending: Span | None = None
    for begin, close in open_spans(calendar, start, end):
        if pending is not None and pending[1] == begin:
            pending = (pending[0], close)
            continue
        if pending is not None:
            yield pending
        pending = (begin, close)
    if pending is not None:
        yield pending


def open_seconds(calendar: Calendar, start: datetime, end: datetime) -> int:
    """Whole open seconds in ``[start, end)``; 0 if ``end`` is not after ``start``."""
    return total_seconds(open_spans(calendar, start, end))


def earliest_reach(calendar: Calendar, start: datetime, seconds: int) -> datetime | None:
    """The first instant at which ``seconds`` of open time have passed since ``start``; None for never."""
    return first_reach(open_spans(calendar, start), seconds, _utc(start))


def latest_hold(calendar: Calendar, start: datetime, seconds: int) -> datetime | None:
    """The last instant at which no more than ``seconds`` of open time have passed; None if it has no end.

    What is due at Friday's closing holds until Monday's opening.
    """
    return last_hold(open_spans(calendar, start), seconds)


def next_opening(calendar: Calendar, at: datetime) -> datetime | None:
    """The instant itself when open, else the next opening; None if there is none within ``HORIZON_DAYS``."""
    return next((begin for begin, _ in open_spans(calendar, at)), None)


def opening(calendar: Calendar, at: datetime) -> Span | None:
    """The present opening from ``at`` on, or the next one; an end is told at most a week after its beginning.

    None if there is none within ``HORIZON_DAYS``.
    """
    begin = next_opening(calendar, at)
    return None if begin is None else next(open_intervals(calendar, begin, begin + WEEK), None)


def closing_after(calendar: Calendar, at: datetime, seconds: int) -> datetime | None:
    """The end of the first opening that leaves ``seconds`` (more than none) of open time from ``at`` on.

    What a person would promise: "by the end of today", or of tomorrow morning when little of today is left. An
    opening ends at its local midnight at the latest. None if the time is never reached.
    """
    reached = earliest_reach(calendar, at, seconds)
    if reached is None:
        return None
    last = reached - SECOND
    midnight = datetime.combine(calendar.local_date(last) + DAY, time(), calendar.zone)
    return next(close for _, close in open_intervals(calendar, last, midnight))


def total_seconds(spans: Iterable[Span]) -> int:
    """Whole seconds in these stretches together."""
    return sum((end - begin for begin, end in spans), timedelta()) // SECOND


def first_reach(spans: Iterable[Span], seconds: int, start: datetime) -> datetime | None:
    """The first instant at which the stretches add up to ``seconds``, ``start`` for none; None for never."""
    left = timedelta(seconds=seconds)
    if left <= timedelta():
        return start
    for begin, end in spans:
        if left <= end - begin:
            return begin + left
        left -= end - begin
    return None


def last_hold(spans: Iterable[Span], seconds: int) -> datetime | None:
    """The last instant at which the stretches add up to no more than ``seconds``; None if it never ends."""
    left = timedelta(seconds=max(seconds, 0))
    for begin, end in spans:
        if left < end - begin:
            return begin + left
        left -= end - begin
    return None


def _utc(at: datetime) -> datetime:
    if at.tzinfo is UTC:
        return at
    if at.tzinfo is None:
        raise ValueError("an instant needs a zone")
    return at.astimezone(UTC)


def _utc_day(calendar: Calendar, ordinal: int) -> tuple[Span, ...]:
    """The open stretches of one UTC day, kept because neighbouring questions ask for the same days."""
    found = calendar._days.get(ordinal)
    if found is None:
        if len(calendar._days) >= CACHED_DAYS:
            calendar._days.clear()
        found = calendar._days[ordinal] = _find_utc_day(calendar, ordinal)
    return found


def _find_utc_day(calendar: Calendar, ordinal: int) -> tuple[Span, ...]:
    midnight = datetime.combine(date.fromordinal(ordinal), time(), UTC)
    found: list[Span] = []
    for start, end, offset in _constant_offsets(calendar.zone, midnight, midnight + DAY):
        local_start, local_end = (start + offset).replace(tzinfo=None), (end + offset).replace(tzinfo=None)
        day = local_start.date()
        while (opening := datetime.combine(day, time())) < local_end:
            for begin, close in hours_on(calendar, day):
                first = max(opening + timedelta(seconds=begin), local_start)
                last = min(opening + timedelta(seconds=close), local_end)
                if first < last:
                    _append(found, ((first - offset).replace(tzinfo=UTC), (last - offset).replace(tzinfo=UTC)))
            day += DAY
    return tuple(found)


def _append(spans: list[Span], span: Span) -> None:
    if spans and spans[-1][1] == span[0]:
        spans[-1] = (spans[-1][0], span[1])
    else:
        spans.append(span)


def _constant_offsets(zone: ZoneInfo, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime, timedelta]]:
    """The stretch cut where the zone's offset changes; no zone changes twice within a day."""
    before, after = _offset(zone, start), _offset(zone, end)
    if before == after:
        yield start, end, before
        return
    low, high = start, end
    while high - low > SECOND:
        middle = low + (high - low) // 2
        middle = middle.replace(microsecond=0)
        if _offset(zone, middle) == before:
            low = middle
        else:
            high = middle
    yield start, high, before
    yield high, end, after


def _offset(zone: ZoneInfo, at: datetime) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta()


def _zone(name: Any) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError, TypeError, AttributeError):
        raise Invalid("calendar.unknown_timezone", timezone=str(name)[:64]) from None


def _frozen(mapping: dict[Key, Intervals]) -> Mapping[Key, Intervals]:
    return MappingProxyType(mapping)
