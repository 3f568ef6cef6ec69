"""Close tickets that stayed resolved for seven days."""

from __future__ import annotations

from datetime import datetime

import structlog

from helpdesk.domain.problems import Problem
from helpdesk.queries.actors import system_actor
from helpdesk.services import resolution
from helpdesk.storage import unit_of_work

log = structlog.get_logger(__name__)

MOST_PER_RUN = 1000


def close_resolved(now: datetime) -> int:
    """Close them one by one, each in its own transaction; returns how many.

    One that somebody reopened, or works on at this moment, is left alone.
    """
    actor = system_actor("job")
    closed = 0
    for number in resolution.due_to_close(now, MOST_PER_RUN):
        try:
            with unit_of_work():
                closed += resolution.close(number, actor=actor, now=now)
        except Problem as problem:
            log.info("not closed", number=number, code=problem.code)
    return closed
