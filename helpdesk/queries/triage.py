"""Tickets whose type nobody has confirmed, one card each: a view over the actor's queues, not a queue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, func, literal_column, or_, select

from helpdesk.domain.access import Actor
from helpdesk.domain.decisions import Candidate, OrderFacts, Span, candidates_from_json, spans_from_json
from helpdesk.domain.rulebook import Label
from helpdesk.models import Channel, Correction, DecisionRow, Message, Order, Ticket
from helpdesk.models.tickets import is_active
from helpdesk.queries.keyset import Cursor, Key, sorted_page
from helpdesk.storage import plain_rows, session

PAGE = 12
"""Cards of a page: a minute's work, and a few to go on with."""

MOST_COUNTED = 1_000
MOST_LETTERS = 1_000
"""Of a message on a card; what stands further down was not considered either."""

BURNING = (
    Key("urgency", Ticket.urgency.expression, descending=True),
    Key("at", Ticket.burns_at.expression),
    Key("id", Ticket.id.expression),
)
"""What burns first, the order of the partial index ``ix_ticket_unsure``."""

IS_UNSURE: ColumnElement[bool] = literal_column("ticket.tier IN ('suggest', 'none')")
"""In the index's own words, so that SQLite knows it may be used."""


@dataclass(frozen=True, slots=True)
class Card:
    """What a person needs to say what the type is. ``spans`` are figures into ``text``."""

    number: str
    version: int
    subject: str
    type: str
    tier: str
    channel: Label
    created_at: datetime
    nudges: int
    text: str
    spans: tuple[Span, ...]
    candidates: tuple[Candidate, ...]  # what was guessed, if anything, then what came closest
    facts: OrderFacts
    order_number: str | None
    order_status: str
    cursor: Cursor


@dataclass(frozen=True, slots=True)
class Progress:
    """``left`` counts up to MOST_COUNTED; ``done`` is what the actor said since ``day_start``."""

    left: int
    done: int


def waiting(actor: Actor, *, after: Cursor | None = None, size: int = PAGE) -> tuple[Card, ...]:
    """The next cards, what burns first in front. One statement."""
    last_decision = select(func.max(DecisionRow.id)).where(DecisionRow.ticket_id == Ticket.id).correlate(Ticket)
    statement = (
        select(
            *(Ticket.number, Ticket.version, Ticket.subject, Ticket.type, Ticket.tier, Ticket.created_at),
            *(Ticket.nudges, Ticket.urgency, Ticket.burns_at, Ticket.id),
            *(Channel.name_zh, Channel.name_en),
            *(DecisionRow.type.label("decided"), DecisionRow.score, DecisionRow.spans, DecisionRow.runners_up),
            *(DecisionRow.facts, Message.text),
            *(Order.number.label("order_number"), Order.status.label("order_status")),
        )
        .select_from(Ticket)
        .join(Channel, Channel.id == Ticket.channel_id)
        .outerjoin(Order, Order.id == Ticket.order_id)
        .outerjoin(DecisionRow, DecisionRow.id == last_decision.scalar_subquery())
        .outerjoin(Message, Message.id == DecisionRow.message_id)
        .where(_his_to_decide(actor))
        .limit(size)
    )
    return tuple(_card(row) for row in plain_rows(sorted_page(statement, BURNING, after)))


def progress(actor: Actor, day_start: datetime) -> Progress:
    """How many wait, and how many the actor decided since ``day_start`` (UTC). One statement."""
    some = select(Ticket.id).where(_his_to_decide(actor)).limit(MOST_COUNTED).subquery()
    left = select(func.count()).select_from(some).scalar_subquery()
    done = (
        select(func.count())
        .select_from(Correction)
        .where(Correction.actor_id == actor.id, Correction.created_at >= day_start)
        .scalar_subquery()
    )
    row = session().execute(select(left.label("left"), done.label("done"))).one()
    return Progress(row.left, row.done)


def version_of(number: str) -> int:
    """The ticket's version by now, 0 if there is no such ticket: a card that comes back needs it."""
    return session().execute(select(Ticket.version).where(Ticket.number == number)).scalar_one_or_none() or 0


def _his_to_decide(actor: Actor) -> ColumnElement[bool]:
    """Unconfirmed, active, and in his queues or owned by him: ``access.may_work`` as a condition."""
    return and_(is_active, IS_UNSURE, or_(Ticket.queue_id.in_(sorted(actor.queues)), Ticket.owner_id == actor.id))


def _card(row: Row[*tuple[Any, ...]]) -> Card:
    text: str = (row.text if row.text is not None else row.subject)[:MOST_LETTERS]
    return Card(
        number=row.number,
        version=row.version,
        subject=row.subject,
        type=row.type,
        tier=row.tier,
        channel=Label(row.name_zh, row.name_en),
        created_at=row.created_at,
        nudges=row.nudges,
        text=text,
        spans=tuple(span for span in spans_from_json(row.spans or ()) if span.end <= len(text)),
        candidates=_candidates(row),
        facts=_facts(row.facts),
        order_number=row.order_number,
        order_status=row.order_status or "",
        cursor=Cursor(row.urgency, row.burns_at, row.id),
    )


def _candidates(row: Row[*tuple[Any, ...]]) -> tuple[Candidate, ...]:
    """What the ticket is taken for stands first, unless that is for want of anything better."""
    closest = candidates_from_json(row.runners_up or ())
    if row.tier == "none":
        return closest
    score = row.score if row.decided == row.type else 0.0
    return (Candidate(row.type, score), *(one for one in closest if one.type != row.type))


def _facts(stored: Mapping[str, Any] | None) -> OrderFacts:
    return OrderFacts.from_json(stored) if stored else OrderFacts()
