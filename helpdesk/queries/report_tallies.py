"""Lines of a report as they are added up from rows, whichever table these come from."""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from helpdesk.domain.reports import Line, Spread, Sums, histogram_spread, spread

Lines: TypeAlias = Mapping[str | None, Line]
"""Lines by value of the cut; under None the whole."""

TIME, PARTY, WALL, WORK, HOUR = "time", "party", "wall", "work", "hour"
IN_LINES = (TIME, PARTY, WALL, WORK)
"""The parts (``domain.reports.PartKey``) that lines are made of; wall and work are histograms."""


def _numbers() -> array[int]:
    return array("q")


@dataclass(slots=True)
class Tally:
    """What one value of a cut comes to so far.

    ``walls`` and ``works``: every handling time, where all are read. A month has a hundred thousand of them: as lists
    of numbers they would take five times the memory.
    """

    sums: Sums = field(default_factory=Sums)
    parts: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    walls: array[int] = field(default_factory=_numbers)
    works: array[int] = field(default_factory=_numbers)

    def add(self, other: Tally) -> None:
        self.sums += other.sums
        self.walls += other.walls
        self.works += other.works
        self.take_parts(other)

    def take_parts(self, other: Tally) -> None:
        for part, keys in other.parts.items():
            mine = self.parts[part]
            for key, amount in keys.items():
                mine[key] += amount

    def line(self, value: str) -> Line:
        return Line(value, self.sums, self._spread(), dict(self.parts[TIME]), dict(self.parts[PARTY]))

    def _spread(self) -> Spread:
        if self.walls or not self.sums.resolved:
            return spread(self.walls, self.works)
        wall, work = ({int(bin): n for bin, n in self.parts[part].items()} for part in (WALL, WORK))
        return histogram_spread(wall, work)


class Tallies(defaultdict[str, Tally]):
    """By value of the cut."""

    def __init__(self) -> None:
        super().__init__(Tally)

    def whole(self) -> Tally:
        """All of them together, where each ticket counts under one value."""
        whole = Tally()
        for tally in self.values():
            whole.add(tally)
        return whole

    def lines(self) -> Lines:
        return {None: self.whole().line(""), **{value: tally.line(value) for value, tally in self.items()}}
