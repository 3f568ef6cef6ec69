"""Give out what waits: the net under what hands out at once, for shifts that begin and people who come back."""

from __future__ import annotations

from datetime import datetime

from helpdesk.queries.actors import system_actor
from helpdesk.services import dispatch
from helpdesk.storage import unit_of_work

MOST_ROUNDS = 100
"""Of one queue in one run; what is left waits for the next."""


def hand_out(now: datetime) -> int:
    """Serve each queue in transactions of its own; returns how much was handed out. Nothing waits: one look."""
    given = 0
    for queue_id in dispatch.queues_in_need():
        for _round in range(MOST_ROUNDS):
            with unit_of_work():
                now_given = dispatch.hand_out(queue_id, actor=system_actor("job"), now=now)
            given += now_given
            if now_given < dispatch.MOST_AT_ONCE:
                break
    return given
