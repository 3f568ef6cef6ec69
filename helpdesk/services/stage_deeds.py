"""What a stage does to its ticket beside telling people: put on a tag, take it out of the hands it is in.

Each in a savepoint: one that can't be done is recorded with its reason and stops no other. It is not tried
again, as its stage fires once.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from helpdesk.domain.access import Actor
from helpdesk.domain.problems import Problem
from helpdesk.domain.rulebook import Stage
from helpdesk.domain.tickets import ACTIVE
from helpdesk.models import Event, Ticket
from helpdesk.services import dispatch, tags
from helpdesk.services.events import record
from helpdesk.storage import savepoint, session


def do(
    stage: Stage, ticket_id: int, *, clock: str, assist: bool, due_at: datetime, actor: Actor, now: datetime
) -> None:
    """Do what the stage of a clock of this kind asks for. ``assist``: the clock is that of another queue's help.

    ``due_at`` is when the stage was due: it speaks of those who had the ticket then, and takes it from nobody who
    got it since, be it from a person or from another clock's stage of the same sweep.

    Events: ``ticket.tagged``; those of the change of hands, with the stage as the reason; ``sla.refused`` with the
    code of what stood in the way.
    """
    try:
        with savepoint():
            refused = _do(stage, ticket_id, clock, assist, due_at, actor, now)
    except OperationalError:
        raise  # the database is away: nothing of this sweep has happened
    except Problem as problem:
        refused = problem.code
    except Exception as error:  # a mistake of ours with one ticket must not silence the alarms of all others
        refused = type(error).__name__
    if refused:
        facts: dict[str, Any] = {"clock": clock, "stage": stage.code, "reassign": stage.reassign, "refusal": refused}
        record("sla.refused", actor=actor, now=now, ticket_id=ticket_id, **facts)
        session().flush()


def _do(stage: Stage, ticket_id: int, clock: str, assist: bool, due_at: datetime, actor: Actor, now: datetime) -> str:
    """Empty, or why it couldn't be put into other hands."""
    ticket = session().get_one(Ticket, ticket_id, with_for_update=True, populate_existing=True)
    if stage.tag:
        _tag(ticket, stage.tag, actor, now)
    refused = ""
    if stage.reassign:
        refused = _reassign(ticket, stage, clock, assist, due_at, actor, now)
    session().flush()
    return refused


def _tag(ticket: Ticket, tag: str, actor: Actor, now: datetime) -> None:
    tags.put_by_rule(ticket, tag, actor=actor, now=now)


def _reassign(
    ticket: Ticket, stage: Stage, clock: str, assist: bool, due_at: datetime, actor: Actor, now: datetime
) -> str:
    if assist:
        return "assist"  # it is the other queue that is late, not who has the ticket
    if ticket.status not in ACTIVE:
        return "ticket.not_active"
    if _handed_since(ticket, due_at):
        return "handed_since"
    why = {"stage": stage.code, "clock": clock}
    return "" if dispatch.reassign(ticket, stage.reassign, actor=actor, now=now, why=why) else "nobody_else"


def _handed_since(ticket: Ticket, at: datetime) -> bool:
    """Somebody else has it in hand than had it then."""
    handed = select(Event.id).where(Event.ticket_id == ticket.id, Event.code == "ticket.assignee", Event.at > at)
    return session().execute(handed.limit(1)).first() is not None
