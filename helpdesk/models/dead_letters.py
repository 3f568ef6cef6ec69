"""Which dead letters an actor sees, as SQL conditions on ``Outbox`` and ``Envelope``."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, false, literal_column, or_, select

from helpdesk.domain.access import Actor, Permission, Scope
from helpdesk.models.notifications import Envelope, NotificationTarget
from helpdesk.models.outbox import Outbox
from helpdesk.models.queues import Membership
from helpdesk.models.tickets import Ticket

_DEAD: ColumnElement[str] = literal_column("'dead'")  # not a bound parameter: so SQLite takes the partial index


def dead_replies(actor: Actor) -> ColumnElement[bool]:
    """Answers to customers that no channel took; a supervisor's are those on tickets of his queues."""
    dead = and_(Outbox.state == _DEAD, Outbox.kind == "reply")
    match actor.scope(Permission.OUTBOX_MANAGE):
        case Scope.ALL:
            return dead
        case Scope.OWN:
            # From the few dead ones to their tickets: every page counts them, and there are many tickets.
            queue = select(Ticket.queue_id).where(Ticket.id == Outbox.ticket_id).correlate(Outbox)
            return and_(dead, queue.scalar_subquery().in_(sorted(actor.queues)))
        case _:
            return false()


def dead_envelopes(actor: Actor) -> ColumnElement[bool]:
    """Mails and robots' messages; a supervisor's are those to targets of his queues and to people who work there."""
    dead = Envelope.state == _DEAD
    match actor.scope(Permission.OUTBOX_MANAGE):
        case Scope.ALL:
            return dead
        case Scope.OWN:
            queues = sorted(actor.queues)
            targets = select(NotificationTarget.id).where(NotificationTarget.queue_id.in_(queues))
            people = select(Membership.user_id).where(Membership.queue_id.in_(queues))
            return and_(dead, or_(Envelope.target_id.in_(targets), Envelope.user_id.in_(people)))
        case _:
            return false()
