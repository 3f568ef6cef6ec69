"""The links of a ticket, as its page shows them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, or_, select

from helpdesk.domain.access import Actor
from helpdesk.domain.clocks import FAR_FUTURE
from helpdesk.domain.links import MOST_LINKS, Relation, relation_of
from helpdesk.domain.tickets import Status
from helpdesk.models import Ticket, TicketLink
from helpdesk.models.scope import readable
from helpdesk.storage import session


@dataclass(frozen=True, slots=True)
class Linked:
    """The ticket at the other end, and what the one whose page it is is to it.

    ``burns_at``: when the first of its clocks is to be met, None if nothing runs.
    """

    id: int
    relation: Relation
    number: str
    subject: str
    klass: str
    status: Status
    burns_at: datetime | None


def links_of(ticket_id: int, actor: Actor) -> tuple[Linked, ...]:
    """The ticket's links to what the actor may read, oldest first; one statement."""
    here, there = TicketLink.from_id == ticket_id, TicketLink.to_id == ticket_id
    rows = session().execute(
        select(TicketLink.id, TicketLink.kind, TicketLink.from_id)
        .add_columns(Ticket.number, Ticket.subject, Ticket.klass, Ticket.status, Ticket.burns_at)
        .join(Ticket, or_(and_(here, Ticket.id == TicketLink.to_id), and_(there, Ticket.id == TicketLink.from_id)))
        .where(or_(here, there), readable(actor))
        .order_by(TicketLink.id)
        .limit(MOST_LINKS)
    )
    return tuple(
        Linked(
            id=row.id,
            relation=relation_of(row.kind, forward=row.from_id == ticket_id),
            number=row.number,
            subject=row.subject,
            klass=row.klass,
            status=Status(row.status),
            burns_at=row.burns_at if row.burns_at and row.burns_at < FAR_FUTURE else None,
        )
        for row in rows
    )
