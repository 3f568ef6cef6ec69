"""Upstream improvements: how they go on, whether they helped, and what stands out enough to become one.

**Before and after.** Weeks are compared, counted back and forth from the day the change began: every week holds each
weekday once, and whatever goes on for a few days stays within one. The figure is a rate, the measure (tickets opened,
seconds of handling, fen promised) per ticket of *all other types* opened in the same weeks, so that a quiet month is no
success; where there are too few others, per day. Its error comes from how much the weeks differ among themselves
(ratio estimator with linearised residuals, W. G. Cochran, *Sampling Techniques*, 3rd ed., ch. 6), never less than that
of counting itself (a Poisson count of n is off by 1/sqrt(n)), and the two sides are compared on the logarithm with
Student's t and Welch's degrees of freedom (B. L. Welch, *Biometrika* 34, 1947). "Better" and "worse" are said only
where the whole 95 % interval lies on one side of no change: of changes that did nothing, one in forty looks better by
chance. A trend or a season that began on the same day cannot be told from the change by anybody.

**What stands out.** A value (an article, a batch, a warehouse, a courier, a channel) has more of a type's tickets than
of the others'. The chance that it would have so many if tickets fell on it by lot is the upper tail of the
hypergeometric distribution (Fisher's exact test), and that chance times the number of comparisons made (Bonferroni)
has to stay below ``MOST_CHANCE``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from math import exp, inf, lgamma, log, sqrt

from helpdesk.domain.reports import ratio


class State(StrEnum):
    """Where an improvement stands."""

    IDEA = "idea"
    PLANNED = "planned"
    RUNNING = "running"
    DONE = "done"
    DROPPED = "dropped"


MOVES: Mapping[State, tuple[State, ...]] = {
    State.IDEA: (State.PLANNED, State.RUNNING, State.DROPPED),
    State.PLANNED: (State.RUNNING, State.IDEA, State.DROPPED),
    State.RUNNING: (State.DONE, State.DROPPED, State.PLANNED, State.IDEA),
    State.DONE: (State.RUNNING,),
    State.DROPPED: (State.IDEA, State.PLANNED, State.RUNNING),
}
"""Where it may go on to; each step can be taken back."""


class Measure(StrEnum):
    """What is to become less."""

    COUNT = "count"  # tickets opened
    HOURS = "hours"  # seconds from creation to the first resolve, by the day of the resolve
    MONEY = "money"  # fen promised


CUTS = ("sku", "batch", "warehouse", "courier", "channel")
"""To what an improvement may be narrowed."""


# Before and after.


class Verdict(StrEnum):
    """What the weeks since the start say."""

    NOT_STARTED = "not_started"
    TOO_EARLY = "too_early"
    TOO_FEW = "too_few"  # tickets before the start: nothing to compare with
    NO_CHANGE = "no_change"  # none to be seen: it may be chance
    BETTER = "better"
    WORSE = "worse"
    REACHED = "reached"  # better, by as much as was expected


WEEK = 7
WEEKS_BEFORE, LEAST_BEFORE = 12, 4
WEEKS_AFTER, LEAST_AFTER = 26, 3
LEAST_TICKETS = 20
"""Of the type before the start, or of all others on either side to be a measure of volume."""


@dataclass(frozen=True, slots=True)
class Day:
    """``amount`` of the measure, tickets of the type counted in it, tickets of all other types."""

    amount: int = 0
    tickets: int = 0
    others: int = 0

    def __add__(self, other: Day) -> Day:
        return Day(self.amount + other.amount, self.tickets + other.tickets, self.others + other.others)


@dataclass(frozen=True, slots=True)
class Week:
    """Seven days from ``first`` on."""

    first: date
    sums: Day


@dataclass(frozen=True, slots=True)
class Effect:
    """The change, as a part: -0.5 is half; ``low`` to ``high`` is its 95 % interval. None where it can't be said.

    ``by_volume``: the rates are per ticket of other types; else per day.
    """

    verdict: Verdict
    before: tuple[Week, ...] = ()
    after: tuple[Week, ...] = ()
    by_volume: bool = False
    rate_before: float | None = None
    rate_after: float | None = None
    change: float | None = None
    low: float | None = None
    high: float | None = None
    raw_change: float | None = None  # per day, whatever the volume


def span(started: date, until: date) -> tuple[date, date]:
    """The first and last day that are compared of a change that began on ``started`` and is known up to ``until``."""
    weeks = min(WEEKS_AFTER, max(0, ((until - started).days + 1) // WEEK))
    return started - timedelta(weeks=WEEKS_BEFORE), started + timedelta(days=weeks * WEEK - 1)


def effect(
    days: Mapping[date, Day], started: date | None, until: date, expected_percent: int, known_from: date | None = None
) -> Effect:
    """Compare the weeks before the day it began with those since, up to ``until`` (the last whole day).

    ``known_from``: the first day that there are tickets of; weeks before it are not taken for quiet ones.
    """
    if started is None or started > until:
        return Effect(Verdict.NOT_STARTED)
    first, last = span(started, until)
    begins = max(first, known_from) if known_from else first
    before = _weeks(days, started - timedelta(days=(started - begins).days // WEEK * WEEK), started)
    after = _weeks(days, started, last + timedelta(days=1))
    was = _total(before)
    if len(before) < LEAST_BEFORE or was.tickets < LEAST_TICKETS or not was.amount:
        return Effect(Verdict.TOO_FEW, before, after)
    if len(after) < LEAST_AFTER:
        return Effect(Verdict.TOO_EARLY, before, after)
    return _compared(before, after, expected_percent)


def _compared(before: tuple[Week, ...], after: tuple[Week, ...], expected_percent: int) -> Effect:
    by_volume = min(_total(before).others, _total(after).others) >= LEAST_TICKETS
    half = _total(before).amount / _total(before).tickets / 2
    was, now = _side(before, half, by_volume=by_volume), _side(after, half, by_volume=by_volume)
    moved = log(now.smoothed / was.smoothed)
    error = sqrt(was.variance + now.variance)
    freedom = error**4 / (was.variance**2 / (len(before) - 1) + now.variance**2 / (len(after) - 1))
    margin = student(freedom) * error
    change = now.rate / was.rate - 1
    low, high = exp(moved - margin) - 1, exp(moved + margin) - 1
    raw = _side(after, half, by_volume=False).rate / _side(before, half, by_volume=False).rate - 1
    verdict = _verdict(change, low, high, expected_percent)
    return Effect(verdict, before, after, by_volume, was.rate, now.rate, change, min(low, change), high, raw)


def _verdict(change: float, low: float, high: float, expected_percent: int) -> Verdict:
    if low > 0:
        return Verdict.WORSE
    if high >= 0:
        return Verdict.NO_CHANGE
    return Verdict.REACHED if change <= -expected_percent / 100 else Verdict.BETTER


@dataclass(frozen=True, slots=True)
class _Side:
    rate: float
    smoothed: float  # half a ticket more, so that none at all has a logarithm too
    variance: float  # of its logarithm


def _side(weeks: Sequence[Week], half: float, *, by_volume: bool) -> _Side:
    bases = [week.sums.others if by_volume else WEEK for week in weeks]
    amounts = [week.sums.amount for week in weeks]
    total, tickets, base = sum(amounts), _total(weeks).tickets, sum(bases)
    rate = total / base
    apart = sum((amount - rate * its) ** 2 for amount, its in zip(amounts, bases, strict=True))
    spread = apart * len(weeks) / (len(weeks) - 1) / (total + half) ** 2
    counted = 1 / (tickets + 0.5) + (1 / base if by_volume else 0)
    return _Side(rate, (total + half) / base, max(spread, counted))


def _weeks(days: Mapping[date, Day], first: date, end: date) -> tuple[Week, ...]:
    starts = [first + timedelta(days=at) for at in range(0, (end - first).days, WEEK)]
    return tuple(
        Week(start, sum((days.get(start + timedelta(days=at), Day()) for at in range(WEEK)), Day())) for start in starts
    )


def _total(weeks: Iterable[Week]) -> Day:
    return sum((week.sums for week in weeks), Day())


_STUDENT = (
    *(12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131),
    *(2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042),
)


def student(freedom: float) -> float:
    """The 97.5 % quantile of Student's t; of a broken number of degrees that of the whole one below it."""
    whole = max(1, int(freedom))
    return _STUDENT[min(whole, len(_STUDENT)) - 1]


# What stands out.

LEAST_SEEN = 10
LEAST_LIFT = 1.5
MOST_CHANCE = 0.01


@dataclass(frozen=True, slots=True)
class Tally:
    """Tickets of one type under one value of a cut, and all that the cut knows of both (each ticket once)."""

    type: str
    cut: str
    value: str
    seen: int  # of this type, with this value
    of_type: int  # of this type, with any value
    of_value: int  # of any type, with this value
    whole: int  # of any type, with any value


@dataclass(frozen=True, slots=True)
class Suggestion:
    """``share`` of the type's tickets have the value, and ``elsewhere`` of all others (0 to 1).

    ``spared``: tickets there would be less, were it no worse there than elsewhere. ``chance`` is corrected.
    """

    tally: Tally
    share: float
    elsewhere: float
    spared: int
    chance: float

    @property
    def expected_percent(self) -> int:
        """By how much the value's own tickets of the type would become less."""
        return min(100, max(1, round(100 * self.spared / self.tally.seen)))


def suggestions(tallies: Sequence[Tally], comparisons: int) -> list[Suggestion]:
    """Those that stand out against the others, by the tickets that would be spared, most first.

    ``comparisons``: how many pairs of type and value were looked through, those without any ticket too.
    """
    found = [one for tally in tallies if (one := _judged(tally, comparisons))]
    return sorted(found, key=lambda one: (-one.spared, one.tally.type, one.tally.cut, one.tally.value))


def _judged(tally: Tally, comparisons: int) -> Suggestion | None:
    others = tally.whole - tally.of_type
    if tally.seen < LEAST_SEEN or others < LEAST_SEEN:
        return None
    share, elsewhere = tally.seen / tally.of_type, ratio(tally.of_value - tally.seen, others) or 0.0
    if share < LEAST_LIFT * elsewhere:
        return None
    chance = min(1.0, tail(tally.seen, tally.of_type, tally.of_value, tally.whole) * max(1, comparisons))
    if chance > MOST_CHANCE:
        return None
    return Suggestion(tally, share, elsewhere, round(tally.seen - tally.of_type * elsewhere), chance)


def tail(seen: int, drawn: int, marked: int, whole: int) -> float:
    """The chance of ``seen`` or more marked ones among ``drawn`` of ``whole``, ``marked`` of which are (exact)."""
    most = min(drawn, marked)
    logs = [
        _choose(marked, some) + _choose(whole - marked, drawn - some) - _choose(whole, drawn)
        for some in range(seen, most + 1)
    ]
    return min(1.0, sum(exp(one) for one in logs))


def _choose(many: int, some: int) -> float:
    if some < 0 or some > many:
        return -inf
    return lgamma(many + 1) - lgamma(some + 1) - lgamma(many - some + 1)
