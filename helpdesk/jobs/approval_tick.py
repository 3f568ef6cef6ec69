"""Ask the next rung where nobody has answered a proposal of money in time."""

from __future__ import annotations

from datetime import datetime

from helpdesk.queries.actors import system_actor
from helpdesk.services import approvals
from helpdesk.storage import unit_of_work

AT_ONCE = 100


def approval_tick(now: datetime) -> int:
    """In batches, one transaction each, until nothing is due. Returns how many proposals were passed on."""
    total = 0
    while True:
        with unit_of_work():
            passed = approvals.escalate_overdue(now, AT_ONCE, actor=system_actor("job"))
        total += passed
        if passed < AT_ONCE:
            return total
