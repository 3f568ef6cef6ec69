"""What rules do while a ticket waits: remind, tell the supervisor, end the wait. Each step once.

Like the stages of clocks (``services/sla.py``) the sweep asks for the state of the world, so that downtime, a
crash and a doubled sweep are one and the same case. A step is only taken while its wait lasts: the customer who
answers in the same moment is not reminded any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError

from helpdesk.domain.access import Actor
from helpdesk.domain.escalation import TELLS_CUSTOMER, PauseStepRule
from helpdesk.domain.problems import Invalid, Problem
from helpdesk.domain.replies import customers_locale, fill
from helpdesk.domain.tickets import Outcome, Party, Status
from helpdesk.models import Channel, Customer, Message, Order, PauseStep, Shop, Ticket, TicketPause
from helpdesk.models.rulebooks import rulebook_of
from helpdesk.services import automatic_replies, events, outbox, resolution, tickets
from helpdesk.services.tickets import Change
from helpdesk.storage import savepoint, session

BATCH = 200

LATE = timedelta(minutes=10)
"""A reminder that comes later than this moves the steps behind it: the customer has the time that it promises him."""

PLACEHOLDERS = ("customer", "shop", "order")
"""Those that a step's text may have; nobody is there to look after the others."""


@dataclass(frozen=True, slots=True)
class DueStep:
    """A step with the wait that it belongs to."""

    id: int
    code: str
    due_at: datetime
    pause_id: int
    waiting: str
    rule_version: int
    ticket_id: int


def sweep(actor: Actor, now: datetime, limit: int = BATCH) -> int:
    """Take up to ``limit`` steps that are due at ``now`` (UTC); returns how many were taken.

    Call it again, each in a transaction of its own, until it returns 0.
    """
    return len(fire(due_steps(now, limit), actor, now))


def due_steps(now: datetime, limit: int = BATCH) -> list[int]:
    """Ids of steps that are due and whose wait lasts, the oldest first.

    On PostgreSQL their tickets are locked, before the steps: in the order in which people's changes lock them. What
    somebody is changing right now is left for the next sweep.
    """
    statement = (
        select(PauseStep.id)
        .join(TicketPause, TicketPause.id == PauseStep.pause_id)
        .join(Ticket, Ticket.id == TicketPause.ticket_id)
        .where(PauseStep.fired_at.is_(None), PauseStep.due_at < now, TicketPause.ended_at.is_(None))
        .order_by(PauseStep.due_at, PauseStep.id)
        .limit(limit)
        .with_for_update(of=Ticket, skip_locked=True)
    )
    return list(session().scalars(statement))


def fire(step_ids: Sequence[int], actor: Actor, now: datetime) -> list[int]:
    """Take those steps, one by one, that still are due and not taken; returns their ids.

    Each writes the event ``pause.step``, or ``pause.step_refused`` where the ticket does not allow what the rule
    asks for (a text with a gap, for one) or the program fails over it: then nothing of it has happened, and its owner
    is told. It is not tried again, and stops no other.
    """
    return [step_id for step_id in step_ids if _fire(step_id, actor, now)]


def _fire(step_id: int, actor: Actor, now: datetime) -> bool:
    step = _find(step_id)
    if step is None:
        return False
    ticket = session().get_one(Ticket, step.ticket_id, with_for_update=True, populate_existing=True)
    if not _claim(step_id, now):
        return False
    rule = {rule.code: rule for rule in rulebook_of(step.rule_version).pause_steps}[step.code]
    refusal = ""
    try:
        with savepoint():
            _do(step, rule, ticket, actor, now)
    except OperationalError:
        raise  # the database is away: nothing of this sweep has happened
    except Problem as problem:
        refusal = problem.code
    except Exception as error:  # a mistake of ours with one ticket must not hold up all others for good
        refusal = type(error).__name__
    if refusal:
        _refuse(step, rule, session().get_one(Ticket, step.ticket_id), refusal, actor, now)
    return True


def _find(step_id: int) -> DueStep | None:
    row = (
        session()
        .execute(
            select(
                PauseStep.id,
                PauseStep.step_code,
                PauseStep.due_at,
                PauseStep.pause_id,
                TicketPause.status,
                TicketPause.rule_version,
                TicketPause.ticket_id,
            )
            .join(TicketPause, TicketPause.id == PauseStep.pause_id)
            .where(PauseStep.id == step_id)
        )
        .one_or_none()
    )
    return DueStep(*row) if row is not None else None


def _claim(step_id: int, now: datetime) -> bool:
    """It is due, nobody has taken it, and the wait lasts."""
    lasting = select(TicketPause.id).where(TicketPause.ended_at.is_(None))
    claimed = session().scalars(
        update(PauseStep)
        .where(
            PauseStep.id == step_id,
            PauseStep.fired_at.is_(None),
            PauseStep.due_at < now,
            PauseStep.pause_id.in_(lasting),
        )
        .values(fired_at=now)
        .returning(PauseStep.id),
        execution_options={"synchronize_session": False},
    )
    return claimed.one_or_none() is not None


def _do(step: DueStep, rule: PauseStepRule, ticket: Ticket, actor: Actor, now: datetime) -> None:
    """What the rule asks for: the customer hears of it first, then the ticket moves, then its people hear."""
    message = _tell_customer(ticket, rule, now) if rule.action in TELLS_CUSTOMER else None
    facts = {**_facts(step, rule), "message": message.id if message else None}
    events.record("pause.step", actor=actor, now=now, ticket_id=ticket.id, **facts, due_at=step.due_at.isoformat())
    by_hand = message is not None and _sender(ticket) is None
    if rule.action == "reopen":
        tickets.change(ticket, Change(status=Status.OPEN), expected=None, actor=actor, now=now)
    elif rule.action == "resolve":
        _resolve(ticket, actor, now)
    elif rule.action == "remind_customer":
        _keep_distance(step, now)
    if by_hand or rule.action != "remind_customer":
        notify = ["supervisor"] if rule.action == "tell_supervisor" else _answering(ticket)
        _notice(step, ticket, {**facts, "by_hand": by_hand}, notify, now)


def _refuse(step: DueStep, rule: PauseStepRule, ticket: Ticket, problem: str, actor: Actor, now: datetime) -> None:
    facts = {**_facts(step, rule), "problem": problem}
    events.record("pause.step_refused", actor=actor, now=now, ticket_id=ticket.id, **facts)
    _notice(step, ticket, facts, _answering(ticket), now)


def _facts(step: DueStep, rule: PauseStepRule) -> dict[str, Any]:
    return {"pause": step.pause_id, "step": step.code, "pause_action": rule.action, "waiting": step.waiting}


def _notice(step: DueStep, ticket: Ticket, facts: dict[str, Any], notify: list[str], now: datetime) -> None:
    outbox.put(
        "notice",
        f"pause:{step.pause_id}:{step.code}",
        ticket_id=ticket.id,
        payload={"code": "pause.step", "params": facts, "notify": notify},
        now=now,
    )


def _answering(ticket: Ticket) -> list[str]:
    """Who answers the customer; while nobody does, the queue has to."""
    return ["owner"] if ticket.owner_id is not None else ["queue"]


def _tell_customer(ticket: Ticket, rule: PauseStepRule, now: datetime) -> Message:
    """An automatic message: no first response, no end of the wait. ``Invalid`` if its text has gaps."""
    return automatic_replies.say(ticket, _text(ticket, rule), now=now)


def _text(ticket: Ticket, rule: PauseStepRule) -> str:
    """The rule's words in the language of what the customer wrote last."""
    if rule.text is None:
        raise Invalid("message.text_required")
    written = session().scalars(
        select(Message.text)
        .where(Message.ticket_id == ticket.id, Message.direction == "in")
        .order_by(Message.sent_at.desc(), Message.id.desc())
        .limit(1)
    )
    body = rule.text.in_locale(customers_locale(written.first() or ticket.subject))
    filled = fill(body, _values(ticket) if "{" in body or "｛" in body else {})
    if not filled.complete:
        raise Invalid("message.unresolved_placeholders", names=[*filled.missing, *filled.unknown])
    return filled.text


def _values(ticket: Ticket) -> dict[str, str | None]:
    customer = session().get(Customer, ticket.customer_id) if ticket.customer_id else None
    order = session().get(Order, ticket.order_id) if ticket.order_id else None
    return {
        "customer": customer.name if customer else None,
        "shop": session().get_one(Shop, ticket.shop_id).name,
        "order": order.number if order else None,
    }


def _sender(ticket: Ticket) -> str | None:
    return session().get_one(Channel, ticket.channel_id).sender


def _resolve(ticket: Ticket, actor: Actor, now: datetime) -> None:
    """All that a job may say of a resolve: nobody answered, and nobody has found who is responsible."""
    resolution.resolve_loaded(
        ticket,
        outcome=Outcome.NO_REPLY,
        shares={Party.UNDETERMINED: 100},
        reason="",
        version=ticket.version,
        actor=actor,
        now=now,
    )


def _keep_distance(step: DueStep, now: datetime) -> None:
    """After a downtime the steps behind this one keep their distance from it."""
    late = now - step.due_at
    if late <= LATE:
        return
    behind = select(PauseStep).where(PauseStep.pause_id == step.pause_id, PauseStep.fired_at.is_(None))
    for one in session().scalars(behind, execution_options={"populate_existing": True}):
        one.due_at += late
    session().flush()
