"""How urgent a ticket is by a person's word. Its targets follow."""

from __future__ import annotations

from datetime import datetime

from helpdesk.domain.access import Actor
from helpdesk.domain.tickets import Priority
from helpdesk.services import operations, tickets
from helpdesk.services.tickets import Change


def set_priority(number: str, priority: Priority, *, version: int, actor: Actor, now: datetime) -> int:
    """Set the priority by hand: targets are recomputed from the start. Returns the operation, which can be undone.

    ``version`` is the ticket's that the actor saw: ``Stale`` if it moved on, ``Conflict`` once it is resolved.
    """
    ticket = tickets.load_active(number, actor)
    with operations.recorded("ticket.priority", ticket, actor=actor, now=now) as operation:
        operation.changed = tickets.change(
            ticket,
            Change(priority=priority, status=tickets.on_first_action(ticket)),
            expected=version,
            actor=actor,
            now=now,
            operation_id=operation.id,
        )
    return operation.id
