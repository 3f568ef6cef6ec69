"""Words put on a ticket by a person or a rule, and taken off again. Both are operations that can be undone."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import case, delete, func, select

from helpdesk.domain.access import Actor
from helpdesk.domain.problems import Conflict, Invalid, NotFound
from helpdesk.domain.tags import Colour, check_room, read_tag
from helpdesk.models import Operation, Tag, Ticket, TicketTag
from helpdesk.models.scope import readable
from helpdesk.services import tickets
from helpdesk.services.events import record
from helpdesk.storage import insert_once, session


def set_tag(number: str, tag: str, *, on: bool, version: int, actor: Actor, now: datetime) -> int | None:
    """Put the tag on the ticket, or take it off. Returns the operation; None where it is so already.

    ``Invalid`` for a tag that is no longer in use, ``Conflict`` where the ticket carries as many as it can.
    """
    ticket = tickets.load_to_work(number, actor)
    tickets.check_version(ticket, version)
    tag = usable(tag) if on else meant(read_tag(tag))
    if not (put(ticket, tag) if on else _take(ticket, tag)):
        return None
    entry = {"ticket": ticket.id, "tag": tag, "on": on}
    operation = Operation(code="ticket.tag", actor_id=actor.id, at=now, before=[entry])
    session().add(operation)
    session().flush()
    _tell(ticket, tag, on, operation.id, actor, now)
    return operation.id


def put_by_rule(ticket: Ticket, tag: str, *, actor: Actor, now: datetime) -> bool:
    """What a rule or a reply's template puts on; a ticket that carries as many as it can stays as it is."""
    tag = meant(tag)
    try:
        if not put(ticket, tag):
            return False
    except Conflict:
        return False
    record("ticket.tagged", actor=actor, now=now, ticket_id=ticket.id, tag=tag)
    return True


def bring_back(entry: dict[str, Any], operation: Operation, actor: Actor, now: datetime) -> str:
    """Undo: ``Conflict`` where somebody has put it on or taken it off again since. Returns the ticket's number."""
    ticket = (
        session()
        .execute(select(Ticket).where(Ticket.id == entry["ticket"], readable(actor)).with_for_update(of=Ticket))
        .scalar_one_or_none()
    )
    if ticket is None:
        raise NotFound("operation.not_found")
    on, tag = not entry["on"], meant(entry["tag"])
    if not (put(ticket, tag) if on else _take(ticket, tag)):
        raise Conflict("operation.moved_on", number=ticket.number)
    _tell(ticket, tag, on, operation.id, actor, now)
    record("operation.undone", actor=actor, now=now, ticket_id=ticket.id, operation=operation.id, what=operation.code)
    return ticket.number


def meant(word: str) -> str:
    """The tag that this word stands for: another where it was renamed or merged, and itself where nobody knows it."""
    tag = _known(word)
    return word if tag is None else tag.name


def usable(word: str) -> str:
    """The tag that a person means with this word; ``Invalid`` for what can't be one and what is out of use."""
    word = read_tag(word)
    tag = _known(word)
    if tag is None:
        return word
    if not tag.active:
        raise Invalid("tag.retired", tag=tag.name)
    return tag.name


def _known(word: str) -> Tag | None:
    """The tag of this word, held against being renamed meanwhile; one that was is found under its old word."""
    asked = select(Tag).where(Tag.name == word).with_for_update(read=True).execution_options(populate_existing=True)
    tag = session().scalars(asked).one_or_none()
    return tag if tag is None or tag.means_id is None else session().get_one(Tag, tag.means_id, populate_existing=True)


def put(ticket: Ticket, tag: str) -> bool:
    """False where it stands there already. A new word joins the list of all."""
    stands = func.max(case((TicketTag.tag == tag, 1), else_=0))
    carried, there = session().execute(select(func.count(), stands).where(TicketTag.ticket_id == ticket.id)).one()
    if there:
        return False
    check_room(carried)
    made = {"name": tag, "colour": Colour.PLAIN.value, "active": True, "version": 1}
    if _known(tag) is None and insert_once(Tag, **made) is None:
        return put(ticket, meant(tag))  # somebody made or renamed it at this moment
    return insert_once(TicketTag, ticket_id=ticket.id, tag=tag) is not None


def _take(ticket: Ticket, tag: str) -> bool:
    gone = delete(TicketTag).where(TicketTag.ticket_id == ticket.id, TicketTag.tag == tag).returning(TicketTag.tag)
    return session().scalars(gone).one_or_none() is not None


def _tell(ticket: Ticket, tag: str, on: bool, operation_id: int, actor: Actor, now: datetime) -> None:
    code = "ticket.tagged" if on else "ticket.untagged"
    record(code, actor=actor, now=now, ticket_id=ticket.id, operation_id=operation_id, tag=tag)
