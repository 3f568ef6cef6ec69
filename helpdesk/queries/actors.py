"""Who acts when no person does."""

from __future__ import annotations

from sqlalchemy import select

from helpdesk.domain.access import Actor, Role
from helpdesk.domain.problems import NotFound
from helpdesk.models import User
from helpdesk.storage import session


def system_actor(source: str) -> Actor:
    """The actor of jobs and imports; ``source`` (job, import, cli) is recorded with what he does.

    ``NotFound`` in a database that was never prepared.
    """
    user_id = session().execute(select(User.id).where(User.role == Role.SYSTEM).order_by(User.id).limit(1)).scalar()
    if user_id is None:
        raise NotFound("account.no_system_user")
    return Actor(id=user_id, role=Role.SYSTEM, source=source)
