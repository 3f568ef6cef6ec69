"""What was decided, and what people made of it."""

from __future__ import annotations

import hashlib
from datetime import datetime
from functools import cache

from sqlalchemy import Select, bindparam, func, select

from helpdesk.domain.access import Actor
from helpdesk.domain.decisions import Decision, OrderFacts, candidates_to_json, spans_to_json
from helpdesk.domain.problems import Conflict, Invalid
from helpdesk.models import Correction, DecisionRow, Message, Order, Parcel, Ticket
from helpdesk.models.rulebooks import published_rulebook
from helpdesk.models.ticket_filter import UNSURE
from helpdesk.services import operations, tickets
from helpdesk.services.events import record
from helpdesk.services.platform_clocks import CALLED_OFF, SHIPPED
from helpdesk.storage import session

NOT_SHIPPED = ("unpaid", "paid", "cancelled")
SIGNED = ("signed", "completed")
"""Statuses that say where an order is of which no parcel is known; of any other nobody knows whether it left."""


def order_facts(order: Order | None) -> OrderFacts:
    """What is known of the order at this moment, as far as decisions read it."""
    if order is None or not order.known:
        return OrderFacts()
    parcels, sent, arrived = session().execute(_parcels(), {"order": order.id}).one()
    shipped = sent > 0 or order.status in SHIPPED
    return OrderFacts(
        known=True,
        shipped=shipped or (None if not parcels and order.status not in NOT_SHIPPED else False),
        signed=arrived == parcels if parcels else order.status in SIGNED,
        paid_fen=order.paid_fen,
        called_off=not shipped and order.status in CALLED_OFF,
        refunded=order.status == "refunded",
    )


@cache
def _parcels() -> Select[int, int, int]:
    """How many parcels there are, were sent, and were signed for. Built once, as every new ticket asks it."""
    counted = func.count(Parcel.id), func.count(Parcel.shipped_at), func.count(Parcel.signed_at)
    return select(*counted).where(Parcel.order_id == bindparam("order"))


def store(
    ticket: Ticket,
    message: Message,
    decision: Decision,
    facts: OrderFacts,
    *,
    corrects: bool = True,
    actor: Actor,
    now: datetime,
) -> None:
    """Keep the decision with its inputs and versions, so that it can be explained and replayed.

    Where the person who entered the ticket chose another type, that is a correction from the first moment,
    unless the ticket is about a second problem of the message (``corrects`` false).
    """
    row = DecisionRow(
        ticket_id=ticket.id,
        message_id=message.id,
        text_hash=hashlib.sha256(message.text.encode()).hexdigest(),
        facts=facts.to_json(),
        rule_version=decision.rule_version,
        model_version=decision.model_version,
        normaliser_version=decision.normaliser_version,
        type=decision.type,
        tier=decision.tier,
        score=decision.score,
        spans=spans_to_json(decision.spans),
        runners_up=candidates_to_json(decision.runners_up),
        created_at=now,
    )
    session().add(row)
    session().flush()
    if corrects and ticket.type != decision.type:
        _correct(ticket, row.id, decision.type, ticket.type, actor, now)


def set_type(number: str, type_code: str, *, version: int, actor: Actor, now: datetime) -> int:
    """Correct the type: class and queue follow, clocks are recomputed from their start. Returns the operation.

    Correcting to the present type confirms it.
    """
    ticket = tickets.load_active(number, actor)
    if published_rulebook().type(type_code).system:
        raise Invalid("ticket.system_type", type=type_code)
    old = ticket.type
    with operations.recorded("ticket.type", ticket, actor=actor, now=now) as operation:
        operation.changed = tickets.change(
            ticket,
            tickets.Change(type=type_code, tier="manual", status=tickets.on_first_action(ticket)),
            expected=version,
            actor=actor,
            now=now,
            operation_id=operation.id,
        )
    _correct(ticket, _last_decision(ticket), old, type_code, actor, now)
    return operation.id


def decide(number: str, type_code: str, *, version: int, actor: Actor, now: datetime) -> int:
    """Say in triage what the type is, be it the one the rules guessed or another. Returns the operation.

    ``Conflict`` if somebody has said it by now: who looks at a pile must not cross who looked at the ticket.
    """
    ticket = tickets.load_active(number, actor)
    if ticket.tier not in UNSURE:
        raise Conflict("ticket.type_decided", number=number)
    if type_code != ticket.type:
        return set_type(number, type_code, version=version, actor=actor, now=now)
    with operations.recorded("ticket.type", ticket, actor=actor, now=now) as operation:
        operation.changed = tickets.change(
            ticket,
            tickets.Change(tier="manual", status=tickets.on_first_action(ticket)),
            expected=version,
            actor=actor,
            now=now,
            operation_id=operation.id,
        )
    _correct(ticket, _last_decision(ticket), type_code, type_code, actor, now)
    record("ticket.type_confirmed", actor=actor, now=now, ticket_id=ticket.id, type=type_code)
    return operation.id


def confirm_type(number: str, *, version: int, actor: Actor, now: datetime) -> int:
    """Say that the type is right: evidence as good as a correction. Returns the ticket's version."""
    ticket = tickets.load_active(number, actor)
    changed = tickets.change(
        ticket,
        tickets.Change(tier="manual", status=tickets.on_first_action(ticket)),
        expected=version,
        actor=actor,
        now=now,
    )
    if "tier" in changed.before:
        _correct(ticket, _last_decision(ticket), ticket.type, ticket.type, actor, now)
        record("ticket.type_confirmed", actor=actor, now=now, ticket_id=ticket.id, type=ticket.type)
    return changed.version


def _last_decision(ticket: Ticket) -> int | None:
    return session().execute(select(func.max(DecisionRow.id)).where(DecisionRow.ticket_id == ticket.id)).scalar_one()


def _correct(
    ticket: Ticket, decision_id: int | None, from_type: str, to_type: str, actor: Actor, now: datetime
) -> None:
    session().add(
        Correction(
            ticket_id=ticket.id,
            decision_id=decision_id,
            from_type=from_type,
            to_type=to_type,
            actor_id=actor.id,
            created_at=now,
        )
    )
