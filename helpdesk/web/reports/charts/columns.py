"""Columns side by side, each of parts on top of each other: a figure over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from helpdesk.web.reports.charts.scale import Tick, ticks

WIDTH, HEIGHT = 540, 226
LEFT, TOP, BOTTOM = 46, 18, 28
GAP = 0.42
"""Of a column's place."""


@dataclass(frozen=True, slots=True)
class Part:
    key: str
    value: int
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Column:
    """``x`` is where it begins, ``middle`` where its name stands, ``top`` the end of what is drawn."""

    key: str
    total: int
    x: float
    width: float
    middle: float
    top: float
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Columns:
    """``ticks`` stand at heights measured from the top; ``floor`` is where columns stand."""

    width: int
    height: int
    left: int
    floor: float
    columns: tuple[Column, ...]
    ticks: tuple[Tick, ...]


def columns(figures: Sequence[tuple[str, Mapping[str, int]]], keys: Sequence[str]) -> Columns:
    """(name, values by key) of each column, from left to right; parts stand as ``keys`` do, from below upwards."""
    greatest = max((sum(values.get(key, 0) for key in keys) for _name, values in figures), default=0)
    length = HEIGHT - TOP - BOTTOM
    axis = ticks(greatest, length)
    unit = length / axis[-1].value
    floor = float(HEIGHT - BOTTOM)
    place = (WIDTH - LEFT) / max(1, len(figures))
    drawn = []
    for number, (name, values) in enumerate(figures):
        x = LEFT + place * (number + GAP / 2)
        parts = _parts(values, keys, floor, unit)
        drawn.append(
            Column(
                key=name,
                total=sum(part.value for part in parts),
                x=round(x, 1),
                width=round(place * (1 - GAP), 1),
                middle=round(x + place * (1 - GAP) / 2, 1),
                top=parts[-1].y if parts else floor,
                parts=tuple(parts),
            )
        )
    lines = tuple(Tick(tick.value, round(floor - tick.at, 1)) for tick in axis)
    return Columns(WIDTH, HEIGHT, LEFT, floor, tuple(drawn), lines)


def _parts(values: Mapping[str, int], keys: Sequence[str], floor: float, unit: float) -> list[Part]:
    parts = []
    below = 0
    for key in keys:
        value = values.get(key, 0)
        if value > 0:
            parts.append(Part(key, value, round(floor - (below + value) * unit, 1), round(value * unit, 1)))
            below += value
    return parts
