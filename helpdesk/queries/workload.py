"""How much everybody has in hand, and who is there to do it. Six statements whatever the number of people."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Row,
    and_,
    cast,
    func,
    literal,
    literal_column,
    null,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.orm import aliased

from helpdesk.domain.access import WORKING_ROLES, Actor, Permission, Role, Scope
from helpdesk.domain.routing import why_away
from helpdesk.domain.rulebook import Label
from helpdesk.domain.shifts import last_stand_in
from helpdesk.domain.tickets import Status
from helpdesk.models import Absence, Membership, Queue, Skill, Stint, Ticket, User, UserSkill
from helpdesk.models.duty import absence_at
from helpdesk.models.presence import whereabouts_columns, whereabouts_of
from helpdesk.models.scope import listed, readable
from helpdesk.models.ticket_filter import is_overdue
from helpdesk.models.tickets import is_active
from helpdesk.storage import session

MOST_PEOPLE = 300
MOST_HELD = 500
IS_RESOLVED: ColumnElement[bool] = literal_column("ticket.status = 'resolved'")
"""In the words of the partial index over what ended: a bound value proves nothing to SQLite."""


@dataclass(frozen=True, slots=True)
class Place:
    """A queue that somebody works in, and how much one person may have in hand there (None: no limit)."""

    id: int
    code: str
    name: Label
    capacity: int | None


@dataclass(frozen=True, slots=True)
class Away:
    """Till when somebody is absent, why, and who stands in for him (None: nobody)."""

    until: datetime
    kind: str
    stand_in: str | None


@dataclass(frozen=True, slots=True)
class Oldest:
    """The ticket that somebody has had to do with for longest; the reader may not be allowed to open it."""

    number: str
    created_at: datetime
    readable: bool


@dataclass(frozen=True, slots=True)
class Mate:
    """Somebody of the team.

    ``in_hand`` counts the open stays and assists in his hands, ``waiting`` those of them that wait for a customer:
    what is left is his load, which ``capacity`` limits (None: no limit). ``own_capacity`` is what was set for himself.
    ``state`` is empty where he is there, else absent, off_shift, away or unseen.
    """

    id: int
    name: str
    role: Role
    version: int
    places: tuple[Place, ...]
    own_capacity: int | None
    in_hand: int
    by_status: Mapping[str, int]
    overdue: int
    oldest: Oldest | None
    solved_today: int
    state: str
    away: Away | None
    skills: tuple[Label, ...]

    @property
    def waiting(self) -> int:
        return self.by_status.get(Status.PENDING_CUSTOMER, 0)

    @property
    def load(self) -> int:
        return self.in_hand - self.waiting

    @property
    def capacity(self) -> int | None:
        """His own, else the tightest of his queues: there he is the first not to be given more."""
        limits = [place.capacity for place in self.places if place.capacity]
        return self.own_capacity or min(limits, default=None)

    @property
    def full(self) -> bool:
        return self.capacity is not None and self.load >= self.capacity

    def seen(self) -> tuple[object, ...]:
        """What a reader sees of him."""
        return tuple(getattr(self, name) for name in self.__slots__)


def team(actor: Actor, now: datetime, day_start: datetime, *, queue: str = "") -> tuple[Mate, ...]:
    """Who the actor watches over, the most loaded first: the members of his queues, or everybody who takes tickets.

    ``queue`` (a code) keeps the members of one. ``day_start`` is the last midnight in the shop's zone (UTC).
    """
    actor.require(Permission.BOARD_READ)
    people = _people(actor, now, queue)
    ids = [row.id for row in people]
    places, skills = _places_and_skills(ids)
    hands = _in_hands(ids, now)
    oldest = _oldest(hands, actor)
    solved = _solved(ids, day_start)
    away = _away(now)
    mates = [
        Mate(
            id=row.id,
            name=row.name,
            role=Role(row.role),
            version=row.version,
            places=places.get(row.id, ()),
            own_capacity=row.capacity,
            in_hand=sum(one.tickets for one in hands.get(row.id, ())),
            by_status={one.status: one.tickets for one in hands.get(row.id, ())},
            overdue=sum(one.overdue for one in hands.get(row.id, ())),
            oldest=oldest.get(row.id),
            solved_today=solved.get(row.id, 0),
            state=why_away(whereabouts_of(row), now),
            away=away.get(row.id),
            skills=skills.get(row.id, ()),
        )
        for row in people
    ]
    return tuple(sorted(mates, key=_most_loaded_first))


@dataclass(frozen=True, slots=True)
class Held:
    """A ticket that somebody has to do with: ``how`` is stay (in his hands), owner (he answers the customer while it
    is in other hands), or assist (the question ``stint_id``)."""

    number: str
    version: int
    how: str
    stint_id: int | None = None


def held_by(user_ids: Collection[int], actor: Actor) -> dict[int, tuple[Held, ...]]:
    """What these people have to do with, of what the actor sees in his lists; what burns first first. One statement.

    At most ``MOST_HELD`` in all.
    """
    if not user_ids:
        return {}
    burning = (Ticket.urgency, Ticket.burns_at, Ticket.id)
    hands = (
        select(Stint.assignee_id.label("user_id"), Ticket.number, Ticket.version, Stint.kind, Stint.id, *burning)
        .join(Ticket, Ticket.id == Stint.ticket_id)
        .where(Stint.assignee_id.in_(user_ids), Stint.left_at.is_(None), listed(actor))
    )
    stay = aliased(Stint)
    owned = (
        select(Ticket.owner_id, Ticket.number, Ticket.version, literal("owner"), cast(null(), Integer), *burning)
        .outerjoin(stay, and_(stay.ticket_id == Ticket.id, stay.kind == "stay", stay.left_at.is_(None)))
        .where(
            is_active,
            Ticket.owner_id.in_(user_ids),
            or_(stay.assignee_id.is_(None), stay.assignee_id != Ticket.owner_id),
            listed(actor),
        )
    )
    found = union_all(hands, owned).subquery()
    asked = select(found).order_by(found.c.urgency.desc(), found.c.burns_at, found.c.id_1).limit(MOST_HELD)
    held: dict[int, tuple[Held, ...]] = {}
    for user_id, number, version, how, stint_id, *_burning in session().execute(asked):
        one = Held(number, version, how, stint_id if how == "assist" else None)
        held[user_id] = (*held.get(user_id, ()), one)
    return held


def _most_loaded_first(mate: Mate) -> tuple[object, ...]:
    """By the share of what he may have; where nothing limits it, by the number alone."""
    share = Fraction(mate.load, mate.capacity) if mate.capacity else Fraction(mate.load, 1000)
    return (-share, -mate.load, mate.name, mate.id)


def _people(actor: Actor, now: datetime, queue: str) -> list[Row[Any]]:
    """Those who take tickets, and whether they are there."""
    everybody = actor.scope(Permission.BOARD_READ) is Scope.ALL
    his = true() if everybody else Membership.queue_id.in_(sorted(actor.queues))
    chosen = Membership.queue_id.in_(select(Queue.id).where(Queue.code == queue)) if queue else true()
    members = select(Membership.user_id).where(his, chosen)
    asked = (
        select(
            User.id,
            User.name,
            User.role,
            User.version,
            User.capacity,
            *whereabouts_columns(now),
        )
        .where(
            User.active,
            User.role.in_([role.value for role in WORKING_ROLES]),
            true() if everybody and not queue else User.id.in_(members),
        )
        .order_by(User.id)
        .limit(MOST_PEOPLE)
    )
    return list(session().execute(asked))


def _places_and_skills(ids: Collection[int]) -> tuple[dict[int, tuple[Place, ...]], dict[int, tuple[Label, ...]]]:
    """In which queues people work, and what they know."""
    queues = (
        select(
            Membership.user_id.label("user_id"),
            Queue.id.label("id"),
            Queue.code.label("code"),
            Queue.name_zh.label("zh"),
            Queue.name_en.label("en"),
            Queue.capacity.label("capacity"),
            Queue.position.label("place"),
        )
        .join(Queue, Queue.id == Membership.queue_id)
        .where(Membership.user_id.in_(ids), Queue.active)
    )
    known = (
        select(UserSkill.user_id, Skill.id, literal(""), Skill.name_zh, Skill.name_en, cast(null(), Integer), Skill.id)
        .join(Skill, Skill.id == UserSkill.skill_id)
        .where(UserSkill.user_id.in_(ids), Skill.active)
    )
    found = union_all(queues, known).subquery()
    places: dict[int, tuple[Place, ...]] = {}
    skills: dict[int, tuple[Label, ...]] = {}
    for row in session().execute(select(found).order_by(found.c.place, found.c.id)):
        name = Label(row.zh, row.en)
        if row.code:
            places[row.user_id] = (*places.get(row.user_id, ()), Place(row.id, row.code, name, row.capacity))
        else:
            skills[row.user_id] = (*skills.get(row.user_id, ()), name)
    return places, skills


def _in_hands(ids: Collection[int], now: datetime) -> dict[int, list[Row[Any]]]:
    """Open stays and assists by person and status."""
    rows = session().execute(
        select(
            Stint.assignee_id,
            Ticket.status,
            func.count().label("tickets"),
            func.count().filter(is_overdue(now)).label("overdue"),
            func.min(Ticket.created_at).label("oldest"),
        )
        .join(Ticket, Ticket.id == Stint.ticket_id)
        .where(Stint.assignee_id.in_(ids), Stint.left_at.is_(None))
        .group_by(Stint.assignee_id, Ticket.status)
    )
    found: dict[int, list[Any]] = {}
    for row in rows:
        found.setdefault(row.assignee_id, []).append(row)
    return found


def _oldest(hands: Mapping[int, Collection[Any]], actor: Actor) -> dict[int, Oldest]:
    """The ticket that each has had to do with for longest, found by when it was created."""
    since = {user_id: min(one.oldest for one in held) for user_id, held in hands.items()}
    created = aliased(Ticket)
    found = select(created.id).where(created.created_at.in_(set(since.values()))).correlate(None)
    rows = session().execute(
        select(Stint.assignee_id, Ticket.number, Ticket.created_at, readable(actor).label("readable"))
        .join(Ticket, Ticket.id == Stint.ticket_id)
        .where(Stint.ticket_id.in_(found), Stint.left_at.is_(None))
        .order_by(Ticket.id.desc())
    )
    return {
        row.assignee_id: Oldest(row.number, row.created_at, bool(row.readable))
        for row in rows
        if row.assignee_id is not None and since.get(row.assignee_id) == row.created_at
    }


def _solved(ids: Collection[int], day_start: datetime) -> dict[int, int]:
    """Tickets resolved since, and still so, by whose hands they were in at the end."""
    rows = session().execute(
        select(Stint.assignee_id, func.count().label("tickets"))
        .join(Ticket, and_(Ticket.id == Stint.ticket_id, Ticket.resolved_at == Stint.left_at))
        .where(
            IS_RESOLVED,
            Ticket.resolved_at >= day_start,
            Stint.kind == "stay",
            Stint.assignee_id.in_(ids),
        )
        .group_by(Stint.assignee_id)
    )
    return {row.assignee_id: row.tickets for row in rows if row.assignee_id is not None}


def _away(now: datetime) -> dict[int, Away]:
    """Everybody who is absent at the moment, with who really stands in."""
    rows = (
        session()
        .execute(
            select(Absence.user_id, Absence.ends_at, Absence.kind, Absence.stand_in_id, User.name)
            .outerjoin(User, User.id == Absence.stand_in_id)
            .where(absence_at(now))
            .limit(MOST_PEOPLE)
        )
        .all()
    )
    named = {row.stand_in_id: row.name for row in rows if row.stand_in_id is not None}
    chain = {row.user_id: row.stand_in_id for row in rows}
    found = {}
    for row in rows:
        stand_in = last_stand_in(row.user_id, chain)
        found[row.user_id] = Away(row.ends_at, row.kind, named.get(stand_in) if stand_in else None)
    return found
