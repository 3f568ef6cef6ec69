"""Take the steps that are due while tickets wait: reminders, word to the supervisor, the end of the wait."""

from __future__ import annotations

from datetime import datetime

from helpdesk.queries.actors import system_actor
from helpdesk.services import pause_steps
from helpdesk.storage import unit_of_work


def pause_tick(now: datetime) -> int:
    """Sweep in batches, one transaction each, until nothing is due. Returns how many steps were taken."""
    total = 0
    while True:
        with unit_of_work():
            taken = pause_steps.sweep(system_actor("job"), now)
        total += taken
        if not taken:
            return total
