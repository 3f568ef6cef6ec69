"""Two tickets about one trouble become one."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from helpdesk.domain.access import Actor, may_work
from helpdesk.domain.problems import Conflict, Invalid, NotAllowed, NotFound
from helpdesk.domain.tickets import ACTIVE, Status, check_move
from helpdesk.models import Ticket, TicketReader
from helpdesk.models.scope import readable
from helpdesk.services import responsibility, tickets, urgency
from helpdesk.services.assignment import MAX_REASON
from helpdesk.services.events import record
from helpdesk.services.tickets import Change
from helpdesk.storage import session


def merge(number: str, into: str, *, reason: str, version: int, actor: Actor, now: datetime) -> int:
    """End the ticket ``number`` for good: ``into`` goes on with its matter. Returns the merged ticket's version after.

    Both belong to one shop, and to one order or one customer; ``into`` is active; the actor may work on both. The
    merged ticket's clocks and stays end without a result (PRODUCT: merging cancels the source's clocks), and its open
    appeals lapse. What was said stays with it; its readers may read the other one too, and what nobody has read
    there is unread here.
    ``version`` is the merged ticket's. Raises ``Invalid`` for two that don't belong together or a missing reason,
    ``Conflict`` for one that has ended, ``Stale`` if the merged one moved on. There is no way back.
    """
    if number == into:
        raise Invalid("ticket.merge_into_itself", number=number)
    source, target = _both(number, into, actor)
    tickets.check_version(source, version)
    _check(source, target)
    if not reason.strip() or len(reason) > MAX_REASON:
        raise Invalid("ticket.reason_required", limit=MAX_REASON)
    note = tickets.add_note(source, reason, actor=actor, now=now)
    changed = tickets.change(
        source,
        Change(status=Status.MERGED, merged_into_id=target.id),
        expected=version,
        actor=actor,
        now=now,
        reason_note_id=note.id,
    )
    responsibility.lapse(source, responsibility.open_appeals(source.id), actor=actor, now=now)
    urgency.settle(source)
    _hand_over_reading(source, target)
    record(
        "ticket.merged",
        actor=actor,
        now=now,
        ticket_id=source.id,
        reason_note_id=note.id,
        number=target.number,
        version=changed.version,
    )
    record("ticket.merged_in", actor=actor, now=now, ticket_id=target.id, number=source.number)
    return changed.version


def _both(number: str, into: str, actor: Actor) -> tuple[Ticket, Ticket]:
    """Both tickets, if the actor may work on them, locked in the order of their ids whichever is merged.

    So of two merges that cross one waits for the other, and then finds that its target has ended.
    """
    rows = session().scalars(
        select(Ticket)
        .where(Ticket.number.in_([number, into]), readable(actor))
        .order_by(Ticket.id)
        .with_for_update(of=Ticket)
    )
    found = {ticket.number: ticket for ticket in rows}
    for wanted in (number, into):
        if wanted not in found:
            raise NotFound("ticket.not_found", number=wanted)
        if not may_work(actor, tickets.standing(found[wanted])):
            raise NotAllowed("ticket.not_yours", number=wanted)
    return found[number], found[into]


def _check(source: Ticket, target: Ticket) -> None:
    check_move(Status(source.status), Status.MERGED)
    if target.status not in ACTIVE:
        raise Conflict("ticket.merge_into_ended", number=target.number, status=target.status)
    same_order = source.order_id is not None and source.order_id == target.order_id
    same_customer = source.customer_id is not None and source.customer_id == target.customer_id
    if source.shop_id != target.shop_id or not (same_order or same_customer):
        raise Invalid("ticket.merge_unrelated", number=source.number, into=target.number)


def _hand_over_reading(source: Ticket, target: Ticket) -> None:
    """Who had to do with the one finds the other; an unread word doesn't get lost between them."""
    for user_id in session().scalars(select(TicketReader.user_id).where(TicketReader.ticket_id == source.id)):
        tickets.remember_reader(target, user_id)
    if source.unread:
        source.unread, target.unread = False, True
