"""A clock as it is read in a list: how much is left, and how bad it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from helpdesk.domain import clocks as engine
from helpdesk.domain.calendars import Calendar, Span, open_seconds, opening
from helpdesk.domain.clocks import FAR_FUTURE
from helpdesk.models.clocks import state_of

SOON_SECONDS = 3600
"""An hour or less left: the clock warns."""


class ClockColumns(Protocol):
    """The columns that a face is made of."""

    kind: Any
    calendar_id: Any
    calendar_version: Any
    target_seconds: Any
    started_at: Any
    pauses: Any
    due_at: Any
    late_after: Any
    met_at: Any
    provisional: Any


class ClockFace(NamedTuple):
    """``state`` running or paused; ``level`` ok, warn, over or paused.

    ``remaining_seconds`` goes up to ``late_after``, nights included, and is negative when late; None while paused.
    ``working_left`` is what is left of the target, in seconds of working time, as of ``as_of``; negative when late.
    ``percent`` is its share of the target, 0..100. While running it counts down from ``opens_at`` (the present
    opening began, or the next one will) to ``closes_at``; both are None where nothing counts.
    """

    kind: str
    target_seconds: int
    due_at: datetime | None
    late_after: datetime | None
    state: str
    level: str
    remaining_seconds: int | None
    working_left: int
    percent: int
    as_of: datetime
    opens_at: datetime | None
    closes_at: datetime | None
    provisional: bool

    @property
    def closed(self) -> bool:
        """It runs, but nobody works now."""
        return self.opens_at is not None and self.as_of < self.opens_at

    @property
    def resting(self) -> bool:
        """Closed and not pressing: when it is due says more than how long that is off."""
        return self.closed and self.level == "ok"

    @property
    def ends_at(self) -> datetime | None:
        """When it is due; once that has passed without harm (at a closing), how long it still holds."""
        return self.late_after if self.due_at is None or self.due_at <= self.as_of else self.due_at

    def seen(self) -> tuple[object, ...]:
        """What of it changes what a reader sees, apart from the counting down."""
        ends = self.due_at and self.due_at.timestamp(), self.late_after and self.late_after.timestamp()
        return (self.kind, *ends, self.state, self.level, self.closed, self.provisional)


class Openings(dict[int, "Span | None"]):
    """The present or next opening of each calendar at ``now``, looked for once: all rows of a list share it."""

    def __init__(self, now: datetime) -> None:
        super().__init__()
        self.now = now

    def of(self, calendar: Calendar) -> Span | None:
        key = id(calendar)
        if key not in self:
            self[key] = opening(calendar, self.now)
        return self[key]


def face(row: ClockColumns, calendar: Calendar, now: datetime, openings: Openings | None = None) -> ClockFace:
    """The face of a clock that isn't cancelled; of one that is met, what was left then."""
    paused = bool(row.pauses) and row.pauses[-1][1] is None
    late = row.late_after is not None and now > row.late_after
    left = None if paused or row.late_after is None else int((row.late_after - now).total_seconds())
    working_left = _working_left(row, calendar, now)
    open_from, open_to = (
        (Openings(now) if openings is None else openings).of(calendar) if row.met_at is None and not paused else None
    ) or (None, None)
    return ClockFace(
        kind=row.kind,
        target_seconds=row.target_seconds,
        due_at=row.due_at,
        late_after=row.late_after,
        state="paused" if paused else "running",
        level=_level(late, paused, left),
        remaining_seconds=left,
        working_left=working_left,
        percent=max(0, min(100, working_left * 100 // max(row.target_seconds, 1))),
        as_of=now,
        opens_at=open_from,
        closes_at=open_to,
        provisional=row.provisional,
    )


def _working_left(row: ClockColumns, calendar: Calendar, now: datetime) -> int:
    """``engine.remaining``; a clock that never paused is read from its deadline, which is nearer than its start."""
    if row.pauses or row.due_at is None or row.met_at is not None:
        return engine.remaining(state_of(row), calendar, now) or 0
    if now >= row.due_at:
        return -open_seconds(calendar, row.due_at, now)
    return min(row.target_seconds, open_seconds(calendar, now, row.due_at))


def nearest(
    rows: Iterable[ClockColumns],
    calendars: Mapping[tuple[int, int], Calendar],
    now: datetime,
    openings: Openings | None = None,
) -> ClockFace | None:
    """The face of the clock that burns first; a paused one only where none runs. Calendars by (id, version)."""
    chosen = min(rows, key=lambda row: row.late_after or FAR_FUTURE, default=None)
    return (
        None if chosen is None else face(chosen, calendars[chosen.calendar_id, chosen.calendar_version], now, openings)
    )


def _level(late: bool, paused: bool, left: int | None) -> str:
    if late:
        return "over"
    if paused:
        return "paused"
    return "warn" if left is not None and left <= SOON_SECONDS else "ok"
