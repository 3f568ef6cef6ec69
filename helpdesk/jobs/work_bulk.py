"""Work off deeds on many tickets, and take them back: a few rows of each run in turn, each time in a transaction."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import structlog

from helpdesk.queries.actors import person_actor
from helpdesk.queries.bulk_runs import going_runs
from helpdesk.services import bulk_runs
from helpdesk.storage import unit_of_work

log = structlog.get_logger(__name__)


def work_bulk(clock: Callable[[], datetime], *, stopping: Callable[[], bool] = lambda: False) -> int:
    """Returns how many rows were worked off. Runs go on in turn, so that a large one keeps no small one waiting."""
    worked, going = 0, going_runs()
    while going and not stopping():
        still = []
        for run_id, user_id in going:
            try:
                rows = _few(run_id, user_id, clock)
            except Exception:
                log.exception("bulk run failed", run=run_id)
                continue
            worked += rows
            if rows:
                still.append((run_id, user_id))
        going = still
    return worked


def _few(run_id: int, user_id: int, clock: Callable[[], datetime]) -> int:
    """In the name of whose run it is, with the rights that he has by now; without him it ends."""
    with unit_of_work():
        actor = person_actor(user_id, "page")
        if actor is None:
            bulk_runs.give_up(run_id, now=clock())
            return 0
        return bulk_runs.work(run_id, actor=actor, now=clock())
