"""Fire the stages of SLA clocks that have come due."""

from __future__ import annotations

from datetime import datetime

from helpdesk.queries.actors import system_actor
from helpdesk.services import sla
from helpdesk.storage import unit_of_work


def sla_tick(now: datetime) -> int:
    """Sweep in batches, one transaction each, until nothing is due. Returns how many stages fired."""
    total = 0
    while True:
        if not sla.anything_due(now):  # asked before writing is begun: most ticks find nothing
            return total
        with unit_of_work():
            fired = sla.sweep(system_actor("job"), now)
        total += fired
        if not fired:  # somebody else is about to fire what is left, or changes the ticket right now
            return total
