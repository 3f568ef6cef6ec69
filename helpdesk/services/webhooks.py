"""Webhooks: addresses at which other systems tell what customers said, each with a secret that signs.

The secret is shown once, when it is made. No query returns it and no event names it. While it is changed, the old one
is good for a day, so that the other system can be changed in its own time.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import func, select

from helpdesk.domain.access import Actor, Permission, Role
from helpdesk.domain.problems import Conflict, Invalid, NotFound, Stale
from helpdesk.models import Channel, Shop, User, Webhook
from helpdesk.services import events
from helpdesk.storage import session

LONGEST_NAME = 60
MOST_WEBHOOKS = 100
OLD_SECRET_GOOD_FOR = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Made:
    """A webhook, and the secret that is shown this once."""

    id: int
    secret: str = field(repr=False)


def create_webhook(name: str, *, shop_id: int, channel_id: int, actor: Actor, now: datetime) -> Made:
    """An address of its own for a system that speaks for the customers of one shop and channel.

    Shop and channel stay what they are: the ids of its events are known by them. What it does is recorded in the name
    of a user of the role ``integration``. ``Invalid`` for a bad name, ``Conflict`` for one that is taken.
    """
    actor.require(Permission.TOKENS_MANAGE)
    name = _checked(name)
    _check_name_is_free(name, None)
    if session().scalar(select(func.count()).select_from(Webhook)) >= MOST_WEBHOOKS:  # type: ignore[operator]
        raise Conflict("webhook.too_many", most=MOST_WEBHOOKS)
    if not (session().get(Shop, shop_id) and session().get(Channel, channel_id)):
        raise Invalid("ticket.unknown_shop_or_channel")
    code, secret = secrets.token_hex(10), new_secret()
    user = User(login=f"webhook-{code}", name=name, role=Role.INTEGRATION.value, created_at=now)
    session().add(user)
    session().flush()
    webhook = Webhook(
        code=code,
        name=name,
        shop_id=shop_id,
        channel_id=channel_id,
        user_id=user.id,
        secret={"current": secret},
        created_at=now,
    )
    session().add(webhook)
    session().flush()
    events.record("webhook.created", actor=actor, now=now, webhook=webhook.id, name=name)
    return Made(webhook.id, secret)


def rename_webhook(webhook_id: int, version: int, name: str, *, actor: Actor, now: datetime) -> None:
    """Give it another name, as seen at ``version``. ``Stale`` if it was changed meanwhile."""
    webhook = _locked(webhook_id, version, actor)
    name = _checked(name)
    _check_name_is_free(name, webhook_id)
    if name == webhook.name:
        return
    changes = {"name": [webhook.name, name]}
    webhook.name = session().get_one(User, webhook.user_id).name = name
    webhook.version += 1
    events.record("webhook.changed", actor=actor, now=now, webhook=webhook.id, name=name, changes=changes)


def rotate_secret(webhook_id: int, version: int, *, actor: Actor, now: datetime) -> Made:
    """A new secret, shown this once; the one before is good for another 24 hours, any older one no more."""
    webhook = _locked(webhook_id, version, actor)
    secret = new_secret()
    webhook.secret = {
        "current": secret,
        "previous": webhook.secret["current"],
        "previous_until": (now + OLD_SECRET_GOOD_FOR).isoformat(),
    }
    webhook.version += 1
    events.record("webhook.rotated", actor=actor, now=now, webhook=webhook.id, name=webhook.name)
    return Made(webhook.id, secret)


def drop_old_secret(webhook_id: int, version: int, *, actor: Actor, now: datetime) -> None:
    """The old secret is good no more, before its day is over: it may have got into wrong hands."""
    webhook = _locked(webhook_id, version, actor)
    if "previous" not in webhook.secret:
        return
    webhook.secret = {"current": webhook.secret["current"]}
    webhook.version += 1
    events.record("webhook.old_secret_dropped", actor=actor, now=now, webhook=webhook.id, name=webhook.name)


def switch(webhook_id: int, version: int, *, active: bool, actor: Actor, now: datetime) -> None:
    """Take calls, or refuse them all. Its tickets stay what they are."""
    webhook = _locked(webhook_id, version, actor)
    if webhook.active == active:
        return
    webhook.active = active
    webhook.version += 1
    code = "webhook.reactivated" if active else "webhook.deactivated"
    events.record(code, actor=actor, now=now, webhook=webhook.id, name=webhook.name)


def secrets_of(webhook: Webhook, now: datetime) -> tuple[str, ...]:
    """Those that sign at ``now`` (UTC): the present one, and the one before for its day."""
    stored = webhook.secret
    until = stored.get("previous_until")
    old = (stored["previous"],) if until and now < datetime.fromisoformat(until) else ()
    return (stored["current"], *old)


def new_secret() -> str:
    """32 random bytes, with letters in front by which a scanner of repositories would know it."""
    return f"unsnag_whs_{secrets.token_urlsafe(32)}"


def _locked(webhook_id: int, version: int, actor: Actor) -> Webhook:
    actor.require(Permission.TOKENS_MANAGE)
    webhook = session().get(Webhook, webhook_id, with_for_update=True)
    if webhook is None:
        raise NotFound("webhook.no_such_webhook")
    if webhook.version != version:
        raise Stale("webhook.stale")
    return webhook


def _checked(name: str) -> str:
    name = name.strip()
    if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
        raise Invalid("webhook.bad_name", most=LONGEST_NAME)
    return name


def _check_name_is_free(name: str, but: int | None) -> None:
    known = session().scalar(select(Webhook.id).where(Webhook.name == name))
    if known is not None and known != but:
        raise Conflict("webhook.name_taken", name=name)
