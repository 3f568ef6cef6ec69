"""Close tickets that stayed resolved for seven days."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from sqlalchemy import select

from helpdesk.domain.problems import Problem
from helpdesk.domain.tickets import CLOSE_AFTER_SECONDS, Status
from helpdesk.models import Ticket
from helpdesk.queries.actors import system_actor
from helpdesk.services import tickets
from helpdesk.services.tickets import Change
from helpdesk.storage import session, unit_of_work

log = structlog.get_logger(__name__)

MOST_PER_RUN = 1000


def close_resolved(now: datetime) -> int:
    """Close them one by one, each in its own transaction; returns how many.

    One that somebody reopened, or works on at this moment, is left alone.
    """
    actor = system_actor("job")
    closed = 0
    for number in _due(now):
        try:
            with unit_of_work():
                ticket = tickets.load(number, actor)
                if not _rested(ticket, now):
                    continue
                tickets.change(ticket, Change(status=Status.CLOSED), expected=ticket.version, actor=actor, now=now)
        except Problem as problem:
            log.info("not closed", number=number, code=problem.code)
            continue
        closed += 1
    return closed


def _rested(ticket: Ticket, now: datetime) -> bool:
    return (
        ticket.status == Status.RESOLVED
        and ticket.resolved_at is not None
        and ticket.resolved_at < now - timedelta(seconds=CLOSE_AFTER_SECONDS)
    )


def _due(now: datetime) -> list[str]:
    statement = (
        select(Ticket.number)
        .where(Ticket.status == Status.RESOLVED, Ticket.resolved_at < now - timedelta(seconds=CLOSE_AFTER_SECONDS))
        .order_by(Ticket.resolved_at)
        .limit(MOST_PER_RUN)
    )
    return list(session().scalars(statement))
