"""Everything that says what was searched for, in the actor's sight: the newest first, a page of tickets at a time.

Messages, notes and subjects are three streams, each read backwards from its newest text and merged by time; reading
stops as soon as the page is full, and after so many texts of each stream (``STEPS``) in any case. The index gives the
texts that may say it, the texts themselves decide. What a page begins below is kept by stream: see ``Place``.
"""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from itertools import chain
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, func, literal, select, union
from sqlalchemy.orm import InstrumentedAttribute

from helpdesk.domain.access import Actor
from helpdesk.domain.problems import Invalid
from helpdesk.domain.rulebook import Label
from helpdesk.domain.search import Kind, Part, asked_grams, fold, says, snippet, told_by_grams
from helpdesk.domain.ticket_filter import TicketFilter
from helpdesk.models import Channel, Customer, Message, Note, Order, Ticket
from helpdesk.models.scope import readable
from helpdesk.models.search import SearchProgress, matching
from helpdesk.models.ticket_filter import UNSURE, facets
from helpdesk.models.tickets import is_active
from helpdesk.queries.keyset import Statement
from helpdesk.storage import session

PAGE = 20
STEPS = (40, 200, 800, 2_000, 2_000)
"""Texts that are asked of a stream at a time: a common word fills the page with the first."""

START = 2**31 - 1
"""Above every id."""

MOST_COUNTED = COUNTED_TEXTS = 500
"""Tickets, and the newest texts of a stream that they are counted from: nobody reads on to the five hundredth."""

SNIPPETS = 2
"""Shown of each ticket."""


class Within(StrEnum):
    """Where to look."""

    ALL = "all"
    MESSAGES = "messages"
    NOTES = "notes"
    TICKETS = "tickets"
    NAMES = "names"  # order, tracking and ticket numbers, buyers


STREAMS: Mapping[Within, tuple[Kind, ...]] = {
    Within.ALL: (Kind.MESSAGE, Kind.NOTE, Kind.TICKET),
    Within.MESSAGES: (Kind.MESSAGE,),
    Within.NOTES: (Kind.NOTE,),
    Within.TICKETS: (Kind.TICKET,),
    Within.NAMES: (),
}
_AT = {Kind.MESSAGE: Message.sent_at, Kind.NOTE: Note.created_at, Kind.TICKET: Ticket.created_at}
_PLACE = re.compile(r"([mnt])([0-9]{1,10})")


@dataclass(frozen=True, slots=True)
class Asked:
    """``terms`` are folded words; ``since`` and ``until`` (exclusive) are when a ticket was opened, UTC."""

    terms: tuple[str, ...]
    chosen: TicketFilter = field(default_factory=TicketFilter)
    since: datetime | None = None
    until: datetime | None = None
    within: Within = Within.ALL


@dataclass(frozen=True, slots=True)
class Hit:
    """A text that says it: its part around the words. ``by`` is who wrote it: ``in``, ``out``, or nothing."""

    kind: Kind
    parts: tuple[Part, ...]
    at: datetime | None = None
    by: str = ""


class Found(NamedTuple):
    """A ticket, with the texts of it that were found, the newest first."""

    id: int
    number: str
    subject: str
    klass: str
    type: str
    unconfirmed: bool
    status: str
    priority: str
    active: bool
    created_at: datetime
    customer: str | None
    order_number: str | None
    channel: Label
    hits: tuple[Hit, ...]


Place = Mapping[Kind, int]
"""By stream, the id that the next page's texts lie below."""


@dataclass(frozen=True, slots=True)
class Page:
    """``older`` is where to go on, None at the end. ``stopped``: there may be more, but it read enough for one page."""

    found: tuple[Found, ...]
    older: Place | None
    stopped: bool


@dataclass(frozen=True, slots=True)
class Count:
    """Tickets; ``more`` if there may be more than were counted, ``about`` if a few of them may not say quite that."""

    tickets: int
    more: bool
    about: bool


def place_text(place: Place) -> str:
    """For an address."""
    return ".".join(f"{kind}{below}" for kind, below in place.items())


def parse_place(text: str) -> Place | None:
    """The place of an address, None for an empty one; ``Invalid`` for anything else."""
    if not text:
        return None
    place = {}
    for part in text.split("."):
        match = _PLACE.fullmatch(part)
        if match is None or int(match[2]) > START:
            raise Invalid("paging.bad_cursor")
        place[Kind(match[1])] = int(match[2])
    return place


def page(asked: Asked, actor: Actor, now: datetime, *, below: Place | None = None, size: int = PAGE) -> Page:
    """A page of tickets whose texts say all the words; without words, of all that the filter lets."""
    conditions = [*conditions_of(asked, actor, now)]
    streams = [_Stream(kind, asked, conditions, (below or {}).get(kind)) for kind in _streams(asked)]
    merged = heapq.merge(*streams, key=lambda hit: hit.at, reverse=True)
    found, more = _gather(merged, asked.terms, below, size)
    stopped = any(stream.stopped for stream in streams)
    older = {stream.kind: stream.place for stream in streams} if more or stopped else None
    hits = {ticket_id: _hits(texts, asked.terms) for ticket_id, texts in found.items()}
    return Page(cards(hits), older, stopped and not more)


def count(asked: Asked, actor: Actor, now: datetime) -> Count | None:
    """How many tickets ``page`` goes through, counted up to ``MOST_COUNTED``; None where there are no words."""
    found = {kind: matching(kind, asked.terms, most=COUNTED_TEXTS) for kind in _streams(asked)}
    texts = {kind: ids.cte(f"said_{kind.name.lower()}") for kind, ids in found.items() if ids is not None}
    if not texts:
        return None
    ids = (select(_NOUNS[kind][1]).where(_NOUNS[kind][0].id.in_(select(said.c.id))) for kind, said in texts.items())
    within = select(Ticket.id).where(Ticket.id.in_(union(*ids)), *conditions_of(asked, actor, now))
    tickets, *read = (
        session()
        .execute(
            select(
                select(func.count()).select_from(within.limit(MOST_COUNTED + 1).subquery()).scalar_subquery(),
                *(select(func.count()).select_from(said).scalar_subquery() for said in texts.values()),
            )
        )
        .one()
    )
    more = tickets > MOST_COUNTED or COUNTED_TEXTS in read  # of so common a word the older texts are left out
    about = not all(len(asked_grams(term)) == 1 and told_by_grams(term) for term in asked.terms)
    return Count(min(tickets, MOST_COUNTED), more, about)


def building() -> bool:
    """Whether the index is still being built: then older texts aren't found yet."""
    return session().execute(select(SearchProgress.kind).where(SearchProgress.below > 1).limit(1)).first() is not None


_NOUNS: Mapping[Kind, tuple[Any, InstrumentedAttribute[int]]] = {
    Kind.MESSAGE: (Message, Message.ticket_id),
    Kind.NOTE: (Note, Note.ticket_id),
    Kind.TICKET: (Ticket, Ticket.id),
}


class _Text(NamedTuple):
    """A text that says it."""

    kind: Kind
    id: int
    ticket_id: int
    at: datetime
    text: str
    by: str


class _Stream(Iterator[_Text]):
    """The texts of a kind that say it, the newest first. ``place`` follows what was taken from it."""

    def __init__(self, kind: Kind, asked: Asked, conditions: Sequence[ColumnElement[bool]], below: int | None) -> None:
        self.kind = kind
        self.stopped = False
        self.place = START if below is None else below
        self._asked, self._conditions = asked, conditions
        self._texts = self._read(self.place)
        self._ahead: _Text | None = None

    def __next__(self) -> _Text:
        """The one before has been taken now: ``heapq.merge`` asks for the next when it gives one out."""
        if self._ahead is not None:
            self.place = self._ahead.id
        self._ahead = next(self._texts)
        return self._ahead

    def _read(self, below: int) -> Iterator[_Text]:
        for step in STEPS:
            ids = self._candidates(below, step)
            if ids:
                yield from self._saying(ids)
                below = ids[-1]
            if len(ids) < step:
                self.place = 1
                return
        self.stopped = True
        self.place = below

    def _candidates(self, below: int, most: int) -> list[int]:
        found = matching(self.kind, self._asked.terms, below=below, most=most)
        if found is None:  # no words: the filter alone decides
            noun, _ = _NOUNS[self.kind]
            return list(session().scalars(select(noun.id).where(noun.id < below).order_by(noun.id.desc()).limit(most)))
        return list(session().scalars(found))

    def _saying(self, ids: Sequence[int]) -> Iterator[_Text]:
        rows = session().execute(_texts(self.kind).where(_NOUNS[self.kind][0].id.in_(ids), *self._conditions))
        yield from sorted(_those_saying(rows, self.kind, self._asked.terms), key=lambda one: -one.id)


def _streams(asked: Asked) -> tuple[Kind, ...]:
    """Without words there is nothing to say, and each ticket is found by itself."""
    return STREAMS[asked.within] if asked.terms else (Kind.TICKET,)


def conditions_of(asked: Asked, actor: Actor, now: datetime) -> Iterator[ColumnElement[bool]]:
    """What the filter asks of a ticket in the actor's sight."""
    yield readable(actor)
    yield from facets(asked.chosen, actor, now)
    if asked.since is not None:
        yield Ticket.created_at >= asked.since
    if asked.until is not None:
        yield Ticket.created_at < asked.until


def _texts(kind: Kind) -> Statement:
    """Texts of a kind with their tickets."""
    columns = select(_NOUNS[kind][0].id, Ticket.id.label("ticket_id"), _AT[kind].label("at"))
    match kind:
        case Kind.MESSAGE:
            said = columns.add_columns(Message.text, Message.direction.label("by"))
            return said.join(Ticket, Ticket.id == Message.ticket_id).where(Message.state != "taken_back")
        case Kind.NOTE:
            return columns.add_columns(Note.text, literal("").label("by")).join(Ticket, Ticket.id == Note.ticket_id)
        case _:
            return columns.add_columns(Ticket.subject.label("text"), literal("").label("by"))


def _those_saying(rows: Iterable[Row[Any]], kind: Kind, terms: Sequence[str]) -> Iterator[_Text]:
    for row in rows:
        if says(fold(row.text), terms):
            yield _Text(kind, row.id, row.ticket_id, row.at, row.text, row.by)


def _gather(
    merged: Iterator[_Text], terms: Sequence[str], below: Place | None, size: int
) -> tuple[dict[int, list[_Text]], bool]:
    """Texts by ticket, until there are ``size`` tickets; and whether there is another one behind them."""
    found: dict[int, list[_Text]] = {}
    gone: set[int] = set()
    while True:
        ahead = None
        new: dict[int, list[_Text]] = {}
        for hit in merged:
            known = found.get(hit.ticket_id) or new.get(hit.ticket_id)
            if known is not None:
                known.append(hit)
            elif len(found) + len(new) == size:
                ahead = hit
                break
            elif hit.ticket_id not in gone:
                new[hit.ticket_id] = [hit]
        if below is not None and new:
            gone |= _shown_before(new, terms, below)
        found |= {ticket_id: hits for ticket_id, hits in new.items() if ticket_id not in gone}
        if ahead is None or len(found) == size:
            return found, ahead is not None
        merged = chain([ahead], merged)


def _shown_before(ticket_ids: Iterable[int], terms: Sequence[str], below: Place) -> set[int]:
    """Tickets that an earlier page has: another text of theirs, above where this page begins, says it too."""
    shown: set[int] = set()
    for kind, place in below.items():
        newer = _texts(kind).where(Ticket.id.in_(ticket_ids), _NOUNS[kind][0].id >= place)
        shown.update(one.ticket_id for one in _those_saying(session().execute(newer), kind, terms))
    return shown


def _hits(texts: Sequence[_Text], terms: Sequence[str]) -> tuple[Hit, ...]:
    """The newest ones; a subject that is the beginning of a message shown says nothing new."""
    said = [text for text in texts if text.kind is not Kind.TICKET] or list(texts)
    if not terms:
        return ()
    return tuple(Hit(one.kind, snippet(one.text, terms), one.at, one.by) for one in said[:SNIPPETS])


def cards(hits: Mapping[int, tuple[Hit, ...]]) -> tuple[Found, ...]:
    """Tickets with what was found of them, in the order of the hits. They are in the actor's sight already."""
    statement = (
        select(
            Ticket.id,
            Ticket.number,
            Ticket.subject,
            Ticket.klass,
            Ticket.type,
            Ticket.tier,
            Ticket.status,
            Ticket.priority,
            is_active.label("active"),
            Ticket.created_at,
            Customer.name.label("customer"),
            Order.number.label("order_number"),
            Channel.name_zh,
            Channel.name_en,
        )
        .outerjoin(Customer, Customer.id == Ticket.customer_id)
        .outerjoin(Order, Order.id == Ticket.order_id)
        .join(Channel, Channel.id == Ticket.channel_id)
        .where(Ticket.id.in_(hits))
    )
    rows = {row.id: row for row in session().execute(statement)} if hits else {}
    return tuple(
        Found(
            id=row.id,
            number=row.number,
            subject=row.subject,
            klass=row.klass,
            type=row.type,
            unconfirmed=row.tier in UNSURE,
            status=row.status,
            priority=row.priority,
            active=bool(row.active),
            created_at=row.created_at,
            customer=row.customer,
            order_number=row.order_number,
            channel=Label(row.name_zh, row.name_en),
            hits=found,
        )
        for ticket_id, found in hits.items()
        if (row := rows.get(ticket_id))
    )
