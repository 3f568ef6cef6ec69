"""Axes: round figures to read a chart by."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor, log10

STEPS = (1, 2, 2.5, 5, 10)


@dataclass(frozen=True, slots=True)
class Tick:
    """A figure on an axis, and where it stands."""

    value: int
    at: float


def ticks(greatest: int, length: float, most: int = 4) -> tuple[Tick, ...]:
    """Whole figures from 0 to the first round one that is not below ``greatest``, spread over ``length``.

    At most ``most`` steps. ``at`` counts from the axis' beginning.
    """
    step = _step(max(1, greatest), most)
    top = ceil(max(1, greatest) / step) * step
    return tuple(Tick(value, round(value / top * length, 1)) for value in range(0, top + 1, step))


def _step(greatest: int, most: int) -> int:
    """The least round figure of which ``most`` reach the greatest; whole, as tickets are."""
    rough = greatest / most
    power = 10 ** floor(log10(rough)) if rough >= 1 else 1
    return next(int(step * power) for step in STEPS if step * power >= rough and step * power == int(step * power))
