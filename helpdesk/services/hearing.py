"""Customers' words that other programs bring (webhook, mail, API): which ticket do they belong to?

In this order: the ticket that the program names; the one whose message this answers, or whose conversation it goes on
with; a number that the words name, if they are that ticket's own customer's; the same buyer's ticket if exactly one
waits for him. Everything else is a matter for intake, which appends to the ticket of the same order and type or opens
a new one.

Only what its sender can't invent moves words into a ticket: otherwise whoever knows or guesses a number could write
into anybody's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select

from helpdesk.domain.access import Actor, Permission
from helpdesk.domain.problems import Invalid, NotFound
from helpdesk.domain.tickets import Status
from helpdesk.models import Customer, Inbound, Message, Order, Ticket
from helpdesk.models.scope import readable
from helpdesk.services import customers, intake, messages
from helpdesk.services.intake import Opened, TicketRequest
from helpdesk.storage import session

MOST_REFERENCES = 20


@dataclass(frozen=True, slots=True)
class Said:
    """Words of a customer and what they say of where they belong. ``request``: as for a new ticket.

    ``number``: the ticket that a trusted program names. ``claimed_number``: one that stands in the words themselves.
    ``answers``: ids of our messages; the caller has made sure that nobody made them up (``mail_text.message_of``).
    ``continues``: external ids, of the same source, of what was said before in the same conversation.
    """

    request: TicketRequest
    number: str = ""
    claimed_number: str = ""
    answers: tuple[int, ...] = ()
    continues: tuple[str, ...] = ()


def hear(said: Said, *, actor: Actor, now: datetime) -> Opened:
    """Take in what a customer said, on the ticket it belongs to. The same event twice gives the same ticket.

    A resolved ticket opens its next cycle within 7 days; later, and for a closed one, a linked ticket is opened; of a
    merged one the ticket hears that took it in. Raises ``NotFound`` for a named ticket that is none of the shop's,
    ``Invalid`` for what can't be taken, also for the same id with another body.
    """
    actor.require(Permission.TICKETS_CREATE)
    request = intake.checked(said.request, now)
    inbound_id = intake.claim(request, now)
    if inbound_id is None:
        return intake.seen_before(request)
    ticket = _ticket_of(said, request, actor)
    if ticket is None:
        return intake.admit(request, inbound_id, actor=actor, now=now)
    said_at = request.created_at or now
    if said.number and said_at < ticket.created_at:
        raise Invalid("message.before_ticket")
    # An answer can't be older than the ticket: the clock of whoever sent it is wrong.
    return messages.take_in(ticket, request.text, max(said_at, ticket.created_at), inbound_id, actor=actor, now=now)


def _ticket_of(said: Said, request: TicketRequest, actor: Actor) -> Ticket | None:
    """The ticket that this belongs to, locked; None: intake decides."""
    if said.number:
        named = _one(readable(actor) & (Ticket.number == said.number) & (Ticket.shop_id == request.shop_id))
        if named is None:
            raise NotFound("ticket.not_found", number=said.number)
        return named
    return _answered(said, request) or _continued(said, request) or _claimed(said, request) or _waiting(request)


def _answered(said: Said, request: TicketRequest) -> Ticket | None:
    """That of the message of ours which this answers, the last one that is named."""
    for message_id in said.answers[-MOST_REFERENCES:][::-1]:
        ours = select(Message.ticket_id).where(Message.id == message_id, Message.direction == "out")
        found = _one(Ticket.id.in_(ours) & (Ticket.shop_id == request.shop_id))
        if found is not None:
            return found
    return None


def _continued(said: Said, request: TicketRequest) -> Ticket | None:
    """That of what he said before in this conversation."""
    known = [one for one in said.continues[-MOST_REFERENCES:] if one != request.external_id]
    if not known:
        return None
    earlier = (
        select(Inbound.ticket_id)
        .where(Inbound.source == request.source, Inbound.external_id.in_(known), Inbound.ticket_id.is_not(None))
        .order_by(Inbound.id.desc())
        .limit(1)
    )
    ticket_id = session().scalar(earlier)
    return None if ticket_id is None else _one(Ticket.id == ticket_id)


def _claimed(said: Said, request: TicketRequest) -> Ticket | None:
    """That of a number in his words, which anybody could write there: only if he is its customer."""
    if not said.claimed_number:
        return None
    return _one((Ticket.number == said.claimed_number) & _is_his(request))


def _waiting(request: TicketRequest) -> Ticket | None:
    """The one ticket of this buyer that waits for him, unless what he says is about another order."""
    if not (request.buyer_id or request.phone):
        return None
    waiting = (
        session()
        .execute(
            select(Ticket.id, Ticket.created_at, Order.number)
            .outerjoin(Order, Order.id == Ticket.order_id)
            .where(_is_his(request), Ticket.status == Status.PENDING_CUSTOMER.value)
            .limit(2)
        )
        .all()
    )
    if len(waiting) != 1:
        return None
    ticket_id, created_at, order_number = waiting[0]
    other_order = bool(request.order_number) and request.order_number != order_number
    too_early = request.created_at is not None and request.created_at < created_at
    return None if other_order or too_early else _one(Ticket.id == ticket_id)


def _is_his(request: TicketRequest) -> ColumnElement[bool]:
    """A ticket of whoever said it, as his channel names him."""
    same = customers.is_same(
        shop_id=request.shop_id, channel_id=request.channel_id, buyer_id=request.buyer_id, phone=request.phone
    )
    return Ticket.customer_id.in_(select(Customer.id).where(same))


def _one(condition: ColumnElement[bool]) -> Ticket | None:
    return session().scalars(select(Ticket).where(condition).with_for_update(of=Ticket)).one_or_none()
