"""Trying a channel's sender: one message that no customer gets, on the way that replies take."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select

from helpdesk.domain.access import Actor, Permission
from helpdesk.domain.channels import test_prefix
from helpdesk.domain.problems import Conflict, Invalid, NotFound
from helpdesk.models import Channel, Outbox
from helpdesk.services import attempts, events, outbox
from helpdesk.storage import session

KIND = "test"
LONGEST_BUYER = 100


@dataclass(frozen=True, slots=True)
class Trial:
    """A test to send now, with the channel as it is set up."""

    id: int
    key: str
    attempts: int
    sender: str
    channel: str
    buyer_id: str
    at: datetime
    settings: Mapping[str, Any]
    secret: Mapping[str, Any] = field(repr=False)


def ask(channel_id: int, buyer_id: str, *, actor: Actor, now: datetime) -> int | None:
    """Have a test sent to this buyer of the channel; returns its row, None for one that was asked for this instant.

    Raises ``Conflict`` where people carry replies over, ``Invalid`` for no buyer.
    """
    actor.require(Permission.CHANNELS_MANAGE)
    channel = session().get(Channel, channel_id)
    if channel is None:
        raise NotFound("channel.not_found")
    if channel.sender is None:
        raise Conflict("message.channel_sends_nothing")
    if not 0 < len(buyer_id.strip()) <= LONGEST_BUYER:
        raise Invalid("input.too_long", field="buyer_id", limit=LONGEST_BUYER)
    events.record("channel.tested", actor=actor, now=now, channel=channel_id, name=channel.code)
    payload = {"channel": channel_id, "buyer": buyer_id.strip()}
    return outbox.put(KIND, f"{test_prefix(channel_id)}{now.isoformat()}", ticket_id=None, payload=payload, now=now)


def claim(senders: Iterable[str], holder: str, *, now: datetime) -> Trial | None:
    """The next test that is due, for a while. One whose channel sends nothing any more has failed."""
    free = (Outbox.kind == KIND, attempts.is_free(Outbox, now))
    row = session().scalars(select(Outbox).where(*free).order_by(Outbox.id).limit(1)).first()
    if row is None:
        return None
    channel = session().get_one(Channel, row.payload["channel"])
    if channel.sender not in set(senders):
        row.state, row.done_at, row.error = "withdrawn", now, "channel.no_way"
        return None
    if not attempts.take(Outbox, [row.id], holder, now=now):
        return None
    session().refresh(row)
    return Trial(
        id=row.id,
        key=row.key,
        attempts=row.attempts,
        sender=channel.sender or "",
        channel=channel.code,
        buyer_id=row.payload["buyer"],
        at=row.created_at,
        settings=channel.settings,
        secret=channel.secret,
    )


def settle(trial: Trial, holder: str, *, error: str | None, now: datetime) -> bool:
    """It went out, or failed with this code: a test is not tried again. False: somebody else has it."""
    held = attempts.is_held(Outbox, trial.id, trial.attempts, holder)
    return attempts.move(Outbox, held, state="withdrawn" if error else "done", done_at=now, error=error)
