"""Tickets as the API tells them: plain rows, a page at a time, newest first. One statement for a list or a ticket."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Row, ScalarSelect, and_, func, select
from sqlalchemy.orm import aliased

from helpdesk.domain.access import Actor
from helpdesk.domain.problems import NotFound
from helpdesk.domain.ticket_filter import TicketFilter
from helpdesk.models import Channel, Customer, Event, Order, Queue, Shop, Stint, Ticket, TicketTag, User
from helpdesk.models.scope import readable
from helpdesk.models.ticket_filter import conditions
from helpdesk.models.tickets import is_open_stay
from helpdesk.queries.keyset import Cursor, Key, Statement, sorted_page
from helpdesk.storage import session

NEWEST = (Key("id", Ticket.id.expression, descending=True),)
MOST_CHANGES = 50
ASSIGNEE, OWNER = aliased(User), aliased(User)
FOLLOWED, TAKEN_IN_BY = aliased(Ticket), aliased(Ticket)


@dataclass(frozen=True, slots=True)
class Page:
    """``after`` is the cursor of the page behind it, None at the end."""

    rows: tuple[Row[Any], ...]
    after: Cursor | None


@dataclass(frozen=True, slots=True)
class FieldChange:
    """What became of a field of a ticket, and when (UTC)."""

    field: str
    before: Any
    after: Any
    at: datetime


def page(
    chosen: TicketFilter, actor: Actor, now: datetime, *, with_ended: bool, after: Cursor | None, size: int
) -> Page:
    """A page of the tickets in the actor's sight. ``with_ended``: also those on which nobody has to do anything."""
    asked = conditions(chosen, actor, now, by_number=chosen.looks_like_number, only_active=not with_ended)
    statement = _tickets().where(readable(actor), *asked)
    found = list(session().execute(sorted_page(statement, NEWEST, after).limit(size + 1)))
    rows = tuple(found[:size])
    return Page(rows, Cursor(id=rows[-1].id) if len(found) > size else None)


def one(number: str, actor: Actor) -> Row[Any]:
    """The ticket of this number, or ``NotFound``."""
    row = session().execute(_one(actor).where(Ticket.number == number)).one_or_none()
    if row is None:
        raise NotFound("ticket.not_found", number=number)
    return row


def changes_since(number: str, version: int, actor: Actor) -> tuple[FieldChange, ...]:
    """What happened to the ticket's fields after this version of it, oldest first."""
    of_ticket = select(Ticket.id).where(Ticket.number == number, readable(actor)).scalar_subquery()
    rows = session().execute(
        select(Event.code, Event.params, Event.at)
        .where(Event.ticket_id == of_ticket, Event.code.startswith("ticket."))
        .order_by(Event.id.desc())
        .limit(MOST_CHANGES)
    )
    told = [row for row in rows if "to" in row.params and row.params.get("version", 0) > version]
    return tuple(
        FieldChange(row.code.removeprefix("ticket."), row.params["from"], row.params["to"], row.at)
        for row in reversed(told)
    )


@lru_cache(maxsize=256)
def _one(actor: Actor) -> Statement:
    return _tickets().where(readable(actor))


def _tags() -> ScalarSelect[str]:
    """A line each: no tag holds two."""
    return (
        select(func.aggregate_strings(TicketTag.tag, "\n"))
        .where(TicketTag.ticket_id == Ticket.id)
        .correlate(Ticket)
        .scalar_subquery()
    )


@lru_cache(maxsize=1)
def _tickets() -> Statement:
    return (
        select(
            Ticket.id,
            Ticket.number,
            Ticket.version,
            Ticket.subject,
            Ticket.type,
            Ticket.klass,
            Ticket.tier,
            Ticket.status,
            Ticket.pending_on,
            Ticket.priority,
            Ticket.urgency,
            Ticket.nudges,
            Ticket.outcome,
            Ticket.burns_at,
            Ticket.created_at,
            Ticket.last_customer_message_at,
            Ticket.resolved_at,
            Ticket.closed_at,
            Shop.code.label("shop_code"),
            Shop.name.label("shop"),
            Channel.code.label("channel_code"),
            Channel.name_zh.label("channel_zh"),
            Channel.name_en.label("channel_en"),
            Queue.code.label("queue_code"),
            Queue.name_zh.label("queue_zh"),
            Queue.name_en.label("queue_en"),
            Order.number.label("order_number"),
            Customer.name.label("customer_name"),
            Customer.phone.label("customer_phone"),
            Customer.buyer_id.label("customer_buyer_id"),
            Customer.vip_at.label("customer_vip_at"),
            _tags().label("tags"),
            Ticket.customer_id,
            Ticket.owner_id,
            OWNER.name.label("owner"),
            Stint.assignee_id,
            ASSIGNEE.name.label("assignee"),
            FOLLOWED.number.label("follows"),
            TAKEN_IN_BY.number.label("merged_into"),
        )
        .select_from(Ticket)
        .join(Shop, Shop.id == Ticket.shop_id)
        .join(Channel, Channel.id == Ticket.channel_id)
        .join(Queue, Queue.id == Ticket.queue_id)
        .outerjoin(Order, Order.id == Ticket.order_id)
        .outerjoin(Customer, Customer.id == Ticket.customer_id)
        .outerjoin(OWNER, OWNER.id == Ticket.owner_id)
        .outerjoin(Stint, and_(Stint.ticket_id == Ticket.id, is_open_stay))
        .outerjoin(ASSIGNEE, ASSIGNEE.id == Stint.assignee_id)
        .outerjoin(FOLLOWED, FOLLOWED.id == Ticket.follows_id)
        .outerjoin(TAKEN_IN_BY, TAKEN_IN_BY.id == Ticket.merged_into_id)
    )
