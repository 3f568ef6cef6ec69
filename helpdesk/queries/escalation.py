"""The rules about time that are in force, whose they are, and who changed them last."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from helpdesk.domain.access import Actor, Permission
from helpdesk.domain.problems import NotFound
from helpdesk.domain.rulebook import Label
from helpdesk.models import Channel, Event, Queue, RuleBookRow, User
from helpdesk.storage import session

LOOKED_AT = 200
"""Events that are searched for the last change of each part; one that is older is not named."""


@dataclass(frozen=True, slots=True)
class RuledQueue:
    id: int
    code: str
    name: Label


@dataclass(frozen=True, slots=True)
class LastChange:
    """Which version of the rules changed a part last, when, and who."""

    version: int
    at: datetime
    by: str


def ruled_queues(actor: Actor) -> list[RuledQueue]:
    """Queues in use, in their order."""
    actor.require(Permission.BOARD_READ)
    rows = session().execute(
        select(Queue.id, Queue.code, Queue.name_zh, Queue.name_en)
        .where(Queue.active)
        .order_by(Queue.position, Queue.id)
    )
    return [RuledQueue(id_, code, Label(zh, en)) for id_, code, zh, en in rows]


def ruled_queue(queue_id: int, actor: Actor) -> RuledQueue:
    """One of them, or ``NotFound``."""
    found = next((queue for queue in ruled_queues(actor) if queue.id == queue_id), None)
    if found is None:
        raise NotFound("queue.no_such_queue")
    return found


def channel_names() -> dict[str, Label]:
    """Channels by code, in the order in which they were set up."""
    rows = session().execute(select(Channel.code, Channel.name_zh, Channel.name_en).order_by(Channel.id))
    return {code: Label(zh, en) for code, zh, en in rows}


def last_changes() -> Mapping[str, LastChange]:
    """By part of the rules; one that nobody changed since the program was set up is not there."""
    rows = session().execute(
        select(Event.params, Event.at, User.name)
        .join(User, User.id == Event.actor_id)
        .where(Event.code == "rulebook.published")
        .order_by(Event.at.desc(), Event.id.desc())
        .limit(LOOKED_AT)
    )
    found: dict[str, LastChange] = {}
    for params, at, name in rows:
        found.setdefault(params.get("section", ""), LastChange(params["version"], at, name))
    return found


def in_force_since() -> datetime | None:
    """When the rules in force were published (UTC)."""
    return session().scalar(select(RuleBookRow.published_at).where(RuleBookRow.status == "published"))
