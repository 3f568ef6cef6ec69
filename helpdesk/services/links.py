"""Tickets are linked to each other, and taken apart again. Both are operations that can be undone."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select

from helpdesk.domain.access import Actor, may_work
from helpdesk.domain.links import MOST_LINKS, STORED, Relation, is_ancestor, opposite, relation_of
from helpdesk.domain.problems import Conflict, Invalid, NotAllowed, NotFound
from helpdesk.domain.tickets import Status
from helpdesk.models import Operation, Ticket, TicketLink
from helpdesk.models.scope import readable
from helpdesk.services import tickets
from helpdesk.services.events import record
from helpdesk.storage import is_postgresql, session

PARENTS_LOCK = 7_301_466
"""Of two who link parents at once one waits: together they could close a circle that neither sees."""


def link(number: str, other: str, relation: Relation, *, version: int, actor: Actor, now: datetime) -> int:
    """Say that ticket ``number`` is ``relation`` to ``other``. Returns the operation, for an undo.

    The actor works on the first and may read the other. Raises ``Invalid`` for a ticket and itself or a circle of
    parents, ``Conflict`` where the link is there, one of the two was merged, or has ``MOST_LINKS``, ``Stale`` if the
    first moved on since ``version``.
    """
    if number == other:
        raise Invalid("link.to_itself", number=number)
    ticket, far = _both(number, other, actor)
    tickets.check_version(ticket, version)
    row = _add(ticket, far, relation, actor=actor, now=now)
    return _kept("ticket.link", ticket, row, actor, now)


def unlink(number: str, link_id: int, *, version: int, actor: Actor, now: datetime) -> int:
    """Take a link of the ticket away. Returns the operation, for an undo.

    ``NotFound`` if it isn't there any more, ``Stale`` if the ticket moved on since ``version``.
    """
    ticket = tickets.load_to_work(number, actor)
    tickets.check_version(ticket, version)
    row = _link_of(ticket.id, link_id)
    operation = _kept("ticket.unlink", ticket, row, actor, now)
    _remove(row, actor=actor, now=now)
    return operation


def attach(ticket: Ticket, far: Ticket, relation: Relation, *, actor: Actor, now: datetime) -> int:
    """Say that ``ticket`` is ``relation`` to ``far``, as part of something else; the caller has locked both.

    Returns the link. ``Conflict`` if one of them has too many.
    """
    return _add(ticket, far, relation, actor=actor, now=now).id


def detach(link_id: int, *, actor: Actor, now: datetime) -> None:
    """Take away what ``attach`` made, if nobody has done so yet."""
    row = session().get(TicketLink, link_id, with_for_update=True)
    if row is not None:
        _remove(row, actor=actor, now=now)


def bring_back(entry: dict[str, Any], operation: Operation, actor: Actor, now: datetime) -> str:
    """Undo of either: what was linked is apart, what was taken apart is linked. Returns the ticket's number."""
    kept = entry["link"]
    found = session().execute(
        select(Ticket.id, Ticket.number).where(Ticket.id.in_([kept["from"], kept["to"]]), readable(actor))
    )
    numbers = {row.id: row.number for row in found}
    if len(numbers) != 2:
        raise NotFound("operation.not_found")
    forward = kept["from"] == entry["ticket"]
    ticket, far = _both(numbers[entry["ticket"]], numbers[kept["to" if forward else "from"]], actor)
    if operation.code == "ticket.unlink":
        _add(ticket, far, relation_of(kept["kind"], forward=forward), actor=actor, now=now)
    else:
        _remove(_link_of(ticket.id, kept["id"]), actor=actor, now=now)
    return ticket.number


def _add(ticket: Ticket, far: Ticket, relation: Relation, *, actor: Actor, now: datetime) -> TicketLink:
    _check(ticket, far, relation)
    kind, forward = STORED[relation]
    ends = (ticket.id, far.id) if forward else (far.id, ticket.id)
    row = TicketLink(kind=kind, from_id=ends[0], to_id=ends[1], created_by_id=actor.id, created_at=now)
    session().add(row)
    session().flush()
    _tell("ticket.linked", ticket, far, relation, actor, now)
    return row


def _remove(row: TicketLink, *, actor: Actor, now: datetime) -> None:
    start, end = session().get_one(Ticket, row.from_id), session().get_one(Ticket, row.to_id)
    session().delete(row)
    session().flush()
    _tell("ticket.unlinked", start, end, relation_of(row.kind, forward=True), actor, now)


def _tell(code: str, ticket: Ticket, far: Ticket, relation: Relation, actor: Actor, now: datetime) -> None:
    """Both tickets tell of it, each from its own side."""
    for here, there, side in ((ticket, far, relation), (far, ticket, opposite(relation))):
        record(code, actor=actor, now=now, ticket_id=here.id, number=there.number, relation=side.value)


def _kept(code: str, ticket: Ticket, row: TicketLink, actor: Actor, now: datetime) -> int:
    link = {"id": row.id, "kind": row.kind, "from": row.from_id, "to": row.to_id}
    operation = Operation(code=code, actor_id=actor.id, at=now, before=[{"ticket": ticket.id, "link": link}])
    session().add(operation)
    session().flush()
    return operation.id


def _both(number: str, other: str, actor: Actor) -> tuple[Ticket, Ticket]:
    """The ticket that the actor works on and the one that he may read, locked in the order of their ids."""
    rows = session().scalars(
        select(Ticket)
        .where(Ticket.number.in_([number, other]), readable(actor))
        .order_by(Ticket.id)
        .with_for_update(of=Ticket)
    )
    found = {ticket.number: ticket for ticket in rows}
    for wanted in (number, other):
        if wanted not in found:
            raise NotFound("ticket.not_found", number=wanted) if wanted == number else _unknown(wanted)
    if not may_work(actor, tickets.standing(found[number])):
        raise NotAllowed("ticket.not_yours", number=number)
    return found[number], found[other]


def _unknown(number: str) -> Invalid:
    """A typed number leads nowhere: the form says so, the page stays."""
    return Invalid("link.unknown_ticket", number=number)


def _check(ticket: Ticket, far: Ticket, relation: Relation) -> None:
    for one in (ticket, far):
        if one.status == Status.MERGED:
            raise Conflict("link.merged", number=one.number)
        if _count(one.id) >= MOST_LINKS:
            raise Conflict("link.too_many", number=one.number, limit=MOST_LINKS)
    kind, forward = STORED[relation]
    ends = {ticket.id, far.id}
    there = select(TicketLink.id).where(
        TicketLink.kind == kind, TicketLink.from_id.in_(ends), TicketLink.to_id.in_(ends)
    )
    if session().scalar(there) is not None:
        raise Conflict("link.exists", number=far.number)
    if kind == "parent":
        _check_circle(*((ticket, far) if forward else (far, ticket)))


def _check_circle(parent: Ticket, child: Ticket) -> None:
    if is_postgresql():
        session().execute(select(func.pg_advisory_xact_lock(PARENTS_LOCK)))
    if is_ancestor(child.id, parent.id, _parents):
        raise Invalid("link.circle", number=child.number, parent=parent.number)


def _parents(ids: Iterable[int]) -> Iterable[int]:
    return session().scalars(
        select(TicketLink.from_id).where(TicketLink.kind == "parent", TicketLink.to_id.in_(list(ids)))
    )


def _count(ticket_id: int) -> int:
    at_either_end = or_(TicketLink.from_id == ticket_id, TicketLink.to_id == ticket_id)
    return session().scalar(select(func.count()).select_from(TicketLink).where(at_either_end)) or 0


def _link_of(ticket_id: int, link_id: int) -> TicketLink:
    """``NotFound`` for one that is gone, or another ticket's."""
    row = session().get(TicketLink, link_id, with_for_update=True)
    if row is None or ticket_id not in (row.from_id, row.to_id):
        raise NotFound("link.not_found")
    return row
