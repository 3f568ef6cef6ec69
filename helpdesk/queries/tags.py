"""Tags: the list of all, and what can be chosen."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select

from helpdesk.domain.access import Actor, Permission
from helpdesk.domain.problems import NotFound
from helpdesk.domain.tags import MOST_TAGS, Colour
from helpdesk.models import Tag, Ticket, TicketTag
from helpdesk.models.scope import listed
from helpdesk.models.tickets import is_active
from helpdesk.storage import session


@dataclass(frozen=True, slots=True)
class TagRow:
    """A tag. ``open_tickets`` counts those of the actor; ``old_words`` are what it was called, or was merged from."""

    id: int
    name: str
    colour: Colour
    active: bool
    version: int
    open_tickets: int
    old_words: tuple[str, ...]


def tags(actor: Actor) -> list[TagRow]:
    """All of them, those in use first. Two statements."""
    actor.require(Permission.QUEUES_READ)
    rows = session().scalars(select(Tag).order_by(Tag.active.desc(), Tag.name)).all()
    old: dict[int, list[str]] = {}
    for row in rows:
        if row.means_id is not None:
            old.setdefault(row.means_id, []).append(row.name)
    counted = (
        select(TicketTag.tag, func.count().label("tickets"))
        .join(Ticket, Ticket.id == TicketTag.ticket_id)
        .where(is_active, listed(actor))
        .group_by(TicketTag.tag)
    )
    tickets = {row.tag: row.tickets for row in session().execute(counted)}
    return [
        TagRow(
            id=row.id,
            name=row.name,
            colour=Colour(row.colour),
            active=row.active,
            version=row.version,
            open_tickets=tickets.get(row.name, 0),
            old_words=tuple(old.get(row.id, ())),
        )
        for row in rows
        if row.means_id is None
    ]


def tag(tag_id: int, actor: Actor) -> TagRow:
    """One of them, or ``NotFound``."""
    found = next((row for row in tags(actor) if row.id == tag_id), None)
    if found is None:
        raise NotFound("tag.no_such_tag")
    return found


def tag_names() -> list[str]:
    """Those in use, for choosing. One statement."""
    return list(session().scalars(select(Tag.name).where(Tag.active).order_by(Tag.name).limit(MOST_TAGS)))
