"""Tickets: listed, looked at, opened, changed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from http import HTTPMethod
from typing import Annotated, Any

from flask import url_for
from pydantic import Field
from sqlalchemy import Row

from helpdesk.domain.access import Permission
from helpdesk.domain.clocks import FAR_FUTURE
from helpdesk.domain.escalation import MAX_TAG
from helpdesk.domain.masking import HIDDEN, mask_name, mask_phone
from helpdesk.domain.problems import Stale
from helpdesk.domain.rulebook import Label, TicketType
from helpdesk.domain.ticket_filter import MAX_QUERY, TicketFilter, parse_filter
from helpdesk.domain.tickets import Outcome, Party, Priority, Status
from helpdesk.domain.tokens import TokenScope
from helpdesk.models.rulebooks import published_rulebook
from helpdesk.models.ticket_filter import UNSURE
from helpdesk.queries import api_tickets as queries
from helpdesk.queries.keyset import parse_cursor
from helpdesk.services import intake, ticket_patches
from helpdesk.services.ticket_patches import LEAVE, Patch
from helpdesk.web.api.operations import Answer, Call, operation
from helpdesk.web.api.places import place_of
from helpdesk.web.api.shapes import (
    DEFAULT_LIMIT,
    Asked,
    Code,
    Cursor,
    ExternalId,
    Instant,
    Klass,
    Limit,
    Named,
    Page,
    Taken,
    Told,
    Version,
    named,
    text,
)
from helpdesk.wording import label
from helpdesk.wording.labels import outcome_label, status_label

TAG = "tickets"
NUMBER = "/tickets/<number>"
Yes = Annotated[bool, Field(description="1 or true")]


class TicketQuery(Asked):
    """The filter of the list of tickets; what is left out asks nothing."""

    type: Code | None = None
    klass: Annotated[str | None, Field(alias="class", pattern="^[ABC]$")] = None
    queue: Code | None = None
    channel: Code | None = None
    shop: Code | None = None
    status: Status | None = None
    priority: Priority | None = None
    owner: Annotated[str | None, Field(pattern=r"^([1-9][0-9]{0,8}|none)$")] = None
    overdue: Yes = False
    soon: Yes = False
    stuck: Yes = False
    unconfirmed: Yes = False
    vip: Yes = False
    tag: Annotated[str | None, Field(max_length=MAX_TAG)] = None
    q: Annotated[str | None, Field(max_length=MAX_QUERY)] = None
    active: Annotated[bool, Field(description="only those on which somebody still has to do something")] = False
    cursor: Cursor | None = None
    limit: Limit = DEFAULT_LIMIT

    def filter(self) -> TicketFilter:
        """The one filter of lists, exports and saved views."""
        asked = self.model_dump(mode="json", by_alias=True, exclude={"cursor", "limit", "active"}, exclude_none=True)
        return parse_filter({name: "1" if value is True else str(value) for name, value in asked.items() if value})


class PersonOut(Told):
    id: int
    name: str


class CustomerOut(Told):
    """Masked without the scope ``customers:read``."""

    id: int
    name: str
    phone: str | None
    buyer_id: str | None
    vip: bool


class TicketOut(Told):
    """``due_at``: the next deadline towards the customer, null while none runs."""

    number: str
    version: int
    url: str
    subject: str
    type: Named
    klass: Klass
    confirmed: bool
    status: Named
    pending_on: str | None
    priority: Priority
    urgency: int
    nudges: int
    tags: list[str]
    outcome: Named | None
    queue: Named
    owner: PersonOut | None
    assignee: PersonOut | None
    shop: Named
    channel: Named
    order_number: str | None
    customer: CustomerOut | None
    follows: str | None
    merged_into: str | None
    due_at: datetime | None
    created_at: datetime
    last_customer_message_at: datetime | None
    resolved_at: datetime | None
    closed_at: datetime | None


class Tickets(Page[TicketOut]):
    """Newest first."""


class NewTicket(Taken):
    """What a customer wrote. ``external_id`` is the event's id in the system that tells of it, the same for good."""

    external_id: ExternalId
    text: text(intake.MAX_TEXT, 1)  # type: ignore[valid-type]
    channel: Code
    shop: Annotated[Code | None, Field(description="may be left out with a token of one shop")] = None
    subject: text(intake.MAX_SUBJECT) = ""  # type: ignore[valid-type]
    order_number: text(intake.MAX_NUMBER) = ""  # type: ignore[valid-type]
    customer_name: text(intake.MAX_NAME) = ""  # type: ignore[valid-type]
    buyer_id: text(intake.MAX_NAME) = ""  # type: ignore[valid-type]
    phone: text(intake.MAX_PHONE) = ""  # type: ignore[valid-type]
    created_at: Annotated[Instant | None, Field(description="when the customer wrote; clocks start there")] = None
    type: Annotated[Code | None, Field(description="overrules what the rules decide")] = None
    priority: Priority = Priority.P2


class TakenIn(Told):
    """``outcome``: created; appended to the ticket of the same order and type; heard on the ticket it belongs to;
    repeated, if this event came before."""

    number: str
    outcome: str
    url: str


class TicketPatch(Taken):
    """Fields left out stay. ``version`` is the ticket's as you saw it."""

    version: Version
    type: Code | None = None
    priority: Priority | None = None
    queue: Code | None = None
    assignee: Annotated[int | None, Field(ge=1, le=2**31 - 1, description="a person's id; null: nobody")] = None
    status: Status | None = None
    pending_on: Code | None = None
    outcome: Outcome | None = None
    responsibility: Annotated[
        dict[Party, Annotated[int, Field(ge=0, le=100)]] | None, Field(description="percent by party")
    ] = None
    reason: text(500) = ""  # type: ignore[valid-type]


@operation(
    HTTPMethod.GET,
    "/tickets",
    TAG,
    "List tickets",
    permission=Permission.TICKETS_READ,
    scope=TokenScope.TICKETS_READ,
    query=TicketQuery,
    answers={200: Tickets},
)
def list_tickets(call: Call) -> Answer:
    """Newest first, a page at a time: hand `next` back as `cursor`. What comes in meanwhile shifts nothing."""
    asked: TicketQuery = call.query
    chosen = asked.filter()
    found = queries.page(
        chosen,
        call.actor,
        call.now,
        with_ended=not (asked.active or asked.overdue or asked.soon or asked.stuck),
        after=parse_cursor(asked.cursor or ""),
        size=asked.limit,
    )
    types = published_rulebook().types
    items = [_ticket_out(row, call, types) for row in found.rows]
    return Answer(Tickets(items=items, next=str(found.after) if found.after else None))


@operation(
    HTTPMethod.POST,
    "/tickets",
    TAG,
    "Open a ticket",
    permission=Permission.TICKETS_CREATE,
    scope=TokenScope.TICKETS_CREATE,
    body=NewTicket,
    answers={201: TakenIn, 200: TakenIn},
)
def open_ticket(call: Call) -> Answer:
    """The rules decide its type, queue and deadlines. The same `external_id` twice gives the same ticket (200)."""
    told: NewTicket = call.body
    place = place_of(told.shop, told.channel, call)
    opened = intake.open_ticket(
        intake.TicketRequest(
            source=f"api:{call.holder.token_id}:{place.shop_id}:{place.channel_id}",
            shop_id=place.shop_id,
            channel_id=place.channel_id,
            **told.model_dump(exclude={"shop", "channel"}),
        ),
        actor=call.actor,
        now=call.now,
    )
    return taken_in(opened)


@operation(
    HTTPMethod.GET,
    NUMBER,
    TAG,
    "A ticket",
    permission=Permission.TICKETS_READ,
    scope=TokenScope.TICKETS_READ,
    answers={200: TicketOut},
    problems=(404,),
)
def get_ticket(call: Call, number: str) -> Answer:
    """All that stands at its head. Its messages have an address of their own."""
    return Answer(_ticket_out(queries.one(number, call.actor), call, published_rulebook().types))


@operation(
    HTTPMethod.PATCH,
    NUMBER,
    TAG,
    "Change a ticket",
    permission=Permission.TICKETS_WORK,
    scope=TokenScope.TICKETS_WRITE,
    body=TicketPatch,
    answers={200: TicketOut},
    problems=(404, 409),
)
def patch_ticket(call: Call, number: str) -> Answer:
    """All or nothing. 409 if it was changed since `version`, with what changed. A queue needs a `reason`, resolving
    an `outcome`, and `responsibility` where money or goods are concerned.
    """
    told: TicketPatch = call.body
    patch = Patch(
        **told.model_dump(exclude={"version", "assignee"}),
        assignee_id=told.assignee if "assignee" in told.model_fields_set else LEAVE,
    )
    try:
        ticket_patches.apply(number, patch, version=told.version, actor=call.actor, now=call.now)
    except Stale as problem:
        changes = [
            {"field": one.field, "from": one.before, "to": one.after, "at": one.at.isoformat()}
            for one in queries.changes_since(number, told.version, call.actor)
        ]
        raise Stale(problem.code, **{**problem.params, "changes": changes}) from None
    return Answer(_ticket_out(queries.one(number, call.actor), call, published_rulebook().types))


def taken_in(opened: intake.Opened) -> Answer:
    """What became of a customer's words: 201 with a new ticket, 200 with one that was there."""
    url = url_for("api.get_ticket", number=opened.number)
    told = TakenIn(number=opened.number, outcome=opened.outcome, url=url)
    return Answer(told, 201 if opened.outcome == "created" else 200, {"Location": url})


def _ticket_out(row: Row[Any], call: Call, types: Mapping[str, TicketType]) -> TicketOut:
    """The ticket in the words of the language that was asked for, with as much of its customer as the token may see."""
    kind = types.get(row.type)
    return TicketOut(
        number=row.number,
        version=row.version,
        url=url_for("api.get_ticket", number=row.number),
        subject=row.subject,
        type=named(row.type, kind.name if kind else row.type),
        klass=row.klass,
        confirmed=row.tier not in UNSURE,
        status=Named(code=row.status, name=status_label(row.status)),
        pending_on=row.pending_on,
        priority=row.priority,
        urgency=row.urgency,
        nudges=row.nudges,
        tags=sorted((row.tags or "").split("\n")) if row.tags else [],
        outcome=Named(code=row.outcome, name=outcome_label(row.outcome)) if row.outcome else None,
        queue=named(row.queue_code, Label(row.queue_zh, row.queue_en)),
        owner=PersonOut(id=row.owner_id, name=row.owner) if row.owner_id else None,
        assignee=PersonOut(id=row.assignee_id, name=row.assignee) if row.assignee_id else None,
        shop=named(row.shop_code, row.shop),
        channel=named(row.channel_code, Label(row.channel_zh, row.channel_en)),
        order_number=row.order_number,
        customer=_customer(row, call) if row.customer_id else None,
        follows=row.follows,
        merged_into=row.merged_into,
        due_at=row.burns_at if row.burns_at < FAR_FUTURE else None,
        created_at=row.created_at,
        last_customer_message_at=row.last_customer_message_at,
        resolved_at=row.resolved_at,
        closed_at=row.closed_at,
    )


def _customer(row: Row[Any], call: Call) -> CustomerOut:
    name, phone, buyer_id = row.customer_name, row.customer_phone, row.customer_buyer_id
    if not call.actor.may(Permission.CUSTOMERS_REVEAL):
        name, phone = mask_name(name), mask_phone(phone) if phone else None
        buyer_id = HIDDEN if buyer_id else None
    return CustomerOut(
        id=row.customer_id, name=label(name), phone=phone, buyer_id=buyer_id, vip=row.customer_vip_at is not None
    )
