"""Who answers the customer while people work who don't write to buyers."""

from __future__ import annotations

from sqlalchemy import func, select

from helpdesk.domain.access import WORKING_ROLES, Role
from helpdesk.domain.routing import Load, choose_owner
from helpdesk.models import Membership, Queue, Ticket, User
from helpdesk.models.tickets import is_active
from helpdesk.storage import session


def least_loaded(queue_code: str) -> int | None:
    """The agent of this queue with the fewest active tickets of his own; see ``choose_owner`` for ties.

    Where the queue has no agent, whoever else works in it; None if there is nobody at all.
    """
    return choose_owner(_loads(queue_code, {Role.AGENT})) or choose_owner(_loads(queue_code, WORKING_ROLES))


def _loads(queue_code: str, roles: frozenset[Role] | set[Role]) -> dict[int, Load]:
    """Active tickets owned, by person."""
    rows = session().execute(
        select(User.id, func.count(Ticket.id), func.coalesce(func.max(Ticket.id), 0))
        .join(Membership, Membership.user_id == User.id)
        .join(Queue, Queue.id == Membership.queue_id)
        .outerjoin(Ticket, (Ticket.owner_id == User.id) & is_active)
        .where(Queue.code == queue_code, User.active, User.role.in_([role.value for role in roles]))
        .group_by(User.id)
    )
    return {user_id: Load(tickets, latest) for user_id, tickets, latest in rows}
