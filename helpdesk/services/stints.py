"""Stays in queues and assists, each with its own queue clock."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from helpdesk.domain.rulebook import RuleBook
from helpdesk.models import Stint, Ticket
from helpdesk.services import clocks
from helpdesk.storage import session


def open_stay(ticket: Ticket, *, assignee_id: int | None, book: RuleBook, now: datetime) -> Stint:
    """The ticket enters its queue, and the queue's clock starts."""
    stint = _entered(ticket, assignee_id, now)
    clocks.start_queue_clock(ticket, stint, book=book, now=now)
    return stint


def begin_cycle(
    ticket: Ticket, *, assignee_id: int | None, book: RuleBook, now: datetime, started_at: datetime
) -> Stint:
    """Work on the ticket begins, or begins again: it enters its queue, and all its clocks start at ``started_at``."""
    stint = _entered(ticket, assignee_id, started_at)
    clocks.start_cycle(ticket, stint, started_at=started_at, book=book, now=now)
    return stint


def _entered(ticket: Ticket, assignee_id: int | None, at: datetime) -> Stint:
    stint = Stint(ticket_id=ticket.id, kind="stay", queue_id=ticket.queue_id, assignee_id=assignee_id, entered_at=at)
    session().add(stint)
    session().flush()
    return stint


def stay_of(ticket: Ticket) -> Stint | None:
    """The open stay; None while the ticket is resolved or ended."""
    return (
        session()
        .execute(select(Stint).where(Stint.ticket_id == ticket.id, Stint.kind == "stay", Stint.left_at.is_(None)))
        .scalar_one_or_none()
    )


def end(stint: Stint, *, at: datetime) -> None:
    """The stint is over and its clock frozen."""
    stint.left_at = at
    clocks.stop_queue_clock(stint, at=at)
    session().flush()


def end_for_transfer(stay: Stint, queue_id: int, *, at: datetime) -> list[int]:
    """The ticket moves to another queue: its stay ends, and so does what that queue was asked before it came.

    Returns the ids of the stints that ended, so that it can be undone.
    """
    end(stay, at=at)
    return [stay.id, *end_assists(stay.ticket_id, queue_id, at=at)]


def end_assists(ticket_id: int, queue_id: int, *, at: datetime) -> list[int]:
    """What this queue was asked is moot: the whole ticket comes to it. Returns the ids that ended."""
    asked = select(Stint).where(
        Stint.ticket_id == ticket_id, Stint.kind == "assist", Stint.queue_id == queue_id, Stint.left_at.is_(None)
    )
    stints = list(session().scalars(asked))
    for stint in stints:
        end(stint, at=at)
    return [stint.id for stint in stints]


def end_all(ticket: Ticket, *, at: datetime) -> list[int]:
    """End the stay and all open assists; returns their ids, so that it can be undone."""
    stints = _open_stints(ticket)
    for stint in stints:
        end(stint, at=at)
    return [stint.id for stint in stints]


def abandon_all(ticket: Ticket, *, at: datetime) -> None:
    """The ticket is merged into another one, whose queues do its work from now on."""
    for stint in _open_stints(ticket):
        abandon(stint, at=at)


def hands_of(stint_ids: list[int]) -> list[int | None]:
    """In whose hands these stints are or were."""
    return [session().get_one(Stint, stint_id).assignee_id for stint_id in stint_ids]


def resume(stint_ids: list[int], *, at: datetime) -> None:
    """Undo of ``end``: the stints go on, and the time between doesn't count against their queues."""
    for stint in session().scalars(select(Stint).where(Stint.id.in_(stint_ids))):
        stint.left_at = None
        session().flush()
        clocks.reopen_queue_clock(stint, at=at)


def open_ids(ticket: Ticket) -> list[int]:
    """The stay and the assists that last, so that they can be taken up again."""
    return [stint.id for stint in _open_stints(ticket)]


def take_up(stint_ids: list[int]) -> None:
    """Undo of ``abandon_all``: the stints have never ended. Their clocks are taken up with the ticket's."""
    for stint in session().scalars(select(Stint).where(Stint.id.in_(stint_ids))):
        stint.left_at = None
    session().flush()


def abandon(stint: Stint, *, at: datetime) -> None:
    """Undo of ``open_stay``: it counts for no queue."""
    stint.left_at = at
    clocks.cancel_queue_clock(stint, at=at)
    session().flush()


def _open_stints(ticket: Ticket) -> list[Stint]:
    return list(session().scalars(select(Stint).where(Stint.ticket_id == ticket.id, Stint.left_at.is_(None))))
