"""A clock as it is read in a list: how much is left, and how bad it is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from helpdesk.domain.clocks import FAR_FUTURE

SOON_SECONDS = 3600
"""An hour or less left: the clock warns."""


class ClockColumns(Protocol):
    """The columns that a face is made of."""

    kind: Any
    target_seconds: Any
    due_at: Any
    late_after: Any
    pauses: Any
    provisional: Any


@dataclass(frozen=True, slots=True)
class ClockFace:
    """``state`` running or paused; ``level`` ok, warn, over or paused.

    ``remaining_seconds`` goes up to ``late_after`` and is negative when late, None while paused; ``percent`` is
    the share of the target that is left, 0..100.
    """

    kind: str
    target_seconds: int
    due_at: datetime | None
    late_after: datetime | None
    state: str
    level: str
    remaining_seconds: int | None
    percent: int
    provisional: bool

    def seen(self) -> tuple[object, ...]:
        """What of it changes what a reader sees, apart from the counting down."""
        return (self.kind, self.due_at, self.late_after, self.state, self.level, self.provisional)


def face(row: ClockColumns, now: datetime) -> ClockFace:
    """The face of a clock that is neither met nor cancelled."""
    paused = bool(row.pauses) and row.pauses[-1][1] is None
    late = row.late_after is not None and now > row.late_after
    left = None if paused or row.late_after is None else int((row.late_after - now).total_seconds())
    return ClockFace(
        kind=row.kind,
        target_seconds=row.target_seconds,
        due_at=row.due_at,
        late_after=row.late_after,
        state="paused" if paused else "running",
        level=_level(late, paused, left),
        remaining_seconds=left,
        percent=_percent(left, row.target_seconds, paused),
        provisional=row.provisional,
    )


def nearest(rows: Iterable[ClockColumns], now: datetime) -> ClockFace | None:
    """The face of the clock that burns first; a paused one only where none runs."""
    chosen = min(rows, key=lambda row: row.late_after or FAR_FUTURE, default=None)
    return None if chosen is None else face(chosen, now)


def _level(late: bool, paused: bool, left: int | None) -> str:
    if late:
        return "over"
    if paused:
        return "paused"
    return "warn" if left is not None and left <= SOON_SECONDS else "ok"


def _percent(left: int | None, target_seconds: int, paused: bool) -> int:
    if left is None:
        return 100 if paused else 0
    return max(0, min(100, left * 100 // max(target_seconds, 1)))
