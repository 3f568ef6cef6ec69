"""Which tickets could become one with a ticket, and what that would mean; and which merges can still be undone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select

from helpdesk.domain.access import Actor, TicketStanding, may_work
from helpdesk.domain.clocks import FAR_FUTURE
from helpdesk.domain.merging import UNDO_WITHIN
from helpdesk.domain.problems import NotFound
from helpdesk.domain.tickets import ACTIVE
from helpdesk.models import Appeal, Compensation, Event, Message, Note, Operation, Stint, Ticket, TicketLink
from helpdesk.models.scope import assists_of, readable
from helpdesk.queries.keyset import Statement
from helpdesk.storage import session

MOST_OFFERED = 20


@dataclass(frozen=True, slots=True)
class Mergeable:
    """A ticket that could become one with another. ``burns_at``: its first deadline, None if nothing runs.

    ``waiting`` says what has to be answered first: ``money``, ``appeal``, ``assist``.
    """

    number: str
    version: int
    subject: str
    type: str
    klass: str
    status: str
    owner_id: int | None
    burns_at: datetime | None
    messages: int
    notes: int
    same_order: bool
    duplicate: bool
    waiting: frozenset[str]


@dataclass(frozen=True, slots=True)
class MergeOffer:
    """The ticket that would stay, and those of its order or customer that could be merged into it."""

    here: Mergeable
    others: tuple[Mergeable, ...]


def merge_offer(number: str, actor: Actor) -> MergeOffer:
    """Active tickets that the actor may work on, those of the same order first; two statements.

    Raises ``NotFound`` unless the ticket itself is one of those.
    """
    shared = session().execute(
        select(Ticket.id, Ticket.order_id, Ticket.customer_id, Ticket.shop_id).where(
            Ticket.number == number, readable(actor)
        )
    )
    ticket = shared.one_or_none()
    rows = session().execute(_mergeable(ticket, actor)).all() if ticket else []
    found = [
        _offered(row, ticket)
        for row in rows
        if may_work(actor, TicketStanding(row.queue_id, row.owner_id, actor.queues if row.asked else frozenset()))
    ]
    here = next((one for one in found if one.number == number), None)
    if here is None:
        raise NotFound("ticket.not_found", number=number)
    others = sorted((one for one in found if one is not here), key=lambda one: (not one.same_order, not one.duplicate))
    return MergeOffer(here, tuple(others))


def undoable_merge(number: str, actor: Actor, now: datetime) -> int | None:
    """The operation by which the actor merged this ticket, while he can still take it back."""
    statement = (
        select(Operation.id)
        .join(Event, Event.operation_id == Operation.id)
        .join(Ticket, Ticket.id == Event.ticket_id)
        .where(
            Ticket.number == number,
            Operation.code == "ticket.merge",
            Operation.actor_id == actor.id,
            Operation.undone_at.is_(None),
            Operation.at >= now - UNDO_WITHIN,
        )
    )
    return session().scalars(statement.order_by(Operation.id.desc()).limit(1)).first()


def _mergeable(ticket: Any, actor: Actor) -> Statement:
    """What is unknown of order or customer, NULL, equals nothing."""
    ends = (TicketLink.from_id, TicketLink.to_id)
    duplicates: Iterable[ColumnElement[bool]] = (
        and_(one == Ticket.id, other == ticket.id) for one, other in (ends, ends[::-1])
    )
    asked = (Stint.ticket_id == Ticket.id, Stint.kind == "assist", Stint.left_at.is_(None))
    same = or_(Ticket.order_id == ticket.order_id, Ticket.customer_id == ticket.customer_id)
    return (
        select(
            *(Ticket.id, Ticket.number, Ticket.version, Ticket.subject, Ticket.type, Ticket.klass, Ticket.status),
            *(Ticket.owner_id, Ticket.queue_id, Ticket.burns_at, Ticket.order_id),
            _count(Message).label("messages"),
            _count(Note).label("notes"),
            exists().where(TicketLink.kind == "duplicate", or_(*duplicates)).label("duplicate"),
            exists().where(Compensation.ticket_id == Ticket.id, Compensation.state == "proposed").label("money"),
            exists().where(Appeal.ticket_id == Ticket.id, Appeal.state == "open").label("appeal"),
            exists().where(*asked).label("assist"),
            assists_of(actor).label("asked"),
        )
        .where(
            or_(Ticket.id == ticket.id, same),
            Ticket.shop_id == ticket.shop_id,
            Ticket.status.in_([status.value for status in ACTIVE]),
            readable(actor),
        )
        .order_by((Ticket.id == ticket.id).desc(), Ticket.id.desc())
        .limit(MOST_OFFERED + 1)
    )


def _count(model: type[Message] | type[Note]) -> Any:
    return select(func.count()).select_from(model).where(model.ticket_id == Ticket.id).scalar_subquery()


def _offered(row: Any, ticket: Any) -> Mergeable:
    return Mergeable(
        number=row.number,
        version=row.version,
        subject=row.subject,
        type=row.type,
        klass=row.klass,
        status=row.status,
        owner_id=row.owner_id,
        burns_at=row.burns_at if row.burns_at < FAR_FUTURE else None,
        messages=row.messages,
        notes=row.notes,
        same_order=row.order_id is not None and row.order_id == ticket.order_id,
        duplicate=row.duplicate,
        waiting=frozenset(what for what in ("money", "appeal", "assist") if getattr(row, what)),
    )
