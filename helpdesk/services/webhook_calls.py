"""Calls of webhooks: who may come in, how often, and what became of each.

A call is refused before its body is read by anybody, unless it is signed. What is kept of it are ids, codes and a
fingerprint of its signature, by which the same call is refused when somebody sends it again; never the customer's
words.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select, update

from helpdesk.domain.access import Actor, Permission, Role
from helpdesk.domain.problems import Conflict, NotAllowed, NotFound, Problem, TooMany
from helpdesk.domain.signatures import fingerprint, is_recent, is_signed
from helpdesk.models import Webhook, WebhookCall
from helpdesk.services import hearing
from helpdesk.services.hearing import Said
from helpdesk.services.intake import Opened
from helpdesk.services.webhooks import secrets_of
from helpdesk.storage import insert_once, savepoint, session

MINUTE = timedelta(minutes=1)
KEEP_CALLS = timedelta(days=30)
MOST_UNSIGNED_KEPT = 60
"""A minute and webhook: what anybody can send must not fill the table."""

UNSIGNED = "webhook.bad_signature"
LONGEST_KEPT = 60
KEPT_PARAMS = ("field", "key", "limit", "number", "external_id")
BATCH = 5_000


class BadSignature(NotAllowed):
    """Not signed, by another secret, or too long ago. The caller isn't told more than he has to know."""

    status = 401


@dataclass(frozen=True, slots=True)
class Door:
    """A webhook that a call came in by, which has shown that it is signed. ``seal``: the signature's fingerprint."""

    id: int
    shop_id: int
    channel_id: int
    source: str
    actor: Actor
    seal: str


@dataclass(frozen=True, slots=True)
class Answered:
    """What a call came to: a ticket, or the ``problem`` for which it was refused."""

    opened: Opened | None = None
    problem: Problem | None = field(default=None)


def enter(code: str, *, timestamp: str, signature: str, body: bytes, now: datetime) -> Door:
    """The door of the webhook with this ``code``, for a call that is signed, recent and new. Reads only.

    ``NotFound`` where there is no such webhook, ``BadSignature`` (see ``note_unsigned``), ``NotAllowed`` where it is
    switched off, ``Conflict`` for a call that came before.
    """
    webhook = session().scalars(select(Webhook).where(Webhook.code == code)).one_or_none()
    if webhook is None:
        raise NotFound("webhook.no_such_webhook")
    if not is_signed(secrets_of(webhook, now), timestamp, signature, body):
        raise BadSignature(UNSIGNED)
    if not is_recent(timestamp, now):
        raise BadSignature("webhook.too_old", minutes=5)
    if not webhook.active:
        raise NotAllowed("webhook.switched_off")
    seal = fingerprint(signature)
    if session().scalar(
        select(WebhookCall.id).where(WebhookCall.webhook_id == webhook.id, WebhookCall.signature == seal)
    ):
        raise Conflict("webhook.replayed")
    return Door(
        id=webhook.id,
        shop_id=webhook.shop_id,
        channel_id=webhook.channel_id,
        source=f"webhook:{webhook.id}",
        actor=Actor(
            id=webhook.user_id,
            role=Role.INTEGRATION,
            source="webhook",
            only=frozenset({Permission.TICKETS_READ, Permission.TICKETS_CREATE}),
        ),
        seal=seal,
    )


def take(door: Door, said: Said | Problem, *, a_minute: int, now: datetime) -> Answered:
    """Hear what the call brings, or note the problem that its body has; a problem changes nothing else.

    ``TooMany`` above ``a_minute`` calls of this webhook within a minute; ``Conflict`` for a call that came before,
    which its unique signature decides when two arrive at once.
    """
    if _calls(door.id, now, "signed") >= a_minute:
        raise TooMany("webhook.too_many_calls", retry_after=60, most=a_minute)
    call_id = insert_once(
        WebhookCall, webhook_id=door.id, signature=door.seal, at=now, outcome="refused", params=_kept(_told(said))
    )
    if call_id is None:
        raise Conflict("webhook.replayed")
    answered = _heard(said, door.actor, now)
    values: dict[str, Any] = {}
    if answered.opened is not None:
        values = {"outcome": answered.opened.outcome, "ticket_id": answered.opened.ticket_id}
    if answered.problem is not None:
        values = {"problem": answered.problem.code, "params": _kept({**_told(said), **answered.problem.params})}
    session().execute(update(WebhookCall).where(WebhookCall.id == call_id).values(**values))
    return answered


def note_unsigned(code: str, *, now: datetime) -> bool:
    """Count a call whose signature was wrong. False: there were enough of them in the last minute."""
    webhook_id = session().scalar(select(Webhook.id).where(Webhook.code == code))
    if webhook_id is None or _calls(webhook_id, now, "unsigned") >= MOST_UNSIGNED_KEPT:
        return False
    call = WebhookCall(
        webhook_id=webhook_id,
        signature=secrets.token_hex(32),  # its own proves nothing, and must not take the place of a good one
        at=now,
        outcome="refused",
        problem=UNSIGNED,
        params={},
    )
    session().add(call)
    return True


def unsigned_enough(code: str, *, now: datetime) -> bool:
    """Whether ``note_unsigned`` would note nothing. Reads only, so that a flood makes no writer wait."""
    webhook_id = session().scalar(select(Webhook.id).where(Webhook.code == code))
    return webhook_id is None or _calls(webhook_id, now, "unsigned") >= MOST_UNSIGNED_KEPT


def remove_old(now: datetime) -> int:
    """Delete calls of over 30 days ago, ``BATCH`` at most; returns how many. A replay is too old by then anyway."""
    old = session().scalars(
        select(WebhookCall.id).where(WebhookCall.at < now - KEEP_CALLS).order_by(WebhookCall.at).limit(BATCH)
    )
    removed = delete(WebhookCall).where(WebhookCall.id.in_(old.all())).returning(WebhookCall.id)
    return len(session().scalars(removed).all())


def _heard(said: Said | Problem, actor: Actor, now: datetime) -> Answered:
    if isinstance(said, Problem):
        return Answered(problem=said)
    try:
        with savepoint():
            return Answered(opened=hearing.hear(said, actor=actor, now=now))
    except Problem as problem:
        return Answered(problem=problem)


def _calls(webhook_id: int, now: datetime, which: str) -> int:
    """How many there were within the last minute; those that anybody can make don't use up the others' number."""
    unsigned = which == "unsigned"
    return (
        session()
        .scalars(
            select(func.count())
            .select_from(WebhookCall)
            .where(
                WebhookCall.webhook_id == webhook_id,
                WebhookCall.at > now - MINUTE,
                WebhookCall.problem == UNSIGNED if unsigned else WebhookCall.problem.is_distinct_from(UNSIGNED),
            )
        )
        .one()
    )


def _told(said: Said | Problem) -> dict[str, Any]:
    return {} if isinstance(said, Problem) else {"external_id": said.request.external_id}


def _kept(params: Mapping[str, Any]) -> dict[str, Any]:
    """Ids and figures, cut short; whatever else a problem names could be somebody's words."""
    shown = {name: params[name] for name in KEPT_PARAMS if name in params}
    return {name: value[:LONGEST_KEPT] if isinstance(value, str) else value for name, value in shown.items()}
