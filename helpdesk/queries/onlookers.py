"""Who else looks at a ticket, for its page and for lists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from sqlalchemy import bindparam, select

from helpdesk.domain.access import Actor
from helpdesk.models import Onlooker, User
from helpdesk.queries.keyset import Statement
from helpdesk.storage import UTCDateTime, plain_rows

GONE_AFTER = timedelta(seconds=15)
"""Three beats of a browser that didn't come."""


@dataclass(frozen=True, slots=True)
class Other:
    """Somebody else who has it open."""

    name: str
    writing: bool


def others(ticket_ids: Sequence[int], actor: Actor, now: datetime) -> dict[int, list[Other]]:
    """Who else looks at each of these tickets, writers first. The caller has made sure that the actor may see them."""
    if not ticket_ids:
        return {}
    known = {"tickets": list(ticket_ids), "me": actor.id, "since": now - GONE_AFTER}
    found: dict[int, list[Other]] = {}
    for row in plain_rows(_others(), known):
        found.setdefault(row.ticket_id, []).append(Other(row.name, bool(row.writing)))
    return found


@cache
def _others() -> Statement:
    """Built once: that takes longer than asking."""
    return (
        select(Onlooker.ticket_id, User.name, Onlooker.writing)
        .join(User, User.id == Onlooker.user_id)
        .where(
            Onlooker.ticket_id.in_(bindparam("tickets", expanding=True)),
            Onlooker.user_id != bindparam("me"),
            Onlooker.seen_at > bindparam("since", type_=UTCDateTime),
        )
        .order_by(Onlooker.writing.desc(), User.name)
    )
