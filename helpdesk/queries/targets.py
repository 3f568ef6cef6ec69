"""Targets of news as pages show them. What opens a target never leaves the database this way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select, true
from sqlalchemy.orm import aliased

from helpdesk.domain.access import Actor, Permission, Scope
from helpdesk.domain.problems import NotFound
from helpdesk.domain.rulebook import Label
from helpdesk.models import Envelope, NotificationTarget, Queue
from helpdesk.storage import session

MOST = 500


@dataclass(frozen=True, slots=True)
class Delivery:
    """How the last message to a target ended: done, dead or withdrawn, the last two with an ``error``."""

    state: str
    at: datetime
    error: str | None


@dataclass(frozen=True, slots=True)
class TargetRow:
    """``queue`` None: it hears of the whole house. ``signs``: a signing key is stored. Times as in the model."""

    id: int
    name: str
    kind: str
    address: str
    queue_id: int | None
    queue: Label | None
    kinds: tuple[str, ...]
    locale: str
    digest_seconds: int
    quiet: tuple[int, int] | None
    held_until: datetime | None
    active: bool
    version: int
    signs: bool
    last: Delivery | None


def targets(actor: Actor) -> list[TargetRow]:
    """Those that the actor may manage, what is in use first. One statement."""
    order = (NotificationTarget.active.desc(), NotificationTarget.name)
    return _rows(session().execute(_targets(actor).order_by(*order).limit(MOST)).all())


def target(target_id: int, actor: Actor) -> TargetRow:
    """One of them; ``NotFound`` for any other."""
    rows = _rows(session().execute(_targets(actor).where(NotificationTarget.id == target_id)).all())
    if not rows:
        raise NotFound("target.no_such_target")
    return rows[0]


def _targets(actor: Actor) -> Select[Any]:
    actor.require(Permission.TARGETS_MANAGE)
    everything = actor.scope(Permission.TARGETS_MANAGE) is Scope.ALL
    ended = aliased(Envelope)
    last = (
        select(ended.id)
        .where(ended.target_id == NotificationTarget.id, ended.done_at.is_not(None))
        .order_by(ended.done_at.desc())
        .limit(1)
        .correlate(NotificationTarget)
        .scalar_subquery()
    )
    return (
        select(
            NotificationTarget.id,
            NotificationTarget.name,
            NotificationTarget.kind,
            NotificationTarget.address,
            NotificationTarget.queue_id,
            Queue.name_zh,
            Queue.name_en,
            NotificationTarget.kinds,
            NotificationTarget.locale,
            NotificationTarget.digest_seconds,
            NotificationTarget.quiet_from,
            NotificationTarget.quiet_to,
            NotificationTarget.held_until,
            NotificationTarget.active,
            NotificationTarget.version,
            (func.coalesce(NotificationTarget.secret["sign"].as_string(), "") != "").label("signs"),
            Envelope.state,
            Envelope.done_at,
            Envelope.error,
        )
        .outerjoin(Queue, Queue.id == NotificationTarget.queue_id)
        .outerjoin(Envelope, Envelope.id == last)
        .where(true() if everything else NotificationTarget.queue_id.in_(sorted(actor.queues)))
    )


def _rows(rows: Sequence[Any]) -> list[TargetRow]:
    return [
        TargetRow(
            id=row.id,
            name=row.name,
            kind=row.kind,
            address=row.address,
            queue_id=row.queue_id,
            queue=None if row.queue_id is None else Label(row.name_zh, row.name_en),
            kinds=tuple(row.kinds),
            locale=row.locale,
            digest_seconds=row.digest_seconds,
            quiet=None if row.quiet_from is None else (row.quiet_from, row.quiet_to),
            held_until=row.held_until,
            active=row.active,
            version=row.version,
            signs=bool(row.signs),
            last=Delivery(row.state, row.done_at, row.error) if row.state else None,
        )
        for row in rows
    ]
