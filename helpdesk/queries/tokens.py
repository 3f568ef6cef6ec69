"""Tokens as their pages and the API's door know them. The token itself is nowhere: only its hash is stored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache

from sqlalchemy import Row, Select, bindparam, select
from sqlalchemy.orm import aliased

from helpdesk.domain.access import Actor, Permission, Role
from helpdesk.domain.problems import NotFound
from helpdesk.domain.tokens import permissions_of
from helpdesk.models import ApiToken, Shop, User
from helpdesk.storage import plain_rows, session

MOST = 500


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose token it is and what it may do. ``ended``: ``revoked`` or ``expired``, None while it is good."""

    token_id: int
    name: str
    scopes: frozenset[str]
    shop_id: int | None
    user_id: int
    ended: str | None

    @property
    def actor(self) -> Actor:
        return Actor(
            id=self.user_id,
            role=Role.INTEGRATION,
            source="api",
            only=permissions_of(self.scopes),
            shop=self.shop_id,
        )


@dataclass(frozen=True, slots=True)
class TokenRow:
    """``state``: active, expired or revoked. Instants in UTC."""

    id: int
    name: str
    hint: str
    scopes: tuple[str, ...]
    shop_id: int | None
    shop: str | None
    made_by: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None
    state: str
    version: int


def holder(hashed: str, now: datetime) -> Holder | None:
    """Whose token has this hash; None if nobody's. One statement."""
    row = plain_rows(_holder(), {"hash": hashed}).one_or_none()
    if row is None:
        return None
    return Holder(
        token_id=row.id,
        name=row.name,
        scopes=frozenset(row.scopes),
        shop_id=row.shop_id,
        user_id=row.user_id,
        ended=_ended(row, now),
    )


def tokens(actor: Actor, now: datetime) -> tuple[TokenRow, ...]:
    """All tokens, those that are good first, by name. One statement."""
    actor.require(Permission.TOKENS_MANAGE)
    rows = session().execute(_rows().order_by(ApiToken.revoked_at.is_not(None), ApiToken.name).limit(MOST))
    return tuple(_row(row, now) for row in rows)


def token(token_id: int, actor: Actor, now: datetime) -> TokenRow:
    """One of them, or ``NotFound``."""
    actor.require(Permission.TOKENS_MANAGE)
    row = session().execute(_rows().where(ApiToken.id == token_id)).one_or_none()
    if row is None:
        raise NotFound("token.no_such_token")
    return _row(row, now)


@cache
def _holder() -> Select:
    """Built once: it stands in every call of the API."""
    return select(
        ApiToken.id,
        ApiToken.name,
        ApiToken.scopes,
        ApiToken.shop_id,
        ApiToken.user_id,
        ApiToken.expires_at,
        ApiToken.revoked_at,
    ).where(ApiToken.token_hash == bindparam("hash"))


def _rows() -> Select:
    maker = aliased(User)
    return (
        select(
            ApiToken.id,
            ApiToken.name,
            ApiToken.hint,
            ApiToken.scopes,
            ApiToken.shop_id,
            ApiToken.created_at,
            ApiToken.expires_at,
            ApiToken.last_used_at,
            ApiToken.revoked_at,
            ApiToken.version,
            Shop.name.label("shop"),
            maker.name.label("made_by"),
        )
        .outerjoin(Shop, Shop.id == ApiToken.shop_id)
        .join(maker, maker.id == ApiToken.created_by_id)
    )


def _row(row: Row, now: datetime) -> TokenRow:
    values = dict(row._mapping)
    return TokenRow(**values | {"scopes": tuple(row.scopes), "state": _ended(row, now) or "active"})


def _ended(row: Row, now: datetime) -> str | None:
    if row.revoked_at is not None:
        return "revoked"
    return "expired" if row.expires_at is not None and row.expires_at <= now else None
