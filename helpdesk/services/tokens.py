"""Tokens of the API: a key for each system, with what it may do.

The token is shown once, when it is made; the database keeps its hash alone, no query returns it and no event names
it. A token that is out there can be narrowed, never widened: whoever needs more makes another one.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil

from sqlalchemy import and_, case, func, select, update

from helpdesk.domain.access import Actor, Permission, Role
from helpdesk.domain.problems import Conflict, Invalid, NotFound, Stale, TooMany
from helpdesk.domain.tokens import LONGEST_NAME, PREFIX, checked_end, checked_scopes, is_narrower
from helpdesk.models import ApiToken, Shop, User
from helpdesk.services import events
from helpdesk.storage import session

MOST_TOKENS = 200
HINT_LETTERS = 4
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a token may do: scopes, one shop or (None) all, until ``expires_at`` (UTC, None: for ever)."""

    name: str
    scopes: Collection[str]
    shop_id: int | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Made:
    """A token's row, and the token that is shown this once."""

    id: int
    token: str = field(repr=False)


def create_token(wanted: Wanted, *, actor: Actor, now: datetime) -> Made:
    """A token for a system, which acts in the name of a user of its own. ``Conflict`` for a name that is taken."""
    actor.require(Permission.TOKENS_MANAGE)
    name = _checked(wanted.name)
    _check_name_is_free(name, None)
    if session().scalar(select(func.count()).select_from(ApiToken).where(ApiToken.revoked_at.is_(None))) >= MOST_TOKENS:  # type: ignore[operator]
        raise Conflict("token.too_many", most=MOST_TOKENS)
    _check_shop(wanted.shop_id)
    scopes, expires_at = checked_scopes(wanted.scopes), checked_end(wanted.expires_at, now)
    token = _new_token()
    user = User(login=f"token-{secrets.token_hex(10)}", name=name, role=Role.INTEGRATION.value, created_at=now)
    session().add(user)
    session().flush()
    row = ApiToken(
        name=name,
        token_hash=token_hash(token),
        hint=token[-HINT_LETTERS:],
        user_id=user.id,
        scopes=scopes,
        shop_id=wanted.shop_id,
        created_by_id=actor.id,
        created_at=now,
        expires_at=expires_at,
    )
    session().add(row)
    session().flush()
    events.record("token.created", actor=actor, now=now, token=row.id, name=name, scopes=scopes)
    return Made(row.id, token)


def narrow_token(token_id: int, version: int, wanted: Wanted, *, actor: Actor, now: datetime) -> None:
    """Rename it, or let it do less. ``Invalid`` for anything more, ``Stale`` if it was changed meanwhile."""
    row = _locked(token_id, version, actor)
    name, scopes = _checked(wanted.name), checked_scopes(wanted.scopes)
    _check_name_is_free(name, token_id)
    _check_shop(wanted.shop_id)
    expires_at = wanted.expires_at
    if expires_at != row.expires_at:
        checked_end(expires_at, now)
    if not is_narrower(scopes, wanted.shop_id, expires_at, than=(row.scopes, row.shop_id, row.expires_at)):
        raise Invalid("token.only_narrower")
    values = {"name": name, "scopes": scopes, "shop_id": wanted.shop_id, "expires_at": expires_at}
    changes = events.apply_changes(row, values)
    if not changes:
        return
    session().get_one(User, row.user_id).name = name
    row.version += 1
    told = {key: [_plain(before), _plain(after)] for key, (before, after) in changes.items()}
    events.record("token.changed", actor=actor, now=now, token=row.id, name=name, changes=told)


def rotate_token(token_id: int, version: int, *, actor: Actor, now: datetime) -> Made:
    """Another token with the same rights and the same past; the one before is good no more, at once."""
    row = _locked(token_id, version, actor)
    token = _new_token()
    row.token_hash, row.hint = token_hash(token), token[-HINT_LETTERS:]
    row.version += 1
    events.record("token.rotated", actor=actor, now=now, token=row.id, name=row.name)
    return Made(row.id, token)


def revoke_token(token_id: int, version: int, *, actor: Actor, now: datetime) -> None:
    """It is good no more, for good. What it did stays, in its name."""
    row = _locked(token_id, version, actor)
    row.revoked_at = now
    row.version += 1
    session().get_one(User, row.user_id).active = False
    events.record("token.revoked", actor=actor, now=now, token=row.id, name=row.name)


def count_call(token_id: int, *, a_minute: int, now: datetime) -> None:
    """Count a call, and note once a minute that the token is used. ``TooMany`` past ``a_minute``, which counts none."""
    running = and_(ApiToken.last_used_at > now - MINUTE, ApiToken.last_used_at <= now)
    counted = (
        update(ApiToken)
        .where(ApiToken.id == token_id)
        .values(
            calls=case((running, ApiToken.calls + 1), else_=1),
            last_used_at=case((running, ApiToken.last_used_at), else_=now),
        )
        .returning(ApiToken.calls, ApiToken.last_used_at)
    )
    calls, since = session().execute(counted, execution_options={"synchronize_session": False}).one()
    if since is not None and calls > a_minute:
        left = ceil((since + MINUTE - now).total_seconds())
        raise TooMany("api.too_many_calls", retry_after=max(1, left), most=a_minute)


def token_hash(token: str) -> str:
    """What is stored of a token: 32 random bytes need no salt and no slow hash."""
    return hashlib.sha256(token.encode()).hexdigest()


def _new_token() -> str:
    return f"{PREFIX}{secrets.token_urlsafe(32)}"


def _locked(token_id: int, version: int, actor: Actor) -> ApiToken:
    actor.require(Permission.TOKENS_MANAGE)
    row = session().get(ApiToken, token_id, with_for_update=True)
    if row is None:
        raise NotFound("token.no_such_token")
    if row.version != version:
        raise Stale("token.stale")
    if row.revoked_at is not None:
        raise Conflict("token.is_revoked")
    return row


def _checked(name: str) -> str:
    name = name.strip()
    if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
        raise Invalid("token.bad_name", most=LONGEST_NAME)
    return name


def _check_name_is_free(name: str, but: int | None) -> None:
    known = session().scalar(select(ApiToken.id).where(ApiToken.name == name))
    if known is not None and known != but:
        raise Conflict("token.name_taken", name=name)


def _check_shop(shop_id: int | None) -> None:
    if shop_id is not None and session().get(Shop, shop_id) is None:
        raise Invalid("ticket.unknown_shop_or_channel")


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value
