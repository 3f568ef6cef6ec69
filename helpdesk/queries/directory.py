"""Names of queues and people, for choosing and for wording. One statement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import (
    Integer,
    String,
    and_,
    bindparam,
    case,
    cast,
    exists,
    func,
    literal,
    literal_column,
    null,
    select,
    union_all,
)
from sqlalchemy.orm import aliased

from helpdesk.domain.access import WORKING_ROLES, Role
from helpdesk.domain.rulebook import Label
from helpdesk.models import Membership, Queue, Stint, User
from helpdesk.queries.keyset import Statement
from helpdesk.storage import plain_rows

MOST = 1_000


@dataclass(frozen=True, slots=True)
class QueueEntry:
    id: int
    code: str
    name: Label
    active: bool


class Person(NamedTuple):
    """Somebody who works, or worked, here. ``in_hand``: tickets in his hands, None outside the queue asked about.

    ``answers``: an active member of a queue that writes to buyers.
    """

    id: int
    name: str
    in_hand: int | None
    system: bool
    answers: bool


@dataclass(frozen=True, slots=True)
class Directory:
    queues: Mapping[int, QueueEntry]
    people: Mapping[int, Person]

    def members(self) -> tuple[Person, ...]:
        """Who can be given a ticket of the queue that was asked about, the least busy first."""
        able = (person for person in self.people.values() if person.in_hand is not None)
        return tuple(sorted(able, key=lambda person: (person.in_hand, person.name)))

    def answering(self) -> tuple[Person, ...]:
        """Who can answer customers, by name."""
        return tuple(sorted((one for one in self.people.values() if one.answers), key=lambda one: one.name))

    def name(self, user_id: int | None) -> str | None:
        person = None if user_id is None else self.people.get(user_id)
        return None if person is None else person.name


def directory(queue_id: int) -> Directory:
    """All queues and people; of the active members of one queue also how much they have in hand."""
    rows: list[Any] = list(plain_rows(_directory(), {"queue": queue_id}))
    system = Role.SYSTEM.value
    return Directory(
        queues={
            id: QueueEntry(id, code, Label(zh, en), bool(number))
            for part, id, code, zh, en, number, _place, _answers in rows
            if part == "queue"
        },
        people={
            id: Person(id, name, number, role == system, bool(answers))
            for part, id, role, name, _en, number, _place, answers in rows
            if part == "person"
        },
    )


@cache
def _directory() -> Statement:
    """Built once: that takes longer than asking."""
    in_hand = (
        select(func.count())
        .select_from(Stint)
        .where(Stint.assignee_id == User.id, Stint.left_at.is_(None))
        .correlate(User)
        .scalar_subquery()
    )
    works = and_(User.active, User.role.in_(sorted(role.value for role in WORKING_ROLES)))
    able = and_(Membership.user_id.is_not(None), works)
    own = aliased(Membership)
    writing = exists().where(own.user_id == User.id, own.queue_id == Queue.id, Queue.writes_to_buyers).correlate(User)
    queues = select(
        literal("queue").label("part"),
        Queue.id.label("id"),
        Queue.code.label("code"),
        Queue.name_zh.label("zh"),
        Queue.name_en.label("en"),
        case((Queue.active, 1), else_=0).label("number"),
        Queue.position.label("place"),
        literal_column("0", Integer).label("answers"),
    )
    people = select(
        literal("person"),
        User.id,
        User.role,
        User.name,
        cast(null(), String),
        case((able, in_hand), else_=cast(null(), Integer)),
        literal_column("0", Integer),
        case((and_(works, writing), 1), else_=0),
    ).outerjoin(Membership, and_(Membership.user_id == User.id, Membership.queue_id == bindparam("queue")))
    found = union_all(queues, people).subquery()
    return select(found).order_by(found.c.place, found.c.id).limit(MOST)
