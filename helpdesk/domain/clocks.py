"""SLA clocks: what has elapsed, when a target is due, when it is late, and why.

A clock counts the open seconds of a calendar from ``started_at``, except while paused, until it
stops. Everything is computed from the state and the calendar: a new target or another calendar is
the same as if it had been set at the start. Instants are aware UTC datetimes, durations whole
seconds of working time. Semantics: PRODUCT, SLA; the conformance cases hold them.

* ``due_at`` is shown to people: the earliest instant at which elapsed reaches the target.
* ``late_after`` decides: the last instant at which elapsed still equals the target. A clock is
  overdue when ``now > late_after``, so what is due at Friday's closing is in time on Monday's
  first second.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum

from helpdesk.domain.calendars import (
    Calendar,
    Span,
    first_reach,
    last_hold,
    open_spans,
    total_seconds,
)
from helpdesk.domain.tickets import Status

FAR_FUTURE = datetime(9999, 12, 31, tzinfo=UTC)
"""``burns_at`` of a ticket on which no clock runs."""


class Kind(StrEnum):
    FIRST_RESPONSE = "first_response"
    SOLUTION = "solution"
    QUEUE = "queue"  # one per stint: the lateness of a queue, not the customer's
    PLATFORM = "platform"


@dataclass(frozen=True, slots=True)
class Pause:
    """Time that doesn't count; ``to`` is None while it lasts."""

    from_: datetime
    to: datetime | None = None


@dataclass(frozen=True, slots=True)
class ClockState:
    """What has happened to a clock. ``target_seconds`` None measures without a promise.

    ``pauses`` are in order and don't overlap; only the last may be open. A clock that is stopped
    while paused keeps the pause open, so that taking the stop back finds it paused.
    """

    started_at: datetime
    target_seconds: int | None
    pauses: tuple[Pause, ...] = ()
    stopped_at: datetime | None = None

    @property
    def paused(self) -> bool:
        return self.stopped_at is None and self._pause_open

    @property
    def running(self) -> bool:
        return self.stopped_at is None and not self._pause_open

    @property
    def _pause_open(self) -> bool:
        return bool(self.pauses) and self.pauses[-1].to is None

    def not_before(self, at: datetime) -> datetime:
        """The instant, but never before what has already happened: two processes' times may cross."""
        last = self.pauses[-1].to or self.pauses[-1].from_ if self.pauses else self.started_at
        return max(at, last, self.stopped_at or last)


def start(at: datetime, target_seconds: int | None, *, paused: bool = False) -> ClockState:
    """A new clock, running unless ``paused``."""
    return ClockState(at, target_seconds, (Pause(at),) if paused else ())


def pause(state: ClockState, at: datetime) -> ClockState:
    """Stop counting. Changes nothing when paused already or stopped."""
    if not state.running:
        return state
    return replace(state, pauses=(*state.pauses, Pause(state.not_before(at))))


def resume(state: ClockState, at: datetime) -> ClockState:
    """Count again. Changes nothing when running, or when stopped (see ``reopen``)."""
    if not state.paused:
        return state
    return replace(state, pauses=_closed(state.pauses, state.not_before(at)))


def stop(state: ClockState, at: datetime) -> ClockState:
    """The promise is met, or the ticket resolved. A second stop changes nothing."""
    if state.stopped_at is not None:
        return state
    return replace(state, stopped_at=state.not_before(at))


def reopen(state: ClockState, at: datetime) -> ClockState:
    """Run on after a stop; the time between doesn't count. Undoes a resolve; nothing if not stopped."""
    if state.stopped_at is None:
        return state
    pauses = state.pauses if state._pause_open else (*state.pauses, Pause(state.stopped_at))
    return ClockState(state.started_at, state.target_seconds, _closed(pauses, state.not_before(at)))


def unmeet(state: ClockState) -> ClockState:
    """As if it had never stopped: the answer was taken back, so the customer waited all along."""
    return replace(state, stopped_at=None)


def retarget(state: ClockState, target_seconds: int | None) -> ClockState:
    """Another promise, as if it had been made at the start; what has elapsed stays."""
    return replace(state, target_seconds=target_seconds)


def _closed(pauses: tuple[Pause, ...], at: datetime) -> tuple[Pause, ...]:
    """The last pause ends; one without length is none."""
    *before, last = pauses
    return tuple(before) if last.from_ == at else (*before, Pause(last.from_, at))


def elapsed(state: ClockState, calendar: Calendar, now: datetime) -> int:
    """Open seconds that counted: up to the last stop, or up to ``now`` while it runs."""
    return total_seconds(_counted(state, calendar, now))


def remaining(state: ClockState, calendar: Calendar, now: datetime) -> int | None:
    """Open seconds until the target, negative once it is passed; None without a target."""
    return None if state.target_seconds is None else state.target_seconds - elapsed(state, calendar, now)


def due_at(state: ClockState, calendar: Calendar) -> datetime | None:
    """The earliest instant at which elapsed reaches the target, in the past too.

    None without a target, when stopped or paused before reaching it, and when the calendar has no
    opening for ``calendars.HORIZON_DAYS``.
    """
    if state.target_seconds is None:
        return None
    return first_reach(_counted(state, calendar), state.target_seconds, state.started_at)


def late_after(state: ClockState, calendar: Calendar) -> datetime | None:
    """The last instant at which elapsed still equals the target; the clock is overdue after it.

    None without a target and as long as nothing makes elapsed exceed it (paused, stopped, no opening).
    """
    return stage_due(state, calendar, 100)


def stage_due(state: ClockState, calendar: Calendar, percent: int) -> datetime | None:
    """The last instant at which elapsed equals this share of the target (whole seconds, rounded down).

    None while paused or stopped, unless the share was passed before that.
    """
    if state.target_seconds is None:
        return None
    return last_hold(_counted(state, calendar), state.target_seconds * percent // 100)


def is_overdue(state: ClockState, calendar: Calendar, now: datetime) -> bool:
    """Whether elapsed exceeds the target; exactly on time is in time."""
    late = late_after(state, calendar)
    return late is not None and (now > late or not state.running)


def is_provisional(state: ClockState, calendar: Calendar) -> bool:
    """Whether the deadline lies after the last day whose holidays are confirmed."""
    due = due_at(state, calendar)
    confirmed = calendar.confirmed_through
    return due is not None and confirmed is not None and calendar.local_date(due) > confirmed


def counting_spans(state: ClockState) -> Iterator[tuple[datetime, datetime | None]]:
    """The stretches in which the clock counts, in order; the last has no end while it runs."""
    cursor = state.started_at
    for gap in state.pauses:
        end = gap.from_ if state.stopped_at is None else min(gap.from_, state.stopped_at)
        if cursor < end:
            yield cursor, end
        if gap.to is None:
            return
        cursor = max(cursor, gap.to)
    if state.stopped_at is None or cursor < state.stopped_at:
        yield cursor, state.stopped_at


def _counted(state: ClockState, calendar: Calendar, now: datetime | None = None) -> Iterator[Span]:
    """The open stretches that count; the one still running goes up to ``now``, or on without it."""
    for begin, end in counting_spans(state):
        yield from open_spans(calendar, begin, now if end is None else end)


def pauses_while(kind: Kind, status: Status) -> bool:
    """Only the solution waits, and only for the customer: our own warehouse or finance stops no promise."""
    return kind is Kind.SOLUTION and status is Status.PENDING_CUSTOMER


def burns_at(late_afters: Iterable[datetime | None]) -> datetime:
    """What burns first: the least of these, far in the future if there is none."""
    return min((late for late in late_afters if late is not None), default=FAR_FUTURE)
