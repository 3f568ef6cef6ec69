"""What goes along with a reply beside its status: tags, another priority, another queue, an offer of money.

All of it happens in the reply's transaction, or none of it; taken back it goes with the reply.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import delete, select

from helpdesk.domain.access import Actor, may_transfer, may_work
from helpdesk.domain.problems import Conflict, Invalid, NotAllowed, NotFound
from helpdesk.domain.tickets import Priority
from helpdesk.models import Compensation, Event, Message, Operation, Ticket, TicketTag
from helpdesk.services import approvals, assignment, compensations, operations, stints, tickets
from helpdesk.services import tags as tag_service
from helpdesk.services.compensations import Proposal
from helpdesk.services.events import record
from helpdesk.services.tickets import KEEP, Change
from helpdesk.storage import savepoint, session

MAX_TAG = 30
MOST_TAGS = 10


@dataclass(frozen=True, slots=True)
class Staged:
    """What the agent left ticked above the composer. ``reason`` tells the next queue why it gets the ticket."""

    tags: tuple[str, ...] = ()
    priority: Priority | None = None
    queue: str = ""
    reason: str = ""
    offer: Proposal | None = None

    def __bool__(self) -> bool:
        return bool(self.tags or self.priority or self.queue or self.offer)


NOTHING = Staged()


def carry_out(ticket: Ticket, staged: Staged, wanted: Change, version: int, *, actor: Actor, now: datetime) -> None:
    """Do it, together with the change that the reply itself makes (``wanted``).

    What it changes on the ticket is one operation (``ticket.reply``), which taking the reply back undoes. It is
    checked against the ``version`` that the agent saw: ``Stale`` if the ticket moved on. ``NotAllowed`` for what he
    couldn't do by hand either.
    """
    tickets.check_version(ticket, version)
    standing = tickets.standing(ticket)
    if not may_work(actor, standing):
        raise NotAllowed("ticket.not_yours", number=ticket.number)
    _tag(ticket, staged.tags, actor, now)
    if staged.priority is not None:
        wanted = replace(wanted, priority=staged.priority)
    if staged.queue and not may_transfer(actor, standing):
        raise NotAllowed("ticket.may_not_transfer", number=ticket.number)
    if staged.offer is not None:
        compensations.propose_loaded(ticket, staged.offer, actor=actor, now=now)
    if staged.queue or staged.priority is not None:
        _change(ticket, staged, wanted, actor, now)
    else:
        tickets.change(ticket, wanted, expected=None, actor=actor, now=now)


def take_back(ticket: Ticket, message: Message, *, actor: Actor, now: datetime) -> bool:
    """What went along with this reply goes back. Returns whether that included the reply's own change of the ticket.

    What moved on since stays as it is, and so does an offer that somebody has agreed to.
    """
    _untag(ticket, message, actor, now)
    took_back = _undo_change(ticket, message, actor, now)
    _withdraw_offer(ticket, message, actor, now)
    return took_back


def _undo_change(ticket: Ticket, message: Message, actor: Actor, now: datetime) -> bool:
    done = session().scalars(
        select(Operation).where(
            Operation.code == "ticket.reply", Operation.actor_id == actor.id, Operation.at == message.created_at
        )
    )
    operation = next((one for one in done if one.before and one.before[0]["ticket"] == ticket.id), None)
    if operation is None:
        return False
    try:
        with savepoint():
            operations.undo(operation.id, actor=actor, now=now)
    except (Conflict, NotAllowed, NotFound):
        session().refresh(ticket)
    return True


def _withdraw_offer(ticket: Ticket, message: Message, actor: Actor, now: datetime) -> None:
    """The proposal that was made at the same moment; nobody was promised it."""
    made = session().scalars(
        select(Compensation).where(
            Compensation.ticket_id == ticket.id,
            Compensation.proposed_by_id == actor.id,
            Compensation.proposed_at == message.created_at,
            Compensation.state.in_(["proposed", "approved"]),
        )
    )
    for row in made.all():
        try:
            with savepoint():
                approvals.withdraw_loaded(row, ticket, version=None, actor=actor, now=now)
        except Conflict:
            session().refresh(row)


def _change(ticket: Ticket, staged: Staged, wanted: Change, actor: Actor, now: datetime) -> None:
    source, stay, note = ticket.queue_id, stints.stay_of(ticket), None
    before = stay.assignee_id if stay else None
    if staged.queue:
        queue = assignment.other_queue(ticket, staged.queue)
        note = assignment.reason_note(ticket, staged.reason, actor=actor, now=now)
        wanted = replace(wanted, queue_id=queue.id, assignee_id=KEEP)
    with operations.recorded("ticket.reply", ticket, actor=actor, now=now) as operation:
        operation.changed = tickets.change(
            ticket,
            wanted,
            expected=None,
            actor=actor,
            now=now,
            reason_note_id=note.id if note else None,
            operation_id=operation.id,
        )
    if staged.queue:
        assignment.tell_of_transfer(ticket, operation.id, source, before, actor=actor, now=now)


def _tag(ticket: Ticket, tags: tuple[str, ...], actor: Actor, now: datetime) -> None:
    if len(tags) > MOST_TAGS or any(not tag.strip() or len(tag) > MAX_TAG for tag in tags):
        raise Invalid("input.bad_value")
    for tag in dict.fromkeys(tags):
        tag_service.put_by_rule(ticket, tag, actor=actor, now=now)


def _untag(ticket: Ticket, message: Message, actor: Actor, now: datetime) -> None:
    """Those that this reply put on; one that stood there before stays."""
    put_on = session().scalars(
        select(Event).where(
            Event.ticket_id == ticket.id,
            Event.code == "ticket.tagged",
            Event.at == message.created_at,
            Event.actor_id == actor.id,
        )
    )
    for event in put_on.all():
        tag = event.params["tag"]
        session().execute(delete(TicketTag).where(TicketTag.ticket_id == ticket.id, TicketTag.tag == tag))
        record("ticket.untagged", actor=actor, now=now, ticket_id=ticket.id, tag=tag)
