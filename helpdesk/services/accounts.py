"""People: who works here, in which role, with which password."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import select

from helpdesk.domain.access import PEOPLE, Actor, Permission, Role
from helpdesk.domain.passwords import check_password
from helpdesk.domain.problems import Conflict, Invalid, NotFound, Stale
from helpdesk.models import User
from helpdesk.services import events, passwords, queues, sessions
from helpdesk.storage import session

LOGIN = re.compile(r"[a-z0-9][a-z0-9._@-]{1,59}")
Profile: TypeAlias = tuple[str, str, bool, str, int | None]
"""Name, role, active, language, capacity."""

LONGEST_NAME = 60
MOST_CAPACITY = 1000


def create_user(
    login: str,
    *,
    name: str,
    role: Role,
    password_hash: str,
    locale: str = "zh_CN",
    capacity: int | None = None,
    member_of: Collection[int] = (),
    actor: Actor,
    now: datetime,
) -> int:
    """Somebody new works here; return his id. The hash comes from ``new_password``.

    ``Invalid`` for a login that is not 2 to 60 small letters, digits and ``._@-``; ``Conflict`` for one that is taken.
    """
    actor.require(Permission.USERS_MANAGE)
    login = login.strip().lower()
    if not LOGIN.fullmatch(login):
        raise Invalid("account.bad_login")
    _check_role(role)
    if session().scalar(select(User.id).where(User.login == login)):
        raise Conflict("account.login_taken", login=login)
    user = User(
        login=login,
        name=checked_name(name),
        role=role.value,
        password_hash=password_hash,
        locale=locale,
        capacity=checked_capacity(capacity),
        created_at=now,
    )
    session().add(user)
    session().flush()
    events.record("user.created", actor=actor, now=now, user=user.id, role=role.value)
    queues.set_queues_of(user.id, member_of, actor=actor, now=now)
    return user.id


def update_user(
    user_id: int,
    version: int,
    *,
    name: str,
    role: Role,
    active: bool,
    locale: str,
    capacity: int | None,
    member_of: Collection[int],
    actor: Actor,
    now: datetime,
) -> None:
    """Change what somebody is, as seen at ``version``. Acts at once: deactivating ends his sessions.

    ``Stale`` if he was changed meanwhile; ``Conflict`` where the last active admin would go.
    """
    actor.require(Permission.USERS_MANAGE)
    _check_role(role)
    if not active or role is not Role.ADMIN:
        _keep_another_admin(user_id)
    user = _locked(user_id)
    if user.version != version:
        raise Stale("account.stale")
    before = (user.name, user.role, user.active, user.locale, user.capacity)
    user.name, user.role, user.active = checked_name(name), role.value, active
    user.locale, user.capacity = locale, checked_capacity(capacity)
    after = (user.name, user.role, user.active, user.locale, user.capacity)
    changed = queues.set_queues_of(user.id, member_of, actor=actor, now=now)
    if before == after and not changed:
        return
    user.version += 1
    if before[1] != after[1]:
        events.record("user.role_changed", actor=actor, now=now, user=user.id, old=before[1], new=after[1])
    if before[2] != after[2]:
        code = "user.reactivated" if active else "user.deactivated"
        events.record(code, actor=actor, now=now, user=user.id)
    if (before[0], *before[3:]) != (after[0], *after[3:]):
        changes = _changes(before, after)
        events.record("user.changed", actor=actor, now=now, user=user.id, changes=changes)
    if not active:
        sessions.end_all(user.id)


def deactivate(user_id: int, *, actor: Actor, now: datetime) -> None:
    """He doesn't work here any more: his sessions end, his tickets and words stay."""
    actor.require(Permission.USERS_MANAGE)
    _keep_another_admin(user_id)
    user = _locked(user_id)
    if not user.active:
        return
    user.active = False
    user.version += 1
    sessions.end_all(user.id)
    events.record("user.deactivated", actor=actor, now=now, user=user.id)


def set_password(user_id: int, password_hash: str, *, actor: Actor, now: datetime) -> None:
    """Give somebody a new password; he is logged out everywhere."""
    actor.require(Permission.USERS_MANAGE)
    user = _locked(user_id)
    user.password_hash = password_hash
    sessions.end_all(user.id)
    events.record("user.password_set", actor=actor, now=now, user=user.id)


def change_own_password(
    checked_hash: str | None, new_hash: str, *, keep_session: int | None, actor: Actor, now: datetime
) -> None:
    """Take the new password in place of the one that was checked; every other session of his ends.

    ``Stale`` if the password changed between the check and now.
    """
    actor.require(Permission.ACCOUNT_OWN)
    user = _locked(actor.id)
    if user.password_hash != checked_hash:
        raise Stale("account.stale")
    user.password_hash = new_hash
    sessions.end_all(user.id, keep=keep_session)
    events.record("user.password_changed", actor=actor, now=now, user=user.id)


def change_own_account(version: int, *, name: str, locale: str, actor: Actor, now: datetime) -> None:
    """One's own name and language. ``Stale`` if an admin changed them meanwhile."""
    actor.require(Permission.ACCOUNT_OWN)
    user = _locked(actor.id)
    if user.version != version:
        raise Stale("account.stale")
    wanted = (checked_name(name), user.role, user.active, locale, user.capacity)
    changes = _changes((user.name, user.role, user.active, user.locale, user.capacity), wanted)
    if changes:
        user.name, user.locale = wanted[0], locale
        user.version += 1
        events.record("user.changed", actor=actor, now=now, user=user.id, changes=changes)


def set_own_locale(locale: str, *, actor: Actor) -> None:
    """The language switch of every page: a taste, not a fact, so neither version nor event."""
    actor.require(Permission.ACCOUNT_OWN)
    _locked(actor.id).locale = locale


def new_password(password: str, *, login: str) -> str:
    """The hash of a password that is good enough, ``Invalid`` otherwise. Slow: call it outside a transaction."""
    check_password(password, login=login)
    return passwords.hashed(password)


def checked_name(name: str) -> str:
    """A name without space around it; ``Invalid`` if it is empty, too long or holds control characters."""
    name = name.strip()
    if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
        raise Invalid("account.bad_name", most=LONGEST_NAME)
    return name


def checked_capacity(capacity: int | None) -> int | None:
    """Tickets at a time, None for no limit."""
    if capacity is not None and not 0 < capacity <= MOST_CAPACITY:
        raise Invalid("account.bad_capacity", most=MOST_CAPACITY)
    return capacity


def _changes(before: Profile, after: Profile) -> dict[str, list[Any]]:
    """What events of their own don't tell. That a name changed is told, not the names: they are about a person."""
    changes: dict[str, list[Any]] = {"name": []} if before[0] != after[0] else {}
    for name, old, new in (("locale", before[3], after[3]), ("capacity", before[4], after[4])):
        if old != new:
            changes[name] = [old, new]
    return changes


def _locked(user_id: int) -> User:
    user = session().get(User, user_id, with_for_update=True)
    if user is None or Role(user.role) not in PEOPLE:
        raise NotFound("account.no_such_user")
    return user


def _check_role(role: Role) -> None:
    if role not in PEOPLE:
        raise Invalid("account.bad_role")


def _keep_another_admin(user_id: int) -> None:
    """Refuse to take away the last one who could give the right back. Locks them all: two could go at once."""
    admins = select(User.id).where(User.role == Role.ADMIN.value, User.active).order_by(User.id).with_for_update()
    if session().scalars(admins).all() == [user_id]:
        raise Conflict("account.last_admin")
