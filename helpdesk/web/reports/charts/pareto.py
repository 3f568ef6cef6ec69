"""Few causes, most of the effect: bars from the greatest down, and how much of all they come to together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

WIDTH, ROW, TEXT, BAR = 380, 34, 14, 8
MOST = 10
VITAL = 0.8


@dataclass(frozen=True, slots=True)
class Rank:
    """A bar. ``y`` is the top of its place, ``base`` the line its words stand on, ``bar`` the top of the bar.

    ``end`` and ``middle`` are where the curve passes: all up to this one, as a part of the width, beside its bar.
    """

    key: str
    value: int
    share: float
    reached: float
    y: float
    base: float
    bar: float
    width: float
    end: float
    middle: float


@dataclass(frozen=True, slots=True)
class Pareto:
    """``vital``: how many of the first come to ``VITAL`` of all. ``rest`` is what the bars leave out."""

    width: int
    height: int
    bar_height: int
    vital_x: float
    ranks: tuple[Rank, ...]
    curve: str
    total: int
    vital: int
    rest: int


def pareto(figures: Sequence[tuple[str, int]]) -> Pareto:
    """(name, value) in any order; what is not above nothing is left out. Bars for the ``MOST`` greatest."""
    ordered = sorted((one for one in figures if one[1] > 0), key=lambda one: (-one[1], one[0]))
    total = sum(value for _key, value in ordered)
    sums = list(accumulate(value for _key, value in ordered))
    ranks = tuple(
        _rank(place, key, value, reached, total)
        for place, ((key, value), reached) in enumerate(zip(ordered[:MOST], sums, strict=False))
    )
    vital = next((place for place, reached in enumerate(sums, 1) if reached >= VITAL * total), 0)
    return Pareto(
        width=WIDTH,
        height=len(ranks) * ROW,
        bar_height=BAR,
        vital_x=round(WIDTH * VITAL, 1),
        ranks=ranks,
        curve=" ".join(f"{rank.end:g},{rank.middle:g}" for rank in ranks),
        total=total,
        vital=vital,
        rest=len(ordered) - len(ranks),
    )


def _rank(place: int, key: str, value: int, reached: int, total: int) -> Rank:
    y = place * ROW
    return Rank(
        key=key,
        value=value,
        share=value / total,
        reached=reached / total,
        y=y,
        base=y + TEXT,
        bar=y + TEXT + 5,
        width=max(2.0, round(WIDTH * value / total, 1)),
        end=round(WIDTH * reached / total, 1),
        middle=y + TEXT + 5 + BAR / 2,
    )
