"""When things happen in the demo: months, working hours, and handling times that add up to a given mean."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from helpdesk.domain.calendars import (
    Calendar,
    earliest_reach,
    is_open,
    open_intervals,
    open_seconds,
)
from seeds import calendar_data

ZONE = ZoneInfo("Asia/Shanghai")
LEAST_HANDLING = timedelta(minutes=8)
BEFORE_MONTH_ENDS = timedelta(minutes=15)
LAST_EVENING_HOUR = 18
"""On a month's last day nobody writes later: the answer would fall into the next month."""

HOUR_WEIGHTS = (2, 1, 1, 0, 0, 0, 1, 3, 8, 18, 24, 20, 12, 16, 20, 20, 18, 14, 10, 12, 14, 12, 7, 3)
"""How often customers write, by hour of the day."""

WEEKDAY_WEIGHTS = (12, 10, 9, 9, 10, 11, 11)


@cache
def calendar(queue: str) -> Calendar:
    return next(named.calendar for named in calendar_data.calendars() if named.code == queue)


def desk() -> Calendar:
    """Customer service's hours: who answers the customer also resolves."""
    return calendar("customer_service")


@dataclass(frozen=True, slots=True)
class Month:
    """A calendar month in the shop's zone; ``end`` is exclusive, the present month's is now."""

    start: datetime
    end: datetime
    complete: bool

    @property
    def days(self) -> float:
        return (self.end - self.start) / timedelta(days=1)


def last_months(now: datetime) -> tuple[Month, Month, Month]:
    """The last two full calendar months and the current one."""
    this = now.astimezone(ZONE).date().replace(day=1)
    starts = [months_before(this, 2), months_before(this, 1), this]
    first, second, third = (datetime(d.year, d.month, d.day, tzinfo=ZONE).astimezone(UTC) for d in starts)
    return Month(first, second, True), Month(second, third, True), Month(third, now, False)


def months_before(first: date, count: int) -> date:
    """The first day of the month so many before the one that begins on ``first``."""
    for _ in range(count):
        first = (first - timedelta(days=1)).replace(day=1)
    return first


def moment_in(month: Month, dice: random.Random) -> datetime | None:
    """An instant at which a customer may write so that the answer still falls into the month; None if too late."""
    first = month.start.astimezone(ZONE).date()
    days = max(1, math.ceil(month.days))
    weights = [WEEKDAY_WEIGHTS[(first + timedelta(days=n)).weekday()] for n in range(days)]
    day = first + timedelta(days=dice.choices(range(days), weights)[0])
    hours = LAST_EVENING_HOUR if day == first + timedelta(days=days - 1) else 24
    hour = dice.choices(range(hours), HOUR_WEIGHTS[:hours])[0]
    at = datetime(day.year, day.month, day.day, hour, dice.randrange(60), dice.randrange(60), tzinfo=ZONE)
    at = at.astimezone(UTC)
    latest = latest_resolve(month)
    return at if open_seconds(desk(), at, latest) >= 2 * 3600 else None


def latest_resolve(month: Month) -> datetime:
    return month.end - BEFORE_MONTH_ENDS


def handling_times(
    created: Sequence[datetime], month: Month, mean_seconds: float, dice: random.Random
) -> list[datetime]:
    """When each ticket is resolved: log-normal, at hours at which somebody works, with exactly this mean.

    The draws are scaled until they nearly fit; what is missing is spread over the tickets in proportion to the
    room that each has within its own day, so no resolve leaves working hours or the month.
    """
    if not created:
        return []
    draws = [math.exp(dice.gauss(0, 0.8)) for _ in created]
    total = mean_seconds * len(created)
    scale = mean_seconds * 0.7
    best: list[datetime] = []
    least = math.inf
    for _ in range(40):
        resolved = [_workable(at, draw * scale, month) for at, draw in zip(created, draws, strict=True)]
        missing = total - sum((r - c).total_seconds() for r, c in zip(resolved, created, strict=True))
        fitted, share = _spread(created, resolved, month, missing)
        if share < least:
            best, least = fitted, share
        if share < 0.3:
            break
        scale *= min(1.4, max(0.7, total / (total - missing)))
    return best


def _workable(created: datetime, seconds: float, month: Month) -> datetime:
    """The instant after that time, or the nearest at which somebody works."""
    earliest, latest = created + LEAST_HANDLING, latest_resolve(month)
    at = min(max(created + timedelta(seconds=round(seconds)), earliest), latest)
    windows = list(open_intervals(desk(), earliest, latest))
    begin, end = min(windows, key=lambda window: max(window[0] - at, at - window[1], timedelta()))
    return min(max(at, begin + timedelta(minutes=3)), max(begin, end - timedelta(minutes=3)))


def _spread(
    created: Sequence[datetime], resolved: Sequence[datetime], month: Month, missing: float
) -> tuple[list[datetime], float]:
    """Move resolves by their share of what is missing (seconds); the share of the room that this takes."""
    rooms = [_room(c, r, month, later=missing > 0) for c, r in zip(created, resolved, strict=True)]
    room = sum(rooms)
    share = abs(missing) / room if room else math.inf
    if share > 1:
        return list(resolved), share
    sign = 1 if missing > 0 else -1
    return [r + timedelta(seconds=round(sign * share * own)) for r, own in zip(resolved, rooms, strict=True)], share


def _room(created: datetime, resolved: datetime, month: Month, *, later: bool) -> float:
    """Seconds by which this resolve could move without leaving its day's hours."""
    earliest, latest = created + LEAST_HANDLING, latest_resolve(month)
    for begin, end in open_intervals(desk(), earliest, latest):
        if begin <= resolved <= end:
            return max(0.0, ((end - resolved) if later else (resolved - begin)).total_seconds() - 1)
    return 0.0


def at_share(queue: str, start: datetime, end: datetime, share: float) -> datetime | None:
    """The instant at which ``share`` (0..1) of the queue's working time between the two has passed; None if none."""
    seconds = open_seconds(calendar(queue), start, end)
    if seconds < 60:
        return None
    at = earliest_reach(calendar(queue), start, max(1, round(seconds * share)))
    return at if at is not None and start < at < end else None


def after_working(queue: str, start: datetime, seconds: float) -> datetime:
    """The instant by which the queue has worked that long since ``start``."""
    at = earliest_reach(calendar(queue), start, max(1, round(seconds)))
    if at is None:
        raise ValueError(f"{queue} never works again after {start}")
    return at


def before_working(queue: str, now: datetime, seconds: float) -> datetime:
    """The last instant since which the queue has worked that long: when a clock was started that shows so much."""
    early, late = now - timedelta(days=40), now
    while late - early > timedelta(seconds=1):
        middle = early + (late - early) / 2
        if open_seconds(calendar(queue), middle, now) >= seconds:
            early = middle
        else:
            late = middle
    return early.replace(microsecond=0)


def works_at(queue: str, at: datetime) -> bool:
    return is_open(calendar(queue), at)
