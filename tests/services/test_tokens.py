"""Tokens and kept answers, on both databases."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.domain.access import TABLE, Permission, Role
from helpdesk.domain.problems import Conflict, Invalid, NotAllowed, Stale, TooMany
from helpdesk.domain.tokens import PERMISSIONS, TokenScope, checked_scopes, is_narrower, permissions_of
from helpdesk.models import ApiToken
from helpdesk.queries import tokens as queries
from helpdesk.services import idempotency, tokens
from helpdesk.services.idempotency import Kept
from helpdesk.services.tokens import Wanted
from helpdesk.storage import session, unit_of_work
from tests.factories import World
from tests.services.story import do

MINUTE = timedelta(minutes=1)
scope_sets = st.sets(st.sampled_from([scope.value for scope in TokenScope]), min_size=1)


@pytest.fixture
def made(world: World, now: datetime) -> tokens.Made:
    return do(tokens.create_token, Wanted("仓库系统", ["tickets:read"]), actor=world.actors.admin, now=now)


def test_every_scope_stands_for_what_an_integration_may_do() -> None:
    assert set(PERMISSIONS) == set(TokenScope)
    for scope in TokenScope:
        assert permissions_of([scope]) <= set(TABLE[Role.INTEGRATION])
    assert Permission.TICKETS_READ not in permissions_of(["long gone"])


@given(scope_sets, scope_sets)
def test_more_scopes_are_never_narrower(before: set[str], after: set[str]) -> None:
    assert is_narrower(after, None, None, than=(before, None, None)) == (after <= before)
    assert set(checked_scopes(after)) == after


def test_its_holder_is_found_by_the_hash_alone(made: tokens.Made, now: datetime) -> None:
    holder = queries.holder(tokens.token_hash(made.token), now)
    assert holder
    assert (holder.name, holder.ended) == ("仓库系统", None)
    assert (holder.actor.role, holder.actor.source) == (Role.INTEGRATION, "api")
    assert holder.actor.may(Permission.TICKETS_READ)
    assert not holder.actor.may(Permission.TICKETS_WORK)
    assert queries.holder(made.token, now) is None
    assert made.token not in repr(made)


@pytest.mark.parametrize("who", ["agent", "supervisor", "ops", "auditor"])
def test_only_admins_make_tokens(world: World, now: datetime, who: str) -> None:
    with unit_of_work(), pytest.raises(NotAllowed):
        tokens.create_token(Wanted("x", ["tickets:read"]), actor=getattr(world.actors, who), now=now)


def test_calls_are_counted_by_the_minute(made: tokens.Made, now: datetime) -> None:
    for _ in range(2):
        do(tokens.count_call, made.id, a_minute=2, now=now)
    with unit_of_work(), pytest.raises(TooMany) as refused:
        tokens.count_call(made.id, a_minute=2, now=now + timedelta(seconds=15))
    assert refused.value.params["retry_after"] == 45
    do(tokens.count_call, made.id, a_minute=2, now=now + MINUTE)
    row = session().get_one(ApiToken, made.id)
    assert (row.calls, row.last_used_at) == (1, now + MINUTE)


def test_a_change_on_an_old_version_is_stale(made: tokens.Made, world: World, now: datetime) -> None:
    do(tokens.rotate_token, made.id, 1, actor=world.actors.admin, now=now)
    with unit_of_work(), pytest.raises(Stale):
        tokens.revoke_token(made.id, 1, actor=world.actors.admin, now=now)
    do(tokens.revoke_token, made.id, 2, actor=world.actors.admin, now=now)
    with unit_of_work(), pytest.raises(Conflict):
        tokens.rotate_token(made.id, 3, actor=world.actors.admin, now=now)


def test_an_answer_is_kept_for_its_key_for_a_day(made: tokens.Made, now: datetime) -> None:
    asked = idempotency.fingerprint("POST", "/x", b"{}")
    with unit_of_work():
        assert idempotency.answered(made.id, "k", asked, now=now) is None
        idempotency.keep(made.id, "k", asked, Kept(201, '{"名":1}', {"Location": "/y"}), now=now)
    with unit_of_work():
        assert idempotency.answered(made.id, "k", asked, now=now) == Kept(201, '{"名":1}', {"Location": "/y"})
        with pytest.raises(Invalid):
            idempotency.answered(made.id, "k", idempotency.fingerprint("POST", "/x", b"[]"), now=now)
        assert idempotency.remove_old(now) == 0
    with unit_of_work():
        assert idempotency.answered(made.id, "k", asked, now=now + timedelta(hours=24)) is None
