"""What a program says to a customer: it ends no wait and meets no first response, for nobody has looked yet."""

from __future__ import annotations

from datetime import datetime

from helpdesk.domain.access import Actor, may_reply
from helpdesk.domain.problems import Invalid, NotAllowed
from helpdesk.domain.replies import unresolved
from helpdesk.models import Channel, Message, Ticket
from helpdesk.services import outbox, tickets
from helpdesk.services.events import record
from helpdesk.storage import session

MAX_TEXT = 5_000


def send(number: str, text: str, *, actor: Actor, now: datetime) -> int:
    """Answer the customer on an active ticket in a system's name. Returns the message's id.

    Raises ``Invalid`` for placeholders that are still in the text, ``Conflict`` once the ticket is resolved or ended.
    """
    ticket = tickets.load(number, actor)
    if not may_reply(actor, tickets.standing(ticket)):
        raise NotAllowed("ticket.may_not_reply", number=number)
    tickets.check_active(ticket)
    message = say(ticket, _checked(text), author_id=actor.id, now=now)
    record("message.sent", actor=actor, now=now, ticket_id=ticket.id, message=message.id, solution=False, template=None)
    return message.id


def say(ticket: Ticket, text: str, *, author_id: int | None = None, now: datetime) -> Message:
    """An automatic message on a ticket that is loaded.

    On a channel with a sender it goes out by the outbox; without one it waits until a person has carried it over.
    """
    message = Message(
        ticket_id=ticket.id,
        direction="out",
        author_id=author_id,
        text=text,
        state="queued",
        automatic=True,
        sent_at=now,
        created_at=now,
    )
    session().add(message)
    session().flush()
    if session().get_one(Channel, ticket.channel_id).sender is not None:
        outbox.put(
            "reply",
            f"message:{message.id}",
            ticket_id=ticket.id,
            message_id=message.id,
            payload={"message": message.id, "channel": ticket.channel_id},
            now=now,
        )
    return message


def _checked(text: str) -> str:
    text = text.strip()
    if not text:
        raise Invalid("message.text_required", field="text")
    if len(text) > MAX_TEXT:
        raise Invalid("input.too_long", field="text", limit=MAX_TEXT)
    names = unresolved(text)
    if names:
        raise Invalid("message.unresolved_placeholders", names=list(names))
    return text
