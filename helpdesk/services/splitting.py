"""What a customer said about another matter becomes a ticket of its own, and goes back while it isn't too late."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import exists, func, or_, select, update

from helpdesk.domain.access import Actor, may_work
from helpdesk.domain.links import Relation
from helpdesk.domain.problems import Invalid, NotAllowed, NotFound
from helpdesk.domain.splitting import Said, check_can_rejoin, check_chosen, movable
from helpdesk.domain.tickets import Status
from helpdesk.models import Attachment, Compensation, Inbound, Message, Note, Operation, Stint, Ticket
from helpdesk.models.scope import readable
from helpdesk.services import intake, links, orders, platform_clocks, tickets, urgency
from helpdesk.services.assignment import MAX_REASON
from helpdesk.services.events import record
from helpdesk.services.tickets import Change
from helpdesk.storage import session


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the new ticket is about; ``relation`` is what it is to the one that the words come from."""

    type: str
    relation: Relation
    order_number: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Split:
    """The new ticket, and the operation for an undo."""

    number: str
    operation: int


def split(
    number: str, message_ids: Collection[int], wanted: Wanted, *, version: int, actor: Actor, now: datetime
) -> Split:
    """Open a ticket for these words of the customer: they move to it, and its clocks start with the first of them.

    The ticket ``number`` goes on as it was, with its own clocks; the word with which its cycle began stays there.
    The new one belongs to the same customer, never joins another ticket, and is linked. Raises ``Invalid`` for
    nothing chosen, an unknown type or a missing reason, ``Conflict`` for words that can't go or have gone already,
    and a ticket that has ended, ``Stale`` if it moved on since ``version``.
    """
    request = _request(number, message_ids, wanted, actor, now)
    if request.order_number:  # before the ticket, as intake does: of two who need both one waits
        orders.find_or_create(request.shop_id, request.channel_id, request.order_number, now=now)
    source = tickets.load_active(number, actor)
    tickets.check_version(source, version)
    check_chosen(message_ids, can_move(source), wanted.relation)
    reason = wanted.reason.strip()
    if not reason or len(reason) > MAX_REASON:
        raise Invalid("ticket.reason_required", limit=MAX_REASON)
    operation = Operation(code="ticket.split", actor_id=actor.id, at=now, before=[])
    session().add(operation)
    session().flush()
    said = _messages(source.id, message_ids)
    unread = source.unread
    made = intake.open_for(request, said[0], actor=actor, now=now)
    _move(message_ids, source, made)
    note = tickets.add_note(source, reason, actor=actor, now=now)
    _tell(("ticket.split", source), ("ticket.split_off", made), len(said), operation.id, actor, now, note.id)
    link = links.attach(made, source, wanted.relation, actor=actor, now=now)
    kept = {"ticket": made.id, "version": made.version, "messages": sorted(message_ids), "link": link, "unread": unread}
    operation.before = [{"ticket": source.id, "split": kept}]
    session().flush()
    return Split(made.number, operation.id)


def bring_back(entry: dict[str, Any], operation: Operation, actor: Actor, now: datetime) -> str:
    """Undo: the words are where they were, and the new ticket ends as merged into theirs, its clocks without result.

    ``Conflict`` once somebody did anything on the new ticket, or the other one has ended. Returns that one's number.
    """
    kept = entry["split"]
    source, made = _both(entry["ticket"], kept["ticket"], actor)
    moved_on = made.version != kept["version"] or _has_more(made.id, kept["messages"])
    check_can_rejoin(made.number, moved_on=moved_on, into=source.number, status=Status(source.status))
    source.unread = source.unread or kept["unread"]  # the words may have gone before anybody read them
    _move(kept["messages"], made, source)
    made.unread = False
    links.detach(kept["link"], actor=actor, now=now)
    ended = Change(status=Status.MERGED, merged_into_id=source.id)
    tickets.change(made, ended, expected=made.version, actor=actor, now=now, operation_id=operation.id)
    urgency.settle(made)
    pair = ("ticket.rejoined", source), ("ticket.gone_back", made)
    _tell(*pair, len(kept["messages"]), operation.id, actor, now)
    session().flush()
    return source.number


def can_move(ticket: Ticket) -> frozenset[int]:
    """The messages of the ticket that can be split off."""
    rows = session().execute(
        select(Message.id, Message.direction, Message.sent_at).where(Message.ticket_id == ticket.id)
    )
    _book, began_at = platform_clocks.cycle_of(ticket)
    return movable([Said(row.id, row.direction == "in", row.sent_at) for row in rows], began_at)


def _request(
    number: str, message_ids: Collection[int], wanted: Wanted, actor: Actor, now: datetime
) -> intake.TicketRequest:
    """The words as intake wants them; it checks all that is typed. Locks nothing."""
    place = select(Ticket.id, Ticket.shop_id, Ticket.channel_id, Ticket.customer_id)
    ticket = session().execute(place.where(Ticket.number == number, readable(actor))).one_or_none()
    if ticket is None:
        raise NotFound("ticket.not_found", number=number)
    said = _messages(ticket.id, message_ids)
    check_chosen(message_ids, {message.id for message in said}, wanted.relation)
    request = intake.TicketRequest(
        text="\n".join(message.text for message in said)[: intake.MAX_TEXT],
        source=f"split:{ticket.shop_id}:{ticket.channel_id}",
        external_id=str(said[0].id),
        shop_id=ticket.shop_id,
        channel_id=ticket.channel_id,
        order_number=wanted.order_number,
        customer_id=ticket.customer_id,
        created_at=said[0].sent_at,
        type=wanted.type,
        corrects=False,
    )
    return intake.checked(request, now)


def _messages(ticket_id: int, message_ids: Collection[int]) -> Sequence[Message]:
    """In the order in which they were said."""
    chosen = select(Message).where(Message.ticket_id == ticket_id, Message.id.in_(sorted(message_ids)))
    return session().scalars(chosen.order_by(Message.sent_at, Message.id)).all()


def _move(message_ids: Collection[int], start: Ticket, to: Ticket) -> None:
    """The words go, with their files and what they came in by; each ticket knows when its customer spoke last."""
    session().flush()
    ids = sorted(message_ids)
    for noun, key in ((Message, Message.id), (Attachment, Attachment.message_id), (Inbound, Inbound.message_id)):
        session().execute(
            update(noun)
            .where(key.in_(ids), noun.ticket_id == start.id)
            .values(ticket_id=to.id)
            .execution_options(synchronize_session=False)
        )
    session().expire_all()
    for ticket in (start, to):
        heard = select(func.max(Message.sent_at)).where(Message.ticket_id == ticket.id, Message.direction == "in")
        ticket.last_customer_message_at = session().scalar(heard) or ticket.last_customer_message_at
    session().flush()


def _tell(
    here: tuple[str, Ticket],
    there: tuple[str, Ticket],
    messages: int,
    operation_id: int,
    actor: Actor,
    now: datetime,
    note_id: int | None = None,
) -> None:
    """Both tickets tell of it, each with the other's number."""
    for (code, ticket), (_code, other) in ((here, there), (there, here)):
        record(
            code,
            actor=actor,
            now=now,
            ticket_id=ticket.id,
            operation_id=operation_id,
            reason_note_id=note_id if ticket is here[1] else None,
            number=other.number,
            messages=messages,
        )


def _both(source_id: int, made_id: int, actor: Actor) -> tuple[Ticket, Ticket]:
    """The one that he works on and the one that he may read, locked in the order of their ids.

    The new one may be in a queue that isn't his.
    """
    rows = session().scalars(
        select(Ticket)
        .where(Ticket.id.in_([source_id, made_id]), readable(actor))
        .order_by(Ticket.id)
        .with_for_update(of=Ticket)
    )
    found = {ticket.id: ticket for ticket in rows}
    if len(found) != 2:
        raise NotFound("operation.not_found")
    if not may_work(actor, tickets.standing(found[source_id])):
        raise NotAllowed("ticket.not_yours", number=found[source_id].number)
    return found[source_id], found[made_id]


def _has_more(ticket_id: int, message_ids: Sequence[int]) -> bool:
    """Something was said, noted, asked, promised or merged in there since it was split off."""
    more = (
        exists().where(Message.ticket_id == ticket_id, Message.id.not_in(message_ids)),
        exists().where(Note.ticket_id == ticket_id),
        exists().where(Stint.ticket_id == ticket_id, Stint.kind == "assist"),
        exists().where(Compensation.ticket_id == ticket_id),
        exists().where(Ticket.merged_into_id == ticket_id),
    )
    left = select(func.count()).where(Message.id.in_(message_ids), Message.ticket_id == ticket_id)
    return bool(session().scalar(select(or_(*more)))) or session().scalar(left) != len(message_ids)
