"""How fast queues work, measured over the last days, and when they will begin to be late at that pace.

Measuring reads two weeks, so the job worker does it for all queues at once every few minutes and pages read what it
stored; while it stands still they measure for themselves. The answer carries when it was measured. Each statement is
bounded: of a busier shop the last ``MOST_ROWS`` are read, and the days they cover are told.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import and_, extract, func, select
from sqlalchemy.orm import InstrumentedAttribute, aliased

from helpdesk.domain.access import Actor, Permission, Scope
from helpdesk.domain.calendars import Calendar
from helpdesk.domain.clocks import Kind
from helpdesk.domain.forecast import HORIZON, Backlog, Forecast, Share, Standing, forecast, pace_of
from helpdesk.models import CalendarVersion, ClockRow, Queue, QueuePace, Ticket, WorkCalendar
from helpdesk.models.calendars import calendar_of
from helpdesk.models.tickets import is_active
from helpdesk.storage import session

MEASURED = timedelta(days=14)
WEEK = timedelta(days=7)
KEPT = timedelta(minutes=5)
"""In the process: nobody looks anew before."""

USABLE = timedelta(minutes=15)
"""What is stored: older, and the job worker has missed its turn three times."""

MOST_ROWS = 50_000
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Outlook:
    """Of the queues of a board. ``week`` are the last seven days, ``week_before`` the seven before them."""

    forecasts: Mapping[int, Forecast]
    week: Share
    week_before: Share
    measured_at: datetime


@dataclass(frozen=True, slots=True)
class _Measured:
    at: datetime
    standings: Mapping[int, Standing]

    def is_of(self, now: datetime, age: timedelta) -> bool:
        """Whether it is younger than ``age``; what was measured in the future says nothing."""
        return timedelta(0) <= now - self.at < age


_kept: dict[str, _Measured] = {}


def outlook(actor: Actor, now: datetime) -> Outlook:
    """How the actor's queues stand and what is coming, as measured at most ``USABLE`` ago. A statement, or none.

    Where the job worker has stopped measuring, it is done here: five statements, once in ``KEPT``.
    """
    measured = _measured(now)
    scope = actor.scope(Permission.BOARD_READ) if actor.may(Permission.BOARD_READ) else None
    his = [
        (queue_id, found)
        for queue_id, found in measured.standings.items()
        if scope is Scope.ALL or (scope is not None and queue_id in actor.queues)
    ]
    return Outlook(
        {queue_id: found.forecast for queue_id, found in his},
        sum((found.week for _, found in his), Share()),
        sum((found.week_before for _, found in his), Share()),
        measured.at,
    )


def measure(now: datetime) -> dict[int, Standing]:
    """How each active queue stands, by queue. Five statements, each over up to ``MOST_ROWS`` rows."""
    shares = _weeks(now)
    return {
        queue_id: Standing(told, shares.get((queue_id, False), Share()), shares.get((queue_id, True), Share()))
        for queue_id, told in _forecasts(now).items()
    }


def forget() -> None:
    """Look, or measure, anew when asked next."""
    _kept.clear()


def _measured(now: datetime) -> _Measured:
    database = session().get_bind().engine.url.render_as_string(hide_password=True)
    kept = _kept.get(database)
    if kept is None or not kept.is_of(now, KEPT):
        stored = _stored()
        kept = stored if stored and stored.is_of(now, USABLE) else _Measured(now, measure(now))
        _kept[database] = kept
    return kept


def _stored() -> _Measured | None:
    """What the job worker measured last."""
    rows = session().scalars(select(QueuePace)).all()
    standings = {row.queue_id: _standing(row) for row in rows}
    return _Measured(rows[0].measured_at, standings) if rows else None


def _standing(row: QueuePace) -> Standing:
    told = Forecast(
        at=row.late_from,
        enough=row.enough,
        arrivals_per_hour=row.arrivals_per_hour,
        solves_per_hour=row.solves_per_hour,
        open=row.open,
        solved=row.solved,
        days=row.days,
    )
    return Standing(told, Share(row.week_met, row.week_late), Share(row.week_before_met, row.week_before_late))


def _forecasts(now: datetime) -> dict[int, Forecast]:
    arrivals, came_since = _by_hour(Ticket.created_at, now)
    solves, solved_since = _by_hour(Ticket.first_resolved_at, now)
    since = max(came_since, solved_since)
    backlogs = _backlogs(now)
    told = {}
    for queue_id, calendar in _calendars().items():
        backlog, target = backlogs.get(queue_id, (Backlog(0, (), 0), None))
        pace = pace_of(arrivals[queue_id], solves[queue_id], calendar, since, now, target)
        told[queue_id] = forecast(pace, backlog, calendar, now)
    return told


def _by_hour(
    column: InstrumentedAttribute[Any], now: datetime
) -> tuple[Mapping[int, Mapping[datetime, int]], datetime]:
    """Tickets by queue and beginning of the hour in which ``column`` lies, and since when all of them were counted."""
    since = _hour_of(now) - MEASURED
    latest = (
        select(Ticket.queue_id, column.label("at"))
        .where(column >= since, column < _hour_of(now))
        .order_by(column.desc())
        .limit(MOST_ROWS)
        .subquery()
    )
    seconds = extract("epoch", latest.c.at)
    hour = (seconds - seconds % 3600).label("hour")  # on PostgreSQL seconds have decimals: no // rounds them down
    rows = session().execute(
        select(latest.c.queue_id, hour, func.count().label("tickets")).group_by(latest.c.queue_id, hour)
    )
    counted: dict[int, dict[datetime, int]] = defaultdict(dict)
    for row in rows:
        counted[row.queue_id][datetime.fromtimestamp(int(row.hour), UTC)] = row.tickets
    if sum(sum(hours.values()) for hours in counted.values()) == MOST_ROWS:
        since = min(at for hours in counted.values() for at in hours) + HOUR  # its first hour was read in part
    return counted, since


def _backlogs(now: datetime) -> dict[int, tuple[Backlog, int | None]]:
    """What each queue has still to solve and by when, with the mean target of it, from the running solution clocks."""
    rows = session().execute(
        select(Ticket.queue_id, ClockRow.late_after, ClockRow.target_seconds)
        .select_from(Ticket)
        .join(
            ClockRow,
            and_(
                ClockRow.ticket_id == Ticket.id,
                ClockRow.kind == Kind.SOLUTION.value,
                ClockRow.met_at.is_(None),
                ClockRow.cancelled_at.is_(None),
                ClockRow.late_after.is_not(None),
            ),
        )
        .where(is_active)
        .limit(MOST_ROWS)
    )
    clocks: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        clocks[row.queue_id].append(row)
    return {
        queue_id: (_backlog(found, now), _mean(row.target_seconds for row in found))
        for queue_id, found in clocks.items()
    }


def _backlog(rows: list[Any], now: datetime) -> Backlog:
    return Backlog(
        late=sum(row.late_after < now for row in rows),
        due=tuple(row.late_after for row in rows if now <= row.late_after <= now + HORIZON),
        open=len(rows),
    )


def _mean(seconds: Iterable[int]) -> int:
    found = list(seconds)
    return sum(found) // len(found)


def _weeks(now: datetime) -> dict[tuple[int, bool], Share]:
    met = aliased(ClockRow)
    latest = (
        select(met.ticket_id, met.breached, (met.met_at < now - WEEK).label("before"))
        .where(
            met.kind == Kind.SOLUTION.value,
            met.met_at >= now - 2 * WEEK,
            met.met_at <= now,
            met.cancelled_at.is_(None),
        )
        .order_by(met.met_at.desc())
        .limit(MOST_ROWS)
        .subquery()
    )
    rows = session().execute(
        select(
            Ticket.queue_id,
            latest.c.before,
            func.count().label("met"),
            func.count().filter(latest.c.breached).label("late"),
        )
        .join(Ticket, Ticket.id == latest.c.ticket_id)
        .group_by(Ticket.queue_id, latest.c.before)
    )
    return {(row.queue_id, bool(row.before)): Share(row.met, row.late) for row in rows}


def _calendars() -> dict[int, Calendar]:
    """The present calendar of each active queue."""
    rows = session().execute(
        select(Queue.id, CalendarVersion.document)
        .join(WorkCalendar, WorkCalendar.id == Queue.calendar_id)
        .join(
            CalendarVersion,
            and_(CalendarVersion.calendar_id == WorkCalendar.id, CalendarVersion.version == WorkCalendar.version),
        )
        .where(Queue.active)
        .order_by(Queue.id)
    )
    return {row.id: calendar_of(row.document) for row in rows}


def _hour_of(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)
