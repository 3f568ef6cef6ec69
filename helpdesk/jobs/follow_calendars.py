"""Move running clocks to the present version of their calendar, where there were too many to do it at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from helpdesk.queries.actors import system_actor
from helpdesk.services import calendars
from helpdesk.storage import unit_of_work

TICKETS_AT_A_TIME = 50
"""In one transaction: others who write wait for no longer than it takes."""


def follow_calendars(clock: Callable[[], datetime], *, stopping: Callable[[], bool] = lambda: False) -> int:
    """Work off what changes of calendars left behind; returns how many clocks moved. It may stop anywhere."""
    runs = calendars.unfinished_runs()
    actor = system_actor("job") if runs else None
    total = 0
    for run_id in runs:
        moved = 1
        while moved and actor and not stopping():
            with unit_of_work():
                moved = calendars.follow_on(run_id, most_tickets=TICKETS_AT_A_TIME, actor=actor, now=clock())
            total += moved
    return total
