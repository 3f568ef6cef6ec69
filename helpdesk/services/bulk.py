"""One deed on many tickets.

Each ticket is a transaction of its own, begun by who calls: what fails on one is told beside it and stops no other.
What can be undone is marked, so that all of it can be taken back at once (``operations.undo_batch``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from helpdesk.domain.access import Actor
from helpdesk.domain.problems import Invalid
from helpdesk.domain.tickets import Priority
from helpdesk.services import assignment, operations, priorities, reminders

MOST = 50


@dataclass(frozen=True, slots=True)
class Assign:
    """Into somebody's hands; None: into nobody's."""

    user_id: int | None


@dataclass(frozen=True, slots=True)
class Take:
    """Into one's own hands."""


@dataclass(frozen=True, slots=True)
class SetPriority:
    priority: Priority


@dataclass(frozen=True, slots=True)
class Remind:
    """催办. Nothing of the ticket changes, so nothing can be undone."""


Deed: TypeAlias = Assign | Take | SetPriority | Remind


@dataclass(frozen=True, slots=True)
class Row:
    """A ticket as it was seen: by number, in this version."""

    number: str
    version: int


def check(rows: Sequence[Row]) -> None:
    """``Invalid`` for more than ``MOST`` at once, before anything is done."""
    if len(rows) > MOST:
        raise Invalid("bulk.too_many", limit=MOST)


def carry_out(deed: Deed, row: Row, *, batch: str, actor: Actor, now: datetime) -> int | None:
    """Do it to one ticket. Returns the operation, marked with ``batch``; None for what can't be undone.

    Raises what the deed itself raises: ``Stale`` where the ticket moved on since it was seen, and so on.
    """
    match deed:
        case Assign(user_id):
            operation = assignment.assign(row.number, user_id, version=row.version, actor=actor, now=now)
        case Take():
            operation = assignment.assign(row.number, actor.id, version=row.version, actor=actor, now=now)
        case SetPriority(priority):
            operation = priorities.set_priority(row.number, priority, version=row.version, actor=actor, now=now)
        case Remind():
            reminders.remind(row.number, actor=actor, now=now)
            return None
    operations.mark(operation, batch)
    return operation
