"""How many tickets somebody may have in hand at a time."""

from __future__ import annotations

from datetime import datetime

from helpdesk.domain.access import Actor
from helpdesk.domain.problems import NotFound, Stale
from helpdesk.models import User
from helpdesk.services.accounts import checked_capacity
from helpdesk.services.events import record
from helpdesk.services.shifts import require_management
from helpdesk.storage import session


def set_capacity(user_id: int, version: int, capacity: int | None, *, actor: Actor, now: datetime) -> None:
    """Limit what automatic assignment gives him, None for what his queues say. Whoever plans his shifts may.

    ``Stale`` if his account was changed meanwhile; what he has in hand already stays there.
    """
    require_management(actor, user_id)
    user = session().get(User, user_id, with_for_update=True)
    if user is None or not user.active:
        raise NotFound("account.no_such_user")
    if user.version != version:
        raise Stale("account.stale")
    wanted = checked_capacity(capacity)
    if user.capacity == wanted:
        return
    record("user.capacity", actor=actor, now=now, user=user.id, was=user.capacity, stands=wanted)
    user.capacity = wanted
    user.version += 1
