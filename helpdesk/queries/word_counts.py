"""What the words' health is counted from, a batch at a time: decisions with what people left them as."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, select

from helpdesk.domain.decisions import OrderFacts, spans_from_json
from helpdesk.domain.word_health import Judged
from helpdesk.models import Correction, Customer, DecisionRow, Message, Order, Ticket, WordHealth
from helpdesk.storage import session

BATCH = 1_000
MOST_MESSAGES = 3_000
"""Customers' latest words that are searched for phrases: what they say now, and what fits into memory."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A message of known type. ``customer`` None is nobody we know; ``hidden`` is who and where he is."""

    type: str
    text: str
    customer: int | None
    hidden: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Replayed:
    """A stored message to be decided anew, and what people said it is."""

    number: str
    text: str
    facts: OrderFacts
    truth: str | None


def last_counted() -> datetime | None:
    """When words were counted last (UTC); None if never, or if nothing was lit."""
    return session().execute(select(func.max(WordHealth.counted_at))).scalar_one()


def judged(since: datetime) -> Iterator[list[Judged]]:
    """Decisions since then (UTC), newest first, in batches of one statement each."""
    below: int | None = None
    while True:
        statement = (
            select(DecisionRow.id, DecisionRow.type, DecisionRow.spans, DecisionRow.created_at, _final().label("final"))
            .join(Ticket, Ticket.id == DecisionRow.ticket_id)
            .order_by(DecisionRow.id.desc())
            .limit(BATCH)
        )
        rows = session().execute(statement if below is None else statement.where(DecisionRow.id < below)).all()
        recent = [row for row in rows if row.created_at >= since]
        if recent:
            yield [Judged(row.type, spans_from_json(row.spans), row.final, row.created_at) for row in recent]
        if len(recent) < BATCH:
            return
        below = rows[-1].id


def heard(since: datetime) -> list[Heard]:
    """The latest messages whose type people have left as it is or said, newest first. One statement."""
    rows = session().execute(
        select(_final().label("final"), Message.text, Ticket.customer_id, Customer.name, Order.address)
        .select_from(DecisionRow)
        .join(Ticket, Ticket.id == DecisionRow.ticket_id)
        .join(Message, Message.id == DecisionRow.message_id)
        .outerjoin(Customer, Customer.id == Ticket.customer_id)
        .outerjoin(Order, Order.id == Ticket.order_id)
        .where(DecisionRow.created_at >= since, _final().is_not(None))
        .order_by(DecisionRow.id.desc())
        .limit(MOST_MESSAGES)
    )
    return [Heard(row.final, row.text, row.customer_id, tuple(filter(None, (row.name, row.address)))) for row in rows]


def latest(limit: int) -> list[Replayed]:
    """The last so many decided messages, newest first. One statement."""
    rows = session().execute(
        select(Ticket.number, Message.text, DecisionRow.facts, _final().label("final"))
        .select_from(DecisionRow)
        .join(Ticket, Ticket.id == DecisionRow.ticket_id)
        .join(Message, Message.id == DecisionRow.message_id)
        .order_by(DecisionRow.id.desc())
        .limit(limit)
    )
    return [Replayed(row.number, row.text, OrderFacts.from_json(row.facts), row.final) for row in rows]


def _final() -> ColumnElement[Any]:
    """What people said last, or the type with which they worked the ticket to its end; NULL before that."""
    said = (
        select(Correction.to_type)
        .where(Correction.ticket_id == Ticket.id)
        .order_by(Correction.id.desc())
        .limit(1)
        .correlate(Ticket)
        .scalar_subquery()
    )
    left_alone = and_(Ticket.first_resolved_at.is_not(None), Ticket.tier.in_(("auto", "manual")))
    return func.coalesce(said, case((left_alone, Ticket.type)))
