"""Queues with their figures, and the choices for changing one."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select

from helpdesk.domain.access import Actor, Permission, Role
from helpdesk.domain.problems import NotFound
from helpdesk.models import Membership, Queue, Ticket, User, WorkCalendar
from helpdesk.models.ticket_filter import is_overdue
from helpdesk.models.tickets import is_active
from helpdesk.models.users import is_person
from helpdesk.storage import session

MOST_CANDIDATES = 500


@dataclass(frozen=True, slots=True)
class QueueRow:
    id: int
    code: str
    name_zh: str
    name_en: str
    calendar_id: int
    calendar_zh: str
    calendar_en: str
    calendar_version: int
    assignment: str
    capacity: int | None
    writes_to_buyers: bool
    active: bool
    version: int
    members: int
    open_tickets: int
    overdue: int


@dataclass(frozen=True, slots=True)
class Person:
    id: int
    name: str
    login: str
    role: Role
    active: bool
    member: bool


@dataclass(frozen=True, slots=True)
class Choice:
    id: int
    name_zh: str
    name_en: str


def queues(actor: Actor, *, now: datetime) -> list[QueueRow]:
    """All queues in their order, in one statement."""
    return _rows(actor, now)


def queue(queue_id: int, actor: Actor, *, now: datetime) -> QueueRow:
    """One of them, or ``NotFound``."""
    found = _rows(actor, now, queue_id)
    if not found:
        raise NotFound("queue.no_such_queue")
    return found[0]


def people(queue_id: int | None, actor: Actor) -> list[Person]:
    """Members, and everybody else who could become one; members first. A member who was deactivated still stands
    here, so that he can be taken out."""
    actor.require(Permission.QUEUES_READ)
    member = Membership.user_id.is_not(None)
    rows = session().execute(
        select(User.id, User.name, User.login, User.role, User.active, member)
        .outerjoin(Membership, (Membership.user_id == User.id) & (Membership.queue_id == queue_id))
        .where(is_person, or_(User.active, member))
        .order_by(member.desc(), User.name, User.id)
        .limit(MOST_CANDIDATES)
    )
    return [Person(id_, name, login, Role(role), active, joined) for id_, name, login, role, active, joined in rows]


def names() -> list[Choice]:
    """Active queues, for choosing."""
    rows = session().execute(
        select(Queue.id, Queue.name_zh, Queue.name_en).where(Queue.active).order_by(Queue.position, Queue.id)
    )
    return [Choice(*row) for row in rows]


def queue_ids(codes: Collection[str]) -> list[int]:
    """Ids of queues by code; ``NotFound`` if one is not there."""
    found = list(session().scalars(select(Queue.id).where(Queue.code.in_(codes)).order_by(Queue.id)))
    if len(found) != len(set(codes)):
        raise NotFound("queue.no_such_queue")
    return found


def calendars() -> list[Choice]:
    """Calendars, for choosing."""
    rows = session().execute(
        select(WorkCalendar.id, WorkCalendar.name_zh, WorkCalendar.name_en).order_by(WorkCalendar.id)
    )
    return [Choice(*row) for row in rows]


def _rows(actor: Actor, now: datetime, queue_id: int | None = None) -> list[QueueRow]:
    actor.require(Permission.QUEUES_READ)
    members = (
        select(func.count())
        .select_from(Membership)
        .join(User, User.id == Membership.user_id)
        .where(Membership.queue_id == Queue.id, User.active)
        .scalar_subquery()
    )
    tickets = select(func.count()).select_from(Ticket).where(Ticket.queue_id == Queue.id, is_active)
    asked = (
        select(
            Queue.id,
            Queue.code,
            Queue.name_zh,
            Queue.name_en,
            Queue.calendar_id,
            WorkCalendar.name_zh,
            WorkCalendar.name_en,
            WorkCalendar.version,
            Queue.assignment,
            Queue.capacity,
            Queue.writes_to_buyers,
            Queue.active,
            Queue.version,
            members,
            tickets.scalar_subquery(),
            tickets.where(is_overdue(now)).scalar_subquery(),
        )
        .join(WorkCalendar, WorkCalendar.id == Queue.calendar_id)
        .order_by(Queue.active.desc(), Queue.position, Queue.id)
    )
    if queue_id is not None:
        asked = asked.where(Queue.id == queue_id)
    return [QueueRow(*tuple(row)) for row in session().execute(asked)]
