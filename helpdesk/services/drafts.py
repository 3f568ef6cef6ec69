"""Drafts: what a person began to write on a ticket, kept until he sends it, on whatever device he goes on."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, func, select

from helpdesk.domain.access import Actor, Permission
from helpdesk.domain.problems import Invalid, NotFound
from helpdesk.models import Ticket, TicketDraft
from helpdesk.models.scope import readable
from helpdesk.services.messages import MAX_TEXT
from helpdesk.storage import insert_once, session

MODES = ("reply", "note", "customer")
MOST_DRAFTS = 200
KEEP_DRAFTS = timedelta(days=30)


def keep(number: str, mode: str, text: str, *, actor: Actor, now: datetime) -> bool:
    """Keep what stands in the composer now; nothing there forgets the draft. False: it was as it is.

    ``NotFound`` outside the actor's sight; ``Invalid`` for more than ``MOST_DRAFTS`` tickets begun.
    """
    actor.require(Permission.TICKETS_WORK)
    if mode not in MODES:
        raise Invalid("input.bad_value", field="mode")
    if len(text) > MAX_TEXT:
        raise Invalid("input.too_long", field="text", limit=MAX_TEXT)
    ticket_id = session().scalar(select(Ticket.id).where(Ticket.number == number, readable(actor)))
    if ticket_id is None:
        raise NotFound("ticket.not_found", number=number)
    if not text.strip():
        return drop(ticket_id, actor=actor)
    draft = session().get(TicketDraft, (actor.id, ticket_id))
    if draft is None:
        _check_room(actor)
        key = {"user_id": actor.id, "ticket_id": ticket_id}
        return insert_once(TicketDraft, **key, mode=mode, text=text, at=now) is not None
    if (draft.mode, draft.text) == (mode, text):
        return False
    draft.mode, draft.text, draft.at = mode, text, now
    return True


def drop(ticket_id: int, *, actor: Actor) -> bool:
    """Forget it: it was sent, or nothing is left of it. False: there was none."""
    mine = delete(TicketDraft).where(TicketDraft.user_id == actor.id, TicketDraft.ticket_id == ticket_id)
    return session().execute(mine).rowcount > 0  # type: ignore[attr-defined]


def drop_sent(number: str, mode: str, *, actor: Actor) -> None:
    """Forget what was sent just now; what was begun under another tab of the composer stays."""
    here = select(Ticket.id).where(Ticket.number == number).scalar_subquery()
    sent = (TicketDraft.user_id == actor.id, TicketDraft.ticket_id == here, TicketDraft.mode == mode)
    session().execute(delete(TicketDraft).where(*sent))


def remove_old(now: datetime) -> int:
    """Forget what nobody went on with for 30 days before ``now`` (UTC); returns how many."""
    old = delete(TicketDraft).where(TicketDraft.at < now - KEEP_DRAFTS).returning(TicketDraft.ticket_id)
    return len(session().scalars(old).all())


def _check_room(actor: Actor) -> None:
    mine = select(func.count()).select_from(TicketDraft).where(TicketDraft.user_id == actor.id)
    if (session().scalar(mine) or 0) >= MOST_DRAFTS:
        raise Invalid("draft.too_many", most=MOST_DRAFTS)
