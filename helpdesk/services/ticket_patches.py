"""Several fields of a ticket changed at once, all or nothing, each by the function that a person's button calls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from helpdesk.domain.access import Actor
from helpdesk.domain.problems import Invalid
from helpdesk.domain.tickets import Outcome, Party, Priority, Status
from helpdesk.services import assignment, decisions, priorities, resolution, tickets
from helpdesk.storage import session


class _Leave:
    """The assignee stays, where None would mean nobody."""

    def __repr__(self) -> str:
        return "LEAVE"


LEAVE: Final = _Leave()


@dataclass(frozen=True, slots=True)
class Patch:
    """What a ticket should become; what is None stays. ``queue``, ``type`` and ``pending_on`` are codes.

    ``responsibility`` is percent by party, for resolving; ``reason`` is kept as a note.
    """

    type: str | None = None
    priority: Priority | None = None
    queue: str | None = None
    assignee_id: int | _Leave | None = LEAVE
    status: Status | None = None
    pending_on: str | None = None
    outcome: Outcome | None = None
    responsibility: Mapping[Party, int] | None = None
    reason: str = ""


def apply(number: str, patch: Patch, *, version: int, actor: Actor, now: datetime) -> int:
    """Change the ticket as seen at ``version``: type, priority, queue, assignee, status, in this order.

    Returns the new version. ``Stale`` if it moved on, and all that its single steps raise; nothing is kept then.
    """
    ticket = tickets.load(number, actor)
    tickets.check_version(ticket, version)
    _check_belongings(patch)

    def seen() -> int:
        session().refresh(ticket)
        return ticket.version

    if patch.type is not None:
        decisions.set_type(number, patch.type, version=version, actor=actor, now=now)
    if patch.priority is not None and patch.priority != ticket.priority:
        priorities.set_priority(number, patch.priority, version=seen(), actor=actor, now=now)
    if patch.queue is not None:
        assignment.transfer(number, patch.queue, reason=patch.reason, version=seen(), actor=actor, now=now)
    if not isinstance(patch.assignee_id, _Leave):
        assignment.assign(number, patch.assignee_id, version=seen(), actor=actor, now=now)
    if patch.status is not None:
        _move(number, patch, patch.status, version=seen(), actor=actor, now=now)
    return seen()


def _check_belongings(patch: Patch) -> None:
    """What only means something beside something else is not dropped unseen."""
    resolves, waits = patch.status is Status.RESOLVED, patch.status is Status.PENDING_INTERNAL
    alone = {
        "outcome": patch.outcome is not None and not resolves,
        "responsibility": patch.responsibility is not None and not resolves,
        "pending_on": patch.pending_on is not None and not waits,
        "reason": bool(patch.reason.strip()) and patch.status is None and patch.queue is None,
    }
    for name, is_alone in alone.items():
        if is_alone:
            raise Invalid("api.bad_field", field=name, key=name)


def _move(number: str, patch: Patch, status: Status, *, version: int, actor: Actor, now: datetime) -> None:
    reason = "" if patch.queue is not None else patch.reason  # it stands with the transfer then
    if status is Status.RESOLVED:
        resolution.resolve(
            number,
            outcome=patch.outcome,
            shares=patch.responsibility or {},
            reason=reason,
            version=version,
            actor=actor,
            now=now,
        )
        return
    tickets.set_status(
        number, status, pending_on=patch.pending_on, reason=reason, version=version, actor=actor, now=now
    )
