"""Close the month that is over, on the 3rd at four in the morning: who resolves or pays late still counts in it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from zoneinfo import ZoneInfo

import structlog
from flask import current_app

from helpdesk.domain.problems import Problem
from helpdesk.domain.reports import month_of
from helpdesk.queries import report_months as queries
from helpdesk.queries.actors import system_actor
from helpdesk.services import report_months
from helpdesk.storage import unit_of_work

log = structlog.get_logger(__name__)

DAY, HOUR = 3, 4


def close_months(clock: Callable[[], datetime], *, stopping: Callable[[], bool] = lambda: False) -> int:
    """Close every month that is due and was never closed, each in a transaction; returns how many.

    A month that somebody opened again is left to him. One that can't be closed yet comes again at the next run.
    """
    closed, now = 0, clock()
    for month in queries.to_close(last_due(now, ZoneInfo(current_app.config["UNSNAG"].timezone))):
        if stopping():
            break
        try:
            with unit_of_work():
                report_months.close(month, actor=system_actor("job"), now=now)
            closed += 1
        except Problem as problem:
            log.info("month not closed", month=f"{month:%Y-%m}", why=problem.code)
    return closed


def last_due(now: datetime, zone: ZoneInfo) -> date:
    """The first day of the latest month whose closing has come."""
    local = now.astimezone(zone)
    past = (local.day, local.hour) >= (DAY, HOUR)
    this = local.date().replace(day=1)
    before = month_of(this).before()
    return (before if past else before.before()).first
