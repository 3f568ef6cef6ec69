"""Solved, closed, and open again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import select

from helpdesk.domain.access import Actor, Permission, Role, Scope
from helpdesk.domain.problems import NotAllowed
from helpdesk.domain.tickets import (
    CLOSE_AFTER_SECONDS,
    Outcome,
    Party,
    Status,
    TicketClass,
    check_move,
    check_resolution,
)
from helpdesk.models import Stint, Ticket, User
from helpdesk.models.rulebooks import published_rulebook
from helpdesk.services import checklists, dispatch, operations, responsibility, stints, tickets, urgency
from helpdesk.services.events import record
from helpdesk.services.tickets import Change
from helpdesk.storage import session


def resolve(
    number: str,
    *,
    outcome: Outcome | None,
    shares: Mapping[Party, int],
    reason: str = "",
    version: int,
    actor: Actor,
    now: datetime,
) -> int:
    """Resolve a ticket with its outcome and who is responsible. Returns the operation, which can be undone.

    ``shares`` are percent by party, adding up to 100; A and C need them. Without any, what was said before stands,
    and so it does for a job, which can't know better and ticks nothing off. Raises ``Invalid`` for what is missing,
    ``Stale`` if the ticket moved on, ``Conflict`` for an illegal move.
    """
    return resolve_loaded(
        tickets.load_to_work(number, actor),
        outcome=outcome,
        shares=shares,
        reason=reason,
        version=version,
        actor=actor,
        now=now,
    )


def resolve_loaded(
    ticket: Ticket,
    *,
    outcome: Outcome | None,
    shares: Mapping[Party, int],
    reason: str,
    version: int,
    actor: Actor,
    now: datetime,
) -> int:
    """``resolve`` for a ticket that is loaded and whose actor's rights are checked."""
    tickets.check_version(ticket, version)
    check_move(Status(ticket.status), Status.RESOLVED)
    by_job = actor.role is Role.SYSTEM
    said = responsibility.said(ticket.id)
    check_resolution(TicketClass(ticket.klass), outcome, shares or ({} if by_job else said), by_job=by_job)
    if not by_job:
        checklists.check(ticket)
    note = tickets.add_note(ticket, reason, actor=actor, now=now) if reason.strip() else None
    with operations.recorded("ticket.resolve", ticket, actor=actor, now=now) as operation:
        operation.changed = tickets.change(
            ticket,
            Change(status=Status.RESOLVED, outcome=outcome, pending_on=None),
            expected=version,
            actor=actor,
            now=now,
            reason_note_id=note.id if note else None,
            operation_id=operation.id,
        )
        operation.shares = operations.shares_of(ticket.id)
    if shares and shares != said and not (by_job and said):
        responsibility.say(ticket, shares, actor=actor, now=now)
    urgency.settle(ticket)
    ticket.unread = False
    dispatch.serve(actor, now, freed=stints.hands_of(operation.changed.stints_ended))
    return operation.id


def begin_cycle(ticket: Ticket, *, started_at: datetime, actor: Actor, now: datetime) -> None:
    """A customer's message reopened a resolved ticket: new clocks with full targets, started by that message.

    The first result stays frozen; both are reported. The stay goes to whoever had the last one. What he wrote
    before the ticket was resolved, and we learnt of later, starts the cycle where the one before it ended.
    """
    started_at = max(started_at, ticket.resolved_at or started_at)
    last = (
        session()
        .scalars(
            select(Stint).where(Stint.ticket_id == ticket.id, Stint.kind == "stay").order_by(Stint.id.desc()).limit(1)
        )
        .first()
    )
    tickets.change(ticket, Change(status=Status.OPEN, outcome=None), expected=None, actor=actor, now=now)
    ticket.cycle += 1
    session().flush()
    book = published_rulebook()
    stints.begin_cycle(ticket, assignee_id=_still_here(last), book=book, now=now, started_at=started_at)
    record("ticket.reopened", actor=actor, now=now, ticket_id=ticket.id, cycle=ticket.cycle, version=ticket.version)


def _still_here(last: Stint | None) -> int | None:
    """Who had the ticket in his hands, unless he has left since."""
    user = session().get(User, last.assignee_id) if last is not None and last.assignee_id is not None else None
    return user.id if user is not None and user.active else None


def due_to_close(now: datetime, limit: int) -> list[str]:
    """Numbers of tickets that have been resolved for more than 7 days: on the last second a message still reopens."""
    return list(
        session().scalars(
            select(Ticket.number)
            .where(
                Ticket.status == Status.RESOLVED.value,
                Ticket.resolved_at < now - timedelta(seconds=CLOSE_AFTER_SECONDS),
            )
            .order_by(Ticket.resolved_at)
            .limit(limit)
        )
    )


def close(number: str, *, actor: Actor, now: datetime) -> bool:
    """Close a ticket that has been resolved long enough; False if that is no longer so. A job does it."""
    if actor.scope(Permission.TICKETS_WORK) is not Scope.ALL:
        raise NotAllowed("ticket.not_yours", number=number)
    ticket = tickets.load(number, actor)
    long_enough = ticket.resolved_at is not None and ticket.resolved_at < now - timedelta(seconds=CLOSE_AFTER_SECONDS)
    if ticket.status != Status.RESOLVED or not long_enough:
        return False
    tickets.change(ticket, Change(status=Status.CLOSED), expected=None, actor=actor, now=now)
    return True
