"""Whether somebody takes new tickets at the moment, by his own word."""

from __future__ import annotations

from datetime import datetime

from helpdesk.domain.access import Actor, Permission
from helpdesk.domain.problems import Invalid
from helpdesk.models import User
from helpdesk.services import dispatch
from helpdesk.services.events import record
from helpdesk.storage import session

PRESENCES = ("online", "away")


def set_presence(presence: str, *, actor: Actor, now: datetime) -> bool:
    """The actor is there (online) or takes a break (away); return whether that is new.

    Away, he keeps what he has in hand and is handed nothing more. Who comes back gets what waits in his queues. For
    people who work on tickets; ``Invalid`` for any other word.
    """
    actor.require(Permission.TICKETS_WORK)
    if presence not in PRESENCES:
        raise Invalid("input.bad_value")
    user = session().get_one(User, actor.id, with_for_update={"key_share": True})
    if user.presence == presence:
        return False
    user.presence = presence
    record("user.presence", actor=actor, now=now, user=actor.id, presence=presence)
    if presence == "online":
        dispatch.serve(actor, now, freed=[actor.id])
    return True
