"""Handing out what waits: a queue's tickets and questions go to its people by themselves, earliest deadline first.

Called wherever something new waits or somebody has room again, and by a job every few seconds as the net under it.
Who is chosen is said by ``domain.routing.choose``. One hand-out of a queue runs at a time: of two that meet the
second leaves, and what it would have given out is found by the first, or by the job.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, or_, select

from helpdesk.domain.access import WORKING_ROLES, Actor, Role
from helpdesk.domain.clocks import FAR_FUTURE
from helpdesk.domain.routing import LEAST_LOAD, MANUAL, Candidate, SkillRule, choose, needed_skills, why_away
from helpdesk.domain.tickets import Status
from helpdesk.models import Channel, ClockRow, Membership, Queue, Skill, Stint, Ticket, User, UserSkill
from helpdesk.models.presence import latest_column, load_column, stand_in_column, whereabouts_columns, whereabouts_of
from helpdesk.models.tickets import is_active
from helpdesk.services import outbox, stints, tickets
from helpdesk.services.events import record
from helpdesk.services.tickets import KEEP, Change
from helpdesk.storage import session

MOST_AT_ONCE = 20
"""Handed out in one transaction, so that nobody waits long for it; the job comes again for the rest."""

MOST_LOOKED_AT = 2_000
"""Of what waits, the most urgent: what nobody free can do must not hide what somebody can."""

waits: ColumnElement[bool] = and_(Stint.left_at.is_(None), Stint.assignee_id.is_(None))
"""Rows of ``Stint`` in nobody's hands, in the words of their partial index."""

BY_QUEUE = (Stint, "INDEXED BY ix_stint_waiting", "sqlite")
"""SQLite takes nobody for a person like any other, and would look through what waits in all queues."""

wants_a_person: ColumnElement[bool] = and_(
    is_active, or_(Stint.kind == "assist", Ticket.status != Status.PENDING_CUSTOMER.value)
)
"""There is something to do now. What waits for the customer is handed out when he has answered."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A stay or an assist in nobody's hands, with what the choice asks of it."""

    stint_id: int
    ticket_id: int
    kind: str
    entered_at: datetime
    previous_id: int | None
    owner_id: int | None
    type: str
    channel: str


def queues_in_need() -> list[int]:
    """Ids of the queues that hand out by themselves and have something waiting. One statement."""
    return list(session().scalars(_in_need().order_by(Queue.id)))


def serve(
    actor: Actor,
    now: datetime,
    *,
    queues: Iterable[int] = (),
    freed: Iterable[int | None] = (),
    but: int | None = None,
) -> int:
    """Something new waits in ``queues``, or the people ``freed`` have room again: hand out there; returns how much.

    ``but`` is the id of a ticket that is left where it is for now, so that who moved it can still undo that.
    """
    theirs = select(Membership.queue_id).where(Membership.user_id.in_({user for user in freed if user is not None}))
    wanted = _in_need().where(or_(Queue.id.in_(set(queues)), Queue.id.in_(theirs))).order_by(Queue.id)
    return sum(hand_out(queue_id, actor=actor, now=now, but=but) for queue_id in session().scalars(wanted).all())


def hand_out(queue_id: int, *, actor: Actor, now: datetime, but: int | None = None) -> int:
    """Give what waits in a queue to its free people, as long as there are both; returns how many were given.

    At most ``MOST_AT_ONCE``. The most urgent goes first, then whose deadline is the earliest (an assist's is its queue
    clock's). What needs a skill that nobody free has stays, and what is behind it goes on. A new ticket stays new
    until its taker acts. In a queue that writes to buyers the taker becomes the owner; one whose owner is free goes
    back to him, or while he is on leave to his stand-in. It is the system that acts, whoever gave the cause.
    """
    found = _take_turn(queue_id)
    if found is None:
        return 0
    queue, system = found
    doer = actor if actor.role is Role.SYSTEM else Actor(id=system, role=Role.SYSTEM, source=actor.source)
    skills, held = _skills(queue_id)
    people = {one.user_id: one for one in candidates(queue, now, held)}
    given = 0
    for waiting in _waiting(queue_id, but) if any(one.free for one in people.values()) else ():
        chosen = _give(waiting, queue, people, skills, doer, now)
        if chosen is None:
            continue
        people[chosen] = people[chosen].given(waiting.stint_id)
        queue.last_assigned_id = chosen
        given += 1
        if given >= MOST_AT_ONCE or not any(one.free for one in people.values()):
            break
    session().flush()
    return given


def candidates(
    queue: Queue, now: datetime, held: Mapping[int, frozenset[str]], roles: Collection[Role] | None = None
) -> list[Candidate]:
    """The active people of a queue who may have tickets in hand, in the order of their ids. One statement.

    ``held`` are their skills. A supervisor is handed something only where nobody else works; ``roles`` asks for
    others. ``load`` counts what they hold in all queues; capacity is the person's, else the queue's.
    """
    wanted = WORKING_ROLES if roles is None else roles
    rows = (
        session()
        .execute(
            select(
                *(User.id, User.role, User.capacity, load_column(), latest_column()),
                *(stand_in_column(now), *whereabouts_columns(now)),
            )
            .join(Membership, Membership.user_id == User.id)
            .where(Membership.queue_id == queue.id, User.active, User.role.in_(sorted(role.value for role in wanted)))
            .order_by(User.id)
        )
        .all()
    )
    hands = [row for row in rows if roles is not None or row.role != Role.SUPERVISOR.value] or rows
    found = []
    for row in hands:
        why_not = why_away(whereabouts_of(row), now)
        capacity = queue.capacity if row.capacity is None else row.capacity
        own = held.get(row.id, frozenset())
        found.append(Candidate(row.id, row.load, row.latest, capacity, own, not why_not, why_not, row.stand_in))
    return found


def reassign(ticket: Ticket, how: str, *, actor: Actor, now: datetime, why: Mapping[str, Any]) -> bool:
    """Take a ticket out of the hands it is in, by a rule. False where it stays: nobody else could have it.

    ``how`` is next (another of its people, by the queue's mode), supervisor (the least loaded of the queue, over his
    capacity and even away from his desk if need be, but not one on leave) or unassign. ``ticket`` is loaded and
    locked; ``why`` (codes and figures) is kept with what the choice went by.
    """
    stay = stints.stay_of(ticket)
    if stay is None:
        return False
    queue = session().get_one(Queue, ticket.queue_id)
    if how == "unassign":
        chosen, reason = None, {"mode": "unassign"}
        if stay.assignee_id is None:
            return False
    else:
        chosen, reason = _other(ticket, stay, queue, how, now)
        if chosen is None or chosen == stay.assignee_id:
            return False
    owner = chosen if queue.writes_to_buyers and ticket.owner_id in {None, stay.assignee_id} else KEEP
    changed = tickets.change(
        ticket,
        Change(assignee_id=chosen, owner_id=owner),
        expected=None,
        actor=actor,
        now=now,
        why={**reason, **why},
    )
    if chosen is not None:
        if _take_turn(queue.id) is not None:
            queue.last_assigned_id = chosen
        tell_assignee(ticket, stay.id, chosen, mode=reason["mode"], actor=actor, now=now)
    return bool(changed.before)


def tell_assignee(
    ticket: Ticket, stint_id: int, user_id: int, *, mode: str, actor: Actor, now: datetime, assist: bool = False
) -> None:
    """A notice to somebody that a ticket, or a question on it, is in his hands now."""
    params: dict[str, Any] = {"user": user_id, "mode": mode}
    if assist:
        params["assist"] = stint_id
    outbox.put(
        "notice",
        f"assigned:{stint_id}:{user_id}:{now.isoformat()}",
        ticket_id=ticket.id,
        payload={"code": "ticket.assigned", "params": params, "notify": [f"user:{user_id}"], "actor": actor.id},
        now=now,
    )


def _in_need() -> Any:
    something = select(Stint.id).where(Stint.queue_id == Queue.id, waits).with_hint(*BY_QUEUE).exists()
    return select(Queue.id).where(Queue.active, Queue.assignment != MANUAL, something)


def _take_turn(queue_id: int) -> tuple[Queue, int] | None:
    """The queue, locked, and the system's id; None where people take for themselves, or another hands out already.

    Nobody waits for this lock, so it can't be part of a deadlock; and it lets others insert what names the queue.
    """
    system = select(func.min(User.id)).where(User.role == Role.SYSTEM.value).scalar_subquery()
    row = (
        session()
        .execute(
            select(Queue, system)
            .where(Queue.id == queue_id, Queue.active, Queue.assignment != MANUAL)
            .with_for_update(of=Queue, key_share=True, skip_locked=True)
            .execution_options(populate_existing=True)
        )
        .one_or_none()
    )
    return None if row is None else (row[0], row[1])


def _skills(queue_id: int) -> tuple[list[SkillRule], dict[int, frozenset[str]]]:
    """The active skills, and which of them each member of the queue has. One statement."""
    member = and_(
        UserSkill.skill_id == Skill.id,
        UserSkill.user_id.in_(select(Membership.user_id).where(Membership.queue_id == queue_id)),
    )
    rows = session().execute(
        select(Skill.code, Skill.types, Skill.channels, UserSkill.user_id)
        .outerjoin(UserSkill, member)
        .where(Skill.active)
        .order_by(Skill.id)
    )
    rules: dict[str, SkillRule] = {}
    held: dict[int, frozenset[str]] = {}
    for code, types, channels, user_id in rows:
        rules[code] = SkillRule(code, frozenset(types), frozenset(channels))
        if user_id is not None:
            held[user_id] = held.get(user_id, frozenset()) | {code}
    return list(rules.values()), held


def _waiting(queue_id: int, but: int | None) -> list[Waiting]:
    """What is in nobody's hands, in the order in which it burns. One statement."""
    deadline = case(
        (Stint.kind == "stay", Ticket.burns_at),
        else_=func.coalesce(ClockRow.late_after, FAR_FUTURE),
    )
    own_clock = and_(Stint.kind == "assist", ClockRow.stint_id == Stint.id, ClockRow.cancelled_at.is_(None))
    rows = session().execute(
        select(
            Stint.id,
            Stint.ticket_id,
            Stint.kind,
            Stint.entered_at,
            Stint.previous_id,
            Ticket.owner_id,
            Ticket.type,
            Channel.code,
        )
        .join(Ticket, Ticket.id == Stint.ticket_id)
        .join(Channel, Channel.id == Ticket.channel_id)
        .outerjoin(ClockRow, own_clock)
        .where(Stint.queue_id == queue_id, waits, wants_a_person)
        .with_hint(*BY_QUEUE)
        .order_by(Ticket.urgency.desc(), deadline, Stint.ticket_id)
        .limit(MOST_LOOKED_AT)
    )
    return [Waiting(*row) for row in rows if row.ticket_id != but]


def _give(
    waiting: Waiting,
    queue: Queue,
    people: Mapping[int, Candidate],
    skills: Iterable[SkillRule],
    actor: Actor,
    now: datetime,
) -> int | None:
    """Choose and hand over; None if it waits on, or if somebody has taken it meanwhile."""
    others = [one for one in people.values() if one.user_id != waiting.previous_id]
    choice = choose(
        queue.assignment,
        others or list(people.values()),
        needed_skills(skills, waiting.type, waiting.channel),
        queue.last_assigned_id,
        prefers=waiting.owner_id if queue.writes_to_buyers else None,
    )
    if choice.user_id is None:
        return None
    taken = _still_waiting(waiting)
    if taken is None:
        return None
    ticket, stint = taken
    why = {**choice.reason, "waited_seconds": max(0, int((now - waiting.entered_at).total_seconds()))}
    assist = waiting.kind == "assist"
    if assist:
        put_assist(ticket, stint, choice.user_id, queue=queue, actor=actor, now=now, why=why)
    else:
        tickets.change(
            ticket,
            Change(assignee_id=choice.user_id, owner_id=choice.user_id if queue.writes_to_buyers else KEEP),
            expected=None,
            actor=actor,
            now=now,
            why=why,
        )
    tell_assignee(ticket, stint.id, choice.user_id, mode=why["mode"], actor=actor, now=now, assist=assist)
    return choice.user_id


def put_assist(
    ticket: Ticket,
    stint: Stint,
    user_id: int | None,
    *,
    queue: Queue,
    actor: Actor,
    now: datetime,
    why: Mapping[str, Any] | None = None,
) -> None:
    """A question is in somebody's hands now, or in nobody's. Not a change of the ticket: its version stays."""
    stint.previous_id, stint.assignee_id = stint.assignee_id, user_id
    tickets.remember_reader(ticket, user_id)
    facts: dict[str, Any] = {"queue": queue.code, "stint": stint.id, "from": stint.previous_id, "to": user_id}
    if why:
        facts["why"] = dict(why)
    record("assist.assigned", actor=actor, now=now, ticket_id=ticket.id, **facts)
    session().flush()


def _still_waiting(waiting: Waiting) -> tuple[Ticket, Stint] | None:
    """Ticket and stint as they are now, locked; None if somebody works on it right now, or it has found a person.

    A ticket that is locked is left alone: its holder may be waiting for us.
    """
    row = (
        session()
        .execute(
            select(Ticket, Stint)
            .join(Stint, Stint.ticket_id == Ticket.id)
            .where(Stint.id == waiting.stint_id, waits, wants_a_person)
            .with_for_update(of=Ticket, skip_locked=True)
            .execution_options(populate_existing=True)
        )
        .one_or_none()
    )
    return None if row is None else (row[0], row[1])


def _other(ticket: Ticket, stay: Stint, queue: Queue, how: str, now: datetime) -> tuple[int | None, dict[str, Any]]:
    """Who gets it instead, and why; nobody, if there is nobody."""
    skills, held = _skills(queue.id)
    if how == "supervisor":
        people = [replace(one, capacity=None) for one in candidates(queue, now, {}, {Role.SUPERVISOR})]
        here = [one for one in people if one.available] or [
            replace(one, available=True) for one in people if one.why_not != "absent"
        ]
        choice = choose(LEAST_LOAD, here, frozenset(), queue.last_assigned_id)
        return choice.user_id, {**choice.reason, "mode": "supervisor"}
    channel = session().get_one(Channel, ticket.channel_id).code
    others = [one for one in candidates(queue, now, held) if one.user_id != stay.assignee_id]
    mode = LEAST_LOAD if queue.assignment == MANUAL else queue.assignment
    choice = choose(mode, others, needed_skills(skills, ticket.type, channel), queue.last_assigned_id)
    return choice.user_id, dict(choice.reason)
