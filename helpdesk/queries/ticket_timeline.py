"""A ticket's story: messages, notes and events in one line of time, the newest of them. One statement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Boolean as SQLBoolean
from sqlalchemy import ColumnElement, Subquery, bindparam, cast, false, literal, null, select, union_all
from sqlalchemy import String as SQLString

from helpdesk.models import Event, Message, Note
from helpdesk.queries.keyset import Statement
from helpdesk.storage import JSONDocument, constants, plain_rows, session

FIRST = 60
"""What is shown before somebody asks for more."""

MOST = 2_000

TOLD_BY_MESSAGES = ("message.sent", "message.received", "message.copied")
"""Events that say what the message beside them says already."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened. ``kind`` is message, note or event; ``author_id`` None is the customer.

    ``at`` is when it was said or done. ``created_at`` when we heard of it. ``source`` is what an event came through.
    """

    kind: str
    id: int
    at: datetime
    author_id: int | None
    text: str | None
    direction: str | None
    state: str | None
    is_solution: bool
    automatic: bool
    created_at: datetime
    code: str | None
    params: Mapping[str, Any]
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Timeline:
    """Oldest first. ``earlier`` says that there is more before."""

    entries: tuple[Entry, ...]
    earlier: bool


def timeline(ticket_id: int, shown: int = FIRST) -> Timeline:
    """The newest ``shown`` entries of a ticket (at most ``MOST``)."""
    shown = max(1, min(shown, MOST))
    rows = plain_rows(_timeline(shown + 1), {"ticket": ticket_id}).all()
    entries = [
        Entry(
            kind=row.kind,
            id=row.id,
            at=row.at,
            author_id=row.author_id,
            text=row.text,
            direction=row.direction,
            state=row.state,
            is_solution=row.is_solution,
            automatic=row.automatic,
            created_at=row.created_at,
            code=row.code,
            params=row.params or {},
            source=row.source,
        )
        for row in rows[:shown]
    ]
    return Timeline(tuple(reversed(entries)), len(rows) > shown)


@lru_cache(maxsize=16)
def _timeline(limit: int) -> Statement:
    """Built once: that takes longer than asking."""
    ticket_id: Any = bindparam("ticket")
    parts = [_newest(part, limit) for part in (_messages(ticket_id), _notes(ticket_id), _events(ticket_id))]
    together = union_all(*(select(part) for part in parts)).subquery()
    newest_first = together.c.at.desc(), together.c.rank.desc(), together.c.id.desc()
    return select(together).order_by(*newest_first).limit(limit)


def _newest(part: Statement, limit: int) -> Subquery:
    columns = part.selected_columns
    return part.order_by(columns["at"].desc(), columns["id"].desc()).limit(limit).subquery()


_NO_TEXT: ColumnElement[str | None] = cast(null(), SQLString)
_NO: ColumnElement[bool] = cast(false(), SQLBoolean)


def _messages(ticket_id: Any) -> Statement:
    return select(
        literal("message").label("kind"),
        literal(0).label("rank"),
        Message.id.label("id"),
        Message.sent_at.label("at"),
        Message.author_id.label("author_id"),
        Message.text.label("text"),
        Message.direction.label("direction"),
        Message.state.label("state"),
        Message.is_solution.label("is_solution"),
        Message.automatic.label("automatic"),
        Message.created_at.label("created_at"),
        _NO_TEXT.label("code"),
        cast(null(), JSONDocument).label("params"),
        _NO_TEXT.label("source"),
    ).where(Message.ticket_id == ticket_id)


def _notes(ticket_id: Any) -> Statement:
    return select(
        literal("note").label("kind"),
        literal(1).label("rank"),
        Note.id.label("id"),
        Note.created_at.label("at"),
        Note.author_id.label("author_id"),
        Note.text.label("text"),
        _NO_TEXT.label("direction"),
        _NO_TEXT.label("state"),
        _NO.label("is_solution"),
        _NO.label("automatic"),
        Note.created_at.label("created_at"),
        _NO_TEXT.label("code"),
        cast(null(), JSONDocument).label("params"),
        _NO_TEXT.label("source"),
    ).where(Note.ticket_id == ticket_id)


def _events(ticket_id: Any) -> Statement:
    return select(
        literal("event").label("kind"),
        literal(2).label("rank"),
        Event.id.label("id"),
        Event.at.label("at"),
        Event.actor_id.label("author_id"),
        _NO_TEXT.label("text"),
        _NO_TEXT.label("direction"),
        _NO_TEXT.label("state"),
        _NO.label("is_solution"),
        _NO.label("automatic"),
        Event.at.label("created_at"),
        Event.code.label("code"),
        Event.params.label("params"),
        Event.source.label("source"),
    ).where(Event.ticket_id == ticket_id, Event.code.not_in(constants(TOLD_BY_MESSAGES)))


def changes_since(ticket_id: int, version: int) -> tuple[Entry, ...]:
    """What changed the ticket after it had this version: for a form that was overtaken. Oldest first."""
    rows = session().execute(
        select(Event.id, Event.at, Event.actor_id, Event.code, Event.params)
        .where(Event.ticket_id == ticket_id, Event.params["version"].as_integer() > version)
        .order_by(Event.id)
        .limit(FIRST)
    )
    return tuple(
        Entry("event", row.id, row.at, row.actor_id, None, None, None, False, False, row.at, row.code, row.params)
        for row in rows
    )
