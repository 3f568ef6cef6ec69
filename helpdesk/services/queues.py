"""Queues: what they are called, when they work, how tickets find a person, and who belongs to them."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select

from helpdesk.domain.access import Actor, Permission, Scope
from helpdesk.domain.problems import Conflict, Invalid, NotAllowed, NotFound, Stale
from helpdesk.models import Membership, Queue, RuleBookRow, Ticket, User, WorkCalendar
from helpdesk.models.tickets import is_active
from helpdesk.models.users import is_person
from helpdesk.services import events
from helpdesk.storage import session

CODE = re.compile(r"[a-z][a-z0-9_]{1,39}")
LONGEST_NAME = 60
MOST_CAPACITY = 1000
ASSIGNMENTS = ("manual", "round_robin", "least_load")


@dataclass(frozen=True, slots=True)
class QueueSettings:
    """What a person sets of a queue. ``capacity``: tickets at a time per member, None for no limit."""

    name_zh: str
    name_en: str
    calendar_id: int
    assignment: str
    writes_to_buyers: bool
    active: bool
    capacity: int | None = None


@dataclass(frozen=True, slots=True)
class HandingOut:
    """How tickets of a queue find a person. ``capacity`` as in ``QueueSettings``."""

    assignment: str
    capacity: int | None


def create_queue(code: str, settings: QueueSettings, *, actor: Actor, now: datetime) -> int:
    """A new queue at the end of the list; return its id. ``Conflict`` for a code that is taken."""
    require_settings(actor)
    if not CODE.fullmatch(code):
        raise Invalid("queue.bad_code")
    _check(settings)
    if session().scalar(select(Queue.id).where(Queue.code == code)):
        raise Conflict("queue.code_taken", queue=code)
    position = session().scalar(select(func.coalesce(func.max(Queue.position), 0))) or 0
    queue = Queue(code=code, position=position + 1, **_columns(settings))
    session().add(queue)
    session().flush()
    events.record("queue.created", actor=actor, now=now, queue=code)
    return queue.id


def update_queue(
    queue_id: int,
    version: int,
    settings: QueueSettings | HandingOut | None,
    members: Collection[int],
    *,
    actor: Actor,
    now: datetime,
) -> None:
    """Change a queue as seen at ``version``, and who its members are. ``settings`` None leaves them.

    A supervisor says who is in his queues and how tickets are handed out there, not what they are. ``Stale`` if the
    queue or its members were changed meanwhile; ``Conflict`` for switching off a queue that is still needed.
    """
    queue = session().get(Queue, queue_id, with_for_update=True)
    if queue is None:
        raise NotFound("queue.no_such_queue")
    require_members(actor, queue_id)
    if queue.version != version:
        raise Stale("queue.stale")
    changed = _set_members(queue, members, actor=actor, now=now)
    if isinstance(settings, QueueSettings):
        require_settings(actor)
        _check(settings)
        if queue.active and not settings.active:
            _check_unused(queue)
        changed = _apply(queue, _columns(settings), actor=actor, now=now) or changed
    elif settings is not None:
        _check_handing_out(settings)
        wanted = {"assignment": settings.assignment, "capacity": settings.capacity}
        changed = _apply(queue, wanted, actor=actor, now=now) or changed
    if changed:
        queue.version += 1


def set_queues_of(user_id: int, wanted: Collection[int], *, actor: Actor, now: datetime) -> bool:
    """Make the person a member of exactly these queues; return whether that changed anything."""
    actor.require(Permission.USERS_MANAGE)
    codes = _codes()
    if not set(wanted) <= set(codes):
        raise Invalid("queue.no_such_queue")
    known = set(session().scalars(select(Membership.queue_id).where(Membership.user_id == user_id)))
    for queue_id in sorted(known - set(wanted)):
        _leave(user_id, queue_id, codes[queue_id], actor=actor, now=now)
    for queue_id in sorted(set(wanted) - known):
        _join(user_id, queue_id, codes[queue_id], actor=actor, now=now)
    return known != set(wanted)


def says_members(actor: Actor, queue_id: int) -> bool:
    """Whether the actor says who belongs to this queue: ops and admin in all, a supervisor in his own."""
    scope = actor.scope(Permission.QUEUES_MANAGE)
    return scope is Scope.ALL or (scope is Scope.OWN and queue_id in actor.queues)


def require_members(actor: Actor, queue_id: int) -> None:
    """Raise ``NotAllowed`` unless he does."""
    actor.require(Permission.QUEUES_MANAGE)
    if not says_members(actor, queue_id):
        raise NotAllowed("queue.not_yours")


def require_settings(actor: Actor) -> None:
    """Raise ``NotAllowed`` unless the actor says what queues there are and how they work: ops and admin."""
    actor.require(Permission.QUEUES_MANAGE)
    if actor.scope(Permission.QUEUES_MANAGE) is not Scope.ALL:
        raise NotAllowed("queue.settings_by_ops")


def _apply(queue: Queue, wanted: Mapping[str, object], *, actor: Actor, now: datetime) -> bool:
    changes = events.apply_changes(queue, wanted)
    if changes:
        events.record("queue.changed", actor=actor, now=now, queue=queue.code, changes=changes)
    return bool(changes)


def _set_members(queue: Queue, wanted: Collection[int], *, actor: Actor, now: datetime) -> bool:
    known = set(session().scalars(select(Membership.user_id).where(Membership.queue_id == queue.id)))
    joining = set(wanted) - known
    workers = select(User.id).where(User.id.in_(joining), User.active, is_person)
    if set(session().scalars(workers)) != joining:
        raise Invalid("queue.no_such_member")
    for user_id in sorted(known - set(wanted)):
        _leave(user_id, queue.id, queue.code, actor=actor, now=now)
    for user_id in sorted(joining):
        _join(user_id, queue.id, queue.code, actor=actor, now=now)
    return known != set(wanted)


def _join(user_id: int, queue_id: int, code: str, *, actor: Actor, now: datetime) -> None:
    session().add(Membership(user_id=user_id, queue_id=queue_id))
    events.record("queue.member_joined", actor=actor, now=now, queue=code, user=user_id)


def _leave(user_id: int, queue_id: int, code: str, *, actor: Actor, now: datetime) -> None:
    session().execute(delete(Membership).where(Membership.user_id == user_id, Membership.queue_id == queue_id))
    events.record("queue.member_left", actor=actor, now=now, queue=code, user=user_id)


def _codes() -> dict[int, str]:
    return {row.id: row.code for row in session().execute(select(Queue.id, Queue.code))}


def _columns(settings: QueueSettings) -> dict[str, object]:
    return {
        "name_zh": settings.name_zh.strip(),
        "name_en": settings.name_en.strip(),
        "calendar_id": settings.calendar_id,
        "assignment": settings.assignment,
        "writes_to_buyers": settings.writes_to_buyers,
        "active": settings.active,
        "capacity": settings.capacity,
    }


def _check(settings: QueueSettings) -> None:
    for name in (settings.name_zh.strip(), settings.name_en.strip()):
        if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
            raise Invalid("queue.bad_name", most=LONGEST_NAME)
    _check_handing_out(settings)
    if session().get(WorkCalendar, settings.calendar_id) is None:
        raise Invalid("queue.no_such_calendar")


def _check_handing_out(settings: QueueSettings | HandingOut) -> None:
    if settings.assignment not in ASSIGNMENTS:
        raise Invalid("queue.bad_assignment")
    if settings.capacity is not None and not 0 < settings.capacity <= MOST_CAPACITY:
        raise Invalid("queue.bad_capacity", most=MOST_CAPACITY)


def _check_unused(queue: Queue) -> None:
    """Tickets must not stand where nobody looks, nor may the rules send new ones there."""
    tickets = session().scalar(select(func.count()).select_from(Ticket).where(Ticket.queue_id == queue.id, is_active))
    if tickets:
        raise Conflict("queue.has_tickets", tickets=tickets)
    document = session().scalar(select(RuleBookRow.document).where(RuleBookRow.status == "published")) or {}
    types = [row["code"] for row in document.get("types", ()) if row["queue"] == queue.code]
    if types or document.get("answering_queue") == queue.code:
        raise Conflict("queue.in_rules", types=len(types))
