"""The week as it is planned: who is on duty when, who is away, and where nobody is there."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import aliased

from helpdesk.domain import shifts as rules
from helpdesk.domain.access import WORKING_ROLES, Actor, Permission, Role, Scope
from helpdesk.domain.calendars import open_intervals
from helpdesk.domain.problems import NotFound
from helpdesk.domain.rulebook import Label
from helpdesk.domain.shifts import Duty, Part
from helpdesk.models import Absence, CalendarVersion, Membership, Queue, Shift, User, WorkCalendar
from helpdesk.models.calendars import calendar_of
from helpdesk.storage import session

WEEK = 7
MOST_PEOPLE = 200
MOST_ABSENCES = 200


@dataclass(frozen=True, slots=True)
class Away:
    """An absence. ``stand_in`` is a name, ``stand_in_away`` says that he is absent himself for a part of it."""

    id: int
    user_id: int
    name: str
    starts_at: datetime
    ends_at: datetime
    kind: str
    stand_in_id: int | None
    stand_in: str | None
    version: int
    editable: bool
    stand_in_away: bool = False

    @property
    def span(self) -> Duty:
        return Duty(self.starts_at, self.ends_at)


@dataclass(frozen=True, slots=True)
class Planned:
    """Somebody's week: the shifts that begin on each day, and his absences. ``editable``: the actor plans for him."""

    id: int
    name: str
    role: Role
    queue_ids: frozenset[int]
    days: tuple[tuple[Duty, ...], ...]
    away: tuple[Away, ...]
    editable: bool

    @property
    def duties(self) -> list[Duty]:
        return [one for day in self.days for one in day]


@dataclass(frozen=True, slots=True)
class Cover:
    """How many are on duty in a queue's opening hours, day by day. Without any shift there is no rota to cover it."""

    queue: str
    name: Label
    days: tuple[tuple[Part, ...], ...]
    without_rota: int


@dataclass(frozen=True, slots=True)
class QueueName:
    id: int
    code: str
    name: Label


@dataclass(frozen=True, slots=True)
class Week:
    """``cover`` is that of the queues in question, ``queues`` are all active ones, for choosing."""

    first: date
    people: tuple[Planned, ...]
    cover: tuple[Cover, ...]
    queues: tuple[QueueName, ...]


def week(actor: Actor, first: date, zone: ZoneInfo, *, queue: str = "") -> Week:
    """The week from ``first`` on, of the people of one queue (its code) or of all. Five statements."""
    actor.require(Permission.SHIFTS_READ)
    last = first + timedelta(days=WEEK)
    begin, end = rules.midnight(first, zone), rules.midnight(last, zone)
    rows = _people(queue)
    ids = [row.id for row in rows]
    memberships = _queues_of(ids)
    duties = _duties(ids, begin - timedelta(hours=rules.MOST_HOURS + 2), end)
    away = _absences(actor, begin, end, ids)
    people = tuple(
        Planned(
            id=row.id,
            name=row.name,
            role=Role(row.role),
            queue_ids=memberships.get(row.id, frozenset()),
            days=_by_day(duties.get(row.id, ()), first, zone),
            away=tuple(one for one in away if one.user_id == row.id),
            editable=plans_for(actor, memberships.get(row.id, frozenset())),
        )
        for row in rows
    )
    queues = _hours()
    shown = [one for one in queues if not queue or one.code == queue]
    covers = (_cover(one, people, duties, first, zone) for one in shown)
    return Week(
        first=first,
        people=people,
        cover=tuple(cover for cover in covers if cover is not None),
        queues=tuple(QueueName(one.id, one.code, Label(one.name_zh, one.name_en)) for one in queues),
    )


def person(actor: Actor, user_id: int, first: date, zone: ZoneInfo) -> Planned:
    """The week of one person who takes tickets; ``NotFound`` for anybody else."""
    found = next((one for one in week(actor, first, zone).people if one.id == user_id), None)
    if found is None:
        raise NotFound("account.no_such_user")
    return found


def absences(actor: Actor, now: datetime) -> tuple[Away, ...]:
    """Present and coming ones, the next to begin first. At most ``MOST_ABSENCES``."""
    actor.require(Permission.SHIFTS_READ)
    return _absences(actor, now, None, None)


def plans_for(actor: Actor, queue_ids: Collection[int]) -> bool:
    """Whether the actor plans for somebody of these queues: the same as ``services.shifts.manages``, for many."""
    match actor.scope(Permission.SHIFTS_MANAGE):
        case Scope.ALL:
            return True
        case Scope.OWN:
            return bool(actor.queues & set(queue_ids))
        case _:
            return False


def _people(queue: str) -> Sequence[User]:
    asked = select(User).where(User.active, User.role.in_([role.value for role in WORKING_ROLES]))
    if queue:
        members = select(Membership.user_id).join(Queue, Queue.id == Membership.queue_id).where(Queue.code == queue)
        asked = asked.where(User.id.in_(members))
    return session().scalars(asked.order_by(User.name, User.id).limit(MOST_PEOPLE)).all()


def _queues_of(ids: Collection[int]) -> dict[int, frozenset[int]]:
    rows = session().execute(
        select(Membership.user_id, Membership.queue_id)
        .join(Queue, Queue.id == Membership.queue_id)
        .where(Membership.user_id.in_(ids), Queue.active)
    )
    found: dict[int, set[int]] = {}
    for user_id, queue_id in rows:
        found.setdefault(user_id, set()).add(queue_id)
    return {user_id: frozenset(queues) for user_id, queues in found.items()}


def _duties(ids: Collection[int], begin: datetime, end: datetime) -> dict[int, list[Duty]]:
    """Shifts that begin within the time, by person."""
    rows = session().execute(
        select(Shift.user_id, Shift.starts_at, Shift.ends_at)
        .where(Shift.user_id.in_(ids), Shift.starts_at >= begin, Shift.starts_at < end)
        .order_by(Shift.starts_at)
    )
    found: dict[int, list[Duty]] = {}
    for user_id, starts_at, ends_at in rows:
        found.setdefault(user_id, []).append(Duty(starts_at, ends_at))
    return found


def _by_day(duties: Collection[Duty], first: date, zone: ZoneInfo) -> tuple[tuple[Duty, ...], ...]:
    return tuple(
        tuple(one for one in duties if rules.local_day(one, zone) == first + timedelta(days=day)) for day in range(WEEK)
    )


def _absences(actor: Actor, begin: datetime, end: datetime | None, ids: Collection[int] | None) -> tuple[Away, ...]:
    stand_in = aliased(User)
    asked = (
        select(
            Absence.id,
            Absence.user_id,
            User.name,
            Absence.starts_at,
            Absence.ends_at,
            Absence.kind,
            Absence.stand_in_id,
            stand_in.name.label("stand_in"),
            Absence.version,
        )
        .join(User, User.id == Absence.user_id)
        .outerjoin(stand_in, stand_in.id == Absence.stand_in_id)
        .where(Absence.cancelled_at.is_(None), Absence.ends_at > begin)
        .order_by(Absence.starts_at, Absence.id)
        .limit(MOST_ABSENCES)
    )
    if end is not None:
        asked = asked.where(Absence.starts_at < end)
    if ids is not None:
        asked = asked.where(Absence.user_id.in_(ids))
    rows = session().execute(asked).all()
    queues = _queues_of({row.user_id for row in rows}) if rows and ids is None else {}
    spans: dict[int, list[Duty]] = {}
    for row in rows:
        spans.setdefault(row.user_id, []).append(Duty(row.starts_at, row.ends_at))
    return tuple(
        Away(
            *row,
            editable=plans_for(actor, queues.get(row.user_id, ())),
            stand_in_away=rules.overlaps(Duty(row.starts_at, row.ends_at), spans.get(row.stand_in_id, ())),
        )
        for row in rows
    )


@dataclass(frozen=True, slots=True)
class _Hours:
    id: int
    code: str
    name_zh: str
    name_en: str
    document: dict[str, Any]


def _hours() -> list[_Hours]:
    """The active queues with their calendars."""
    asked = (
        select(Queue.id, Queue.code, Queue.name_zh, Queue.name_en, CalendarVersion.document)
        .join(WorkCalendar, WorkCalendar.id == Queue.calendar_id)
        .join(
            CalendarVersion,
            (CalendarVersion.calendar_id == WorkCalendar.id) & (CalendarVersion.version == WorkCalendar.version),
        )
        .where(Queue.active)
        .order_by(Queue.position, Queue.id)
    )
    return [_Hours(*row) for row in session().execute(asked)]


def _cover(
    queue: _Hours, people: Sequence[Planned], duties: dict[int, list[Duty]], first: date, zone: ZoneInfo
) -> Cover | None:
    """Of a queue; None where nobody of it works by a rota this week."""
    members = [one for one in people if queue.id in one.queue_ids]
    planned = [one for one in members if duties.get(one.id)]
    if not any(one.duties for one in members):
        return None
    there = [left for one in planned for left in rules.without(duties[one.id], [absence.span for absence in one.away])]
    calendar = calendar_of(queue.document)
    edges = [rules.midnight(first + timedelta(days=day), zone) for day in range(WEEK + 1)]
    days = tuple(tuple(rules.coverage(open_intervals(calendar, begin, end), there)) for begin, end in pairwise(edges))
    return Cover(queue.code, Label(queue.name_zh, queue.name_en), days, len(members) - len(planned))
