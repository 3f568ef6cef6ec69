"""Which tickets an actor sees, as SQL conditions on ``Ticket``: for queries and services alike.

``listed`` is what stands in lists, tabs and counts: a person's queues, what asks them for help, what he
owns or is assigned. ``readable`` is what may be opened and found: also what he once had to do with, and,
one step only, what shares customer or order with a ticket in his queues or owned by him.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, false, or_, select, true
from sqlalchemy.orm import aliased

from helpdesk.domain.access import Actor, Permission, Scope
from helpdesk.models.queues import Queue
from helpdesk.models.replies import ReplyTemplate
from helpdesk.models.rulebooks import published_rulebook
from helpdesk.models.tickets import Stint, Ticket, TicketReader, is_open_assist
from helpdesk.models.views import SavedView
from helpdesk.storage import constants, session


def listed(actor: Actor) -> ColumnElement[bool]:
    """Tickets in the actor's lists, tabs and counts; all of them for a role that reads everything."""
    match actor.scope(Permission.TICKETS_READ):
        case Scope.ALL:
            return _in_shop(actor)
        case Scope.OWN:
            return _own(actor)
        case _:
            return false()


@lru_cache(maxsize=512)
def readable(actor: Actor) -> ColumnElement[bool]:
    """Tickets the actor may open and find by search.

    Kept per actor, a frozen value: building the condition takes longer than asking the database with it. What can be
    told by the ticket's own row comes first, what takes a list of all that is his last: for one ticket it is made
    only where nothing else lets him.
    """
    match actor.scope(Permission.TICKETS_READ):
        case Scope.ALL:
            return _in_shop(actor)
        case Scope.OWN:
            return or_(_at_a_glance(actor), _related(actor), _in_his_name(actor), _remembered(actor))
        case _:
            return false()


def usable_template(actor: Actor) -> ColumnElement[bool]:
    """Reply templates the actor may use: everybody's, his queues', his own. Retired ones too."""
    return or_(
        ReplyTemplate.scope == "all",
        and_(ReplyTemplate.scope == "team", ReplyTemplate.queue_id.in_(_ids(actor))),
        and_(ReplyTemplate.scope == "personal", ReplyTemplate.owner_id == actor.id),
    )


def usable_view(actor: Actor) -> ColumnElement[bool]:
    """Saved views the actor may use: everybody's, his queues' (all, for one who manages them all), his own."""
    every_team = actor.scope(Permission.VIEWS_MANAGE) is Scope.ALL
    return and_(
        SavedView.deleted_at.is_(None),
        or_(
            SavedView.scope == "all",
            and_(SavedView.scope == "team", true() if every_team else SavedView.queue_id.in_(_ids(actor))),
            and_(SavedView.scope == "personal", SavedView.owner_id == actor.id),
        ),
    )


def assists_of(actor: Actor) -> ColumnElement[bool]:
    """Tickets on which a queue of the actor is asked for help (any queue, for one who reads everything)."""
    return Ticket.id.in_(select(Stint.ticket_id).where(asks(actor)).correlate(None))


def asks(actor: Actor) -> ColumnElement[bool]:
    """Open assists (rows of ``Stint``) that ask a queue of the actor."""
    if actor.scope(Permission.TICKETS_READ) is Scope.ALL:
        return is_open_assist
    return and_(is_open_assist, Stint.queue_id.in_(_ids(actor)))


def assigned_to(user_id: int) -> ColumnElement[bool]:
    """Tickets whose present stay or assist is in this person's hands."""
    in_hand = select(Stint.ticket_id).where(Stint.assignee_id == user_id, Stint.left_at.is_(None))
    return Ticket.id.in_(in_hand.correlate(None))


def _in_shop(actor: Actor) -> ColumnElement[bool]:
    """All of them; those of one shop where a token reaches no further."""
    return true() if actor.shop is None else Ticket.shop_id == actor.shop


def _own(actor: Actor) -> ColumnElement[bool]:
    return or_(_at_a_glance(actor), _in_his_name(actor))


def _at_a_glance(actor: Actor) -> ColumnElement[bool]:
    return or_(Ticket.queue_id.in_(_ids(actor)), Ticket.owner_id == actor.id)


def _in_his_name(actor: Actor) -> ColumnElement[bool]:
    return or_(assists_of(actor), assigned_to(actor.id))


def _remembered(actor: Actor) -> ColumnElement[bool]:
    """He owned, wrote or was mentioned: it stays readable wherever the ticket went."""
    remembered = select(TicketReader.ticket_id).where(TicketReader.user_id == actor.id)
    return Ticket.id.in_(remembered.correlate(None))


def _related(actor: Actor) -> ColumnElement[bool]:
    """One step from a ticket in his queues or owned by him, never two."""
    other = aliased(Ticket)
    his = or_(other.queue_id.in_(_ids(actor)), other.owner_id == actor.id)
    return or_(
        exists().where(and_(other.customer_id == Ticket.customer_id, his)),
        exists().where(and_(other.order_id == Ticket.order_id, his)),
    )


def _ids(actor: Actor) -> list[ColumnElement[Any]]:
    return constants(sorted(actor.queues))


def own_types(actor: Actor) -> frozenset[str]:
    """Types of tickets that the published rules give to the actor's queues."""
    codes = set(session().scalars(select(Queue.code).where(Queue.id.in_(sorted(actor.queues)))))
    return frozenset(code for code, kind in published_rulebook().types.items() if kind.queue in codes)
