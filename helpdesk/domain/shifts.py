"""Shifts and absences: what may stand beside what, how a pattern repeats, and where nobody is on duty.

Days and times of day are those of the shop's wall; a duty is kept as two instants. All functions are pure.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from helpdesk.domain.hours import read_periods, show_time
from helpdesk.domain.problems import Conflict, Invalid

DAY = timedelta(days=1)
MOST_HOURS = 16
"""Of one shift: beyond that it is a slip of the finger, or against the law."""

MOST_A_DAY = 4
MOST_WEEKS = 12
"""So far ahead a week is repeated at a time."""

MOST_ABSENCE_DAYS = 366
MOST_DAYS_OFF = 400
"""Shifts and absences lie at most so far from today, in either direction."""

KINDS = ("leave", "sick", "training", "other")
"""Of absences."""

_TIME = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])|24:00")


@dataclass(frozen=True, slots=True, order=True)
class Duty:
    """Somebody is on duty from one instant to another (UTC). It may cross midnight."""

    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of time in which the same number of people is on duty."""

    starts_at: datetime
    ends_at: datetime
    people: int


def minutes(text: str) -> int:
    """``"09:30"`` as minutes since midnight, ``"24:00"`` as 1440. ``Invalid`` for what is no time of day."""
    if not _TIME.fullmatch(text):
        raise Invalid("shift.bad_time", value=text[:20])
    hours, rest = text.split(":")
    return int(hours) * 60 + int(rest)


def duty(day: date, start: str, end: str, zone: ZoneInfo) -> Duty:
    """The shift that begins on this day; one that ends at or before its start ends on the next (22:00-06:00)."""
    from_minute, to_minute = minutes(start), minutes(end)
    if from_minute == 24 * 60:
        raise Invalid("shift.bad_time", value=start)
    if to_minute <= from_minute:
        to_minute += 24 * 60
    if to_minute - from_minute > MOST_HOURS * 60:
        raise Invalid("shift.too_long", most=MOST_HOURS)
    made = Duty(_instant(day, from_minute, zone), _instant(day, to_minute, zone))
    if made.ends_at <= made.starts_at:  # it lies in the hour that a change of clocks leaves out
        raise Invalid("shift.bad_time", value=start)
    return made


def times(one: Duty, zone: ZoneInfo) -> tuple[str, str]:
    """Start and end as times of day on the wall, the form that ``duty`` reads; an end at midnight is ``24:00``."""
    start, end = one.starts_at.astimezone(zone), one.ends_at.astimezone(zone)
    return f"{start:%H:%M}", "24:00" if end.time() == time() else f"{end:%H:%M}"


def read(day: date, text: str, zone: ZoneInfo) -> tuple[Duty, ...]:
    """The shifts of a day as a person types them: ``9-18``, ``08:00-12:00 22:00-06:00``; nothing is a day off."""
    return tuple(duty(day, show_time(begin), show_time(end), zone) for begin, end in read_periods(text))


def written(duties: Iterable[Duty], zone: ZoneInfo) -> str:
    """The form that ``read`` takes, in the order in which they begin."""
    return " ".join("-".join(times(one, zone)) for one in sorted(duties))


def local_day(one: Duty, zone: ZoneInfo) -> date:
    """The day that a shift is counted to: the one it begins on."""
    return one.starts_at.astimezone(zone).date()


def moved(one: Duty, days: int, zone: ZoneInfo) -> Duty:
    """The same times of day so many days later. They stay on the wall where clocks change meanwhile."""
    start, end = times(one, zone)
    return duty(local_day(one, zone) + days * DAY, start, end, zone)


def checked(duties: Iterable[Duty]) -> tuple[Duty, ...]:
    """One person's shifts in their order. ``Conflict`` where two of them overlap; touching is fine."""
    ordered = sorted(duties)
    for before, after in pairwise(ordered):
        if after.starts_at < before.ends_at:
            raise Conflict("shift.overlap", begins=after.starts_at.isoformat(), ends=before.ends_at.isoformat())
    return tuple(ordered)


def overlaps(one: Duty, others: Iterable[Duty]) -> bool:
    """Whether some of the others share an instant with it."""
    return any(one.starts_at < other.ends_at and other.starts_at < one.ends_at for other in others)


def fingerprint(duties: Iterable[Duty]) -> str:
    """What a form was made on: it changes with any of these shifts, and comes back when they do."""
    seen = "|".join(f"{one.starts_at.isoformat()}/{one.ends_at.isoformat()}" for one in sorted(duties))
    return hashlib.sha256(seen.encode()).hexdigest()[:16]


def monday(day: date) -> date:
    """The first day of the week that the day lies in."""
    return day - timedelta(days=day.weekday())


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The instant (UTC) at which the day begins on the wall."""
    return _instant(day, 0, zone)


def check_day(day: date, today: date) -> None:
    """``Invalid`` for a day so far away that it can only be a mistake."""
    if abs((day - today).days) > MOST_DAYS_OFF:
        raise Invalid("shift.too_far", most=MOST_DAYS_OFF)


def check_absence(away: Duty, kind: str, now: datetime) -> None:
    """``Invalid`` unless it runs forwards, is not over yet, is no longer than a year and lies within reach."""
    if kind not in KINDS:
        raise Invalid("absence.bad_kind")
    if away.ends_at <= away.starts_at:
        raise Invalid("absence.backwards")
    if away.ends_at <= now:
        raise Invalid("absence.over")
    if away.ends_at - away.starts_at > timedelta(days=MOST_ABSENCE_DAYS):
        raise Invalid("absence.too_long", most=MOST_ABSENCE_DAYS)
    check_day(away.starts_at.date(), now.date())


def last_stand_in(user_id: int, stand_ins: Mapping[int, int | None]) -> int | None:
    """Who really stands in for somebody who is away: the first of the chain who is there himself.

    ``stand_ins`` holds everybody who is away at the moment, with whom he named. None where nobody is left.
    A chain that bites its own tail ends there: nobody is in.
    """
    seen = {user_id}
    current = stand_ins.get(user_id)
    while current is not None and current in stand_ins:
        if current in seen:
            return None
        seen.add(current)
        current = stand_ins[current]
    return current


def coverage(hours: Iterable[tuple[datetime, datetime]], duties: Collection[Duty]) -> Iterator[Part]:
    """How many are on duty in each part of the opening hours: parts in order, neighbours differ in number.

    ``hours`` are the spans in which somebody should be there; time outside them asks for nobody.
    """
    for opens, closes in hours:
        edges = sorted(
            {opens, closes} | {edge for one in duties for edge in (one.starts_at, one.ends_at) if opens < edge < closes}
        )
        part: Part | None = None
        for start, end in pairwise(edges):
            people = sum(one.starts_at <= start and end <= one.ends_at for one in duties)
            if part is not None and part.people == people:
                part = Part(part.starts_at, end, people)
                continue
            if part is not None:
                yield part
            part = Part(start, end, people)
        if part is not None:
            yield part


def without(duties: Iterable[Duty], away: Collection[Duty]) -> Iterator[Duty]:
    """What is left of shifts beside absences of the same person."""
    for one in duties:
        start = one.starts_at
        for absence in sorted(away):
            if absence.ends_at <= start or absence.starts_at >= one.ends_at:
                continue
            if start < absence.starts_at:
                yield Duty(start, absence.starts_at)
            start = absence.ends_at
        if start < one.ends_at:
            yield Duty(start, one.ends_at)


def _instant(day: date, minute: int, zone: ZoneInfo) -> datetime:
    """A time of day on the wall as an instant; 1440 is the next midnight."""
    whole, rest = divmod(minute, 24 * 60)
    local = datetime.combine(day + whole * DAY, time(rest // 60, rest % 60), zone)
    return local.astimezone(UTC)
