"""催办: a supervisor asks who has a ticket to get on with it."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select

from helpdesk.domain.access import Actor, may_assign
from helpdesk.domain.problems import Conflict, NotAllowed
from helpdesk.models import Event
from helpdesk.services import outbox, stints, tickets
from helpdesk.services.events import record
from helpdesk.storage import session

AGAIN_AFTER = timedelta(minutes=10)
"""Whoever was reminded so recently knows."""


def remind(number: str, *, actor: Actor, now: datetime) -> None:
    """Tell the ticket's assignee and owner that it presses. Nothing of the ticket changes.

    For who may assign it. ``Conflict`` if it was reminded of within ``AGAIN_AFTER``, if there is nobody to tell, or
    once it is resolved.
    """
    ticket = tickets.load(number, actor)
    if not may_assign(actor, tickets.standing(ticket)):
        raise NotAllowed("ticket.may_not_assign", number=number)
    tickets.check_active(ticket)
    stay = stints.stay_of(ticket)
    if not {ticket.owner_id, stay.assignee_id if stay else None} - {None, actor.id}:
        raise Conflict("reminder.nobody", number=number)
    last = session().scalar(
        select(Event.at)
        .where(Event.ticket_id == ticket.id, Event.code == "ticket.reminded", Event.at > now - AGAIN_AFTER)
        .order_by(Event.id.desc())
        .limit(1)
    )
    if last is not None:
        wait = last + AGAIN_AFTER - now
        raise Conflict("reminder.too_soon", number=number, wait=int(wait.total_seconds()))
    event = record("ticket.reminded", actor=actor, now=now, ticket_id=ticket.id)
    session().flush()
    outbox.put(
        "notice",
        f"reminded:{event.id}",
        ticket_id=ticket.id,
        payload={"code": "ticket.reminded", "params": {}, "notify": ["assignee", "owner"], "actor": actor.id},
        now=now,
    )
