"""Every way in: a customer's words become a ticket, or join the one they belong to.

The agent's form, imports and monitors call ``open_ticket``; what other programs bring of a customer goes through
``hearing``, which finds the ticket it belongs to, and opens one here where there is none.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache

from sqlalchemy import Select, Update, bindparam, case, select, update

from helpdesk.domain.access import PEOPLE, Actor, Permission
from helpdesk.domain.clocks import FAR_FUTURE, Kind
from helpdesk.domain.decisions import OTHER, Decision, classify
from helpdesk.domain.problems import Invalid
from helpdesk.domain.routing import MANUAL, route
from helpdesk.domain.rulebook import RuleBook
from helpdesk.domain.text import first_line
from helpdesk.domain.tickets import MAX_URGENCY, NUDGE_WITHIN_SECONDS, Priority, Status
from helpdesk.models import (
    Channel,
    Customer,
    Inbound,
    Message,
    Order,
    Queue,
    Shop,
    Ticket,
)
from helpdesk.models.learned import live_model
from helpdesk.models.rulebooks import published_rulebook
from helpdesk.models.tickets import is_active
from helpdesk.services import clocks, customers, decisions, dispatch, orders, outbox, owners, stints, tickets
from helpdesk.services.events import record
from helpdesk.services.numbers import next_number
from helpdesk.storage import Base, hold, insert_once, plain_rows, session

MAX_TEXT = 5_000
MAX_SUBJECT = 200
MAX_NAME = 100
MAX_NUMBER = 60
MAX_PHONE = 30
MAX_EXTERNAL_ID = 200
CLOCKS_MAY_DIFFER = timedelta(minutes=5)
NEWS_FOR = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class TicketRequest:
    """What came in. ``source`` is path:shop:channel; with ``external_id`` it names the event for good.

    ``created_at`` (UTC) is when the customer wrote, ``now`` if not given: clocks start there. ``type`` is a
    person's choice and overrules the decision, which is kept all the same.
    """

    text: str
    source: str
    external_id: str
    shop_id: int
    channel_id: int
    subject: str = ""
    order_number: str = ""
    customer_name: str = ""
    buyer_id: str = ""
    phone: str = ""
    created_at: datetime | None = None
    type: str | None = None
    priority: Priority = Priority.P2
    first_response_met: bool = False
    customer_id: int | None = None  # known already, to the caller
    follows_id: int | None = None  # the ended ticket that this one continues, or whose second problem it is
    corrects: bool = True  # a type given with it says that another decision was wrong


@dataclass(frozen=True, slots=True)
class Opened:
    """What became of it: ``created``, ``appended`` to a ticket (催单), ``heard`` on the ticket whose conversation it
    continues, or ``repeated`` (seen before)."""

    ticket_id: int
    number: str
    outcome: str


def open_ticket(request: TicketRequest, *, actor: Actor, now: datetime) -> Opened:
    """Take in one event. The same event twice gives the same ticket.

    Same order and same type (not ``other``) within 48 h of the active ticket's last customer message appends
    to it. Raises ``Invalid`` for what can't be taken, also for the same id with another body.
    """
    actor.require(Permission.TICKETS_CREATE)
    request = checked(request, now)
    inbound_id = claim(request, now)
    if inbound_id is None:
        return seen_before(request)
    return admit(request, inbound_id, actor=actor, now=now)


def claim(request: TicketRequest, now: datetime) -> int | None:
    """Note that this event came in; the id of its row, None if it came before (see ``seen_before``)."""
    return insert_once(
        Inbound,
        source=request.source,
        external_id=request.external_id,
        body_hash=body_hash(request),
        received_at=now,
    )


def admit(request: TicketRequest, inbound_id: int, *, actor: Actor, now: datetime) -> Opened:
    """A ticket for a ``checked`` and ``claimed`` event, or the one about the same matter that it urges on."""
    book = published_rulebook()
    order = _locked_order(request, now)
    customer = _customer(request, order)
    facts = decisions.order_facts(order)
    decision = classify(request.text, facts, book, live_model())
    type_code = request.type or decision.type
    ticket = _to_append_to(order, type_code, request.created_at or now)
    if ticket is not None:
        message = _append(ticket, request, actor, now)
        outcome = "appended"
    else:
        ticket, message = _create(request, decision, type_code, book, order, customer, actor, now)
        decisions.store(ticket, message, decision, facts, corrects=request.corrects, actor=actor, now=now)
        _hand_out(ticket, actor, now)
        outcome = "created"
    plain_rows(_taken_in(), {"taken": inbound_id, "ticket": ticket.id, "message": message.id})
    return Opened(ticket.id, ticket.number, outcome)


def open_for(request: TicketRequest, said: Message, *, actor: Actor, now: datetime) -> Ticket:
    """A ticket of its own for words that stand on another one, whatever else is open about the order.

    The request is ``checked`` and was made when ``said``, the first of the words, was. The caller moves them.
    """
    book = published_rulebook()
    order = _locked_order(request, now)
    facts = decisions.order_facts(order)
    decision = classify(said.text, facts, book, live_model())
    type_code, customer = request.type or decision.type, _customer(request, order)
    ticket, _said = _create(request, decision, type_code, book, order, customer, actor, now, said)
    decisions.store(ticket, said, decision, facts, corrects=request.corrects, actor=actor, now=now)
    _hand_out(ticket, actor, now)
    return ticket


def preview(text: str, order_number: str, shop_id: int) -> Decision:
    """What ``open_ticket`` would decide. Reads only."""
    order = (
        session()
        .execute(select(Order).where(Order.shop_id == shop_id, Order.number == order_number.strip()))
        .scalar_one_or_none()
    )
    return classify(text[:MAX_TEXT], decisions.order_facts(order), published_rulebook(), live_model())


def body_hash(request: TicketRequest) -> str:
    """What makes two events the same body: everything the customer's side said."""
    return hash_of(
        [
            request.text,
            request.subject,
            request.order_number,
            request.customer_name,
            request.buyer_id,
            request.phone,
        ]
    )


def hash_of(said: list[str]) -> str:
    """A hash that keeps the parts apart."""
    return hashlib.sha256(json.dumps(said, ensure_ascii=False).encode()).hexdigest()


def order_number_of(ticket: Ticket) -> str:
    """The number of the ticket's order, or nothing."""
    order = session().get(Order, ticket.order_id) if ticket.order_id else None
    return order.number if order else ""


def checked(request: TicketRequest, now: datetime) -> TicketRequest:
    """The request with its ends trimmed, or ``Invalid`` naming the field."""
    request = replace(
        request,
        text=request.text.strip(),
        subject=" ".join(request.subject.split()),
        order_number=request.order_number.strip(),
        customer_name=request.customer_name.strip(),
        buyer_id=request.buyer_id.strip(),
        phone=request.phone.strip(),
    )
    if not request.text:
        raise Invalid("ticket.text_required")
    limits = {
        "text": MAX_TEXT,
        "subject": MAX_SUBJECT,
        "order_number": MAX_NUMBER,
        "customer_name": MAX_NAME,
        "buyer_id": MAX_NAME,
        "phone": MAX_PHONE,
        "external_id": MAX_EXTERNAL_ID,
    }
    for name, limit in limits.items():
        value = getattr(request, name)
        if len(value) > limit:
            raise Invalid("input.too_long", field=name, limit=limit)
        if "\x00" in value:
            raise Invalid("input.bad_character", field=name)
    if not request.external_id:
        raise Invalid("inbound.id_required")
    if request.created_at is not None and request.created_at > now + CLOCKS_MAY_DIFFER:
        raise Invalid("ticket.created_in_future")
    if request.type is not None and published_rulebook().type(request.type).system and _by_person(request):
        raise Invalid("ticket.system_type", type=request.type)
    for place in (session().get(Shop, request.shop_id), session().get(Channel, request.channel_id)):
        if place is None:
            raise Invalid("ticket.unknown_shop_or_channel")
        if not place.active and request.follows_id is None:
            raise Invalid("ticket.place_closed", name=place.code)
        hold(place)
    return request


def _by_person(request: TicketRequest) -> bool:
    """Types of the monitors are theirs alone."""
    return not request.source.startswith("monitor:")


def seen_before(request: TicketRequest) -> Opened:
    """The ticket that this event gave when it first came; ``Invalid`` where it said something else then."""
    known = (
        session()
        .execute(
            select(Inbound.body_hash, Ticket.id, Ticket.number)
            .join(Ticket, Ticket.id == Inbound.ticket_id)
            .where(Inbound.source == request.source, Inbound.external_id == request.external_id)
        )
        .one()
    )
    if known.body_hash != body_hash(request):
        raise Invalid("inbound.different_body", external_id=request.external_id, number=known.number)
    return Opened(known.id, known.number, "repeated")


def _locked_order(request: TicketRequest, now: datetime) -> Order | None:
    """The order row, created as unknown if nobody told us of it; locked while we decide."""
    if not request.order_number:
        return None
    order, _ = orders.find_or_create(request.shop_id, request.channel_id, request.order_number, now=now)
    return order


def _customer(request: TicketRequest, order: Order | None) -> Customer | None:
    if request.customer_id is not None:
        return session().get_one(Customer, request.customer_id)
    if order is not None and order.customer_id is not None and not request.buyer_id:
        return session().get_one(Customer, order.customer_id)
    customer = customers.find_or_create(
        shop_id=request.shop_id,
        channel_id=request.channel_id,
        name=request.customer_name,
        buyer_id=request.buyer_id,
        phone=request.phone,
    )
    if order is not None and order.customer_id is None and customer is not None:
        order.customer_id = customer.id
    return customer


def _to_append_to(order: Order | None, type_code: str, at: datetime) -> Ticket | None:
    """The active ticket of the same order and type whose last customer message is at most 48 hours away.

    Away in both directions: an old message that an import brings late doesn't belong to today's ticket either.
    """
    if order is None or type_code == OTHER:
        return None
    near = timedelta(seconds=NUDGE_WITHIN_SECONDS)
    asked = {"order": order.id, "type": type_code, "since": at - near, "until": at + near}
    return session().scalars(_same_matter(), asked).first()


@cache
def _same_matter() -> Select[Ticket]:
    """Built once, like all that every new ticket asks: that takes longer than asking."""
    return (
        select(Ticket)
        .where(
            Ticket.order_id == bindparam("order"),
            Ticket.type == bindparam("type"),
            is_active,
            Ticket.last_customer_message_at.between(bindparam("since"), bindparam("until")),
        )
        .order_by(Ticket.id.desc())
        .limit(1)
        .with_for_update()
    )


@cache
def _queue() -> Select[Queue]:
    return select(Queue).where(Queue.code == bindparam("code"))


@cache
def _taken_in() -> Update:
    table = Base.metadata.tables[Inbound.__tablename__]
    return (
        update(table)
        .where(table.c.id == bindparam("taken"))
        .values(ticket_id=bindparam("ticket"), message_id=bindparam("message"))
    )


def _append(ticket: Ticket, request: TicketRequest, actor: Actor, now: datetime) -> Message:
    """催单: the message joins the ticket, raises its urgency, and ends a wait for the customer."""
    message = _message(ticket, request, now)
    session().flush()
    hear(ticket, message, actor=actor, now=now)
    session().execute(
        update(Ticket)
        .where(Ticket.id == ticket.id)
        .values(
            nudges=Ticket.nudges + 1,
            urgency=case((Ticket.urgency < MAX_URGENCY, Ticket.urgency + 1), else_=MAX_URGENCY),
        )
        .execution_options(synchronize_session=False)
    )
    session().refresh(ticket)
    record("ticket.nudged", actor=actor, now=now, ticket_id=ticket.id, message=message.id, times=ticket.nudges)
    return message


def hear(ticket: Ticket, message: Message, *, actor: Actor, now: datetime) -> None:
    """A customer's message arrived on an active ticket: unread, no longer waiting for him, and those in charge hear.

    Of what he said long ago, and an import brings only now, nobody is told.
    """
    said_at = message.sent_at
    if ticket.last_customer_message_at is None or ticket.last_customer_message_at < said_at:
        ticket.last_customer_message_at = said_at
    ticket.unread = True
    session().flush()
    if ticket.status == Status.PENDING_CUSTOMER:
        tickets.change(
            ticket, tickets.Change(status=Status.OPEN), expected=None, actor=actor, now=now, clock_at=said_at
        )
    if now - said_at <= NEWS_FOR:
        outbox.put(
            "notice",
            f"heard:{message.id}",
            ticket_id=ticket.id,
            payload={
                "code": "ticket.customer_replied",
                "params": {"message": message.id},
                "notify": ["owner", "assignee"],
                "actor": actor.id,
            },
            now=now,
        )


def _create(
    request: TicketRequest,
    decision: Decision,
    type_code: str,
    book: RuleBook,
    order: Order | None,
    customer: Customer | None,
    actor: Actor,
    now: datetime,
    said: Message | None = None,
) -> tuple[Ticket, Message]:
    """A new ticket, and the customer's first word on it: the request's text, unless it was ``said`` elsewhere."""
    created_at = request.created_at or now
    goal = route(book, type_code)
    queue = session().execute(_queue(), {"code": goal.queue}).scalar_one()
    hold(queue)
    ticket = Ticket(
        number=next_number(request.shop_id, created_at),
        shop_id=request.shop_id,
        channel_id=request.channel_id,
        customer_id=customer.id if customer else None,
        order_id=order.id if order else None,
        subject=request.subject or first_line(request.text),
        type=type_code,
        klass=book.type(type_code).klass.value,
        tier="manual" if request.type else decision.tier,
        rule_version=book.version,
        queue_id=queue.id,
        owner_id=None if queue.writes_to_buyers else owners.least_loaded(goal.answering_queue, now),
        status=Status.NEW.value,
        priority=book.priority_for(request.priority, vip=customer is not None and customer.vip_at is not None).value,
        burns_at=FAR_FUTURE,
        created_at=created_at,
        last_customer_message_at=created_at,
        follows_id=request.follows_id,
    )
    session().add(ticket)
    session().flush()
    message = said or _message(ticket, request, now)
    stints.begin_cycle(ticket, assignee_id=None, book=book, now=now, started_at=created_at)
    entered_by = actor.id if actor.role in PEOPLE else None  # who entered it may see what becomes of it
    tickets.remember_readers(ticket, {ticket.owner_id, entered_by})
    if request.first_response_met:
        clocks.meet(ticket, [Kind.FIRST_RESPONSE], at=created_at)
    record(
        "ticket.created",
        actor=actor,
        now=now,
        ticket_id=ticket.id,
        type=type_code,
        tier=ticket.tier,
        queue=goal.queue,
        owner=ticket.owner_id,
        rule_version=book.version,
        version=ticket.version,
    )
    return ticket, message


def _hand_out(ticket: Ticket, actor: Actor, now: datetime) -> None:
    """To somebody at once, where the queue does that. What a file brings is handed out when all of it is there."""
    if session().get_one(Queue, ticket.queue_id).assignment != MANUAL and actor.source != "import":
        dispatch.hand_out(ticket.queue_id, actor=actor, now=now)


def _message(ticket: Ticket, request: TicketRequest, now: datetime) -> Message:
    message = Message(
        ticket_id=ticket.id,
        direction="in",
        text=request.text,
        state="received",
        sent_at=request.created_at or now,
        created_at=now,
    )
    session().add(message)
    return message
