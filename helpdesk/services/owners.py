"""Who answers the customer while people work who don't write to buyers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Row, Select, bindparam, func, select

from helpdesk.domain.access import WORKING_ROLES, Role
from helpdesk.domain.routing import Load, choose_owner
from helpdesk.models import Membership, Queue, Ticket, User
from helpdesk.models.duty import is_absent
from helpdesk.models.tickets import is_active
from helpdesk.storage import UTCDateTime, constants, plain_rows, session


def least_loaded(queue_code: str, now: datetime) -> int | None:
    """The agent of this queue with the fewest active tickets of his own; see ``choose_owner`` for ties.

    Somebody on leave at ``now`` (UTC) only where there is nobody else, and where the queue has no agent, whoever else
    works in it; None if there is nobody at all. Who has merely gone home is fine: he answers for days. One statement.
    """
    people = _people(queue_code, now)
    groups: tuple[Callable[[Row[*tuple[Any, ...]]], bool], ...] = (
        lambda one: one.role == Role.AGENT.value and not one.absent,
        lambda one: not one.absent,
        lambda one: one.role == Role.AGENT.value,
        lambda _one: True,
    )
    return next((chosen for group in groups if (chosen := _choose(list(filter(group, people))))), None)


def _choose(people: Sequence[Row[*tuple[Any, ...]]]) -> int | None:
    return choose_owner({one.id: Load(one.tickets, one.latest) for one in people})


def _people(queue_code: str, now: datetime) -> Sequence[Row[*tuple[Any, ...]]]:
    """Who works in the queue, with the active tickets he owns."""
    session().flush()  # who was given one a moment ago has it
    return plain_rows(_members(), {"queue": queue_code, "now": now}).all()


@cache
def _members() -> Select[*tuple[Any, ...]]:
    """Built once: every new ticket asks it. Tickets come grouped by owner from their index, and are read once."""
    now: Any = bindparam("now", type_=UTCDateTime)
    members = (
        select(Membership.user_id)
        .join(Queue, Queue.id == Membership.queue_id)
        .where(Queue.code == bindparam("queue"))
        .correlate(None)
    )
    owned = (
        select(Ticket.owner_id, func.count().label("tickets"), func.max(Ticket.id).label("latest"))
        .where(is_active, Ticket.owner_id.in_(members))
        .group_by(Ticket.owner_id)
        .subquery()
    )
    return (
        select(
            User.id,
            User.role,
            is_absent(now).label("absent"),
            func.coalesce(owned.c.tickets, 0).label("tickets"),
            func.coalesce(owned.c.latest, 0).label("latest"),
        )
        .outerjoin(owned, owned.c.owner_id == User.id)
        .where(User.id.in_(members), User.active)
        .where(User.role.in_(constants(sorted(role.value for role in WORKING_ROLES))))
    )
