"""Names of queues and people, for wording, and of a queue's people what they have in hand. One statement each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Integer, and_, bindparam, case, exists, func, literal, literal_column, null, select, union_all
from sqlalchemy.orm import aliased

from helpdesk.domain.access import WORKING_ROLES, Role
from helpdesk.domain.rulebook import Label
from helpdesk.models import Membership, Queue, Stint, User
from helpdesk.queries.keyset import Statement
from helpdesk.storage import constants, plain_rows

MOST = 1_000


@dataclass(frozen=True, slots=True)
class QueueEntry:
    id: int
    code: str
    name: Label
    active: bool


class Person(NamedTuple):
    """Somebody who works, or worked, here; or the system."""

    name: str
    system: bool


@dataclass(frozen=True, slots=True)
class Directory:
    queues: Mapping[int, QueueEntry]
    people: Mapping[int, Person]

    def name(self, user_id: int | None) -> str | None:
        person = None if user_id is None else self.people.get(user_id)
        return None if person is None else person.name


class Colleague(NamedTuple):
    """Somebody who works here. ``in_hand``: tickets in his hands, None outside the queue asked about.

    ``answers``: an active member of a queue that writes to buyers.
    """

    id: int
    name: str
    in_hand: int | None
    answers: bool


@dataclass(frozen=True, slots=True)
class Staff:
    people: tuple[Colleague, ...]

    def members(self) -> tuple[Colleague, ...]:
        """Who can be given a ticket of the queue that was asked about, the least busy first."""
        able = (one for one in self.people if one.in_hand is not None)
        return tuple(sorted(able, key=lambda one: (one.in_hand, one.name)))

    def answering(self) -> tuple[Colleague, ...]:
        """Who can answer customers, by name."""
        return tuple(sorted((one for one in self.people if one.answers), key=lambda one: one.name))


def directory() -> Directory:
    """All queues and people."""
    rows: list[Any] = list(plain_rows(_directory()))
    system = Role.SYSTEM.value
    return Directory(
        queues={
            id: QueueEntry(id, code, Label(zh, en), bool(active))
            for part, id, code, zh, en, active, _place in rows
            if part == "queue"
        },
        people={
            id: Person(name, role == system) for part, id, role, name, _en, _active, _place in rows if part == "person"
        },
    )


def staff(queue_id: int) -> Staff:
    """Everybody who works here; of the active members of one queue also how much they have in hand."""
    rows = plain_rows(_staff(), {"queue": queue_id})
    return Staff(tuple(Colleague(row.id, row.name, row.in_hand, bool(row.answers)) for row in rows))


@cache
def _directory() -> Statement:
    """Built once: that takes longer than asking."""
    queues = select(
        literal("queue").label("part"),
        Queue.id.label("id"),
        Queue.code.label("code"),
        Queue.name_zh.label("zh"),
        Queue.name_en.label("en"),
        case((Queue.active, 1), else_=0).label("active"),
        Queue.position.label("place"),
    )
    none = literal_column("0", Integer)
    people = select(literal("person"), User.id, User.role, User.name, User.name, none, none)
    found = union_all(queues, people).subquery()
    return select(found).order_by(found.c.place, found.c.id).limit(MOST)


@cache
def _staff() -> Statement:
    in_hand = (
        select(func.count())
        .select_from(Stint)
        .where(Stint.assignee_id == User.id, Stint.left_at.is_(None))
        .correlate(User)
        .scalar_subquery()
    )
    own = aliased(Membership)
    writing = exists().where(own.user_id == User.id, own.queue_id == Queue.id, Queue.writes_to_buyers).correlate(User)
    return (
        select(
            User.id,
            User.name,
            case((Membership.user_id.is_not(None), in_hand), else_=null()).label("in_hand"),
            writing.label("answers"),
        )
        .outerjoin(Membership, and_(Membership.user_id == User.id, Membership.queue_id == bindparam("queue")))
        .where(User.active, User.role.in_(constants(sorted(role.value for role in WORKING_ROLES))))
        .order_by(User.id)
        .limit(MOST)
    )
