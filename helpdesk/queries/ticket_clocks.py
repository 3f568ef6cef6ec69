"""A ticket's clocks with the reasons of their deadlines. One statement; one more where a platform has set some."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import bindparam, or_, select

from helpdesk.domain import clocks as engine
from helpdesk.domain.calendars import Calendar
from helpdesk.domain.clocks import ClockState
from helpdesk.domain.rulebook import Label
from helpdesk.models import CalendarVersion, ClockRow, Stint
from helpdesk.models.calendars import calendar_document, calendar_of
from helpdesk.models.clocks import state_of
from helpdesk.models.rulebooks import rulebook_of
from helpdesk.queries.clock_faces import face
from helpdesk.queries.keyset import Statement
from helpdesk.storage import plain_rows

ORDER = ("first_response", "solution", "platform", "queue")


@dataclass(frozen=True, slots=True)
class ClockView:
    """``state`` running, paused, met or breached; ``level`` ok, warn, over, paused or met.

    ``remaining_seconds``: up to ``late_after`` while running; working time that is left while paused. ``calendar`` is
    the working time it counts, ``counting`` what has happened to it. ``resting`` and the other times: see
    ``clock_faces.ClockFace``. ``queue_id`` is the queue whose clock it is, None for what was promised to the customer.
    """

    kind: str
    rule: Label | None  # of a platform
    cycle: int
    queue_id: int | None
    target_seconds: int
    state: str
    level: str
    due_at: datetime | None
    late_after: datetime | None
    met_at: datetime | None
    remaining_seconds: int | None
    working_left: int
    percent: int
    as_of: datetime
    opens_at: datetime | None
    closes_at: datetime | None
    ends_at: datetime | None
    resting: bool
    provisional: bool
    counting: ClockState
    calendar: Calendar
    steps: tuple[engine.Step, ...]


def ticket_clocks(ticket_id: int, cycle: int, now: datetime) -> tuple[ClockView, ...]:
    """The customer's clocks of this cycle and those of the queues that have the ticket now."""
    rows = plain_rows(_clocks(), {"ticket": ticket_id, "cycle": cycle})
    views = [_view(row, now) for row in rows]
    return tuple(sorted(views, key=lambda view: (ORDER.index(view.kind), view.queue_id or 0)))


_COLUMNS = (
    *(ClockRow.kind, ClockRow.code, ClockRow.cycle, ClockRow.rule_version, ClockRow.target_seconds),
    *(ClockRow.started_at, ClockRow.pauses, ClockRow.due_at, ClockRow.late_after, ClockRow.met_at),
    *(ClockRow.breached, ClockRow.provisional),
)


@cache
def _clocks() -> Statement:
    """Built once: that takes longer than asking."""
    return (
        select(*_COLUMNS, calendar_document.label("document"), Stint.queue_id)
        .join(
            CalendarVersion,
            (CalendarVersion.calendar_id == ClockRow.calendar_id)
            & (CalendarVersion.version == ClockRow.calendar_version),
        )
        .outerjoin(Stint, Stint.id == ClockRow.stint_id)
        .where(
            ClockRow.ticket_id == bindparam("ticket"),
            ClockRow.cancelled_at.is_(None),
            ClockRow.cycle == bindparam("cycle"),
            or_(ClockRow.stint_id.is_(None), Stint.left_at.is_(None)),
        )
    )


def _rule(row: Any) -> Label | None:
    """The name of the platform's rule; its code, where the rules don't know it."""
    if row.kind != "platform":
        return None
    rule = rulebook_of(row.rule_version).platform_rule(row.code)
    return rule.name if rule is not None else Label(row.code, row.code)


def _view(row: Any, now: datetime) -> ClockView:
    calendar, state = calendar_of(row.document), state_of(row)
    shown = face(row, calendar, now)
    status, level, remaining = shown.state, shown.level, shown.remaining_seconds
    if row.met_at is not None:
        status, level, remaining = ("breached", "over", None) if row.breached else ("met", "met", None)
    elif shown.state == "paused":
        remaining = shown.working_left
    return ClockView(
        kind=row.kind,
        rule=_rule(row),
        cycle=row.cycle,
        queue_id=row.queue_id,
        target_seconds=row.target_seconds,
        state=status,
        level=level,
        due_at=row.due_at,
        late_after=row.late_after,
        met_at=row.met_at,
        remaining_seconds=remaining,
        working_left=shown.working_left,
        percent=shown.percent,
        as_of=now,
        opens_at=shown.opens_at,
        closes_at=shown.closes_at,
        ends_at=shown.ends_at,
        resting=shown.resting,
        provisional=row.provisional,
        counting=state,
        calendar=calendar,
        steps=engine.explain(state, calendar, now),
    )
