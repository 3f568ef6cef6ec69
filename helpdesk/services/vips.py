"""Customers who matter more: who says so and why, and what it does to their tickets."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from helpdesk.domain.access import Actor
from helpdesk.domain.problems import Conflict, Invalid
from helpdesk.domain.tickets import Priority
from helpdesk.models import Customer, Ticket
from helpdesk.models.rulebooks import published_rulebook
from helpdesk.models.tickets import is_active
from helpdesk.services import tickets
from helpdesk.services.events import record
from helpdesk.services.tickets import Change
from helpdesk.storage import session

MAX_REASON = 200
MOST_RAISED = 100
"""More open tickets than anybody has; those beyond keep their priority."""


def name_vip(number: str, reason: str, *, version: int, actor: Actor, now: datetime) -> None:
    """The customer of this ticket matters more from now on, for a reason that is shown and kept as a note.

    His open tickets get the priority that the rules give, if that is more urgent. ``Conflict`` where he does already,
    or where nobody knows who the customer is; ``Stale`` if the ticket moved on from ``version``.
    """
    reason = " ".join(reason.split())
    if not reason or len(reason) > MAX_REASON or not reason.isprintable():
        raise Invalid("customer.vip_reason_required", limit=MAX_REASON)
    ticket, customer = _loaded(number, version, actor)
    if customer.vip_at is not None:
        raise Conflict("customer.vip_already")
    customer.vip_at, customer.vip_by_id, customer.vip_reason = now, actor.id, reason
    note = tickets.add_note(ticket, reason, actor=actor, now=now)
    record("customer.vip_named", actor=actor, now=now, ticket_id=ticket.id, reason_note_id=note.id)
    session().flush()
    _raise_open(customer.id, actor, now)


def unname_vip(number: str, *, version: int, actor: Actor, now: datetime) -> None:
    """He is like any other from now on; the priorities of his tickets stay. ``Conflict`` where he is already."""
    ticket, customer = _loaded(number, version, actor)
    if customer.vip_at is None:
        raise Conflict("customer.vip_no_more")
    customer.vip_at, customer.vip_by_id, customer.vip_reason = None, None, ""
    record("customer.vip_unnamed", actor=actor, now=now, ticket_id=ticket.id)
    session().flush()


def priority_of(ticket: Ticket, customer_id: int | None) -> Priority:
    """The priority that the ticket has, or gets by being this customer's."""
    customer = session().get(Customer, customer_id) if customer_id else None
    vip = customer is not None and customer.vip_at is not None
    return published_rulebook().priority_for(Priority(ticket.priority), vip=vip)


def _loaded(number: str, version: int, actor: Actor) -> tuple[Ticket, Customer]:
    ticket = tickets.load_to_work(number, actor)
    tickets.check_version(ticket, version)
    if ticket.customer_id is None:
        raise Conflict("customer.unknown")
    return ticket, session().get_one(Customer, ticket.customer_id, with_for_update=True, populate_existing=True)


def _raise_open(customer_id: int, actor: Actor, now: datetime) -> None:
    """By the rule, whoever may work on them: his open tickets, each as one change of its own."""
    theirs = select(Ticket).where(Ticket.customer_id == customer_id, is_active).order_by(Ticket.id).limit(MOST_RAISED)
    for ticket in session().scalars(theirs.with_for_update()).all():
        priority = priority_of(ticket, customer_id)
        tickets.change(ticket, Change(priority=priority), expected=None, actor=actor, now=now, why={"mode": "vip"})
