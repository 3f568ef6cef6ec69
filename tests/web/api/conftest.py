"""A system that calls the API: tokens, and what it says with them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeAlias

import pytest
from werkzeug.test import TestResponse

from helpdesk.domain.tokens import TokenScope
from helpdesk.services import tokens
from helpdesk.services.tokens import Wanted
from helpdesk.storage import unit_of_work
from tests.conftest import Client
from tests.factories import World

Calling: TypeAlias = Callable[..., Any]
TokenOf: TypeAlias = Callable[..., str]


@pytest.fixture
def token(world: World, now: datetime) -> TokenOf:
    """``token("tickets:read", shop_id=1)``: a token with these scopes, with all of them if none is said."""
    made = iter(range(1, 1_000))

    def make(*scopes: str, **limits: Any) -> str:
        wanted = Wanted(f"系统 {next(made)}", scopes or [scope.value for scope in TokenScope], **limits)
        with unit_of_work():
            return tokens.create_token(wanted, actor=world.actors.admin, now=now).token

    return make


@pytest.fixture
def call(client: Client, token: TokenOf) -> Calling:
    """``call("GET", "/tickets", key=..., json=...)``: by a system with every scope, or ``by=`` a token."""
    everything = token()

    def do(
        method: str, path: str, *, by: str | None = None, key: str = "", headers: Any = None, **rest: Any
    ) -> TestResponse:
        given = {"Authorization": f"Bearer {by or everything}", **(headers or {})}
        if key:
            given["Idempotency-Key"] = key
        return client.open(f"/api/v1{path}", method=method, headers=given, **rest)

    return do
