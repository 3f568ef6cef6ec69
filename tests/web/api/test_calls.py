"""What holds for every call: who gets in, how often, with what, and that the same request has its effect once."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from helpdesk.domain.tokens import TokenScope
from helpdesk.models import ApiToken, IdempotentAnswer, Note, ReplyTemplate, Ticket
from helpdesk.queries import api_places
from helpdesk.services import idempotency, templates, tokens
from helpdesk.services.templates import Content
from helpdesk.storage import session, unit_of_work
from helpdesk.web.api.operations import OPERATIONS, Operation
from tests import tickets
from tests.conftest import Client, Frozen, Login, Statements
from tests.factories import World
from tests.services.story import do
from tests.web.api.conftest import Calling, TokenOf
from tests.web.api.test_tickets import new

PROBLEM = "application/problem+json"


def path_of(one: Operation) -> str:
    path = one.path.replace("<number>", "EX-250101-0001").replace("<id:file_id>", "1")
    return path.replace("<code>", "code").replace("<shop>", "shop").replace("<order_number>", "T1")


@pytest.mark.parametrize("one", [one for one in OPERATIONS if one.scope], ids=lambda one: one.name)
def test_each_scope_opens_its_own_addresses_only(one: Operation, call: Calling, token: TokenOf) -> None:
    assert one.scope
    others = [scope.value for scope in TokenScope if scope is not one.scope]
    refused = call(one.method.value, path_of(one), by=token(*others))
    assert (refused.status_code, refused.json["code"], refused.json["scope"]) == (
        403,
        "api.scope_missing",
        one.scope.value,
    )
    assert "insufficient_scope" in refused.headers["WWW-Authenticate"]
    let_in = call(one.method.value, path_of(one), by=token(one.scope.value))
    assert let_in.status_code not in (401, 403, 500), let_in.text


@pytest.mark.parametrize("one", OPERATIONS, ids=lambda one: one.name)
def test_nobody_gets_in_without_a_token_and_a_session_is_none(
    one: Operation, client: Client, world: World, login: Login
) -> None:
    login(client, world.users.admin)
    answer = client.open(f"/api/v1{path_of(one)}", method=one.method.value)
    assert (answer.status_code, answer.mimetype) == (401, PROBLEM)
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    "given", ["Bearer", "Bearer x", "Basic YTpi", "Bearer unsnag_" + "x" * 43, "Bearer \u00e9" * 9]
)
def test_a_token_that_is_none_opens_nothing(client: Client, world: World, given: str) -> None:
    answer = client.get("/api/v1/shops", headers={"Authorization": given})
    assert answer.status_code == 401
    assert (answer.json or {})["code"] == "api.token_unknown"


def test_a_revoked_and_an_expired_token_say_so(call: Calling, token: TokenOf, world: World, frozen: Frozen) -> None:
    short, gone = token(expires_at=frozen.now + timedelta(days=1)), token()
    with unit_of_work() as work:
        row = work.scalars(select(ApiToken).where(ApiToken.token_hash == tokens.token_hash(gone))).one()
        tokens.revoke_token(row.id, row.version, actor=world.actors.admin, now=frozen.now)
    assert call("GET", "/shops", by=gone).json["code"] == "api.token_revoked"
    assert call("GET", "/shops", by=short).status_code == 200
    frozen.shift(days=1)
    expired = call("GET", "/shops", by=short)
    assert (expired.status_code, expired.json["code"]) == (401, "api.token_expired")


def test_a_system_that_runs_wild_waits(
    call: Calling, app: Any, frozen: Frozen, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = app.config["UNSNAG"]
    monkeypatch.setitem(app.config, "UNSNAG", type("Few", (), {**vars(settings), "api_calls_a_minute": 3}))
    answers = [call("GET", "/shops").status_code for _ in range(4)]
    assert answers == [200, 200, 200, 429]
    frozen.shift(seconds=20)
    refused = call("GET", "/shops")
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "40")
    frozen.shift(seconds=40)
    assert call("GET", "/shops").status_code == 200


def test_the_last_use_is_written_once_a_minute(call: Calling, frozen: Frozen) -> None:
    begun = frozen.now
    for _ in range(3):
        call("GET", "/shops")
        frozen.shift(seconds=25)
    assert session().scalars(select(ApiToken.last_used_at)).one() == begun
    call("GET", "/shops")
    session().expire_all()
    assert session().scalars(select(ApiToken.last_used_at)).one() == begun + timedelta(seconds=75)


BAD = [
    (b"", "application/json", 400, "api.bad_json"),
    (b"{", "application/json", 400, "api.bad_json"),
    (b"\xff\xfe{}", "application/json", 400, "api.bad_json"),
    (b"[" * 100_000, "application/json", 400, "api.bad_json"),
    (b"[]", "application/json", 400, "api.bad_json"),
    (b'{"text": "\\ud800"}', "application/json", 400, "api.bad_json"),
    (b"a=1", "application/x-www-form-urlencoded", 415, "api.not_json"),
    (b"{}", "text/plain", 415, "api.not_json"),
    (b" " * (10 << 20), "application/json", 413, "api.too_large"),
]


@pytest.mark.parametrize(("content", "kind", "status", "code"), BAD)
def test_a_body_that_cannot_be_read_is_refused(
    call: Calling, content: bytes, kind: str, status: int, code: str
) -> None:
    answer = call("POST", "/tickets", data=content, content_type=kind)
    assert (answer.status_code, answer.mimetype, answer.json["code"]) == (status, PROBLEM, code)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"text": ""}, "text"),
        ({"text": "a\0b"}, "text"),
        ({"text": 5}, "text"),
        ({"text": "很" * 5_001}, "text"),
        ({"surprise": 1}, "surprise"),
        ({"created_at": "9999-12-31T00:00:00Z"}, "created_at"),
        ({"created_at": "2026-11-23T10:00:00"}, "created_at"),
        ({"created_at": 1_700_000_000}, "created_at"),
        ({"created_at": "0001-01-01T00:00:00+14:00"}, "created_at"),
        ({"priority": "P9"}, "priority"),
        ({"shop": "Nowhere!"}, "shop"),
        ({"external_id": None}, "external_id"),
    ],
)
def test_a_bad_field_is_named(call: Calling, world: World, changes: dict[str, Any], field: str) -> None:
    answer = call("POST", "/tickets", json=new(world, **changes))
    assert (answer.status_code, answer.json["field"]) == (422, field), answer.text
    assert session().scalar(select(func.count()).select_from(Ticket)) == 0


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("GET", "/tickets/NONE", 404),
        ("DELETE", "/tickets", 405),
        ("GET", "/tickets?limit=0", 422),
        ("GET", "/tickets?limit=1&limit=2", 422),
        ("GET", "/tickets?nobody=1", 422),
        ("GET", "/tickets?cursor=x", 422),
        ("GET", "/tickets?q=%00", 422),
        ("GET", "/shops?x=1", 422),
    ],
)
def test_every_refusal_is_a_problem_in_the_callers_language(call: Calling, method: str, path: str, status: int) -> None:
    answer = call(method, path, headers={"Cookie": "lang=en"})
    assert (answer.status_code, answer.mimetype) == (status, PROBLEM), answer.text
    assert answer.json["status"] == status
    assert any(one >= "\u4e00" for one in answer.json["title"])


def test_a_failure_of_ours_is_a_problem_too(call: Calling, app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_places, "shops", lambda _actor: 1 / 0)
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    monkeypatch.setattr(app, "testing", False)
    answer = call("GET", "/shops")
    assert (answer.status_code, answer.mimetype) == (500, PROBLEM)


def test_the_same_request_with_the_same_key_is_answered_the_same_byte_for_byte(call: Calling, world: World) -> None:
    first = call("POST", "/tickets", key="k1", json=new(world))
    again = call("POST", "/tickets", key="k1", json=new(world))
    assert first.status_code == again.status_code == 201
    assert first.data == again.data
    assert first.headers["Location"] == again.headers["Location"]
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    other = call("POST", "/tickets", key="k1", json=new(world, text="又是另一件事"))
    assert (other.status_code, other.json["code"]) == (422, "api.key_reused")


def test_keys_belong_to_their_token_and_last_a_day(call: Calling, token: TokenOf, world: World, frozen: Frozen) -> None:
    call("POST", "/tickets", key="k1", json=new(world))
    elsewhere = call("POST", "/tickets", key="k1", by=token(), json=new(world, text="别的系统的事"))
    assert elsewhere.status_code == 201
    frozen.shift(hours=24)
    assert "Idempotency-Replayed" not in call("POST", "/tickets", key="k1", json=new(world)).headers
    frozen.shift(hours=25)
    with unit_of_work():
        assert idempotency.remove_old(frozen.now) == 2
    assert session().scalar(select(func.count()).select_from(IdempotentAnswer)) == 0


def test_a_refusal_takes_no_key(call: Calling, world: World) -> None:
    assert call("POST", "/tickets", key="k1", json=new(world, shop="nowhere")).status_code == 422
    assert call("POST", "/tickets", key="k1", json=new(world)).status_code == 201


@pytest.mark.parametrize("key", ["x" * 201, "\u00e9", "a\tb"])
def test_a_key_of_a_bad_shape_is_refused(call: Calling, world: World, key: str) -> None:
    assert call("POST", "/tickets", key=key, json=new(world)).json["code"] == "api.bad_key"


def test_an_answer_that_could_not_be_kept_leaves_no_effect(
    call: Calling, world: World, app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_given: object, **_rest: object) -> None:
        raise RuntimeError("the power went")

    monkeypatch.setattr(idempotency, "keep", crash)
    with pytest.raises(RuntimeError):
        call("POST", "/tickets", key="k1", json=new(world))
    monkeypatch.undo()
    assert session().scalar(select(func.count()).select_from(Ticket)) == 0
    assert json.loads(call("GET", "/tickets").data)["items"] == []
    assert session().scalars(select(Note)).all() == []


BUDGETS = {
    "list_shops": 3,
    "list_channels": 3,
    "list_queues": 3,
    "list_types": 4,
    "list_tickets": 4,
    "get_ticket": 4,
    "get_checklist": 5,
    "list_messages": 4,
    "list_notes": 4,
    "list_files": 4,
    "get_file": 3,
    "get_order": 4,
    "list_templates": 3,
    "get_template": 3,
    "render_template": 14,
}
"""Statements at most: two of them let the token in and count the call."""


def test_every_address_that_reads_keeps_its_budget(
    app: Flask, call: Calling, world: World, frozen: Frozen, statements: Statements
) -> None:
    reading = [one for one in OPERATIONS if not one.writes]
    assert {one.name for one in reading} == set(BUDGETS)
    with unit_of_work():
        for n in range(3):
            row = tickets.ticket(world, frozen.now)
            for words in range(3):
                tickets.message(row, f"第 {n} 张，第 {words} 句", frozen.now)
            tickets.file(row, app.config["UNSNAG"].data, frozen.now)
    said = Content("all", "道歉", "您好，{customer}。")
    code = session().get_one(ReplyTemplate, do(templates.create, said, actor=world.actors.ops, now=frozen.now)).code
    call("PUT", f"/orders/{world.shop.code}/T1", json={"channel": "tmall", "lines": [{"name": "杯"}]})
    for one in reading:
        path = path_of(one).replace("/shop/", f"/{world.shop.code}/").replace("/code", f"/{code}")
        asked = {"query_string": {"ticket": "EX-250101-0001"}} if one.name == "render_template" else {}
        assert call("GET", path, **asked).status_code == 200, path
        with statements() as seen:
            call("GET", path, **asked)
        assert len(seen) <= BUDGETS[one.name], (one.name, seen)
