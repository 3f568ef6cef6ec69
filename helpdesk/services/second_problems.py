"""A message that tells of two problems becomes two tickets, each with its own clock and queue."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from helpdesk.domain.access import Actor, Permission
from helpdesk.domain.decisions import candidates_from_json, second_problem
from helpdesk.domain.problems import Conflict
from helpdesk.models import DecisionRow, Message, Ticket
from helpdesk.services import intake, tickets
from helpdesk.services.events import record
from helpdesk.services.intake import Opened
from helpdesk.storage import session


def open_second(number: str, type_code: str, *, actor: Actor, now: datetime) -> Opened:
    """Open the ticket of a message's second problem: same words, order and customer, linked to the first.

    The same again gives the same ticket; an active ticket of the order and type takes the message in. It is no
    correction: the first problem stays what it is. ``Conflict`` unless the decision named this type as second.
    """
    actor.require(Permission.TICKETS_CREATE)
    ticket = tickets.load_active(number, actor)
    decision, text = _decided(ticket)
    second = second_problem(ticket.type, candidates_from_json(decision.runners_up)) if decision else None
    if second is None or second.type != type_code:
        raise Conflict("ticket.type_decided", number=number)
    opened = intake.open_ticket(
        intake.TicketRequest(
            text=text,
            source=f"second:{ticket.shop_id}:{ticket.channel_id}",
            external_id=f"{ticket.id}:{type_code}",
            shop_id=ticket.shop_id,
            channel_id=ticket.channel_id,
            order_number=intake.order_number_of(ticket),
            customer_id=ticket.customer_id,
            follows_id=ticket.id,
            type=type_code,
            corrects=False,
        ),
        actor=actor,
        now=now,
    )
    if opened.outcome != "repeated":
        record("ticket.continued", actor=actor, now=now, ticket_id=ticket.id, number=opened.number)
    return opened


def _decided(ticket: Ticket) -> tuple[DecisionRow | None, str]:
    """The ticket's latest decision and the message it was made on."""
    row = (
        session()
        .execute(
            select(DecisionRow, Message.text)
            .join(Message, Message.id == DecisionRow.message_id)
            .where(DecisionRow.ticket_id == ticket.id)
            .order_by(DecisionRow.id.desc())
            .limit(1)
        )
        .first()
    )
    return (row[0], row[1]) if row else (None, "")
