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

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import groupby

from helpdesk.domain.calendars import (
    SECOND,
    Calendar,
    DayKind,
    Span,
    day_kind,
    first_reach,
    last_hold,
    open_intervals,
    open_spans,
    total_seconds,
)
from helpdesk.domain.tickets import Status

FAR_FUTURE = datetime(9999, 12, 31, tzinfo=UTC)
"""``burns_at`` of a ticket on which no clock runs."""

MAX_STEPS = 80
"""Of a longer explanation the middle is left out."""


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
    return holds_until(state, calendar, None if state.target_seconds is None else state.target_seconds * percent // 100)


def holds_until(state: ClockState, calendar: Calendar, elapsed_seconds: int | None) -> datetime | None:
    """The last instant at which elapsed still equals so many seconds; None as long as nothing makes it exceed them.

    None also where there is no such point (``elapsed_seconds`` None).
    """
    return None if elapsed_seconds is None else last_hold(_counted(state, calendar), elapsed_seconds)


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


@dataclass(frozen=True, slots=True)
class Step:
    """One line of an explanation; the parameters are instants, dates and whole seconds, never words."""

    code: str
    params: Mapping[str, datetime | date | int | None] = field(default_factory=dict)


def explain(state: ClockState, calendar: Calendar, now: datetime) -> tuple[Step, ...]:
    """Why the deadline is when it is: 为什么是这个时间, in order of time.

    ``clock.started`` (at, target_seconds), ``clock.counted`` (begin, end, seconds, total),
    ``clock.paused`` (begin, end), ``clock.holiday`` and ``clock.closed`` (first, last: dates),
    ``clock.make_up`` and ``clock.special`` (first, last), ``clock.due`` (at, target_seconds),
    ``clock.stopped`` (at, elapsed_seconds); then, without a place in time, ``clock.late_after`` (at),
    ``clock.overdue`` (seconds), ``clock.never`` and ``clock.provisional`` (confirmed_through);
    ``clock.more`` (count) stands for steps that are left out.
    """
    due = due_at(state, calendar)
    told_until = due or state.stopped_at or now
    told = [
        *_counted_steps(state, calendar, told_until),
        *_day_steps(state, calendar, told_until),
        *((gap.from_, Step("clock.paused", {"begin": gap.from_, "end": gap.to})) for gap in state.pauses),
    ]
    if due is not None:
        told.append((due, Step("clock.due", {"at": due, "target_seconds": state.target_seconds})))
    if state.stopped_at is not None:
        seconds = elapsed(state, calendar, now)
        told.append((state.stopped_at, Step("clock.stopped", {"at": state.stopped_at, "elapsed_seconds": seconds})))
    started = Step("clock.started", {"at": state.started_at, "target_seconds": state.target_seconds})
    steps = [started, *(step for _, step in sorted(told, key=lambda one: one[0])), *_verdict(state, calendar, now, due)]
    half = MAX_STEPS // 2
    if len(steps) > MAX_STEPS:
        steps[half:-half] = [Step("clock.more", {"count": len(steps) - 2 * half})]
    return tuple(steps)


def _counted_steps(state: ClockState, calendar: Calendar, until: datetime) -> Iterator[tuple[datetime, Step]]:
    """The opening hours that were used, up to the deadline."""
    total = timedelta()
    for span_begin, span_end in counting_spans(state):
        for begin, end in open_intervals(calendar, span_begin, until if span_end is None else min(span_end, until)):
            total += end - begin
            seconds = {"seconds": (end - begin) // SECOND, "total": total // SECOND}
            yield begin, Step("clock.counted", {"begin": begin, "end": end, **seconds})


def _day_steps(state: ClockState, calendar: Calendar, until: datetime) -> Iterator[tuple[datetime, Step]]:
    """Runs of days that are not like any other, where the clock would have counted."""
    days: dict[date, datetime] = {}
    for begin, end in counting_spans(state):
        day, last = calendar.local_date(begin), calendar.local_date(until if end is None else min(end, until))
        while day <= last:
            midnight = datetime.combine(day, time(), calendar.zone).astimezone(UTC)
            days.setdefault(day, max(midnight, begin))
            day += timedelta(days=1)
    kinds = [(day, day_kind(calendar, day)) for day in sorted(days)]
    for kind, run in groupby(kinds, key=lambda one: one[1]):
        dates = [day for day, _ in run]
        if kind is not DayKind.REGULAR:
            yield days[dates[0]], Step(f"clock.{kind}", {"first": dates[0], "last": dates[-1]})


def _verdict(state: ClockState, calendar: Calendar, now: datetime, due: datetime | None) -> Iterator[Step]:
    """What follows from it."""
    late = late_after(state, calendar)
    if late is not None and late != due:
        yield Step("clock.late_after", {"at": late})
    if is_overdue(state, calendar, now):
        left = remaining(state, calendar, now)
        yield Step("clock.overdue", {"seconds": -(left or 0)})
    if state.running and state.target_seconds is not None and due is None:
        yield Step("clock.never")
    if is_provisional(state, calendar):
        yield Step("clock.provisional", {"confirmed_through": calendar.confirmed_through})
