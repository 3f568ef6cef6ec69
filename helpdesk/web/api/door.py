"""Who calls: a token in the ``Authorization`` header, never a cookie."""

from __future__ import annotations

import re

from flask import current_app, g, request

from helpdesk.domain.access import Permission
from helpdesk.domain.problems import NotAllowed
from helpdesk.domain.tokens import TokenScope
from helpdesk.queries import tokens as queries
from helpdesk.queries.tokens import Holder
from helpdesk.services import tokens as services
from helpdesk.storage import unit_of_work
from helpdesk.web.access import moment

BEARER = re.compile(r"Bearer +([A-Za-z0-9_-]{20,100}) *", re.IGNORECASE)


class NoToken(NotAllowed):
    """Nobody we know. ``challenge`` says what was wrong, for the ``WWW-Authenticate`` header."""

    status = 401


def enter(permission: Permission, scope: TokenScope | None) -> None:
    """Let the token of this request in, if it is good and may do this; count the call.

    ``NoToken``, ``NotAllowed`` where the scope is missing, ``TooMany`` past the calls of a minute.
    """
    caller = _holder()
    with unit_of_work():
        services.count_call(caller.token_id, a_minute=current_app.config["UNSNAG"].api_calls_a_minute, now=moment())
    if scope is not None and scope not in caller.scopes:
        challenge = f'Bearer error="insufficient_scope", scope="{scope}"'
        raise NotAllowed("api.scope_missing", scope=scope.value, challenge=challenge)
    caller.actor.require(permission)
    g.api_caller = caller


def caller() -> Holder:
    """Whose token this request came with."""
    holder: Holder = g.api_caller
    return holder


def _holder() -> Holder:
    given = request.headers.get("Authorization", "")
    if not given:
        raise NoToken("api.token_required", challenge='Bearer realm="unsnag"')
    match = BEARER.fullmatch(given)
    holder = queries.holder(services.token_hash(match[1]), moment()) if match else None
    if holder is None:
        raise _bad("api.token_unknown")
    if holder.ended:
        raise _bad("api.token_revoked" if holder.ended == "revoked" else "api.token_expired")
    return holder


def _bad(code: str) -> NoToken:
    return NoToken(code, challenge='Bearer realm="unsnag", error="invalid_token"')
