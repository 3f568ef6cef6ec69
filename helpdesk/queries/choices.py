"""What can be chosen in filters and forms: shops, channels, queues, people. One statement."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from sqlalchemy import Integer, and_, exists, literal, literal_column, select, union_all

from helpdesk.domain.access import Actor, Permission, Scope
from helpdesk.domain.rulebook import Label
from helpdesk.models import Channel, Membership, Queue, Shop, User
from helpdesk.models.users import is_person
from helpdesk.queries.keyset import Statement
from helpdesk.storage import constants, plain_rows

MOST = 500


@dataclass(frozen=True, slots=True)
class Choice:
    id: int
    code: str
    name: Label


class Colleague(NamedTuple):
    id: int
    name: str


@dataclass(frozen=True, slots=True)
class ListChoices:
    """``people`` are those who work in the actor's queues (in any, for one who reads everything)."""

    shops: tuple[Choice, ...]
    channels: tuple[Choice, ...]
    queues: tuple[Choice, ...]
    people: tuple[Colleague, ...]


def list_choices(actor: Actor) -> ListChoices:
    """Everything that a list can be filtered by, beside what the rules name. At most ``MOST`` in all."""
    everywhere = actor.scope(Permission.TICKETS_READ) is Scope.ALL
    rows = plain_rows(_choices(None if everywhere else actor.queues)).all()

    def of(part: str) -> tuple[Choice, ...]:
        return tuple(Choice(row.id, row.code, Label(row.zh, row.en)) for row in rows if row.part == part)

    return ListChoices(
        shops=of("shop"),
        channels=of("channel"),
        queues=of("queue"),
        people=tuple(
            sorted((Colleague(row.id, row.zh) for row in rows if row.part == "person"), key=lambda person: person.name)
        ),
    )


@lru_cache(maxsize=256)
def _choices(queues: frozenset[int] | None) -> Statement:
    """Built once for the queues whose people can be chosen (None: all): that takes longer than asking."""
    works = [Membership.user_id == User.id]
    if queues is not None:
        works.append(Membership.queue_id.in_(constants(sorted(queues))))
    none = literal_column("0", Integer)
    found = union_all(
        select(
            literal("queue").label("part"),
            Queue.id.label("id"),
            Queue.code.label("code"),
            Queue.name_zh.label("zh"),
            Queue.name_en.label("en"),
            Queue.position.label("place"),
        ).where(Queue.active),
        select(literal("shop"), Shop.id, Shop.code, Shop.name, Shop.name, none),
        select(literal("channel"), Channel.id, Channel.code, Channel.name_zh, Channel.name_en, none),
        select(literal("person"), User.id, User.role, User.name, User.name, none).where(
            User.active, is_person, exists().where(and_(*works))
        ),
    ).subquery()
    return select(found).order_by(found.c.place, found.c.id).limit(MOST)
