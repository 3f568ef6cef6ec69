"""When a queue begins to be late, if work comes and goes at the pace of the last days.

A queue is walked forward step by step. New work arrives at the rate measured for the hour of the day, workdays and
weekends apart, and falls due after the queue's usual target of working time. Work is done at the measured rate while
the queue is open, what is due first first: of all orders this one is late the latest, so the forecast is never gloomier
than the figures. It says nothing about single tickets.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

from helpdesk.domain.calendars import Calendar, latest_hold, open_seconds

HORIZON = timedelta(hours=24)
STEP = timedelta(minutes=5)
STEPS = HORIZON // STEP
HOUR_SECONDS = 3600

ENOUGH = 20
"""Fewer tickets solved while the pace was measured say nothing about it."""

IN_HAND = 1.0
"""Tickets that are done without waiting for the rate: work is under way at any moment, and nobody misses a fraction."""

NOTHING = 1e-9

Slot: TypeAlias = tuple[bool, int]
"""Weekend or not, and the hour of the day (0..23) in the queue's zone."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How work came and went. Rates are tickets an hour: ``arrivals`` around the clock, ``solves`` of open time.

    ``solved`` tickets were counted over ``days`` in all; ``target_seconds`` is the usual target of a new ticket in
    working time, None where none is known: then new arrivals fall due outside the horizon.
    """

    arrivals: Mapping[Slot, float]
    solves: Mapping[Slot, float]
    solved: int
    days: int
    target_seconds: int | None


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits now: ``late`` already, ``due`` at which instants (UTC) within the horizon, ``open`` in all."""

    late: int
    due: tuple[datetime, ...]
    open: int


@dataclass(frozen=True, slots=True)
class Forecast:
    """``at``: the first instant (UTC) by which more falls due than can be done, None for not within ``HORIZON``.

    ``enough`` is False where too little was measured to say anything. Rates are means over the stretch that was
    walked, in tickets an hour; ``solves_per_hour`` over its open hours alone.
    """

    at: datetime | None
    enough: bool
    arrivals_per_hour: float
    solves_per_hour: float
    open: int
    solved: int
    days: int


@dataclass(frozen=True, slots=True)
class Share:
    """Solution clocks that were met in a stretch of time, and those of them that were late."""

    met: int = 0
    late: int = 0

    @property
    def percent(self) -> float | None:
        """None where nothing was met: there is no share of nothing."""
        return round(100 * self.late / self.met, 1) if self.met else None

    def __add__(self, other: Share) -> Share:
        return Share(self.met + other.met, self.late + other.late)


@dataclass(frozen=True, slots=True)
class Standing:
    """How a queue stands and what is coming. ``week``: the last seven days, ``week_before``: the seven before them."""

    forecast: Forecast
    week: Share
    week_before: Share


def forecast(pace: Pace, backlog: Backlog, calendar: Calendar, now: datetime) -> Forecast:
    """The first instant at which the queue misses a deadline that can still be kept now. ``now`` is UTC.

    More arrivals never make it later, more solving never earlier.
    """
    if pace.solved < ENOUGH:
        return Forecast(None, False, 0.0, 0.0, backlog.open, pace.solved, pace.days)
    came = done = 0.0
    open_hours = 0.0
    due = _by_step(backlog.due, now)
    late, room = float(backlog.late), IN_HAND
    missed = None
    step = 0
    while missed is None and step < STEPS:
        begin = now + step * STEP
        hours = open_seconds(calendar, begin, begin + STEP) / HOUR_SECONDS
        arriving = _rate(pace.arrivals, calendar, begin) * (STEP.total_seconds() / HOUR_SECONDS)
        solving = _rate(pace.solves, calendar, begin) * hours
        came, done, open_hours = came + arriving, done + solving, open_hours + hours
        falls_due = _step_of(_due_at(calendar, begin, pace.target_seconds), now)
        if falls_due < STEPS:
            due[falls_due] += arriving
        late, room = _serve(late, room + solving)
        _work_off(due, step, room)
        room = 0.0
        step += 1
        if due[step - 1] > NOTHING:
            missed = now + step * STEP
    walked = step * STEP.total_seconds() / HOUR_SECONDS
    return Forecast(
        at=missed,
        enough=True,
        arrivals_per_hour=came / walked,
        solves_per_hour=done / open_hours if open_hours else 0.0,
        open=backlog.open,
        solved=pace.solved,
        days=pace.days,
    )


def _serve(waiting: float, room: float) -> tuple[float, float]:
    """What still waits, and the room that is left."""
    served = min(waiting, room)
    return waiting - served, room - served


def _work_off(due: list[float], step: int, room: float) -> None:
    """Spend the room on what is due first."""
    for place in range(step, len(due)):
        if room <= 0:
            return
        due[place], room = _serve(due[place], room)


def _by_step(deadlines: Iterable[datetime], now: datetime) -> list[float]:
    due = [0.0] * STEPS
    for deadline in deadlines:
        place = _step_of(deadline, now)
        if place < STEPS:
            due[place] += 1
    return due


def _step_of(deadline: datetime | None, now: datetime) -> int:
    """The step by whose end it has to be done; ``STEPS`` for beyond the horizon."""
    if deadline is None or deadline > now + HORIZON:
        return STEPS
    return max(0, min(STEPS - 1, -((now - deadline) // STEP) - 1))


def _due_at(calendar: Calendar, arrived: datetime, target_seconds: int | None) -> datetime | None:
    return None if target_seconds is None else latest_hold(calendar, arrived, target_seconds)


def _rate(rates: Mapping[Slot, float], calendar: Calendar, at: datetime) -> float:
    return rates.get(slot_of(calendar, at), 0.0)


def slot_of(calendar: Calendar, at: datetime) -> Slot:
    """The slot that an instant falls into, on the wall of the queue."""
    local = at.astimezone(calendar.zone)
    return local.weekday() >= 5, local.hour


def pace_of(
    arrivals: Mapping[datetime, int],
    solves: Mapping[datetime, int],
    calendar: Calendar,
    since: datetime,
    until: datetime,
    target_seconds: int | None,
) -> Pace:
    """The pace of what was counted by hour: tickets by the beginning (UTC) of the hour they came or were solved in.

    An hour is measured where it lies wholly within ``[since, until)``. What was solved in an hour without any open
    time counts in ``solved`` but makes no rate: nobody is expected to work then.
    """
    hour = timedelta(hours=1)
    came: dict[Slot, float] = {}
    done: dict[Slot, float] = {}
    clock_hours: dict[Slot, float] = {}
    open_hours: dict[Slot, float] = {}
    at = since
    while at + hour <= until:
        slot = slot_of(calendar, at)
        clock_hours[slot] = clock_hours.get(slot, 0.0) + 1
        came[slot] = came.get(slot, 0.0) + arrivals.get(at, 0)
        working = open_seconds(calendar, at, at + hour) / HOUR_SECONDS
        if working:
            open_hours[slot] = open_hours.get(slot, 0.0) + working
            done[slot] = done.get(slot, 0.0) + solves.get(at, 0)
        at += hour
    return Pace(
        arrivals={slot: came[slot] / hours for slot, hours in clock_hours.items()},
        solves={slot: done[slot] / hours for slot, hours in open_hours.items()},
        solved=sum(count for when, count in solves.items() if since <= when < until),
        days=round((until - since) / timedelta(days=1)),
        target_seconds=target_seconds,
    )
