"""Whose hands a ticket is in, and which queue's."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import InstrumentedAttribute

from helpdesk.domain.access import WORKING_ROLES, Actor, Permission, may_assign, may_hand_over, may_transfer
from helpdesk.domain.problems import Conflict, Invalid, NotAllowed, NotFound
from helpdesk.models import Membership, Note, Queue, Stint, Ticket, User
from helpdesk.services import dispatch, operations, outbox, stints, tickets
from helpdesk.services.tickets import KEEP, Change
from helpdesk.storage import session

MAX_REASON = 500


def claim(number: str, *, actor: Actor, now: datetime) -> int:
    """Take an unassigned ticket of one's queue. Two people, one ticket, one winner: the other gets ``Conflict``.

    In a queue that writes to buyers the taker also becomes its owner, unless somebody answers the customer
    already. Claiming one's own ticket again changes nothing. Returns the ticket's version.
    """
    ticket = tickets.load_to_work(number, actor)
    stay = _stay(ticket)
    if ticket.queue_id not in actor.queues:  # the owner answers the customer, but doesn't do that queue's work
        raise NotAllowed("ticket.not_yours", number=number)
    if stay.assignee_id == actor.id:
        return ticket.version
    won = session().execute(
        update(Stint)
        .where(Stint.id == stay.id, Stint.assignee_id.is_(None))
        .values(assignee_id=actor.id)
        .execution_options(synchronize_session=False)
    )
    if won.rowcount != 1:  # type: ignore[attr-defined]
        session().refresh(stay)
        raise Conflict("ticket.claimed_already", number=number, by=stay.assignee_id)
    owner = actor.id if ticket.owner_id is None and _writes(ticket.queue_id) else KEEP
    return tickets.change(
        ticket,
        Change(assignee_id=actor.id, owner_id=owner, status=tickets.on_first_action(ticket)),
        expected=None,
        actor=actor,
        now=now,
    ).version


def assign(number: str, user_id: int | None, *, version: int, actor: Actor, now: datetime) -> int:
    """Put the ticket into somebody's hands, or back into nobody's. Returns the operation, which can be undone.

    The person must be an active member of the ticket's queue; in a writing queue he becomes its owner too.
    """
    ticket = tickets.load(number, actor)
    own = user_id == actor.id and actor.may(Permission.TICKETS_WORK) and ticket.queue_id in actor.queues
    if not (may_assign(actor, tickets.standing(ticket)) or own):
        raise NotAllowed("ticket.may_not_assign", number=number)
    stay = _stay(ticket)
    before = stay.assignee_id
    if user_id is not None:
        check_member(user_id, Queue.id == ticket.queue_id)
    owner = user_id if _writes(ticket.queue_id) else KEEP
    status = KEEP if user_id is None else tickets.on_first_action(ticket)
    with operations.recorded("ticket.assign", ticket, actor=actor, now=now) as operation:
        operation.changed = tickets.change(
            ticket,
            Change(assignee_id=user_id, owner_id=owner, status=status),
            expected=version,
            actor=actor,
            now=now,
            operation_id=operation.id,
        )
    if user_id is not None and user_id != before:
        dispatch.tell_assignee(ticket, stay.id, user_id, mode="person", actor=actor, now=now)
    dispatch.serve(actor, now, freed=[before], but=ticket.id)
    return operation.id


def hand_over(number: str, user_id: int, *, version: int, actor: Actor, now: datetime) -> int:
    """Let somebody else answer the customer, whosever queue works on the ticket. Returns the operation.

    The new owner must be an active member of a queue that writes to buyers. Allowed to the owner, to who may
    assign, and to members of writing queues while nobody owns the ticket.
    """
    ticket = tickets.load(number, actor)
    if not may_hand_over(actor, tickets.standing(ticket)):
        raise NotAllowed("ticket.may_not_assign", number=number)
    _stay(ticket)
    check_member(user_id, Queue.writes_to_buyers)
    with operations.recorded("ticket.assign", ticket, actor=actor, now=now) as operation:
        operation.changed = tickets.change(
            ticket, Change(owner_id=user_id), expected=version, actor=actor, now=now, operation_id=operation.id
        )
    return operation.id


def transfer(number: str, queue_code: str, *, reason: str, version: int, actor: Actor, now: datetime) -> int:
    """Move the ticket to another queue, with a reason. Returns the operation, which can be undone.

    The customer's clocks and the owner stay; the new queue's own clock starts.
    """
    ticket = tickets.load(number, actor)
    if not may_transfer(actor, tickets.standing(ticket)):
        raise NotAllowed("ticket.may_not_transfer", number=number)
    before, source = _stay(ticket).assignee_id, ticket.queue_id
    queue = other_queue(ticket, queue_code)
    note = reason_note(ticket, reason, actor=actor, now=now)
    with operations.recorded("ticket.transfer", ticket, actor=actor, now=now) as operation:
        operation.changed = tickets.change(
            ticket,
            Change(queue_id=queue.id, status=tickets.on_first_action(ticket)),
            expected=version,
            actor=actor,
            now=now,
            reason_note_id=note.id,
            operation_id=operation.id,
        )
    tell_of_transfer(ticket, operation.id, source, before, actor=actor, now=now)
    return operation.id


def other_queue(ticket: Ticket, code: str) -> Queue:
    """The queue to move the ticket to: ``NotFound`` if there is none, ``Invalid`` if it stands there already."""
    queue = find_queue(code)
    if queue.id == ticket.queue_id:
        raise Invalid("ticket.same_queue", queue=code)
    return queue


def reason_note(ticket: Ticket, reason: str, *, actor: Actor, now: datetime) -> Note:
    """Why it is moved, for those who get it. ``Invalid`` without one."""
    if not reason.strip() or len(reason) > MAX_REASON:
        raise Invalid("ticket.reason_required", limit=MAX_REASON)
    return tickets.add_note(ticket, reason, actor=actor, now=now)


def tell_of_transfer(
    ticket: Ticket, operation_id: int, source: int, before: int | None, *, actor: Actor, now: datetime
) -> None:
    """The ticket came from queue ``source``: its new queue hears of it, who had it in hand (``before``) has room."""
    outbox.put(
        "notice",
        f"transferred:{operation_id}",
        ticket_id=ticket.id,
        payload={
            "code": "ticket.transferred",
            "params": {"from": source, "to": ticket.queue_id},
            "notify": ["queue"],
            "actor": actor.id,
        },
        now=now,
    )
    dispatch.serve(actor, now, freed=[before], but=ticket.id)


def find_queue(code: str) -> Queue:
    """The active queue of this code, or ``NotFound``."""
    queue = session().execute(select(Queue).where(Queue.code == code, Queue.active)).scalar_one_or_none()
    if queue is None:
        raise NotFound("queue.not_found", queue=code)
    return queue


def _stay(ticket: Ticket) -> Stint:
    """The present stay; resolved and ended tickets are in nobody's hands."""
    stay = stints.stay_of(ticket)
    tickets.check_active(ticket)
    if stay is None:  # pragma: no cover  # an active ticket always has one
        raise Conflict("ticket.not_active", number=ticket.number, status=ticket.status)
    return stay


def _writes(queue_id: int) -> bool:
    return session().get_one(Queue, queue_id).writes_to_buyers


def check_member(user_id: int, of: ColumnElement[bool] | InstrumentedAttribute[bool]) -> None:
    """``Invalid`` unless the person works, is active, and is a member of such a queue."""
    member = (
        session()
        .execute(
            select(User.id)
            .join(Membership, Membership.user_id == User.id)
            .join(Queue, Queue.id == Membership.queue_id)
            .where(
                User.id == user_id,
                User.active,
                User.role.in_([role.value for role in WORKING_ROLES]),
                of,
            )
        )
        .first()
    )
    if member is None:
        raise Invalid("ticket.not_a_member", user=user_id)
