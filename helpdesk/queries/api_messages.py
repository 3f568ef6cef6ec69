"""What was said on a ticket, as the API tells it: oldest first, a page at a time. Two statements."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, select

from helpdesk.domain.access import Actor
from helpdesk.domain.problems import NotFound
from helpdesk.models import Message, Note, Ticket, User
from helpdesk.models.scope import readable
from helpdesk.queries.keyset import Cursor, Key, sorted_page
from helpdesk.storage import session


@dataclass(frozen=True, slots=True)
class Place:
    """Where a ticket stands: what a customer's words on it need."""

    ticket_id: int
    shop_id: int
    channel_id: int


@dataclass(frozen=True, slots=True)
class Page:
    rows: tuple[Row[Any], ...]
    after: Cursor | None


def place(number: str, actor: Actor) -> Place:
    """The ticket of this number, or ``NotFound`` outside the actor's sight."""
    row = (
        session()
        .execute(select(Ticket.id, Ticket.shop_id, Ticket.channel_id).where(Ticket.number == number, readable(actor)))
        .one_or_none()
    )
    if row is None:
        raise NotFound("ticket.not_found", number=number)
    return Place(*row)


def messages(number: str, actor: Actor, *, after: Cursor | None, size: int) -> Page:
    """What was said to the customer and by him, as we heard of it."""
    return _page(number, Message, actor, after, size)


def notes(number: str, actor: Actor, *, after: Cursor | None, size: int) -> Page:
    """What was said among ourselves."""
    return _page(number, Note, actor, after, size)


def message(message_id: int) -> Row[Any]:
    return session().execute(_of(Message).where(Message.id == message_id)).one()


def note(note_id: int) -> Row[Any]:
    return session().execute(_of(Note).where(Note.id == note_id)).one()


def _page(number: str, noun: type[Message] | type[Note], actor: Actor, after: Cursor | None, size: int) -> Page:
    statement = _of(noun).where(noun.ticket_id == place(number, actor).ticket_id)
    oldest = (Key("id", noun.id.expression),)
    found = list(session().execute(sorted_page(statement, oldest, after).limit(size + 1)))
    rows = tuple(found[:size])
    return Page(rows, Cursor(id=rows[-1].id) if len(found) > size else None)


def _of(noun: type[Message] | type[Note]) -> Any:
    """Columns of a kind, with its author's name."""
    own = [column for column in noun.__table__.columns if column.name != "ticket_id"]
    return select(*own, User.name.label("author")).select_from(noun).outerjoin(User, User.id == noun.author_id)
