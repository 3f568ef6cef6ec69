"""What a queue is asked by others, for the people who look it up: with the facts of the order that they need.

Five statements whatever the number of questions. The buyer himself isn't among the facts: who packs and weighs
doesn't need him.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Integer, Row, and_, cast, func, literal, null, select, true, union_all
from sqlalchemy.orm import aliased

from helpdesk.domain.access import Actor, Permission, Scope, may_answer
from helpdesk.domain.clocks import FAR_FUTURE
from helpdesk.domain.rulebook import Label
from helpdesk.models import CalendarVersion, ClockRow, Event, Note, Order, OrderLine, Parcel, Queue, Stint, Ticket, User
from helpdesk.models.calendars import calendar_of
from helpdesk.models.scope import asks
from helpdesk.queries.clock_faces import ClockFace, face
from helpdesk.storage import session

PAGE = 50
MOST_ANSWERED = 50
MOST_PARTS = 2_000


@dataclass(frozen=True, slots=True)
class Line:
    name: str
    sku: str
    spec: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Sent:
    carrier: str
    tracking: str
    shipped_at: datetime | None


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """Of the order behind the ticket; ``status`` is a code or the channel's own word."""

    number: str
    known: bool
    status: str
    lines: tuple[Line, ...]
    parcels: tuple[Sent, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """An open assist. ``number`` is the ticket's; ``hands`` is who took the question, ``mine`` the reader himself.

    ``answerable``: the reader is a member of the queue that is asked.
    """

    stint_id: int
    number: str
    subject: str
    type: str
    klass: str
    queue_code: str
    queue: Label
    party: str | None
    text: str
    asked_by: str | None
    asked_at: datetime
    hands: str | None
    mine: bool
    answerable: bool
    clock: ClockFace | None
    order: OrderFacts | None

    def seen(self) -> tuple[object, ...]:
        """What a reader sees of it, without what counts down by itself."""
        values = tuple(getattr(self, name) for name in self.__slots__ if name != "clock")
        return (*values, self.clock.seen() if self.clock else None)


@dataclass(frozen=True, slots=True)
class Answered:
    """An assist that was answered, and how."""

    stint_id: int
    number: str
    subject: str
    queue: Label
    question: str
    answer: str
    by: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Desk:
    """``total`` counts all open questions, of which the first ``PAGE`` are here."""

    questions: tuple[Question, ...]
    total: int
    answered: tuple[Answered, ...]


def desk(actor: Actor, now: datetime, day_start: datetime, *, queue: str = "") -> Desk:
    """What the actor's queues are asked, the earliest deadline first, and what they have answered today.

    ``queue`` (a code) shows another queue's to who reads everything; so does belonging to none. ``day_start`` is the
    last midnight in the shop's zone (UTC).
    """
    actor.require(Permission.TICKETS_READ)
    rows = _open(actor, queue)
    orders = _orders({row.order_id for row in rows if row.order_id is not None})
    questions = tuple(_question(row, orders.get(row.order_id), actor, now) for row in rows)
    total = rows[0].total if rows else 0
    return Desk(questions, total, _answered(actor, day_start, queue))


def _open(actor: Actor, queue: str) -> list[Row[Any]]:
    asker, hands = aliased(User), aliased(User)
    deadline = func.coalesce(ClockRow.late_after, FAR_FUTURE, type_=ClockRow.late_after.type)
    asked = (
        select(
            Stint.id.label("stint_id"),
            Stint.queue_id,
            Stint.party,
            Stint.entered_at,
            Stint.assignee_id,
            Ticket.number,
            Ticket.subject,
            Ticket.type,
            Ticket.klass,
            Ticket.order_id,
            Queue.code,
            Queue.name_zh,
            Queue.name_en,
            Note.text,
            asker.name.label("asked_by"),
            hands.name.label("hands"),
            ClockRow.id.label("clock_id"),
            ClockRow.kind,
            ClockRow.calendar_id,
            ClockRow.calendar_version,
            ClockRow.target_seconds,
            ClockRow.started_at,
            ClockRow.pauses,
            ClockRow.due_at,
            ClockRow.late_after,
            ClockRow.met_at,
            ClockRow.provisional,
            CalendarVersion.document,
            func.count().over().label("total"),
        )
        .select_from(Stint)
        .join(Ticket, Ticket.id == Stint.ticket_id)
        .join(Queue, Queue.id == Stint.queue_id)
        .outerjoin(Note, Note.id == Stint.question_note_id)
        .outerjoin(asker, asker.id == Stint.asked_by_id)
        .outerjoin(hands, hands.id == Stint.assignee_id)
        .outerjoin(ClockRow, and_(ClockRow.stint_id == Stint.id, ClockRow.cancelled_at.is_(None)))
        .outerjoin(
            CalendarVersion,
            and_(
                CalendarVersion.calendar_id == ClockRow.calendar_id,
                CalendarVersion.version == ClockRow.calendar_version,
            ),
        )
        .where(asks(actor), _meant(actor, queue))
        .order_by(deadline, Stint.id)
        .limit(PAGE)
    )
    return list(session().execute(asked))


def _meant(actor: Actor, queue: str) -> ColumnElement[bool]:
    """The queue that was chosen, else one's own, else any."""
    if queue:
        return Queue.code == queue
    return Stint.queue_id.in_(sorted(actor.queues)) if actor.queues else true()


def _question(row: Row[Any], order: OrderFacts | None, actor: Actor, now: datetime) -> Question:
    return Question(
        stint_id=row.stint_id,
        number=row.number,
        subject=row.subject,
        type=row.type,
        klass=row.klass,
        queue_code=row.code,
        queue=Label(row.name_zh, row.name_en),
        party=row.party,
        text=row.text or "",
        asked_by=row.asked_by,
        asked_at=row.entered_at,
        hands=row.hands,
        mine=row.assignee_id == actor.id,
        answerable=may_answer(actor, row.queue_id),
        clock=None if row.clock_id is None else face(row, calendar_of(row.document), now),
        order=order,
    )


def _orders(ids: Collection[int]) -> dict[int, OrderFacts]:
    """Lines and parcels of these orders."""
    if not ids:
        return {}
    heads = session().execute(select(Order.id, Order.number, Order.known, Order.status).where(Order.id.in_(ids))).all()
    no_number = cast(null(), Integer)
    parts = union_all(
        select(
            OrderLine.order_id.label("order_id"),
            literal("line").label("part"),
            OrderLine.position.label("place"),
            OrderLine.name.label("one"),
            OrderLine.sku.label("two"),
            OrderLine.spec.label("three"),
            OrderLine.quantity.label("quantity"),
            cast(null(), Parcel.shipped_at.type).label("at"),
        ).where(OrderLine.order_id.in_(ids)),
        select(
            Parcel.order_id,
            literal("parcel"),
            Parcel.id,
            Parcel.carrier,
            Parcel.tracking_number,
            literal(""),
            no_number,
            Parcel.shipped_at,
        ).where(Parcel.order_id.in_(ids)),
    ).subquery()
    lines: dict[int, list[Line]] = {}
    parcels: dict[int, list[Sent]] = {}
    for row in session().execute(select(parts).order_by(parts.c.place).limit(MOST_PARTS)):
        if row.part == "line":
            lines.setdefault(row.order_id, []).append(Line(row.one, row.two, row.three, row.quantity))
        else:
            parcels.setdefault(row.order_id, []).append(Sent(row.one, row.two, row.at))
    return {
        id_: OrderFacts(number, known, status, tuple(lines.get(id_, ())), tuple(parcels.get(id_, ())))
        for id_, number, known, status in heads
    }


def _answered(actor: Actor, day_start: datetime, queue: str) -> tuple[Answered, ...]:
    """Newest first."""
    everything = actor.scope(Permission.TICKETS_READ) is Scope.ALL
    question, answer, author = aliased(Note), aliased(Note), aliased(User)
    rows = session().execute(
        select(
            Stint.id,
            Ticket.number,
            Ticket.subject,
            Queue.name_zh,
            Queue.name_en,
            question.text.label("question"),
            answer.text.label("answer"),
            author.name.label("by"),
            answer.created_at,
        )
        .select_from(Event)
        .join(answer, answer.id == Event.reason_note_id)
        .join(Stint, and_(Stint.ticket_id == Event.ticket_id, Stint.answer_note_id == answer.id))
        .join(Ticket, Ticket.id == Stint.ticket_id)
        .join(Queue, Queue.id == Stint.queue_id)
        .outerjoin(question, question.id == Stint.question_note_id)
        .outerjoin(author, author.id == answer.author_id)
        .where(
            Event.code == "assist.answered",
            Event.at >= day_start,
            true() if everything else Stint.queue_id.in_(sorted(actor.queues)),
            _meant(actor, queue),
        )
        .order_by(answer.created_at.desc(), Stint.id.desc())
        .limit(MOST_ANSWERED)
    )
    return tuple(
        Answered(id_, number, subject, Label(zh, en), asked or "", told, by, at)
        for id_, number, subject, zh, en, asked, told, by, at in rows
    )
