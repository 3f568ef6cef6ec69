"""Other tickets of the same order or customer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import bindparam, or_, select

from helpdesk.domain.access import Actor, TicketStanding
from helpdesk.domain.clocks import FAR_FUTURE
from helpdesk.domain.tickets import ACTIVE
from helpdesk.models import Ticket
from helpdesk.models.scope import readable
from helpdesk.queries.keyset import Statement
from helpdesk.storage import plain_rows

MOST_RELATED = 20

STATEMENTS_KEPT = 256
"""One for each person, of those who were here last."""


@dataclass(frozen=True, slots=True)
class Related:
    """Another ticket of the same order, or else of the same customer. ``merged_here``: into the one it is shown on."""

    number: str
    subject: str
    klass: str
    type: str
    status: str
    created_at: datetime
    burns_at: datetime | None  # the last instant in time, where a clock of his runs
    standing: TicketStanding  # without its assists
    same_order: bool
    merged_here: bool


def related(ticket: Any, actor: Actor) -> tuple[Related, ...]:
    """Tickets of the same order or customer that the actor may open, the newest first."""
    if ticket.order_id is None and ticket.customer_id is None:
        return ()
    shared = {"ticket": ticket.id, "order": ticket.order_id, "customer": ticket.customer_id}
    rows = plain_rows(_sharing(actor), shared)
    return tuple(
        Related(
            number=row.number,
            subject=row.subject,
            klass=row.klass,
            type=row.type,
            status=row.status,
            created_at=row.created_at,
            burns_at=row.burns_at if row.status in ACTIVE and row.burns_at < FAR_FUTURE else None,
            standing=TicketStanding(queue=row.queue_id, owner=row.owner_id),
            same_order=row.order_id is not None and row.order_id == ticket.order_id,
            merged_here=row.merged_into_id == ticket.id,
        )
        for row in rows
    )


@lru_cache(maxsize=STATEMENTS_KEPT)
def _sharing(actor: Actor) -> Statement:
    """What is unknown of order or customer, NULL, equals nothing."""
    same = or_(Ticket.order_id == bindparam("order"), Ticket.customer_id == bindparam("customer"))
    return (
        select(
            *(Ticket.number, Ticket.subject, Ticket.klass, Ticket.type, Ticket.status, Ticket.created_at),
            *(Ticket.burns_at, Ticket.queue_id, Ticket.owner_id, Ticket.order_id, Ticket.merged_into_id),
        )
        .where(same, Ticket.id != bindparam("ticket"), readable(actor))
        .order_by(Ticket.id.desc())
        .limit(MOST_RELATED)
    )
