"""Files of tickets: staged while somebody writes, attached with what he sends. The bytes lie in the store already."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, func, select, update

from helpdesk.domain.access import Actor, may_note
from helpdesk.domain.attachments import LABELS, MAX_FILES, Stored
from helpdesk.domain.problems import Conflict, Invalid, NotAllowed, NotFound
from helpdesk.models import Attachment, Inbound, Ticket
from helpdesk.services import tickets
from helpdesk.storage import session

KEEP_STAGED = timedelta(days=1)


def add(number: str, file: Stored, *, label: str = "", actor: Actor, now: datetime) -> int:
    """Stage a file on a ticket, for who may write a note there. Returns its id.

    ``Conflict`` when ``MAX_FILES`` of his wait there already.
    """
    ticket = tickets.load(number, actor)
    if not may_note(actor, tickets.standing(ticket)):
        raise NotAllowed("ticket.may_not_note", number=number)
    _check_label(label)
    waiting = select(func.count()).select_from(Attachment).where(*_staged(actor), Attachment.ticket_id == ticket.id)
    if session().scalars(waiting).one() >= MAX_FILES:
        raise Conflict("attachment.too_many", limit=MAX_FILES)
    row = _row(ticket.id, file, now, author_id=actor.id, label=label)
    session().add(row)
    session().flush()
    return row.id


def relabel(labels: Mapping[int, str], *, actor: Actor) -> int:
    """Say what the actor's staged files prove, by id. Returns how many of them still wait."""
    for label in labels.values():
        _check_label(label)
    waiting = 0
    for file_id, label in labels.items():
        named = update(Attachment).where(Attachment.id == file_id, *_staged(actor)).values(label=label)
        waiting += session().execute(named).rowcount  # type: ignore[attr-defined]
    return waiting


def remove(file_id: int, *, actor: Actor) -> str:
    """It shall not go along after all. Returns the ticket's number; ``NotFound`` for what isn't his or was sent."""
    number = _number(file_id, actor)
    session().execute(delete(Attachment).where(Attachment.id == file_id, *_staged(actor)))
    return number


def attach(
    ticket_id: int,
    files: Sequence[int],
    *,
    message_id: int | None = None,
    note_id: int | None = None,
    landed_on: int | None = None,
    actor: Actor,
    now: datetime,
) -> None:
    """The actor's staged files of this ticket go with this message or note: all of them, or ``Conflict``.

    ``landed_on``: the ticket that took the message, where it was another one.
    """
    if not files:
        return
    if len(files) > MAX_FILES:
        raise Conflict("attachment.too_many", limit=MAX_FILES)
    taken = session().execute(
        update(Attachment)
        .where(Attachment.id.in_(sorted(set(files))), Attachment.ticket_id == ticket_id, *_staged(actor))
        .values(ticket_id=landed_on or ticket_id, message_id=message_id, note_id=note_id, attached_at=now)
        .execution_options(synchronize_session=False)
    )
    if taken.rowcount != len(set(files)):  # type: ignore[attr-defined]
        raise Conflict("attachment.gone")


def attach_heard(ticket_id: int, files: Sequence[int], inbound_id: int, *, actor: Actor, now: datetime) -> None:
    """They go with what the customer said elsewhere, on the ticket that took it."""
    if files:
        heard = session().get_one(Inbound, inbound_id)
        session().refresh(heard)
        attach(ticket_id, files, message_id=heard.message_id, landed_on=heard.ticket_id, actor=actor, now=now)


def add_heard(source: str, external_id: str, files: Sequence[Stored], *, now: datetime) -> None:
    """The customer's own, with the message they came with; a form that is sent twice brings them once."""
    if not files:
        return
    event = select(Inbound.ticket_id, Inbound.message_id)
    heard = session().execute(event.where(Inbound.source == source, Inbound.external_id == external_id)).one()
    there = select(Attachment.id).where(Attachment.message_id == heard.message_id).limit(1)
    if session().scalar(there) is None:
        session().add_all(
            _row(heard.ticket_id, file, now, message_id=heard.message_id, attached_at=now) for file in files
        )


def remove_staged(now: datetime) -> int:
    """Forget what nobody sent within a day; returns how many."""
    old = delete(Attachment).where(Attachment.attached_at.is_(None), Attachment.created_at < now - KEEP_STAGED)
    return len(session().scalars(old.returning(Attachment.id)).all())


def erase_of_customer(customer_id: int) -> int:
    """Forget all files of a customer's tickets; returns how many. The store's clean-up takes the bytes."""
    his = select(Ticket.id).where(Ticket.customer_id == customer_id)
    gone = delete(Attachment).where(Attachment.ticket_id.in_(his)).returning(Attachment.id)
    return len(session().scalars(gone).all())


def hashes_in_use(hashes: Collection[str]) -> set[str]:
    """Which of these contents some file still has."""
    return set(session().scalars(select(Attachment.hash).where(Attachment.hash.in_(sorted(hashes))).distinct()))


def _row(ticket_id: int, file: Stored, now: datetime, **more: Any) -> Attachment:
    return Attachment(
        ticket_id=ticket_id,
        name=file.name,
        media_type=file.media_type,
        size_bytes=file.size_bytes,
        hash=file.hash,
        width=file.width,
        height=file.height,
        created_at=now,
        **{"label": "", **more},
    )


def _check_label(label: str) -> None:
    if label and label not in LABELS:
        raise Invalid("input.bad_value", field="label")


def _staged(actor: Actor) -> tuple[ColumnElement[bool], ...]:
    return Attachment.attached_at.is_(None), Attachment.author_id == actor.id


def _number(file_id: int, actor: Actor) -> str:
    found = select(Ticket.number).join(Attachment, Attachment.ticket_id == Ticket.id)
    number = session().scalar(found.where(Attachment.id == file_id, *_staged(actor)))
    if number is None:
        raise NotFound("attachment.not_found")
    return number
