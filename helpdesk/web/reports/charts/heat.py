"""The week by hours: darker where more happens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

LEFT, TOP, CELL, STEP = 38, 2, 18, 21
WIDTH = LEFT + 24 * STEP
HEIGHT = TOP + 7 * STEP + 24
LEVELS = 6
"""Of darkness; 0 is nothing at all."""


@dataclass(frozen=True, slots=True)
class Cell:
    """An hour of the week, Monday's first 0. ``level`` 0 to ``LEVELS``."""

    hour: int
    count: int
    level: int
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Heat:
    width: int
    height: int
    left: int
    size: int
    step: int
    cells: tuple[Cell, ...]
    greatest: int

    @property
    def busiest(self) -> Cell:
        return max(self.cells, key=lambda cell: (cell.count, -cell.hour))


def heat(week: Sequence[Sequence[int]]) -> Heat:
    """Seven days (Monday first) of 24 counts each."""
    greatest = max((count for day in week for count in day), default=0)
    cells = tuple(
        Cell(day * 24 + hour, count, level(count, greatest), LEFT + hour * STEP, TOP + day * STEP)
        for day, counts in enumerate(week)
        for hour, count in enumerate(counts)
    )
    return Heat(WIDTH, HEIGHT, LEFT, CELL, STEP, cells, greatest)


def level(count: int, greatest: int) -> int:
    """How dark: every count above nothing is seen."""
    return ceil(count / greatest * LEVELS) if count > 0 and greatest else 0
