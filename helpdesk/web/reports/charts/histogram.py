"""How long things take: bars of tickets over a scale on which each doubling is equally wide."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import log

from helpdesk.domain.reports import BIN_RATIO, EDGES, bin_of
from helpdesk.web.reports.charts.scale import Tick, ticks

WIDTH, HEIGHT = 380, 250
LEFT, TOP, BOTTOM = 40, 26, 28
MOST_BARS = 24
MINUTE, HOUR, DAY = 60, 3600, 86400
ROUND = (
    *(MINUTE, 5 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 4 * HOUR, 8 * HOUR, 16 * HOUR),
    *(DAY, 2 * DAY, 4 * DAY, 7 * DAY, 14 * DAY, 30 * DAY, 90 * DAY, 180 * DAY, 365 * DAY, 730 * DAY),
)
"""Times that people read a scale by, in seconds."""

ROOM = 44
"""Between two figures on the axis."""


@dataclass(frozen=True, slots=True)
class Bar:
    """Tickets of the bins ``first`` to ``last``: at least ``low`` seconds and below ``high``."""

    first: int
    last: int
    low: int
    high: int
    count: int
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Mark:
    """A percentile, or a time on the axis: where it stands."""

    key: str
    seconds: int
    x: float


@dataclass(frozen=True, slots=True)
class Histogram:
    width: int
    height: int
    left: int
    top: int
    floor: float
    bars: tuple[Bar, ...]
    ticks: tuple[Tick, ...]
    times: tuple[Mark, ...]
    marks: tuple[Mark, ...]
    total: int


def histogram(bins: Sequence[tuple[int, int]], percentiles: Sequence[tuple[str, int | None]] = ()) -> Histogram:
    """(lower edge in seconds, tickets) of ``domain.reports``' bins; percentiles by name in seconds."""
    counts = {bin_of(low): count for low, count in bins if count > 0}
    if not counts:
        return Histogram(WIDTH, HEIGHT, LEFT, TOP, float(HEIGHT - BOTTOM), (), (), (), (), 0)
    first, last = min(counts), max(counts)
    each = -(-(last - first + 1) // MOST_BARS)
    groups = [
        (low, min(low + each - 1, len(EDGES) - 1), sum(count for _number, count in found))
        for low, found in groupby(sorted(counts.items()), key=lambda one: first + (one[0] - first) // each * each)
    ]
    places = (last - first) // each + 1
    axis = ticks(max(count for _first, _last, count in groups), HEIGHT - TOP - BOTTOM)
    floor = float(HEIGHT - BOTTOM)
    place = (WIDTH - LEFT) / places
    bars = tuple(_bar(group, (group[0] - first) // each, place, floor, axis[-1].value) for group in groups)

    def at(seconds: int) -> float:
        return round(LEFT + (_place(seconds) - first) / each * place, 1)

    return Histogram(
        width=WIDTH,
        height=HEIGHT,
        left=LEFT,
        top=TOP,
        floor=floor,
        bars=bars,
        ticks=tuple(Tick(tick.value, round(floor - tick.at, 1)) for tick in axis),
        times=_times(at),
        marks=tuple(Mark(key, seconds, at(seconds)) for key, seconds in percentiles if seconds is not None),
        total=sum(counts.values()),
    )


def _bar(group: tuple[int, int, int], number: int, place: float, floor: float, top: int) -> Bar:
    first, last, count = group
    height = round(count / top * (floor - TOP), 1)
    return Bar(
        first=first,
        last=last,
        low=EDGES[first],
        high=EDGES[last + 1] if last + 1 < len(EDGES) else EDGES[-1],
        count=count,
        x=round(LEFT + number * place + 1, 1),
        y=round(floor - height, 1),
        width=round(max(1.0, place - 2), 1),
        height=height,
    )


def _place(seconds: int) -> float:
    """The number of its bin, and how far within it on a scale of ratios."""
    number = bisect_right(EDGES, seconds) - 1
    low = EDGES[number]
    if number == 0 or number + 1 >= len(EDGES):
        return number + (seconds - low) / EDGES[1] if number == 0 else float(number)
    return number + min(1.0, log(seconds / low) / log(BIN_RATIO))


def _times(at: Callable[[int], float]) -> tuple[Mark, ...]:
    """Round times that lie on the axis, none so near the one before that their words would touch."""
    shown: list[Mark] = []
    for seconds in ROUND:
        x = at(seconds)
        if LEFT <= x <= WIDTH - 12 and (not shown or x - shown[-1].x >= ROOM):
            shown.append(Mark("", seconds, x))
    return tuple(shown)
