"""Count closed months afresh for those who asked for it: reading, portion by portion, until it is cancelled."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

import structlog

from helpdesk.domain.problems import TooLarge
from helpdesk.queries import report_months as queries
from helpdesk.queries import report_sources
from helpdesk.services import report_recalculations as services
from helpdesk.storage import unit_of_work

log = structlog.get_logger(__name__)

AT_ONCE = 300
"""Tickets read at once; the progress is told after each portion."""

STOPPED = "report.recalculation_failed"


def recalculate_months(clock: Callable[[], datetime], *, stopping: Callable[[], bool] = lambda: False) -> int:
    """Work off what was asked for; returns how many were finished. One that is interrupted begins anew later."""
    finished = 0
    for id, month in queries.to_recalculate():
        if stopping():
            break
        try:
            finished += _count(id, month, clock, stopping)
        except TooLarge as problem:
            _fail(id, problem.code, clock())
        except Exception:
            log.exception("recalculation failed", id=id)
            _fail(id, STOPPED, clock())
    return finished


def _count(id: int, month: date, clock: Callable[[], datetime], stopping: Callable[[], bool]) -> bool:
    with unit_of_work():
        tickets = services.start(id)
    recount = services.Recount(month)
    for start in range(0, len(tickets), AT_ONCE):
        some = tickets[start : start + AT_ONCE]
        told = report_sources.told_by(some)
        recount.take(some, told.facts, told.articles)
        if stopping():
            return False
        with unit_of_work():
            if not services.progress(id, start + len(some)):
                return False
    with unit_of_work():
        return services.finish(id, recount, clock())


def _fail(id: int, code: str, now: datetime) -> None:
    with unit_of_work():
        services.fail(id, code, now)
