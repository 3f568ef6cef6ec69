"""Weeks before and after as bars: geometry only, in the units of the picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT, TOP, FLOOR, LEFT = 720, 220, 24, 188, 8
GAP = 0.25
"""Of a week's place, between bars."""


@dataclass(frozen=True, slots=True)
class Bar:
    x: float
    y: float
    width: float
    height: float
    after: bool
    value: float


@dataclass(frozen=True, slots=True)
class Level:
    """The mean of one side, as a line over its weeks."""

    x1: float
    x2: float
    y: float


@dataclass(frozen=True, slots=True)
class Chart:
    """``start``: where the change began; ``band``: (y, height) of the interval in which the mean since then lies."""

    bars: tuple[Bar, ...]
    before: Level | None
    after: Level | None
    band: tuple[float, float] | None
    start: float
    width: int = WIDTH
    height: int = HEIGHT
    floor: int = FLOOR
    left: int = LEFT


def before_after(
    before: Sequence[float],
    after: Sequence[float],
    means: tuple[float, float] | None,
    interval: tuple[float, float] | None,
) -> Chart:
    """A bar for each week. ``means`` and ``interval`` (of the mean since the start) where they can be said."""
    values = [*before, *after]
    most = max([*values, *(means or ()), 1e-9])
    step = (WIDTH - 2 * LEFT) / max(1, len(values))

    def level(value: float) -> float:
        return round(FLOOR - (FLOOR - TOP) * min(1.0, value / most), 2)

    bars = tuple(
        Bar(
            x=round(LEFT + (at + GAP / 2) * step, 2),
            y=level(value),
            width=round(step * (1 - GAP), 2),
            height=round(FLOOR - level(value), 2),
            after=at >= len(before),
            value=value,
        )
        for at, value in enumerate(values)
    )
    start = round(LEFT + len(before) * step, 2)
    was = Level(LEFT, start, level(means[0])) if means else None
    now = Level(start, WIDTH - LEFT, level(means[1])) if means else None
    band = None
    if interval:
        low, high = (level(max(0.0, value)) for value in interval)
        band = (high, round(max(1.0, low - high), 2))
    return Chart(bars, was, now, band, start)
