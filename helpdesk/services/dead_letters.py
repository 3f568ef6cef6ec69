"""What could not be delivered: sent again, or given up, by somebody who looked at it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select

from helpdesk.domain.access import Actor, Permission
from helpdesk.domain.problems import Invalid
from helpdesk.models import Envelope, Outbox
from helpdesk.models.dead_letters import dead_envelopes, dead_replies
from helpdesk.services import attempts, events, outbox
from helpdesk.storage import session

MOST_AT_ONCE = 200


class DeadLetter(NamedTuple):
    """Which one: ``kind`` is ``reply`` (to a customer) or ``envelope`` (to one of us, or a robot)."""

    kind: str
    id: int


def resend(letters: Sequence[DeadLetter], *, actor: Actor, now: datetime) -> list[DeadLetter]:
    """Try them anew, under their old keys and with all their tries. Returns those that were dead and his to judge."""
    revived = []
    for letter in _visible(letters, actor):
        if letter.kind == "reply":
            done = outbox.retry_dead(letter.id, now=now)
        else:
            done = attempts.revive(Envelope, letter.id, now=now)
        if done:
            revived.append(letter)
            events.record("outbox.resent", actor=actor, now=now, ticket_id=_ticket(letter), letter=letter.id)
    return revived


def give_up(letters: Sequence[DeadLetter], *, actor: Actor, now: datetime) -> list[DeadLetter]:
    """Lay them aside for good. Returns those that were dead and his to judge; a reply stays marked as failed."""
    given_up = []
    for letter in _visible(letters, actor):
        if attempts.give_up(Outbox if letter.kind == "reply" else Envelope, letter.id, now=now):
            given_up.append(letter)
            events.record("outbox.given_up", actor=actor, now=now, ticket_id=_ticket(letter), letter=letter.id)
    return given_up


def _visible(letters: Sequence[DeadLetter], actor: Actor) -> list[DeadLetter]:
    """Those among them that are dead and that the actor may see, in their order."""
    actor.require(Permission.OUTBOX_MANAGE)
    if len(letters) > MOST_AT_ONCE:
        raise Invalid("outbox.too_many", limit=MOST_AT_ONCE)
    replies = [letter.id for letter in letters if letter.kind == "reply"]
    envelopes = [letter.id for letter in letters if letter.kind == "envelope"]
    seen = {
        *(
            ("reply", row)
            for row in session().scalars(select(Outbox.id).where(Outbox.id.in_(replies), dead_replies(actor)))
        ),
        *(
            ("envelope", row)
            for row in session().scalars(select(Envelope.id).where(Envelope.id.in_(envelopes), dead_envelopes(actor)))
        ),
    }
    return [letter for letter in dict.fromkeys(letters) if letter in seen]


def _ticket(letter: DeadLetter) -> int | None:
    if letter.kind != "reply":
        return None
    return session().scalar(select(Outbox.ticket_id).where(Outbox.id == letter.id))
