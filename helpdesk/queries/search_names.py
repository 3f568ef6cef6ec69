"""Tickets that are called by the words themselves: by their own, their order's or parcel's number, or their buyer.

A whole number comes by its index; ends and parts of numbers, names, their pinyin and initials, and ends of phones come
by the search index. Open tickets stand first. With several words, each has to be in what the ticket holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Select, or_, select

from helpdesk.domain.access import Actor
from helpdesk.domain.masking import mask_phone
from helpdesk.domain.search import (
    TAIL,
    Kind,
    Part,
    asked_grams,
    fold,
    is_phone_of,
    pinyin_gram,
    pinyin_of,
    says,
    snippet,
    tail_gram,
)
from helpdesk.models import Customer, Message, Note, Order, Parcel, Ticket
from helpdesk.models.search import having, matching
from helpdesk.models.tickets import is_active
from helpdesk.queries.search import Asked, Found, Hit, cards, conditions_of
from helpdesk.storage import session

MOST_NAMED = 100
"""Buyers, orders and parcels of a name that are looked at, the newest: "王" is many."""

MOST_JOINED = 200
"""Tickets of which all texts are read, where there are several words."""


class Named(NamedTuple):
    """Tickets, and whether there are more."""

    found: tuple[Found, ...]
    more: bool


def named(asked: Asked, actor: Actor, now: datetime, *, size: int) -> Named:
    """The tickets that the words name, open ones first, then the newest; at most ``size``."""
    called = _called(asked.terms)
    if not any(called.values()):
        return Named((), more=False)
    single = len(asked.terms) == 1
    statement = (
        select(Ticket.id, Ticket.number, Ticket.customer_id, Ticket.order_id)
        .where(
            or_(
                Ticket.id.in_(called[Kind.TICKET]),
                Ticket.order_id.in_({*called[Kind.ORDER], *called[Kind.PARCEL]}),
                Ticket.customer_id.in_(called[Kind.CUSTOMER]),
            ),
            *conditions_of(asked, actor, now),
        )
        .order_by(is_active.desc(), Ticket.id.desc())
        .limit(size + 1 if single else MOST_JOINED)
    )
    rows = session().execute(statement).all()
    if not single:
        texts = _texts([row.id for row in rows])
        rows = [row for row in rows if _holds(row, called, texts, asked.terms)]
    hits = {row.id: tuple(_hits(row, called, asked.terms)) for row in rows[:size]}
    return Named(cards(hits), len(rows) > size)


Called = Mapping[Kind, Mapping[int, Any]]
"""By kind and id (of an order, for parcels), what is called by one of the words at least."""


def _called(terms: Sequence[str]) -> Called:
    called: dict[Kind, dict[int, Any]] = {kind: {} for kind in (Kind.TICKET, Kind.CUSTOMER, Kind.ORDER, Kind.PARCEL)}
    for term in terms:
        called[Kind.TICKET] |= {row.id: row for row in _tickets(term)}
        called[Kind.ORDER] |= {row.id: row for row in _numbered(Kind.ORDER, term)}
        called[Kind.PARCEL] |= {row.order_id: row for row in _numbered(Kind.PARCEL, term)}
        called[Kind.CUSTOMER] |= {row.id: row for row in _customers(term)}
    return called


def _tickets(term: str) -> Iterator[Any]:
    """Those of this number, and of which this is the end of the number."""
    conditions = [Ticket.number == term.upper()]
    tail = tail_gram(term)
    if tail:
        conditions.append(Ticket.id.in_(having(Kind.TICKET, [tail], most=MOST_NAMED).subquery().select()))
    elif "-" not in term:
        return
    for row in session().execute(select(Ticket.id, Ticket.number).where(or_(*conditions))):
        if fold(row.number).endswith(term):
            yield row


def _numbered(kind: Kind, term: str) -> Iterator[Any]:
    """Orders or parcels in whose number this stands."""
    noun: Any
    noun, number = (Order, Order.number) if kind is Kind.ORDER else (Parcel, Parcel.tracking_number)
    found = matching(kind, [term], most=MOST_NAMED) if len(term) >= TAIL else None
    if found is None:
        return
    columns: Select[Any] = select(noun.id, number.label("number"))
    columns = columns if kind is Kind.ORDER else columns.add_columns(Parcel.order_id)
    for row in session().execute(columns.where(noun.id.in_(found.subquery().select()))):
        if term in fold(row.number):
            yield row


def _customers(term: str) -> Iterator[Any]:
    """Buyers of this name, id or phone."""
    ways: list[Sequence[str]] = [asked_grams(term), *([gram] for gram in (pinyin_gram(term), tail_gram(term)) if gram)]
    found = [having(Kind.CUSTOMER, grams, most=MOST_NAMED).subquery().select() for grams in ways if grams]
    if not found:
        return
    rows = session().execute(
        select(Customer.id, Customer.name, Customer.buyer_id, Customer.phone).where(
            or_(*(Customer.id.in_(ids) for ids in found))
        )
    )
    for row in rows:
        if _is_called(row, term):
            yield row


def _is_called(row: Any, term: str) -> bool:
    return (
        any(term in fold(name or "") for name in (row.name, row.buyer_id))
        or term in pinyin_of(row.name)
        or is_phone_of(term, row.phone or "")
    )


def _texts(ticket_ids: Sequence[int]) -> Mapping[int, str]:
    """All that was said in each of these tickets, folded."""
    said: dict[int, list[str]] = {}
    for statement in (
        select(Ticket.id, Ticket.subject).where(Ticket.id.in_(ticket_ids)),
        select(Message.ticket_id, Message.text).where(Message.ticket_id.in_(ticket_ids), Message.state != "taken_back"),
        select(Note.ticket_id, Note.text).where(Note.ticket_id.in_(ticket_ids)),
    ):
        for ticket_id, text in session().execute(statement):
            said.setdefault(ticket_id, []).append(fold(text))
    return {ticket_id: "\n".join(texts) for ticket_id, texts in said.items()}


def _holds(row: Any, called: Called, texts: Mapping[int, str], terms: Iterable[str]) -> bool:
    """Whether every word is said in the ticket, or is what it, its order or its buyer is called."""
    return all(says(texts.get(row.id, ""), [term]) or any(_hits(row, called, [term])) for term in terms)


def _hits(row: Any, called: Called, terms: Sequence[str]) -> Iterator[Hit]:
    """What of the ticket is called so."""
    if any(fold(row.number).endswith(term) for term in terms) and row.id in called[Kind.TICKET]:
        yield Hit(Kind.TICKET, snippet(row.number, terms))
    for kind in (Kind.ORDER, Kind.PARCEL):
        numbered = called[kind].get(row.order_id)
        if numbered is not None and any(term in fold(numbered.number) for term in terms):
            yield Hit(kind, snippet(numbered.number, terms))
    buyer = called[Kind.CUSTOMER].get(row.customer_id)
    for term in terms:
        if buyer is not None and _is_called(buyer, term):
            yield Hit(Kind.CUSTOMER, _buyer(buyer, term))


def _buyer(row: Any, term: str) -> tuple[Part, ...]:
    """The buyer as he is called; the phone stays masked but for what was typed."""
    if is_phone_of(term, row.phone or ""):
        return (Part(f"{row.name} ") if row.name else Part(""), Part(mask_phone(row.phone), lit=True))
    if term in fold(row.name):
        return snippet(row.name, [term])
    if term in fold(row.buyer_id or ""):
        return snippet(row.buyer_id, [term])
    return (Part(row.name, lit=True),)
