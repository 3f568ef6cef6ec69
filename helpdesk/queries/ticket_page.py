"""All that the ticket page shows, as plain values. Seven statements, and one more where files go with the ticket."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, ScalarSelect, and_, bindparam, exists, func, or_, select
from sqlalchemy.orm import aliased

from helpdesk.domain.access import Actor, TicketStanding
from helpdesk.domain.compensation import MoneyFacts
from helpdesk.domain.decisions import Candidate, Span, candidates_from_json, spans_from_json
from helpdesk.domain.problems import NotFound
from helpdesk.domain.rulebook import Label, RuleBook
from helpdesk.domain.tags import Colour
from helpdesk.domain.tickets import ACTIVE, Status
from helpdesk.models import (
    Attachment,
    Channel,
    ChecklistItem,
    Customer,
    DecisionRow,
    Message,
    Order,
    Responsibility,
    Shop,
    Stint,
    Tag,
    Ticket,
    TicketDraft,
    TicketLink,
    TicketTag,
)
from helpdesk.models.promised import customer_window, money_columns, money_facts
from helpdesk.models.scope import readable
from helpdesk.models.ticket_filter import UNSURE
from helpdesk.models.tickets import is_open_stay
from helpdesk.queries.attachments import NONE, Files, files_of
from helpdesk.queries.directory import Directory, directory
from helpdesk.queries.drafts import Draft
from helpdesk.queries.keyset import Statement
from helpdesk.queries.ticket_clocks import ClockView, ticket_clocks
from helpdesk.queries.ticket_life import Records, StintView, ticket_records
from helpdesk.queries.ticket_order import OrderParts, order_parts
from helpdesk.queries.ticket_pulse import last_entries
from helpdesk.queries.ticket_related import Related, related
from helpdesk.queries.ticket_timeline import FIRST, Timeline, timeline
from helpdesk.storage import UTCDateTime, plain_rows, session

STATEMENTS_KEPT = 256
"""One for each person, of those who were here last."""


class TagView(NamedTuple):
    """A tag of the ticket, with how it is drawn."""

    name: str
    colour: str


@dataclass(frozen=True, slots=True)
class Head:
    """The ticket itself, with the names of what it stands in. Ids are for the page's own use."""

    id: int
    number: str
    version: int
    subject: str
    klass: str
    type: str
    unconfirmed: bool
    status: Status
    pending_on: str | None
    priority: str
    urgency: int
    nudges: int
    cycle: int
    outcome: str | None
    created_at: datetime
    resolved_at: datetime | None
    queue_id: int
    owner_id: int | None
    assignee_id: int | None
    shop: str
    shop_id: int
    self_service: bool  # its customers follow their tickets by a link
    channel: Label
    channel_id: int
    sends: bool  # the channel carries replies by itself
    follows: str | None  # number of the ticket that this one continues
    merged_into: str | None  # number of the ticket that goes on with its matter
    last_message_id: int  # the customer's last, 0 if there is none
    last_reply_id: int  # the last to him
    last_note_id: int
    linked: bool  # to other tickets
    filed: bool  # files go with it
    listed: bool  # its type has a checklist
    tags: tuple[TagView, ...]
    draft: Draft | None  # what the person began to write here


@dataclass(frozen=True, slots=True)
class DecisionView:
    """Why this type: what the words said, in the message they stood in (``text``, ``message_id``)."""

    type: str
    tier: str
    score: float
    rule_version: int
    message_id: int
    text: str
    spans: tuple[Span, ...]
    runners_up: tuple[Candidate, ...]


@dataclass(frozen=True, slots=True)
class Vip:
    """Why the buyer is one who matters more, who said so, and when."""

    reason: str
    by_id: int | None
    at: datetime


@dataclass(frozen=True, slots=True)
class CustomerView:
    """The buyer, in full: the page masks what nobody asked to see. ``orders`` and ``tickets`` count his."""

    name: str
    phone: str | None
    orders: int
    tickets: int
    vip: Vip | None


@dataclass(frozen=True, slots=True)
class OrderView:
    """The order's own row; money in fen. ``known`` is false while only a customer's word speaks of it."""

    id: int
    number: str
    known: bool
    status: str
    paid_fen: int | None
    freight_fen: int | None
    price_snapshot_fen: int | None
    address: str
    placed_at: datetime | None


@dataclass(frozen=True, slots=True)
class AssistView:
    """An open question to another queue. ``assignee_id``: who of it has taken it."""

    id: int
    queue_id: int
    party: str | None
    question: str
    asked_by_id: int | None
    asked_at: datetime
    assignee_id: int | None


@dataclass(frozen=True, slots=True)
class Share:
    party: str
    percent: int


@dataclass(frozen=True, slots=True)
class TicketPage:
    ticket: Head
    decision: DecisionView | None
    customer: CustomerView | None
    order: OrderView | None
    parts: OrderParts
    money: MoneyFacts
    timeline: Timeline
    files: Files
    clocks: tuple[ClockView, ...]
    records: Records
    assists: tuple[AssistView, ...]
    responsibility: tuple[Share, ...]
    related: tuple[Related, ...]
    names: Directory

    @property
    def standing(self) -> TicketStanding:
        """What of the ticket decides over rights to it."""
        return TicketStanding(
            queue=self.ticket.queue_id,
            owner=self.ticket.owner_id,
            assists=frozenset(assist.queue_id for assist in self.assists),
        )


def ticket_page(
    number: str, actor: Actor, now: datetime, day_start: datetime, book: RuleBook, *, shown: int = FIRST
) -> TicketPage:
    """The ticket of this number with ``shown`` entries of its story; ``NotFound`` outside the actor's sight.

    ``day_start`` is the last midnight in the shop's zone (UTC): money is also counted by the day.
    """
    since = {"day_start": day_start, "window_start": customer_window(book, now)}
    row = plain_rows(_head(actor), {"number": number, **since}).one_or_none()
    if row is None:
        raise NotFound("ticket.not_found", number=number)
    ticket, ordered, customer, decided = _cut(row)
    order = _order(ordered) if ordered else None
    ended = ticket.status not in ACTIVE
    records = ticket_records(ticket.id)
    return TicketPage(
        ticket=_ticket(ticket, row),
        decision=_decision(decided, row.decided_text) if decided else None,
        customer=_customer(customer, row) if customer else None,
        order=order,
        parts=order_parts(order.id) if order and order.known else OrderParts(),
        money=money_facts(row, ordered),
        timeline=timeline(ticket.id, shown),
        files=files_of(ticket.id, actor) if row.filed else NONE,
        clocks=ticket_clocks(ticket.id, ticket.cycle, now),
        records=records,
        assists=() if ended else _assists(records.stints),
        responsibility=_responsibility(ticket.id) if ended else (),
        related=related(ticket, actor),
        names=directory(),
    )


class _Part:
    """Columns of one table in the page's first row."""

    def __init__(self, noun: type[Ticket] | type[Order] | type[Customer] | type[DecisionRow], names: str) -> None:
        self.values: Any = namedtuple(f"{noun.__name__}Columns", names)  # type: ignore[misc]
        prefix = noun.__tablename__
        self.columns = [getattr(noun, name).label(f"{prefix}_{name}") for name in names.split()]


_PARTS = (
    _Part(
        Ticket,
        "id number version subject klass type tier status pending_on priority urgency nudges cycle outcome created_at "
        "resolved_at queue_id owner_id shop_id channel_id order_id customer_id",
    ),
    _Part(Order, "id number known status paid_fen freight_fen price_snapshot_fen address placed_at"),
    _Part(Customer, "id name phone vip_at vip_reason vip_by_id"),
    _Part(DecisionRow, "id type tier score rule_version message_id spans runners_up"),
)


@lru_cache(maxsize=STATEMENTS_KEPT)
def _head(actor: Actor) -> Statement:
    """Built once for a person: that takes longer than asking."""
    followed, taken_in_by = aliased(Ticket), aliased(Ticket)
    last_decision = select(func.max(DecisionRow.id)).where(DecisionRow.ticket_id == Ticket.id).correlate(Ticket)
    return (
        select(
            *(column for part in _PARTS for column in part.columns),
            Message.text.label("decided_text"),
            Shop.name.label("shop"),
            Shop.self_service,
            Channel.name_zh,
            Channel.name_en,
            Channel.sender,
            followed.number.label("follows"),
            taken_in_by.number.label("merged_into"),
            Stint.assignee_id,
            _is_linked().label("linked"),
            exists().where(Attachment.ticket_id == Ticket.id).label("filed"),
            exists().where(ChecklistItem.type == Ticket.type, ChecklistItem.active).label("listed"),
            _tags().label("tags"),
            *(TicketDraft.mode.label("draft_mode"), TicketDraft.text.label("draft_text")),
            *last_entries(),
            _of_customer(aliased(Order)).label("customer_orders"),
            _of_customer(aliased(Ticket)).label("customer_tickets"),
            *money_columns(
                actor.id, bindparam("day_start", type_=UTCDateTime), bindparam("window_start", type_=UTCDateTime)
            ),
        )
        .select_from(Ticket)
        .join(Shop, Shop.id == Ticket.shop_id)
        .join(Channel, Channel.id == Ticket.channel_id)
        .outerjoin(Order, Order.id == Ticket.order_id)
        .outerjoin(Customer, Customer.id == Ticket.customer_id)
        .outerjoin(DecisionRow, DecisionRow.id == last_decision.scalar_subquery())
        .outerjoin(Message, Message.id == DecisionRow.message_id)
        .outerjoin(followed, followed.id == Ticket.follows_id)
        .outerjoin(taken_in_by, taken_in_by.id == Ticket.merged_into_id)
        .outerjoin(Stint, and_(Stint.ticket_id == Ticket.id, is_open_stay))
        .outerjoin(TicketDraft, and_(TicketDraft.ticket_id == Ticket.id, TicketDraft.user_id == actor.id))
        .where(Ticket.number == bindparam("number"), readable(actor))
    )


def _is_linked() -> ColumnElement[bool]:
    """Most tickets are not, and need no statement for their links."""
    return or_(exists().where(TicketLink.from_id == Ticket.id), exists().where(TicketLink.to_id == Ticket.id))


def _tags() -> ScalarSelect[str]:
    """All of them in one text, ``name TAB colour`` in lines: a tag holds neither."""
    colour = func.coalesce(Tag.colour, Colour.PLAIN.value)
    return (
        select(func.aggregate_strings(TicketTag.tag + "\t" + colour, "\n"))
        .outerjoin_from(TicketTag, Tag, Tag.name == TicketTag.tag)
        .where(TicketTag.ticket_id == Ticket.id)
        .correlate(Ticket)
        .scalar_subquery()
    )


def read_tags(text: str | None) -> tuple[TagView, ...]:
    """By name."""
    return tuple(sorted(TagView(*line.split("\t")) for line in (text or "").split("\n") if line))


def _of_customer(noun: type[Order] | type[Ticket]) -> ScalarSelect[int]:
    """How many the customer has of it."""
    return (
        select(func.count())
        .select_from(noun)
        .where(noun.customer_id == Ticket.customer_id)
        .correlate(Ticket)
        .scalar_subquery()
    )


def _cut(row: Row[*tuple[Any, ...]]) -> Iterator[Any]:
    """The row's parts; None for one that isn't there."""
    begin = 0
    for part in _PARTS:
        end = begin + len(part.columns)
        values = part.values._make(row[begin:end])
        yield values if values.id is not None else None
        begin = end


def _ticket(ticket: Any, row: Row[*tuple[Any, ...]]) -> Head:
    return Head(
        id=ticket.id,
        number=ticket.number,
        version=ticket.version,
        subject=ticket.subject,
        klass=ticket.klass,
        type=ticket.type,
        unconfirmed=ticket.tier in UNSURE,
        status=Status(ticket.status),
        pending_on=ticket.pending_on,
        priority=ticket.priority,
        urgency=ticket.urgency,
        nudges=ticket.nudges,
        cycle=ticket.cycle,
        outcome=ticket.outcome,
        created_at=ticket.created_at,
        resolved_at=ticket.resolved_at,
        queue_id=ticket.queue_id,
        owner_id=ticket.owner_id,
        assignee_id=row.assignee_id,
        shop=row.shop,
        shop_id=ticket.shop_id,
        self_service=row.self_service,
        channel=Label(row.name_zh, row.name_en),
        channel_id=ticket.channel_id,
        sends=row.sender is not None,
        follows=row.follows,
        merged_into=row.merged_into,
        last_message_id=row.heard,
        last_reply_id=row.said,
        last_note_id=row.noted,
        linked=bool(row.linked),
        filed=bool(row.filed),
        listed=bool(row.listed),
        tags=read_tags(row.tags),
        draft=Draft(row.draft_mode, row.draft_text) if row.draft_mode else None,
    )


def _decision(row: Any, text: str | None) -> DecisionView:
    return DecisionView(
        type=row.type,
        tier=row.tier,
        score=row.score,
        rule_version=row.rule_version,
        message_id=row.message_id,
        text=text or "",
        spans=spans_from_json(row.spans),
        runners_up=candidates_from_json(row.runners_up),
    )


def _customer(customer: Any, row: Any) -> CustomerView:
    vip = Vip(customer.vip_reason, customer.vip_by_id, customer.vip_at) if customer.vip_at else None
    return CustomerView(customer.name, customer.phone, row.customer_orders, row.customer_tickets, vip)


def _order(row: Any) -> OrderView:
    return OrderView(
        id=row.id,
        number=row.number,
        known=row.known,
        status=row.status,
        paid_fen=row.paid_fen,
        freight_fen=row.freight_fen,
        price_snapshot_fen=row.price_snapshot_fen,
        address=row.address,
        placed_at=row.placed_at,
    )


def _assists(stints: Iterable[StintView]) -> tuple[AssistView, ...]:
    return tuple(
        AssistView(
            id=stint.id,
            queue_id=stint.queue_id,
            party=stint.party,
            question=stint.question,
            asked_by_id=stint.asked_by_id,
            asked_at=stint.entered_at,
            assignee_id=stint.assignee_id,
        )
        for stint in stints
        if stint.is_open_assist
    )


def _responsibility(ticket_id: int) -> tuple[Share, ...]:
    rows = session().execute(
        select(Responsibility.party, Responsibility.percent)
        .where(Responsibility.ticket_id == ticket_id)
        .order_by(Responsibility.percent.desc(), Responsibility.party)
    )
    return tuple(Share(*row) for row in rows)
