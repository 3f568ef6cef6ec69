"""The address at which other systems call: what gets in, and what is answered."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from helpdesk.domain.signatures import sign
from helpdesk.models import Inbound, Message, Ticket, Webhook, WebhookCall
from helpdesk.services import webhooks
from helpdesk.services.webhooks import Made
from helpdesk.storage import session
from tests.conftest import Client, Frozen, Login, Statements
from tests.factories import World
from tests.services.story import count_of, do

SAID = {"event": "message", "external_id": "chat-1", "text": "收到的杯子碎了", "buyer_id": "b"}


@pytest.fixture
def hook(world: World, now: datetime) -> Made:
    where = {"shop_id": world.shop.id, "channel_id": world.channels.tmall.id}
    return do(webhooks.create_webhook, "聊天机器人", actor=world.actors.admin, now=now, **where)


def path(hook: Made) -> str:
    return f"/hooks/{session().scalars(select(Webhook.code).where(Webhook.id == hook.id)).one()}"


def signed(secret: str, at: datetime, content: bytes) -> dict[str, str]:
    timestamp = int(at.timestamp())
    return {"X-Unsnag-Timestamp": str(timestamp), "X-Unsnag-Signature": sign(secret, timestamp, content)}


def call(client: Client, hook: Made, body: object, at: datetime, **headers: str) -> TestResponse:
    """A call of the other system, signed now; ``body`` bytes or what becomes JSON."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return client.post(path(hook), data=content, headers={**signed(hook.secret, at, content), **headers})


def refusal(answer: TestResponse) -> tuple[int, str]:
    assert answer.content_type == "application/problem+json"
    assert answer.json is not None
    assert answer.json["status"] == answer.status_code
    return answer.status_code, answer.json["code"]


def test_a_message_becomes_a_ticket(client: Client, hook: Made, now: datetime) -> None:
    answer = call(client, hook, SAID, now)
    ticket = session().scalars(select(Ticket)).one()
    assert answer.status_code == 201
    assert answer.json == {"ticket": ticket.number, "outcome": "created"}
    assert (ticket.type, ticket.shop_id) == ("damaged", 1)


def test_what_is_told_along_is_kept(client: Client, hook: Made, frozen: Frozen) -> None:
    written = (frozen.now - timedelta(hours=1)).isoformat()
    more = {"order_number": "T1", "customer_name": "王先生", "phone": "13800001111", "subject": "杯子", "ticket": ""}
    call(client, hook, SAID | more | {"created_at": written}, frozen.now)
    ticket = session().scalars(select(Ticket)).one()
    assert (ticket.subject, ticket.created_at.isoformat()) == ("杯子", written)
    assert ticket.order_id
    assert ticket.customer_id


def test_an_answer_lands_on_the_named_ticket(client: Client, hook: Made, frozen: Frozen) -> None:
    number = call(client, hook, SAID, frozen.now).get_json()["ticket"]
    answer = call(client, hook, SAID | {"external_id": "chat-2", "text": "在吗", "ticket": number}, frozen.now)
    assert (answer.status_code, answer.json) == (200, {"ticket": number, "outcome": "heard"})


def test_the_same_event_signed_anew_is_the_same_ticket_and_a_replay_is_refused(
    client: Client, hook: Made, frozen: Frozen
) -> None:
    first = call(client, hook, SAID, frozen.now).get_json()
    assert refusal(call(client, hook, SAID, frozen.now)) == (409, "webhook.replayed")
    frozen.shift(seconds=1)
    again = call(client, hook, SAID, frozen.now)
    assert (again.status_code, again.json) == (200, {"ticket": first["ticket"], "outcome": "repeated"})
    assert count_of(Message) == 1


def test_the_same_id_with_other_words_is_refused(client: Client, hook: Made, frozen: Frozen) -> None:
    call(client, hook, SAID, frozen.now)
    assert refusal(call(client, hook, SAID | {"text": "别的"}, frozen.now)) == (422, "inbound.different_body")


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Unsnag-Signature": ""},
        {"X-Unsnag-Timestamp": ""},
        {"X-Unsnag-Timestamp": "x"},
        {"X-Unsnag-Signature": "sha256=" + "0" * 64},
        {"X-Unsnag-Signature": "é"},
        {"X-Unsnag-Signature": "x" * 5_000},
    ],
    ids=lambda headers: str(headers)[:40],
)
def test_who_doesnt_sign_learns_nothing_and_is_counted(
    client: Client, hook: Made, now: datetime, headers: dict[str, str]
) -> None:
    answer = call(client, hook, SAID, now, **headers)
    assert refusal(answer) == (401, "webhook.bad_signature")
    assert "field" not in (answer.json or {})
    assert [call.problem for call in session().scalars(select(WebhookCall))] == ["webhook.bad_signature"]
    assert (count_of(Ticket), count_of(Inbound)) == (0, 0)


def test_nobody_gets_in_by_a_login_a_cookie_or_another_secret(
    client: Client, hook: Made, world: World, login: Login, now: datetime
) -> None:
    login(client, world.users.admin)
    content = json.dumps(SAID).encode()
    assert refusal(client.post(path(hook), data=content)) == (401, "webhook.bad_signature")
    assert refusal(client.post(path(hook), data=content, headers=signed("other", now, content))) == (
        401,
        "webhook.bad_signature",
    )
    assert refusal(client.post("/hooks/unknown", data=content)) == (404, "webhook.no_such_webhook")
    assert client.get(path(hook)).status_code == 405


def test_a_signature_covers_every_byte(client: Client, hook: Made, now: datetime) -> None:
    content = json.dumps(SAID).encode()
    headers = signed(hook.secret, now, content)
    assert client.post(path(hook), data=content + b" ", headers=headers).status_code == 401


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "application/x-www-form-urlencoded", ""])
def test_the_body_is_json_whatever_it_calls_itself(
    client: Client, hook: Made, now: datetime, content_type: str
) -> None:
    assert call(client, hook, SAID, now, **{"Content-Type": content_type}).status_code == 201


WRONG: dict[str, tuple[object, int, str, str | None]] = {
    "nothing": (b"", 400, "webhook.bad_json", None),
    "half an object": (b"{", 400, "webhook.bad_json", None),
    "a list": (b"[]", 400, "webhook.bad_json", None),
    "a string": (b'"text"', 400, "webhook.bad_json", None),
    "no UTF-8": (b"\xff\xfe", 400, "webhook.bad_json", None),
    "200,000 levels": (b"[" * 200_000, 400, "webhook.bad_json", None),
    "half a surrogate pair": (b'{"text": "\\ud800"}', 400, "webhook.bad_json", None),
    "GB18030": ("内容".encode("gb18030"), 400, "webhook.bad_json", None),
    "another event": ({**SAID, "event": "order"}, 422, "webhook.bad_field", "event"),
    "no id": ({"event": "message", "text": "x"}, 422, "webhook.missing_field", "external_id"),
    "no text": ({"event": "message", "external_id": "x"}, 422, "webhook.missing_field", "text"),
    "an unknown field": ({**SAID, "texts": "x"}, 422, "webhook.unknown_field", "texts"),
    "a number as text": ({**SAID, "text": 1}, 422, "webhook.bad_field", "text"),
    "null as text": ({**SAID, "text": None}, 422, "webhook.bad_field", "text"),
    "an empty text": ({**SAID, "text": " "}, 422, "ticket.text_required", None),
    "NUL in the text": ({**SAID, "text": "a\0b"}, 422, "input.bad_character", "text"),
    "NUL in the id": ({**SAID, "external_id": "a\0b"}, 422, "input.bad_character", "external_id"),
    "a text too long": ({**SAID, "text": "长" * 5_001}, 422, "input.too_long", "text"),
    "an empty id": ({**SAID, "external_id": ""}, 422, "webhook.bad_field", "external_id"),
    "an id too long": ({**SAID, "external_id": "x" * 201}, 422, "input.too_long", "external_id"),
    "NUL in the ticket": ({**SAID, "ticket": "EX-0\0"}, 422, "webhook.bad_field", "ticket"),
    "no such ticket": ({**SAID, "ticket": "EX-000000-0001"}, 404, "ticket.not_found", None),
    "a number as time": ({**SAID, "created_at": 1}, 422, "webhook.bad_field", "created_at"),
    "a time without its zone": ({**SAID, "created_at": "2026-11-23T10:00:00"}, 422, "webhook.bad_field", "created_at"),
    "the year 1": ({**SAID, "created_at": "0001-01-01T00:00:00+14:00"}, 422, "webhook.bad_field", "created_at"),
    "the year 9999": ({**SAID, "created_at": "9999-12-31T23:59:59-14:00"}, 422, "ticket.created_in_future", None),
    "an endless name": ({**SAID, "x" * 500: 1}, 422, "webhook.unknown_field", "x" * 40),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_body_that_is_wrong_is_told_so_and_noted_without_its_words(
    client: Client, hook: Made, now: datetime, wrong: str
) -> None:
    body, status, code, field = WRONG[wrong]
    answer = call(client, hook, body, now)
    assert refusal(answer) == (status, code)
    assert (answer.json or {}).get("field") == field
    [noted] = session().scalars(select(WebhookCall))
    assert (noted.outcome, noted.problem) == ("refused", code)
    assert len(json.dumps(noted.params)) < 300
    assert (count_of(Ticket), count_of(Inbound)) == (0, 0)


def test_a_body_over_its_limit_is_refused_before_it_is_read(client: Client, hook: Made, now: datetime) -> None:
    answer = call(client, hook, b"x" * (256 * 1024 + 1), now)
    assert refusal(answer) == (413, "webhook.too_large")
    assert count_of(WebhookCall) == 0


def test_too_many_calls_say_when_to_come_again(client: Client, hook: Made, frozen: Frozen) -> None:
    settings = client.application.config["UNSNAG"]
    object.__setattr__(settings, "webhook_calls_a_minute", 2)
    try:
        answers = [call(client, hook, SAID | {"external_id": f"c{n}"}, frozen.now) for n in range(3)]
    finally:
        object.__setattr__(settings, "webhook_calls_a_minute", 600)
    assert [answer.status_code for answer in answers] == [201, 201, 429]
    assert refusal(answers[2]) == (429, "webhook.too_many_calls")
    assert answers[2].headers["Retry-After"] == "60"


def test_problems_are_worded_in_the_language_that_is_asked_for(client: Client, hook: Made, now: datetime) -> None:
    answer = call(client, hook, b"{", now, **{"Accept-Language": "zh-CN"})
    assert "JSON" in (answer.json or {})["detail"]


def test_a_call_costs_no_more_statements_than_a_form(
    client: Client, hook: Made, frozen: Frozen, statements: Statements
) -> None:
    call(client, hook, SAID, frozen.now)
    with statements() as seen:
        call(client, hook, SAID | {"external_id": "second", "buyer_id": "c"}, frozen.now)
    assert len(seen) <= 40, "\n".join(seen)
    refused: dict[str, Any] = {"X-Unsnag-Signature": "sha256=" + "0" * 64}
    with statements() as seen:
        call(client, hook, SAID, frozen.now, **refused)
    assert len(seen) <= 7, "\n".join(seen)
