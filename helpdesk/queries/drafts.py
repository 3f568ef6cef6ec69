"""A person's own drafts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from sqlalchemy import bindparam, select

from helpdesk.domain.access import Actor
from helpdesk.models import TicketDraft
from helpdesk.queries.keyset import Statement
from helpdesk.storage import plain_rows


@dataclass(frozen=True, slots=True)
class Draft:
    """What he began to write, under which tab of the composer."""

    mode: str
    text: str


def drafted(ticket_ids: Sequence[int], actor: Actor) -> frozenset[int]:
    """On which of these tickets he has one."""
    if not ticket_ids:
        return frozenset()
    return frozenset(row.ticket_id for row in plain_rows(_many(), {"user": actor.id, "tickets": list(ticket_ids)}))


@cache
def _many() -> Statement:
    """Built once: that takes longer than asking."""
    return select(TicketDraft.ticket_id).where(
        TicketDraft.user_id == bindparam("user"), TicketDraft.ticket_id.in_(bindparam("tickets", expanding=True))
    )
