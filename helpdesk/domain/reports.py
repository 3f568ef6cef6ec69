"""What the monthly report counts, and its arithmetic.

A ticket leaves facts (``Fact``) on up to three sides: it was **opened** on a day, first **resolved** on a day, and
**money** was promised on it, each on its own day in the shop's zone (PRODUCT, monthly report). Every figure is a sum
over facts of one side in a period, a quotient of two such sums, or a percentile of handling times. The words of
each definition stand beside the figures that are shown (``wording/reports.py``).

Facts are kept in step with the tickets until their month is closed; from then on they stay as they are. Durations are
whole seconds, money integer fen, days are of the shop's zone.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date, datetime, timedelta
from enum import StrEnum
from math import ceil, isqrt
from typing import Any

from helpdesk.domain.problems import Invalid

MOST_DAYS = 800
"""The longest period of a report: two years and a bit."""


class Side(StrEnum):
    """What a fact tells of its ticket."""

    OPENED = "opened"
    RESOLVED = "resolved"
    MONEY = "money"


class Dimension(StrEnum):
    """By what a report is cut."""

    TYPE = "type"
    CLASS = "class"
    CHANNEL = "channel"
    QUEUE = "queue"
    AGENT = "agent"
    SKU = "sku"
    WAREHOUSE = "warehouse"
    COURIER = "courier"


BUCKETED = (Dimension.TYPE, Dimension.CLASS, Dimension.CHANNEL, Dimension.QUEUE)
"""Cuts that are kept as sums by day, whatever the number of tickets."""

WHOLE = "all"
"""In place of a cut, in the rows of sums: everything."""


@dataclass(frozen=True, slots=True)
class Fact:
    """What one side of a ticket adds to the report. ``item_id`` tells compensations of a ticket apart; else 0.

    ``at`` is the instant (UTC), ``day`` and ``hour`` (0 to 23) the shop's. Of a resolved one: ``wall_seconds`` from
    creation to the first resolve, ``work_seconds`` the open hours of its type's queue in them, ``time`` whose time it
    was (a queue's code, customer, approval, closed; adds up to ``wall_seconds``), how many clocks had a result
    (``*_n``) and how many of those in time (``*_ok``), ``parties`` the shares of responsibility in percent.
    """

    side: Side
    ticket_id: int
    at: datetime
    day: date
    hour: int
    shop_id: int
    channel_id: int
    queue_id: int
    agent_id: int | None
    type: str
    klass: str
    rule_version: int
    warehouse: str = ""
    courier: str = ""
    item_id: int = 0
    wall_seconds: int = 0
    work_seconds: int = 0
    first_n: int = 0
    first_ok: int = 0
    solution_n: int = 0
    solution_ok: int = 0
    queue_n: int = 0
    queue_ok: int = 0
    platform_n: int = 0
    platform_ok: int = 0
    again_n: int = 0
    again_ok: int = 0
    reopened: int = 0
    money_fen: int = 0
    time: Mapping[str, int] = field(default_factory=dict)
    parties: Mapping[str, int] = field(default_factory=dict)

    @property
    def month(self) -> date:
        return self.day.replace(day=1)


@dataclass(frozen=True, slots=True)
class Sums:
    """Sums over facts: how many of each side, and what they measured."""

    opened: int = 0
    resolved: int = 0
    money_n: int = 0
    wall_seconds: int = 0
    work_seconds: int = 0
    first_n: int = 0
    first_ok: int = 0
    solution_n: int = 0
    solution_ok: int = 0
    queue_n: int = 0
    queue_ok: int = 0
    platform_n: int = 0
    platform_ok: int = 0
    again_n: int = 0
    again_ok: int = 0
    reopened: int = 0
    money_fen: int = 0

    def __add__(self, other: Sums) -> Sums:
        return Sums(*(getattr(self, name) + getattr(other, name) for name in SUMMED))

    def mean(self, time: str) -> int | None:
        """Mean handling time in seconds, by ``wall`` or ``work``; None where nothing was resolved."""
        return round(getattr(self, f"{time}_seconds") / self.resolved) if self.resolved else None

    def kept(self, clock: str) -> float | None:
        """The share of the ``clock``'s results (first, solution, queue, platform, again) that were in time."""
        return ratio(getattr(self, f"{clock}_ok"), getattr(self, f"{clock}_n"))

    @property
    def reopen_rate(self) -> float | None:
        return ratio(self.reopened, self.resolved)


SUMMED = tuple(one.name for one in fields(Sums))
MEASURED = tuple(name for name in SUMMED if name in {one.name for one in fields(Fact)})
"""What a fact measures of its ticket; the same names in ``Fact``, ``Sums`` and the tables."""

CLOCKS = ("first", "solution", "queue", "platform")


@dataclass(frozen=True, slots=True)
class Spread:
    """Percentiles of handling times in seconds, None where nothing was resolved.

    ``exact`` is false for those read from a histogram: they are off by ``HISTOGRAM_ERROR`` at most.
    """

    wall_p50: int | None = None
    wall_p90: int | None = None
    work_p50: int | None = None
    work_p90: int | None = None
    exact: bool = True

    def of(self, time: str, percent: int) -> int | None:
        found: int | None = getattr(self, f"{time}_p{percent}")
        return found


def ratio(part: int, whole: int) -> float | None:
    """The part of the whole, 0 to 1; None of nothing."""
    return part / whole if whole else None


def change(now: float | None, before: float | None) -> float | None:
    """By which part of what was before it changed: 0.5 is half as much again. None without anything to compare."""
    return None if now is None or not before else (now - before) / before


# Percentiles. The nearest rank: the least value that as many per cent of all do not exceed.


def percentile(ordered: Sequence[int], percent: int) -> int | None:
    """Of values in ascending order; None of none."""
    return ordered[_rank(len(ordered), percent) - 1] if ordered else None


def spread(walls: Sequence[int], works: Sequence[int]) -> Spread:
    """Exact percentiles of handling times, in any order."""
    wall, work = sorted(walls), sorted(works)
    return Spread(percentile(wall, 50), percentile(wall, 90), percentile(work, 50), percentile(work, 90))


BIN_RATIO = 1.1
HISTOGRAM_ERROR = 0.05
"""A bin's value is the geometric middle of its edges, so it is off by sqrt(1.1) - 1 = 4.9 % at most."""

_FIRST_EDGE = 60
EDGES = (0, *(ceil(_FIRST_EDGE * BIN_RATIO**power) for power in range(150)))
"""Lower edges of the bins in seconds: below a minute, and up to three years."""


def bin_of(seconds: int) -> int:
    """The number of the histogram's bin that a handling time falls into."""
    return bisect_right(EDGES, max(0, seconds)) - 1


def bin_seconds(number: int) -> int:
    """What a time in this bin is taken for. The first bin is off by half a minute."""
    if number == 0:
        return _FIRST_EDGE // 2
    low = EDGES[number]
    high = EDGES[number + 1] - 1 if number + 1 < len(EDGES) else low
    return max(low, isqrt(low * high))


def histogram_percentile(bins: Mapping[int, int], percent: int) -> int | None:
    """The percentile of a histogram (bin -> how many): the value of the bin that holds its rank."""
    rank = _rank(sum(bins.values()), percent)
    seen = 0
    for number in sorted(bins):
        seen += bins[number]
        if seen >= rank > 0:
            return bin_seconds(number)
    return None


def histogram_spread(wall: Mapping[int, int], work: Mapping[int, int]) -> Spread:
    """Percentiles of handling times from their histograms."""
    return Spread(
        histogram_percentile(wall, 50),
        histogram_percentile(wall, 90),
        histogram_percentile(work, 50),
        histogram_percentile(work, 90),
        exact=False,
    )


def _rank(count: int, percent: int) -> int:
    return -(-count * percent // 100)


# What a fact adds to the sums that are kept.

DayKey = tuple[date, str, str, str]
"""Day, cut, value of the cut, name of the sum."""

PartKey = tuple[date, str, str, str, str]
"""First day of the month, cut, value of the cut, part (time, party, wall, work, hour), key within the part."""


def places(fact: Fact) -> tuple[tuple[str, str], ...]:
    """The (cut, value) under which a fact counts."""
    return (
        (WHOLE, ""),
        (Dimension.TYPE, fact.type),
        (Dimension.CLASS, fact.klass),
        (Dimension.CHANNEL, str(fact.channel_id)),
        (Dimension.QUEUE, str(fact.queue_id)),
    )


def day_sums(facts: Iterable[Fact]) -> Counter[DayKey]:
    """What these facts add to the sums by day."""
    found: Counter[DayKey] = Counter()
    for fact in facts:
        counted = "money_n" if fact.side is Side.MONEY else fact.side.value
        measured = [(name, amount) for name in MEASURED if (amount := getattr(fact, name))]
        for cut, value in places(fact):
            for name, amount in ((counted, 1), *measured):
                found[fact.day, cut, value, name] += amount
    return found


def month_parts(facts: Iterable[Fact]) -> Counter[PartKey]:
    """What these facts add to the month's parts.

    Whose time, whose fault, how long, at which hour of the week (Monday 0 to 23, Tuesday 24 to 47, ...).
    """
    found: Counter[PartKey] = Counter()
    for fact in facts:
        for part, key, amount in _parts(fact):
            for cut, value in places(fact):
                found[fact.month, cut, value, part, key] += amount
    return found


def _parts(fact: Fact) -> list[tuple[str, str, int]]:
    match fact.side:
        case Side.OPENED:
            return [("hour", str(fact.day.weekday() * 24 + fact.hour), 1)]
        case Side.RESOLVED:
            return [
                ("wall", str(bin_of(fact.wall_seconds)), 1),
                ("work", str(bin_of(fact.work_seconds)), 1),
                *(("time", who, seconds) for who, seconds in fact.time.items() if seconds),
                *(("party", party, percent) for party, percent in fact.parties.items()),
                *(() if fact.parties else [("party", UNSAID, 100)]),
            ]
        case _:
            return []


UNSAID = "unsaid"
"""In place of a party, where nobody was named."""


# What is asked.


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """Days of the shop's zone, both ends included. ``Invalid`` if it ends before it begins or is too long."""

    first: date
    last: date

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise Invalid("report.period_reversed")
        if (self.last - self.first).days >= MOST_DAYS:
            raise Invalid("report.period_too_long", limit=MOST_DAYS)

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def month(self) -> date | None:
        """The first day of the month, where the period is one whole month."""
        return self.first if self == month_of(self.first) else None

    def before(self) -> Period:
        """What it is compared with: the month before a whole month, else as many days just before it."""
        end = self.first - timedelta(days=1)
        return month_of(end) if self.month else Period(end - timedelta(days=self.days - 1), end)


def month_of(day: date) -> Period:
    """The whole month that the day lies in."""
    first = day.replace(day=1)
    return Period(first, next_month(first) - timedelta(days=1))


def next_month(first: date) -> date:
    """The first day of the month after the one that begins on this day."""
    return (first + timedelta(days=31)).replace(day=1)


@dataclass(frozen=True, slots=True)
class Question:
    """What a report is asked for: a period, a cut, what to compare with, and which values of other cuts alone."""

    period: Period
    by: Dimension = Dimension.TYPE
    against: Period | None = None
    only: tuple[tuple[Dimension, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """Figures of one value of the cut (or of all, with an empty value) in one period.

    ``time`` is seconds by whose time it was, ``parties`` percent points by party: 150 is one and a half tickets.
    """

    value: str
    sums: Sums = Sums()
    spread: Spread = Spread()
    time: Mapping[str, int] = field(default_factory=dict)
    parties: Mapping[str, int] = field(default_factory=dict)


def line_document(line: Line) -> dict[str, Any]:
    """As it is stored when a month is closed."""
    return {
        "sums": {name: getattr(line.sums, name) for name in SUMMED},
        "spread": {one.name: getattr(line.spread, one.name) for one in fields(Spread)},
        "time": dict(line.time),
        "parties": dict(line.parties),
    }


def parse_line(value: str, document: Mapping[str, Any]) -> Line:
    """A stored line; what an earlier version did not know is nought."""
    sums, found = document.get("sums", {}), document.get("spread", {})
    return Line(
        value,
        Sums(**{name: int(sums.get(name, 0)) for name in SUMMED}),
        Spread(**{one.name: found[one.name] for one in fields(Spread) if one.name in found}),
        dict(document.get("time", {})),
        dict(document.get("parties", {})),
    )
