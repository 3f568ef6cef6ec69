"""One bar of pieces: how a whole is made up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH = 1000
"""Of the bar in its own units; it is stretched to its place."""

HAIR = 4
"""What would be narrower than a hair goes with the piece before it: figures beside the bar have it all the same."""


@dataclass(frozen=True, slots=True)
class Piece:
    key: str
    value: int
    share: float
    x: float
    width: float


def stacked(figures: Sequence[tuple[str, int]]) -> tuple[Piece, ...]:
    """(name, value) from left to right. Pieces touch and fill the bar."""
    found = [(key, value) for key, value in figures if value > 0]
    total = sum(value for _key, value in found)
    pieces: list[Piece] = []
    before = cursor = 0.0
    for number, (key, value) in enumerate(found):
        before += value
        edge = WIDTH if number == len(found) - 1 else round(before / total * WIDTH, 1)
        if edge - cursor >= HAIR or not pieces:
            pieces.append(Piece(key, value, value / total, cursor, round(edge - cursor, 1)))
        else:
            last = pieces[-1]
            pieces[-1] = Piece(last.key, last.value, last.share, last.x, round(edge - last.x, 1))
        cursor = edge
    return tuple(pieces)
