"""Places outside that are told news: mailboxes, groups' robots, and what apprise knows.

What opens a target (webhook with its token, signing key, apprise URL) is written here and read by delivery alone: no
query returns it, no event names it, and a change that leaves it empty keeps it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select

from helpdesk.domain.access import Actor, Permission
from helpdesk.domain.notices import MINUTES_A_DAY, OUTSIDE_KINDS
from helpdesk.domain.problems import Conflict, Invalid, NotAllowed, NotFound, Stale
from helpdesk.domain.targets import KINDS, checked_mailbox, checked_sign, checked_url, may_manage, shown_address
from helpdesk.models import Envelope, NotificationTarget, Queue
from helpdesk.services import events
from helpdesk.services.envelopes import TEST
from helpdesk.storage import insert_once, session

LONGEST_NAME = 60
MOST_TARGETS = 200
LONGEST_DIGEST_SECONDS = 24 * 3600
LOCALES = ("zh_CN", "en")


@dataclass(frozen=True, slots=True)
class TargetSettings:
    """What a person sets of a target. ``queue_id`` None: it hears of the whole house.

    ``url`` (webhook or apprise URL) and ``sign`` are secret: empty, they stay as they are. A new ``url`` brings its
    own ``sign``, even none. ``mailbox`` stands for both where the kind is mail. ``digest_seconds``: gather for so
    long; ``quiet``: from and to, in minutes since midnight in the shop's zone, or None.
    """

    name: str
    queue_id: int | None
    kinds: tuple[str, ...]
    mailbox: str = ""
    url: str = field(default="", repr=False)
    sign: str = field(default="", repr=False)
    locale: str = "zh_CN"
    digest_seconds: int = 0
    quiet: tuple[int, int] | None = None
    active: bool = True


def create_target(kind: str, settings: TargetSettings, *, allow_internal: bool, actor: Actor, now: datetime) -> int:
    """A new target; return its id. A supervisor makes one for a queue of his.

    ``allow_internal``: the installation lets people name hosts of their own. ``Invalid`` for an address of the wrong
    shape, ``Conflict`` for a name that is taken.
    """
    _require(actor, settings.queue_id)
    if kind not in KINDS:
        raise Invalid("target.bad_kind")
    _check(settings)
    _check_name_is_free(settings.name.strip(), None)
    if len(session().scalars(select(NotificationTarget.id).limit(MOST_TARGETS)).all()) >= MOST_TARGETS:
        raise Conflict("target.too_many", most=MOST_TARGETS)
    address, secret = _opened(kind, settings, {}, allow_internal=allow_internal)
    target = NotificationTarget(kind=kind, address=address, secret=secret, created_at=now, **_columns(settings))
    session().add(target)
    session().flush()
    events.record("target.created", actor=actor, now=now, target=target.id, name=target.name, kind=kind)
    return target.id


def update_target(
    target_id: int, version: int, settings: TargetSettings, *, allow_internal: bool, actor: Actor, now: datetime
) -> None:
    """Change a target as seen at ``version``, or switch it off. ``Stale`` if it was changed meanwhile."""
    target = _locked(target_id, actor)
    _require(actor, settings.queue_id)
    if target.version != version:
        raise Stale("target.stale")
    _check(settings)
    _check_name_is_free(settings.name.strip(), target_id)
    address, secret = _opened(target.kind, settings, target.secret, allow_internal=allow_internal)
    if target.kind != "mail" and not settings.url:
        address = target.address
    wanted = {**_columns(settings), "address": address, "secret": secret}
    changed = sorted(name for name, value in wanted.items() if getattr(target, name) != value)
    if not changed:
        return
    for name in changed:
        setattr(target, name, wanted[name])
    if {"address", "secret"} & set(changed):
        target.held_until = None  # the rest was for the old place
    target.version += 1
    events.record("target.changed", actor=actor, now=now, target=target.id, name=target.name, fields=changed)


def deactivate_target(target_id: int, version: int, *, actor: Actor, now: datetime) -> None:
    """Tell it nothing any more. What is on its way there is withdrawn when it would leave."""
    target = _locked(target_id, actor)
    if target.version != version:
        raise Stale("target.stale")
    if not target.active:
        return
    target.active = False
    target.version += 1
    events.record("target.deactivated", actor=actor, now=now, target=target.id, name=target.name)


def test_target(target_id: int, *, actor: Actor, now: datetime) -> int:
    """Send it a test message on the way that news takes. Returns the envelope, whose state tells what became of it.

    Quiet hours don't hold it up, the limit of messages a minute and a rest that the target asked for do.
    """
    target = _locked(target_id, actor)
    if not target.active:
        raise Conflict("target.switched_off")
    key = f"{TEST}{target_id}:{now.isoformat()}"
    envelope_id = insert_once(
        Envelope, key=key, target_id=target_id, state="waiting", next_try_at=now, attempts=0, created_at=now
    )
    if envelope_id is None:  # pressed twice in the same instant
        return session().scalars(select(Envelope.id).where(Envelope.key == key)).one()
    events.record("target.tested", actor=actor, now=now, target=target_id, name=target.name)
    return envelope_id


def _require(actor: Actor, queue_id: int | None) -> None:
    actor.require(Permission.TARGETS_MANAGE)
    if not may_manage(actor, queue_id):
        raise NotAllowed("target.not_yours")


def _locked(target_id: int, actor: Actor) -> NotificationTarget:
    actor.require(Permission.TARGETS_MANAGE)
    target = session().get(NotificationTarget, target_id, with_for_update=True)
    if target is None or not may_manage(actor, target.queue_id):
        raise NotFound("target.no_such_target")
    return target


def _check(settings: TargetSettings) -> None:
    name = settings.name.strip()
    if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
        raise Invalid("target.bad_name", most=LONGEST_NAME)
    if not settings.kinds or not set(settings.kinds) <= set(OUTSIDE_KINDS):
        raise Invalid("target.bad_news")
    if settings.locale not in LOCALES:
        raise Invalid("input.bad_value", field="locale")
    check_times(settings.digest_seconds, settings.quiet)
    if settings.queue_id is not None and session().get(Queue, settings.queue_id) is None:
        raise Invalid("queue.no_such_queue")


def check_times(digest_seconds: int, quiet: tuple[int, int] | None) -> None:
    """``Invalid`` unless a digest gathers for at most a day, and quiet hours are two different minutes of it."""
    if not 0 <= digest_seconds <= LONGEST_DIGEST_SECONDS:
        raise Invalid("target.bad_digest", most_hours=LONGEST_DIGEST_SECONDS // 3600)
    if quiet is not None and (quiet[0] == quiet[1] or not all(0 <= minute < MINUTES_A_DAY for minute in quiet)):
        raise Invalid("target.bad_quiet_hours")


def _check_name_is_free(name: str, but: int | None) -> None:
    known = session().scalar(select(NotificationTarget.id).where(NotificationTarget.name == name))
    if known is not None and known != but:
        raise Conflict("target.name_taken", name=name)


def _opened(
    kind: str, settings: TargetSettings, known: dict[str, Any], *, allow_internal: bool
) -> tuple[str, dict[str, Any]]:
    """The address that may be shown, and the secret that is kept."""
    if kind == "mail":
        return checked_mailbox(settings.mailbox), {}
    sign = checked_sign(settings.sign)
    if settings.url.strip():
        url = checked_url(kind, settings.url, allow_internal=allow_internal)
        return shown_address(kind, url), {"url": url, "sign": sign}
    if "url" not in known:
        raise Invalid("target.url_required")
    return "", {**known, "sign": sign} if sign else known


def _columns(settings: TargetSettings) -> dict[str, Any]:
    quiet_from, quiet_to = settings.quiet or (None, None)
    return {
        "name": settings.name.strip(),
        "queue_id": settings.queue_id,
        "kinds": sorted(set(settings.kinds)),
        "locale": settings.locale,
        "digest_seconds": settings.digest_seconds,
        "quiet_from": quiet_from,
        "quiet_to": quiet_to,
        "active": settings.active,
    }
