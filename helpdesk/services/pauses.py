"""Waits of a ticket: opened, ended and taken up again as its status changes.

``services/pause_steps.py`` does what the rules ask for while one lasts.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import delete, select

from helpdesk.domain.rulebook import PauseStepRule
from helpdesk.domain.tickets import PENDING, Status
from helpdesk.models import PauseStep, Ticket, TicketPause
from helpdesk.models.rulebooks import published_rulebook, rulebook_of
from helpdesk.storage import session


def follow_status(ticket: Ticket, was: Status, *, at: datetime, take_up: bool = False) -> None:
    """The ticket's status, or whom it waits for, has changed at ``at`` (UTC): its wait ends, another one may begin.

    A wait follows the rules in force when it began. ``take_up`` is for an undo that brings the earlier wait back: it
    goes on where it was, without the time between and without the steps that have been taken already.
    """
    if was in PENDING:
        _end(ticket, at)
    if Status(ticket.status) not in PENDING:
        return
    earlier = _last(ticket) if take_up else None
    if earlier is None:
        _open(ticket, at)
    else:
        _take_up(earlier, at)


def lasting_id(ticket: Ticket) -> int | None:
    """The wait that lasts, so that it can be taken up again."""
    waits = select(TicketPause.id).where(TicketPause.ticket_id == ticket.id, TicketPause.ended_at.is_(None))
    return session().scalars(waits.limit(1)).first()


def go_on(pause_id: int) -> None:
    """Undo of a merge: the wait has never ended, and what it has still to do comes when it would have come."""
    pause = session().get_one(TicketPause, pause_id)
    _take_up(pause, pause.ended_at or pause.started_at)


def _open(ticket: Ticket, at: datetime) -> None:
    book = published_rulebook()
    pause = TicketPause(
        ticket_id=ticket.id,
        status=ticket.status,
        pending_on=ticket.pending_on,
        rule_version=book.version,
        started_at=at,
    )
    session().add(pause)
    session().flush()
    _plan(pause, book.pause_steps)


def _end(ticket: Ticket, at: datetime) -> None:
    """What has not been done by now is not done any more; plans of waits that are over would slow the sweep."""
    lasting = select(TicketPause).where(TicketPause.ticket_id == ticket.id, TicketPause.ended_at.is_(None))
    for row in session().scalars(lasting).all():
        row.ended_at = max(at, row.started_at)  # we may hear late of what the customer said before
        session().execute(
            delete(PauseStep).where(PauseStep.pause_id == row.id, PauseStep.fired_at.is_(None)),
            execution_options={"synchronize_session": False},
        )
    session().flush()


def _last(ticket: Ticket) -> TicketPause | None:
    """The latest wait of the kind that the ticket is in."""
    waits = select(TicketPause).where(
        TicketPause.ticket_id == ticket.id,
        TicketPause.status == ticket.status,
        TicketPause.pending_on.is_not_distinct_from(ticket.pending_on),
    )
    return session().scalars(waits.order_by(TicketPause.id.desc()).limit(1)).first()


def _take_up(pause: TicketPause, at: datetime) -> None:
    """The wait goes on. Its beginning moves by the time between, so that all that is reckoned from it stays right."""
    if pause.ended_at is not None:
        pause.started_at += max(at - pause.ended_at, timedelta())
    pause.ended_at = None
    session().flush()
    done = set(session().scalars(select(PauseStep.step_code).where(PauseStep.pause_id == pause.id)))
    rules = rulebook_of(pause.rule_version).pause_steps
    _plan(pause, (rule for rule in rules if rule.code not in done))


def _plan(pause: TicketPause, rules: Iterable[PauseStepRule]) -> None:
    session().add_all(
        PauseStep(
            pause_id=pause.id, step_code=rule.code, due_at=pause.started_at + timedelta(seconds=rule.after_seconds)
        )
        for rule in rules
        if rule.status == pause.status
    )
    session().flush()
