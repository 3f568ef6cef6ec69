"""What a token lets a system do: scopes, as whoever makes a token chooses them, and the permissions they stand for."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from helpdesk.domain.access import Permission
from helpdesk.domain.problems import Invalid

LONGEST_NAME = 60
LONGEST_LIFE = timedelta(days=5 * 366)
PREFIX = "unsnag_"
"""By which a scanner of repositories knows a token."""


class TokenScope(StrEnum):
    """What is asked of a token at an address of the API, finer than the permission behind it."""

    TICKETS_READ = "tickets:read"  # with their messages and notes
    TICKETS_CREATE = "tickets:create"
    TICKETS_WRITE = "tickets:write"  # status, type, priority, queue, assignee
    MESSAGES_WRITE = "messages:write"  # what the customer said
    REPLIES_SEND = "replies:send"  # to the customer
    NOTES_WRITE = "notes:write"
    ORDERS_READ = "orders:read"
    ORDERS_WRITE = "orders:write"
    TEMPLATES_READ = "templates:read"
    CUSTOMERS_READ = "customers:read"  # names, phones and addresses in full


P, S = Permission, TokenScope

PERMISSIONS: Mapping[TokenScope, frozenset[Permission]] = {
    S.TICKETS_READ: frozenset({P.TICKETS_READ}),
    S.TICKETS_CREATE: frozenset({P.TICKETS_CREATE}),
    S.TICKETS_WRITE: frozenset({P.TICKETS_READ, P.TICKETS_WORK, P.TICKETS_ASSIGN, P.TICKETS_TRANSFER}),
    S.MESSAGES_WRITE: frozenset({P.TICKETS_READ, P.TICKETS_CREATE}),
    S.REPLIES_SEND: frozenset({P.TICKETS_READ, P.TICKETS_REPLY}),
    S.NOTES_WRITE: frozenset({P.TICKETS_READ, P.TICKETS_WORK}),
    S.ORDERS_READ: frozenset({P.ORDERS_READ}),
    S.ORDERS_WRITE: frozenset({P.ORDERS_WRITE}),
    S.TEMPLATES_READ: frozenset({P.TEMPLATES_READ}),
    S.CUSTOMERS_READ: frozenset({P.CUSTOMERS_REVEAL}),
}
"""Whoever writes on a ticket must find it: so far writing includes reading. The address asks for its scope all the
same, so a token for notes opens no list of tickets."""

ALWAYS = frozenset({P.QUEUES_READ, P.RULES_READ})
"""Codes of shops, channels, queues and types, without which nobody could tell anything."""


def permissions_of(scopes: Iterable[str]) -> frozenset[Permission]:
    """What a token with these scopes may do; one that is not known any more stands for nothing."""
    known = (PERMISSIONS[TokenScope(scope)] for scope in scopes if scope in set(TokenScope))
    return ALWAYS.union(*known)


def checked_scopes(scopes: Collection[str]) -> list[str]:
    """The scopes in their order, each once. ``Invalid`` for none and for an unknown one."""
    if not scopes or not set(scopes) <= set(TokenScope):
        raise Invalid("token.bad_scopes")
    return [scope.value for scope in TokenScope if scope in scopes]


def checked_end(expires_at: datetime | None, now: datetime) -> datetime | None:
    """When a token ends (UTC), None for never. ``Invalid`` for the past, and for over five years."""
    if expires_at is not None and not now < expires_at <= now + LONGEST_LIFE:
        raise Invalid("token.bad_end", years=LONGEST_LIFE.days // 366)
    return expires_at


def is_narrower(
    scopes: Collection[str],
    shop_id: int | None,
    expires_at: datetime | None,
    *,
    than: tuple[Collection[str], int | None, datetime | None],
) -> bool:
    """Whether all of it lies within what the token could before. One that is out there must not gain power unseen."""
    old_scopes, old_shop, old_end = than
    same_shop = old_shop is None or shop_id == old_shop
    ends_in_time = old_end is None or (expires_at is not None and expires_at <= old_end)
    return set(scopes) <= set(old_scopes) and same_shop and ends_in_time
