"""Logging in and out. A session is a row: deleting it ends it at once.

A login goes in steps, because hashing is slow and must not hold a transaction: ``admit`` (counted before the
password is looked at, so that guessing in parallel gains nothing), the check, ``open_session``.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from sqlalchemy import delete, update

from helpdesk.domain.access import Actor, Permission, Role
from helpdesk.domain.problems import NotFound
from helpdesk.models import User, UserSession
from helpdesk.services import events, tries
from helpdesk.services.tries import Limit
from helpdesk.storage import session

WINDOW = timedelta(minutes=15)
TRIES_PER_LOGIN_AND_ADDRESS = 5
TRIES_PER_ADDRESS = 20
TRIES_PER_LOGIN = 50
"""From everywhere together: high enough that a stranger can't easily keep somebody out of his account."""


def admit(login: str, address: str, *, now: datetime) -> None:
    """Count a try to log in. ``TooMany`` (with ``retry_after`` seconds) where there were too many in 15 minutes.

    A refused try is not counted: whoever waits gets in.
    """
    tries.admit(_limits(login, address), "login.too_many", now=now)


def open_session(
    user_id: int, login: str, *, address: str, agent: str, now: datetime, hours: int, new_hash: str | None = None
) -> str:
    """The person has shown his password: return the token for his cookie. It lasts ``hours`` from its last use.

    Forgives his earlier tries. ``new_hash`` replaces a password hash with outdated parameters. ``NotFound`` if he
    was deactivated while his password was being checked.
    """
    work = session()
    user = work.get(User, user_id)
    if user is None or not user.active:
        raise NotFound("login.refused")
    if new_hash:
        user.password_hash = new_hash
    _forgive(login, address)
    token = secrets.token_urlsafe(32)
    row = UserSession(
        token_hash=token_hash(token),
        user_id=user_id,
        created_at=now,
        seen_at=now,
        expires_at=now + timedelta(hours=hours),
        address=address[:60],
        agent=agent[:200],
    )
    work.add(row)
    work.flush()
    events.record("session.opened", actor=Actor(user_id, Role(user.role)), now=now, session=row.id)
    return token


def touch(session_id: int, *, now: datetime, hours: int) -> None:
    """The session is in use: it lasts ``hours`` from now."""
    session().execute(
        update(UserSession)
        .where(UserSession.id == session_id)
        .values(seen_at=now, expires_at=now + timedelta(hours=hours))
    )


def note_presence(session_id: int, *, now: datetime) -> None:
    """A page of the session refreshes itself: somebody seems to be there, which doesn't prolong his login."""
    session().execute(update(UserSession).where(UserSession.id == session_id).values(seen_at=now))


def end_session(session_id: int, *, actor: Actor, now: datetime) -> None:
    """End one of the actor's own sessions. ``NotFound`` if it is not his."""
    actor.require(Permission.ACCOUNT_OWN)
    ended = session().execute(delete(UserSession).where(UserSession.id == session_id, UserSession.user_id == actor.id))
    if not ended.rowcount:  # type: ignore[attr-defined]
        raise NotFound("session.no_such_session")
    events.record("session.ended", actor=actor, now=now, session=session_id)


def end_others(*, keep: int, actor: Actor, now: datetime) -> int:
    """End all of the actor's own sessions but the one he sits at; returns how many there were."""
    actor.require(Permission.ACCOUNT_OWN)
    ended = session().scalars(
        delete(UserSession).where(UserSession.user_id == actor.id, UserSession.id != keep).returning(UserSession.id)
    )
    ids = ended.all()
    for session_id in ids:
        events.record("session.ended", actor=actor, now=now, session=session_id)
    return len(ids)


def end_all(user_id: int, *, keep: int | None = None) -> None:
    """End every session of a person, but for the one he sits at. The caller records why."""
    ending = delete(UserSession).where(UserSession.user_id == user_id)
    session().execute(ending if keep is None else ending.where(UserSession.id != keep))


def token_hash(token: str) -> str:
    """What is stored of a token: whoever reads the table can't take over a session."""
    return hashlib.sha256(token.encode()).hexdigest()


def _limits(login: str, address: str) -> dict[str, Limit]:
    return {
        tries.key("both", login, address): Limit(TRIES_PER_LOGIN_AND_ADDRESS, WINDOW),
        tries.key("address", address): Limit(TRIES_PER_ADDRESS, WINDOW),
        tries.key("login", login): Limit(TRIES_PER_LOGIN, WINDOW),
    }


def _forgive(login: str, address: str) -> None:
    """Forget this login's tries from here. Those of the address stay, but for the one that was right."""
    tries.forget(tries.key("both", login, address))
    for key in (tries.key("address", address), tries.key("login", login)):
        tries.forget_last(key)
