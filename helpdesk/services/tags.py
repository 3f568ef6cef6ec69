"""Words put on a ticket by a person, and taken off again. Both are operations that can be undone."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import delete, select

from helpdesk.domain.access import Actor
from helpdesk.domain.bulk import MAX_TAG
from helpdesk.domain.problems import Conflict, Invalid, NotFound
from helpdesk.models import Operation, Ticket, TicketTag
from helpdesk.models.scope import readable
from helpdesk.services import tickets
from helpdesk.services.events import record
from helpdesk.storage import insert_once, session


def set_tag(number: str, tag: str, *, on: bool, version: int, actor: Actor, now: datetime) -> int | None:
    """Put the tag on the ticket, or take it off. Returns the operation; None where it is so already."""
    ticket = tickets.load_to_work(number, actor)
    tickets.check_version(ticket, version)
    tag = tag.strip()
    if not tag or len(tag) > MAX_TAG or not tag.isprintable():
        raise Invalid("input.bad_value", field="tag")
    if not _write(ticket, tag, on):
        return None
    entry = {"ticket": ticket.id, "tag": tag, "on": on}
    operation = Operation(code="ticket.tag", actor_id=actor.id, at=now, before=[entry])
    session().add(operation)
    session().flush()
    _tell(ticket, tag, on, operation.id, actor, now)
    return operation.id


def bring_back(entry: dict[str, Any], operation: Operation, actor: Actor, now: datetime) -> str:
    """Undo: ``Conflict`` where somebody has put it on or taken it off again since. Returns the ticket's number."""
    ticket = (
        session()
        .execute(select(Ticket).where(Ticket.id == entry["ticket"], readable(actor)).with_for_update(of=Ticket))
        .scalar_one_or_none()
    )
    if ticket is None:
        raise NotFound("operation.not_found")
    on = not entry["on"]
    if not _write(ticket, entry["tag"], on):
        raise Conflict("operation.moved_on", number=ticket.number)
    _tell(ticket, entry["tag"], on, operation.id, actor, now)
    record("operation.undone", actor=actor, now=now, ticket_id=ticket.id, operation=operation.id, what=operation.code)
    return ticket.number


def _write(ticket: Ticket, tag: str, on: bool) -> bool:
    if on:
        return insert_once(TicketTag, ticket_id=ticket.id, tag=tag) is not None
    gone = delete(TicketTag).where(TicketTag.ticket_id == ticket.id, TicketTag.tag == tag).returning(TicketTag.tag)
    return session().scalars(gone).one_or_none() is not None


def _tell(ticket: Ticket, tag: str, on: bool, operation_id: int, actor: Actor, now: datetime) -> None:
    code = "ticket.tagged" if on else "ticket.untagged"
    record(code, actor=actor, now=now, ticket_id=ticket.id, operation_id=operation_id, tag=tag)
