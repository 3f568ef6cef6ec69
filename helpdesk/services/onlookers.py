"""Who has a ticket open: said by each browser every few seconds, and forgotten when it stops saying so."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, select, update

from helpdesk.domain.access import Actor, Permission
from helpdesk.domain.problems import NotFound
from helpdesk.models import Onlooker, Ticket
from helpdesk.models.scope import readable
from helpdesk.storage import insert_once, session

SAID_LATELY = timedelta(seconds=4)
"""Who said it so lately needn't write it again."""

KEEP = timedelta(minutes=10)


def look(number: str, *, writing: bool, actor: Actor, now: datetime) -> int:
    """The actor's browser shows the ticket, and he is ``writing`` or not. Returns the ticket's id.

    Writes nothing while nothing changed within a few seconds. ``NotFound`` outside his sight.
    """
    actor.require(Permission.TICKETS_READ)
    ticket_id = session().scalar(select(Ticket.id).where(Ticket.number == number, readable(actor)))
    if ticket_id is None:
        raise NotFound("ticket.not_found", number=number)
    mine = (Onlooker.ticket_id == ticket_id, Onlooker.user_id == actor.id)
    known = session().execute(select(Onlooker.writing, Onlooker.seen_at).where(*mine)).one_or_none()
    if known is None:
        insert_once(Onlooker, ticket_id=ticket_id, user_id=actor.id, writing=writing, seen_at=now)
    elif known.writing != writing or known.seen_at <= now - SAID_LATELY:
        session().execute(update(Onlooker).where(*mine).values(writing=writing, seen_at=now))
    return int(ticket_id)


def leave(number: str, *, actor: Actor) -> None:
    """He closed it."""
    here = select(Ticket.id).where(Ticket.number == number).scalar_subquery()
    session().execute(delete(Onlooker).where(Onlooker.user_id == actor.id, Onlooker.ticket_id == here))


def remove_gone(now: datetime) -> int:
    """Forget those of over ten minutes before ``now`` (UTC); returns how many."""
    gone = delete(Onlooker).where(Onlooker.seen_at < now - KEEP).returning(Onlooker.ticket_id)
    return len(session().scalars(gone).all())
