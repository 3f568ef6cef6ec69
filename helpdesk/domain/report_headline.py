"""What a report says in words, from its figures: what is worth a sentence, and what would be silly to say.

A finding is a code with figures (seconds, fen, shares from 0 to 1), worded by ``wording/reports.py``. Nothing is
concluded from fewer than ``FEW`` tickets, and no change is told that chance brings about once in twenty times. What a
period that is still running adds up to is not held against a whole one; its means and shares are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import sqrt
from typing import Protocol

from helpdesk.domain.reports import Line, change

FEW = 20
"""Tickets: nothing is concluded from fewer."""

FEW_PAYMENTS = 10
LIKELY = 1.96
"""Standard errors: what differs by less may be chance."""

GREAT_SHARE = 0.15
GREAT_PAYMENT = 0.3
NOTABLE = 0.1
NOTABLE_MONEY = 0.15
NOTABLE_POINTS = 0.02
FACTOR = 1.3
GROWTH = 1.5
ORIGIN_SHARE = 0.5
ORIGIN_LIFT = 1.25
MOST = 5


class Compared(Protocol):
    """Figures of a value in the period, and in the one it is compared with."""

    @property
    def line(self) -> Line: ...

    @property
    def before(self) -> Line: ...


@dataclass(frozen=True, slots=True)
class Origin:
    """Where most of a value's hours came from: of ``tickets`` this ``part`` of the hours, and ``base`` of everybody's.

    ``cut`` is warehouse, courier or SKU, ``value`` which one.
    """

    cut: str
    value: str
    part: float
    base: float
    tickets: int

    @property
    def stands_out(self) -> bool:
        return self.tickets >= FEW and self.part >= ORIGIN_SHARE and self.part >= self.base * ORIGIN_LIFT


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing worth saying: ``code`` and its figures. ``value`` is what of the cut it is about, else empty."""

    code: str
    value: str = ""
    figures: Mapping[str, float] = field(default_factory=dict)
    origin: Origin | None = None


def headline(
    whole: Compared, rows: Sequence[Compared], *, running: bool, origin: Origin | None = None
) -> tuple[Finding, ...]:
    """The findings, the weightiest first, at most ``MOST``. ``origin`` is that of the row with most of the hours.

    ``rows`` stand as in the report, most wall-clock hours first. Of too few tickets it says just that.
    """
    now = whole.line.sums
    if not (now.opened or now.resolved or now.money_n):
        return ()
    if max(now.opened, now.resolved) < FEW:
        return (Finding("few", figures={"opened": now.opened, "resolved": now.resolved}),)
    top = _top(whole, rows, running, origin)
    told = (
        top,
        _volume(whole, running),
        _speed(whole),
        _promise(whole),
        _growth(rows, running, top.value if top else ""),
        _money(whole, rows, running),
    )
    return tuple(one for one in told if one)[:MOST]


def top_value(whole: Compared, rows: Iterable[Compared]) -> str:
    """The value that took the greatest share of the hours, if that is worth a sentence; else empty."""
    all_hours = whole.line.sums.wall_seconds
    first = next(iter(rows), None)
    if first is None or not first.line.value or not all_hours:
        return ""
    sums = first.line.sums
    return first.line.value if sums.resolved >= FEW and sums.wall_seconds / all_hours >= GREAT_SHARE else ""


def _top(whole: Compared, rows: Sequence[Compared], running: bool, origin: Origin | None) -> Finding | None:
    value = top_value(whole, rows)
    if not value or len(rows) < 2:
        return None
    row = rows[0]
    now, before = row.line.sums, row.before.sums
    figures: dict[str, float] = {"share": now.wall_seconds / whole.line.sums.wall_seconds}
    code = "top"
    if not running and before.resolved >= FEW and before.wall_seconds:
        factor = now.wall_seconds / before.wall_seconds
        figures["factor"] = factor
        code = "top.more" if factor >= FACTOR else "top.less" if factor <= 1 / FACTOR else "top.same"
    return Finding(code, value, figures, origin if origin and origin.stands_out else None)


def _volume(whole: Compared, running: bool) -> Finding | None:
    now, before = whole.line.sums.opened, whole.before.sums.opened
    part = change(now, before)
    if running or part is None or before < FEW:
        return Finding("volume", figures={"opened": now, "resolved": whole.line.sums.resolved})
    if abs(part) < NOTABLE or not counts_differ(now, before):
        return Finding("volume.same", figures={"opened": now, "before": before})
    return Finding("volume.more" if part > 0 else "volume.less", figures={"opened": now, "change": abs(part)})


def _speed(whole: Compared) -> Finding | None:
    """Means are held against each other only where there is enough of both: their spread isn't known here."""
    now, before = whole.line.sums, whole.before.sums
    mean, was = now.mean("wall"), before.mean("wall")
    part = change(mean, was)
    if mean is None or was is None or part is None or min(now.resolved, before.resolved) < FEW or abs(part) < NOTABLE:
        return None
    return Finding("speed.slower" if part > 0 else "speed.faster", figures={"mean": mean, "before": was})


def _promise(whole: Compared) -> Finding | None:
    """The clock whose share in time moved most, of those where that is more than chance."""
    moved = [
        (rate - was, clock, rate)
        for clock in ("first", "solution")
        if (rate := whole.line.sums.kept(clock)) is not None
        and (was := whole.before.sums.kept(clock)) is not None
        and shares_differ(_results(whole.line, clock), _results(whole.before, clock))
        and abs(rate - was) >= NOTABLE_POINTS
    ]
    if not moved:
        return None
    points, clock, rate = max(moved, key=lambda one: abs(one[0]))
    return Finding(f"kept.{'more' if points > 0 else 'less'}.{clock}", figures={"rate": rate, "points": abs(points)})


def _growth(rows: Iterable[Compared], running: bool, told: str) -> Finding | None:
    """What grew most in number, beside what has been told already."""
    if running:
        return None
    grown = [
        (row.line.sums.opened / row.before.sums.opened, row)
        for row in rows
        if row.line.value != told
        and row.line.sums.opened >= FEW
        and row.before.sums.opened >= FEW // 2
        and row.line.sums.opened >= row.before.sums.opened * GROWTH
        and counts_differ(row.line.sums.opened, row.before.sums.opened)
    ]
    if not grown:
        return None
    factor, row = max(grown, key=lambda one: (one[0], one[1].line.value))
    return Finding("growth", row.line.value, {"opened": row.line.sums.opened, "factor": factor})


def _money(whole: Compared, rows: Iterable[Compared], running: bool) -> Finding | None:
    now, before = whole.line.sums, whole.before.sums
    if now.money_n < FEW_PAYMENTS or not now.money_fen:
        return None
    figures: dict[str, float] = {"fen": now.money_fen}
    part = change(now.money_fen, before.money_fen)
    code = "money"
    if not running and part is not None and before.money_n >= FEW_PAYMENTS and abs(part) >= NOTABLE_MONEY:
        figures["change"] = abs(part)
        code = "money.more" if part > 0 else "money.less"
    dearest = max(rows, key=lambda row: row.line.sums.money_fen, default=None)
    value = ""
    if dearest is not None and dearest.line.value:
        share = dearest.line.sums.money_fen / now.money_fen
        if share >= GREAT_PAYMENT:
            value, figures["share"] = dearest.line.value, share
    return Finding(code, value, figures) if code != "money" or value else None


def _results(line: Line, clock: str) -> tuple[int, int]:
    return getattr(line.sums, f"{clock}_ok"), getattr(line.sums, f"{clock}_n")


def counts_differ(one: int, other: int) -> bool:
    """Whether two counts are further apart than chance usually brings them (Poisson)."""
    return abs(one - other) > LIKELY * sqrt(one + other)


def shares_differ(one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether two shares, each as (part, whole), are further apart than chance usually brings them."""
    (part, whole), (other_part, other_whole) = one, other
    if min(whole, other_whole) < FEW:
        return False
    pooled = (part + other_part) / (whole + other_whole)
    error = sqrt(pooled * (1 - pooled) * (1 / whole + 1 / other_whole))
    return abs(part / whole - other_part / other_whole) > LIKELY * error
