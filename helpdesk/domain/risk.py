"""A plain word on how often a customer was compensated before. It informs; it never blocks anything."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

WATCH_COUNT, HIGH_COUNT = 3, 6
"""Compensations within the window. Half of all buyers with a problem have one; three are seldom chance."""

WATCH_SHARE = 50
"""Percent of the customer's cap that is used."""


class Level(StrEnum):
    LOW = "low"
    WATCH = "watch"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class Risk:
    """``reasons`` are codes: what raised the level."""

    level: Level
    reasons: tuple[str, ...] = ()


def risk(count: int, sum_fen: int, cap_fen: int | None) -> Risk:
    """Of ``count`` compensations of ``sum_fen`` (remedies left out) that stand within the customer's window.

    ``cap_fen`` is what a customer gets in it before the next rung is asked (None: the rules set none).
    """
    reasons, high = [], False
    if count >= WATCH_COUNT:
        reasons.append("risk.often")
        high = count >= HIGH_COUNT
    if cap_fen is not None and sum_fen * 100 >= cap_fen * WATCH_SHARE:
        reasons.append("risk.much")
        high = high or sum_fen >= cap_fen
    level = Level.HIGH if high else Level.WATCH if reasons else Level.LOW
    return Risk(level, tuple(reasons))
