from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask, request

from helpdesk import create_app
from helpdesk.config import Settings
from tests.conftest import Client, Frozen, Login
from tests.factories import World

PAGES = ("/login", "/account", "/no/such/page")


@pytest.mark.parametrize("path", PAGES)
def test_every_answer_says_what_may_be_done_with_it(client: Client, world: World, login: Login, path: str) -> None:
    login(client, world.users.agent)
    headers = client.get(path).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "*" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "geolocation=()" in headers["Permissions-Policy"]
    assert "no-store" in headers["Cache-Control"]
    assert "Strict-Transport-Security" not in headers


def test_a_file_is_kept_for_good_only_under_the_address_of_its_content(client: Client, world: World) -> None:
    page = client.get("/login").text
    address = re.search(r'href="(/static/css/tokens\.css\?v=[0-9a-f]{12})"', page)
    assert address
    with client.get(address.group(1)) as versioned, client.get("/static/css/tokens.css") as plain:
        assert "immutable" in versioned.headers["Cache-Control"]
        assert "immutable" not in plain.headers.get("Cache-Control", "")
    with client.get("/static/css/no-such.css?v=1") as missing:
        assert "immutable" not in missing.headers["Cache-Control"]


def test_an_address_under_another_name_is_refused(client: Client, world: World) -> None:
    answer = client.get("/login", headers={"Host": "evil.example"})
    assert answer.status_code == 400
    assert "evil" not in answer.text


def test_each_request_has_an_id_that_a_proxy_may_give(client: Client, world: World) -> None:
    first, second = (client.get("/login").headers["X-Request-Id"] for _ in range(2))
    assert first != second
    given = client.get("/login", headers={"X-Request-Id": "0123-abcd-4567"})
    assert given.headers["X-Request-Id"] == "0123-abcd-4567"
    odd = client.get("/login", headers={"X-Request-Id": "a b<script>"})
    assert odd.headers["X-Request-Id"] != "a b<script>"


@pytest.mark.parametrize(
    "path", ["/login?next=%00", "/queues?q=a%00b", "/login?%00=1"], ids=["value", "in the middle", "name"]
)
def test_a_character_that_can_not_be_stored_is_refused_in_an_address(
    client: Client, world: World, login: Login, path: str
) -> None:
    login(client, world.users.ops)
    answer = client.get(path)
    assert answer.status_code == 422
    assert "不能保存的字符" in answer.text


@pytest.mark.parametrize(("proxies", "address"), [(0, "127.0.0.1"), (1, "203.0.113.9")])
def test_only_a_proxy_of_ours_is_believed_about_addresses(tmp_path: Path, proxies: int, address: str) -> None:
    seen: list[str | None] = []
    settings = Settings(tmp_path, "sqlite://", "for tests, long enough", testing=True, proxies=proxies)
    app = create_app(settings)
    app.before_request(lambda: seen.append(request.remote_addr))
    app.test_client().get("/static/none", headers={"X-Forwarded-For": "198.51.100.1, 203.0.113.9"})
    assert seen == [address]


def test_a_form_sent_after_the_session_ended_gives_back_what_was_typed(
    client: Client, world: World, login: Login, frozen: Frozen
) -> None:
    login(client, world.users.agent)
    frozen.shift(hours=13)
    answer = client.submit("/account", {"name": "an hour of typing", "current_password": "secret typing"})
    assert answer.status_code == 401
    assert "an hour of typing" in answer.text
    assert "secret typing" not in answer.text
    assert 'href="/login"' in answer.text


def test_a_character_that_can_not_be_stored_is_refused_in_a_form(client: Client, world: World, login: Login) -> None:
    login(client, world.users.agent)
    answer = client.submit("/account", {"name": "a\0b", "locale": "zh_CN", "version": "1"})
    assert answer.status_code == 422


@pytest.mark.parametrize("path", ["/%00", "/users/%00", "/%ff%fe", "/users/%c3%28", "/..%2f..%2fetc"])
def test_an_odd_path_is_no_page(client: Client, world: World, login: Login, path: str) -> None:
    login(client, world.users.admin)
    assert client.get(path).status_code in (404, 422)


def test_bytes_that_are_no_text_do_not_break_a_form(client: Client, world: World, login: Login) -> None:
    login(client, world.users.agent)
    body = b"name=%ff%fe&locale=zh_CN&version=1&csrf_token=" + client.csrf_token().encode()
    answer = client.post("/account", data=body, content_type="application/x-www-form-urlencoded")
    assert answer.status_code in (302, 422)


def test_too_large_a_form_is_refused_with_the_limit(
    app: Flask, client: Client, world: World, login: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    login(client, world.users.agent)
    limit = app.config["MAX_CONTENT_LENGTH"]
    answer = client.submit("/account", {"name": "x" * (limit + 1)})
    assert answer.status_code == 413
    assert f"{limit / 2**20:g} MB" in answer.text
    parts = {f"field{number}": "x" for number in range(app.config["MAX_FORM_PARTS"] + 1)}
    assert client.submit("/account", parts, content_type="multipart/form-data").status_code == 413


@pytest.mark.parametrize("token", [None, "", "forged"])
def test_a_form_without_its_token_is_not_taken_and_gives_back_what_was_typed(
    client: Client, world: World, login: Login, token: str | None
) -> None:
    login(client, world.users.agent)
    data = {"name": "<i>typed</i> for an hour", "new_password": "typed in secret"}
    if token is not None:
        data["csrf_token"] = token
    answer = client.post("/account", data=data)
    assert answer.status_code == 400
    assert "&lt;i&gt;typed&lt;/i&gt; for an hour" in answer.text
    assert "typed in secret" not in answer.text


def test_every_form_on_a_page_carries_its_token(client: Client, world: World, login: Login) -> None:
    login(client, world.users.admin)
    for path in ("/login", "/account", "/users", "/users/new", "/users/2", "/queues", "/queues/1", "/queues/new"):
        forms = re.findall(r"<form\b[^>]*method=\"post\"[^>]*>(.*?)</form>", client.get(path).text, re.DOTALL)
        assert all("csrf_token" in form for form in forms), path
