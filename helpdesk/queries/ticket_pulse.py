"""Whether a ticket has moved on from what somebody has before him. One statement."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Label, ScalarSelect, SQLColumnExpression, func, select
from sqlalchemy.orm import aliased

from helpdesk.domain.access import Actor
from helpdesk.domain.problems import NotFound
from helpdesk.models import Message, Note, Ticket
from helpdesk.models.scope import readable
from helpdesk.storage import session


@dataclass(frozen=True, slots=True)
class Pulse:
    """The ticket's version, and the ids of the last message from the customer, to him, and note; 0 for none."""

    version: int
    heard: int
    said: int
    noted: int


def pulse(number: str, actor: Actor) -> Pulse:
    """How far the ticket is; ``NotFound`` outside the actor's sight."""
    row = (
        session()
        .execute(select(Ticket.version, *last_entries()).where(Ticket.number == number, readable(actor)))
        .one_or_none()
    )
    if row is None:
        raise NotFound("ticket.not_found", number=number)
    return Pulse(row.version, row.heard, row.said, row.noted)


def last_entries() -> Iterator[Label[int]]:
    """Columns ``heard``, ``said`` and ``noted`` beside a ticket's own."""
    message, note = aliased(Message), aliased(Note)
    yield _last(message.id, message.ticket_id, message.direction == "in").label("heard")
    yield _last(message.id, message.ticket_id, message.direction == "out").label("said")
    yield _last(note.id, note.ticket_id).label("noted")


def _last(
    entry_id: SQLColumnExpression[int], ticket_id: SQLColumnExpression[int], *conditions: ColumnElement[bool]
) -> ScalarSelect[int]:
    return (
        select(func.coalesce(func.max(entry_id), 0))
        .where(ticket_id == Ticket.id, *conditions)
        .correlate(Ticket)
        .scalar_subquery()
    )
