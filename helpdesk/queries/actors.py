"""Who acts when no person does."""

from __future__ import annotations

from sqlalchemy import select

from helpdesk.domain.access import Actor, Role
from helpdesk.domain.problems import NotFound
from helpdesk.models import Membership, Queue, User
from helpdesk.storage import session


def system_actor(source: str) -> Actor:
    """The actor of jobs and imports; ``source`` (job, import, cli) is recorded with what he does.

    ``NotFound`` in a database that was never prepared.
    """
    user_id = session().execute(select(User.id).where(User.role == Role.SYSTEM).order_by(User.id).limit(1)).scalar()
    if user_id is None:
        raise NotFound("account.no_system_user")
    return Actor(id=user_id, role=Role.SYSTEM, source=source)


def person_actor(user_id: int, source: str) -> Actor | None:
    """Somebody with the role and queues that he has now, for work in his name; None once he is out of service."""
    rows = (
        session()
        .execute(
            select(User.role, Queue.id, Queue.writes_to_buyers)
            .outerjoin(Membership, Membership.user_id == User.id)
            .outerjoin(Queue, Queue.id == Membership.queue_id)
            .where(User.id == user_id, User.active)
        )
        .all()
    )
    if not rows:
        return None
    queues = frozenset(row.id for row in rows if row.id is not None)
    writing = frozenset(row.id for row in rows if row.writes_to_buyers)
    return Actor(user_id, Role(rows[0].role), queues, writing, source)
