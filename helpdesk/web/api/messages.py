"""What is said on a ticket: by the customer, to him, among ourselves."""

from __future__ import annotations

from datetime import datetime
from http import HTTPMethod
from typing import Annotated, Any, Literal

from pydantic import Field
from sqlalchemy import Row

from helpdesk.domain.access import Permission
from helpdesk.domain.tokens import TokenScope
from helpdesk.queries import api_messages as queries
from helpdesk.queries.keyset import parse_cursor
from helpdesk.services import automatic_replies, hearing, intake, messages
from helpdesk.services.hearing import Said
from helpdesk.web.api.operations import Answer, Call, operation
from helpdesk.web.api.shapes import DEFAULT_LIMIT, Asked, Cursor, ExternalId, Instant, Limit, Page, Taken, Told, text
from helpdesk.web.api.tickets import PersonOut, TakenIn, taken_in

TAG = "messages"
MESSAGES = "/tickets/<number>/messages"
NOTES = "/tickets/<number>/notes"


class PageQuery(Asked):
    cursor: Cursor | None = None
    limit: Limit = DEFAULT_LIMIT


class MessageOut(Told):
    """``author`` is null for the customer and for what the program says by rule. ``sent_at``: when it was said."""

    id: int
    direction: Literal["in", "out"]
    text: str
    state: Literal["received", "queued", "sent", "failed", "copied", "taken_back"]
    automatic: bool
    is_solution: bool
    author: PersonOut | None
    sent_at: datetime
    created_at: datetime


class Messages(Page[MessageOut]):
    """Oldest first."""


class NewMessage(Taken):
    """What the customer said. ``external_id``: its id in the system that tells of it, the same for good."""

    external_id: ExternalId
    text: text(intake.MAX_TEXT, 1)  # type: ignore[valid-type]
    sent_at: Annotated[Instant | None, Field(description="when he said it; now if left out")] = None


class NewReply(Taken):
    text: text(automatic_replies.MAX_TEXT, 1)  # type: ignore[valid-type]


class NoteOut(Told):
    id: int
    text: str
    author: PersonOut | None
    created_at: datetime


class Notes(Page[NoteOut]):
    """Oldest first."""


class NewNote(Taken):
    text: text(messages.MAX_TEXT, 1)  # type: ignore[valid-type]


@operation(
    HTTPMethod.GET,
    MESSAGES,
    TAG,
    "List messages",
    permission=Permission.TICKETS_READ,
    scope=TokenScope.TICKETS_READ,
    query=PageQuery,
    answers={200: Messages},
    problems=(404,),
)
def list_messages(call: Call, number: str) -> Answer:
    """Oldest first. The last cursor is good for later, too: what was said since stands behind it."""
    found = queries.messages(number, call.actor, after=parse_cursor(call.query.cursor or ""), size=call.query.limit)
    return Answer(Messages(items=[_message(row) for row in found.rows], next=str(found.after) if found.after else None))


@operation(
    HTTPMethod.POST,
    MESSAGES,
    TAG,
    "Tell what the customer said",
    permission=Permission.TICKETS_CREATE,
    scope=TokenScope.MESSAGES_WRITE,
    body=NewMessage,
    answers={201: TakenIn, 200: TakenIn},
    problems=(404,),
)
def add_message(call: Call, number: str) -> Answer:
    """It ends a wait for him; within 7 days it reopens a resolved ticket, later it opens a linked one (201).
    The same `external_id` twice is one message.
    """
    told: NewMessage = call.body
    place = queries.place(number, call.actor)
    request = intake.TicketRequest(
        text=told.text,
        source=f"api:{call.holder.token_id}:{place.shop_id}:{place.channel_id}",
        external_id=told.external_id,
        shop_id=place.shop_id,
        channel_id=place.channel_id,
        created_at=told.sent_at,
    )
    return taken_in(hearing.hear(Said(request, number=number), actor=call.actor, now=call.now))


@operation(
    HTTPMethod.POST,
    "/tickets/<number>/replies",
    TAG,
    "Reply to the customer",
    permission=Permission.TICKETS_REPLY,
    scope=TokenScope.REPLIES_SEND,
    body=NewReply,
    answers={201: MessageOut},
    problems=(404, 409),
)
def send_reply(call: Call, number: str) -> Answer:
    """An automatic message: it goes out by the channel's sender, and counts as nobody's first response."""
    sent = automatic_replies.send(number, call.body.text, actor=call.actor, now=call.now)
    return Answer(_message(queries.message(sent)), 201)


@operation(
    HTTPMethod.GET,
    NOTES,
    TAG,
    "List notes",
    permission=Permission.TICKETS_READ,
    scope=TokenScope.TICKETS_READ,
    query=PageQuery,
    answers={200: Notes},
    problems=(404,),
)
def list_notes(call: Call, number: str) -> Answer:
    """Words among ourselves, oldest first."""
    found = queries.notes(number, call.actor, after=parse_cursor(call.query.cursor or ""), size=call.query.limit)
    return Answer(Notes(items=[_note(row) for row in found.rows], next=str(found.after) if found.after else None))


@operation(
    HTTPMethod.POST,
    NOTES,
    TAG,
    "Add a note",
    permission=Permission.TICKETS_WORK,
    scope=TokenScope.NOTES_WRITE,
    body=NewNote,
    answers={201: NoteOut},
    problems=(404,),
)
def add_note(call: Call, number: str) -> Answer:
    """A word among ourselves, which the customer never sees."""
    written = messages.add_note(number, call.body.text, actor=call.actor, now=call.now)
    return Answer(_note(queries.note(written)), 201)


def _message(row: Row[Any]) -> MessageOut:
    return MessageOut(
        id=row.id,
        direction=row.direction,
        text=row.text,
        state=row.state,
        automatic=row.automatic,
        is_solution=row.is_solution,
        author=_author(row),
        sent_at=row.sent_at,
        created_at=row.created_at,
    )


def _note(row: Row[Any]) -> NoteOut:
    return NoteOut(id=row.id, text=row.text, author=_author(row), created_at=row.created_at)


def _author(row: Row[Any]) -> PersonOut | None:
    return PersonOut(id=row.author_id, name=row.author) if row.author_id else None
