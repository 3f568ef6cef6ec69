"""Files of tickets, as far as the actor sees the tickets."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from sqlalchemy import bindparam, or_, select

from helpdesk.domain.access import Actor
from helpdesk.domain.problems import NotFound
from helpdesk.models import Attachment, Ticket
from helpdesk.models.scope import readable
from helpdesk.queries.keyset import Statement
from helpdesk.storage import plain_rows, session


@dataclass(frozen=True, slots=True)
class File:
    id: int
    name: str
    media_type: str
    size_bytes: int
    label: str
    hash: str


@dataclass(frozen=True, slots=True)
class Files:
    """Of a ticket: by (message or note, its id), and what the actor has staged there and not sent."""

    told: Mapping[tuple[str, int], tuple[File, ...]] = field(default_factory=dict)
    staged: tuple[File, ...] = ()


NONE = Files()
MOST_SENT = 1_000


def files_of(ticket_id: int, actor: Actor) -> Files:
    """All of them in one statement. What others have staged is nobody's business yet."""
    told: defaultdict[tuple[str, int], tuple[File, ...]] = defaultdict(tuple)
    staged: list[File] = []
    for row in plain_rows(_of_ticket(), {"ticket": ticket_id, "actor": actor.id}):
        file = File(row.id, row.name, row.media_type, row.size_bytes, row.label, row.hash)
        if row.attached_at is None:
            staged.append(file)
        elif row.message_id is not None or row.note_id is not None:
            told["note" if row.message_id is None else "message", row.message_id or row.note_id] += (file,)
    return Files(dict(told), tuple(staged))


def one_file(file_id: int, actor: Actor) -> File:
    """``NotFound`` outside the actor's sight; a staged one is seen by who staged it."""
    sent = or_(Attachment.attached_at.is_not(None), Attachment.author_id == actor.id)
    row = (
        session()
        .scalars(
            select(Attachment)
            .join(Ticket, Ticket.id == Attachment.ticket_id)
            .where(Attachment.id == file_id, sent, readable(actor))
        )
        .one_or_none()
    )
    if row is None:
        raise NotFound("attachment.not_found")
    return File(row.id, row.name, row.media_type, row.size_bytes, row.label, row.hash)


def staged_beside(file_id: int, actor: Actor) -> Files:
    """The actor's staged files of the ticket that this one is on."""
    ticket_id = session().scalar(
        select(Attachment.ticket_id).where(Attachment.id == file_id, Attachment.author_id == actor.id)
    )
    return files_of(ticket_id, actor) if ticket_id is not None else NONE


def sent_files(number: str, actor: Actor) -> Sequence[Attachment]:
    """Of the ticket of this number, oldest first, ``MOST_SENT`` at most; ``NotFound`` outside the actor's sight."""
    ticket_id = session().scalar(select(Ticket.id).where(Ticket.number == number, readable(actor)))
    if ticket_id is None:
        raise NotFound("ticket.not_found", number=number)
    sent = select(Attachment).where(Attachment.ticket_id == ticket_id, Attachment.attached_at.is_not(None))
    return session().scalars(sent.order_by(Attachment.id).limit(MOST_SENT)).all()


@cache
def _of_ticket() -> Statement:
    """Built once: that takes longer than asking."""
    return (
        select(
            *(Attachment.id, Attachment.name, Attachment.media_type, Attachment.size_bytes, Attachment.label),
            *(Attachment.hash, Attachment.attached_at, Attachment.message_id, Attachment.note_id),
        )
        .where(
            Attachment.ticket_id == bindparam("ticket"),
            or_(Attachment.attached_at.is_not(None), Attachment.author_id == bindparam("actor")),
        )
        .order_by(Attachment.id)
    )
