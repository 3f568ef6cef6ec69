from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select

from helpdesk.models import UserSession
from helpdesk.queries import accounts as queries
from helpdesk.services import accounts, passwords
from helpdesk.storage import session, unit_of_work
from tests.conftest import Client, Frozen, Login
from tests.factories import PASSWORD, World

REFUSED = "登录名或密码不对"


def log_in(client: Client, login: str = "agent", password: str = PASSWORD, **more: str) -> int:
    return client.submit("/login", {"login": login, "password": password, **more}).status_code


def test_the_right_password_opens_a_session(client: Client, world: World) -> None:
    answer = client.submit("/login", {"login": "agent", "password": PASSWORD})
    assert answer.status_code == 302
    cookie = client.get_cookie("unsnag_session")
    assert cookie is not None
    assert (cookie.http_only, cookie.same_site, cookie.path) == (True, "Lax", "/")
    assert client.get("/account").status_code == 200
    row = session().scalars(select(UserSession)).one()
    assert (row.user_id, row.address) == (world.users.agent.id, "127.0.0.1")


def test_over_https_the_cookie_belongs_to_this_host_alone(
    app: Flask, client: Client, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "SESSION_COOKIE_SECURE", True)
    answer = client.submit(
        "/login",
        {"login": "agent", "password": PASSWORD},
        base_url="https://localhost",
        headers={"Referer": "https://localhost/login"},
    )
    given = next(line for line in answer.headers.getlist("Set-Cookie") if "session" in line)
    assert given.startswith("__Host-unsnag_session=")
    assert "Secure" in given
    assert "Domain" not in given
    assert answer.headers["Strict-Transport-Security"]


def test_capitals_and_space_around_the_login_do_not_matter(client: Client, world: World) -> None:
    assert log_in(client, " Agent ") == 302


def test_wrong_password_no_such_person_and_one_who_left_get_the_same_answer(
    client: Client, world: World, frozen: Frozen
) -> None:
    with unit_of_work():
        accounts.deactivate(world.users.agent2.id, actor=world.actors.admin, now=frozen.now)
    pages = [
        client.submit("/login", {"login": login, "password": password})
        for login, password in (("agent", "wrong"), ("nobody", PASSWORD), ("agent2", PASSWORD), ("system", PASSWORD))
    ]
    assert [page.status_code for page in pages] == [422] * 4
    assert all(REFUSED in page.text for page in pages)
    assert session().scalars(select(UserSession)).all() == []


def test_a_refusal_keeps_the_login_and_never_the_password(client: Client, world: World) -> None:
    page = client.submit("/login", {"login": "agent", "password": "not this one at all"})
    assert 'value="agent"' in page.text
    assert "not this one at all" not in page.text


def test_after_five_wrong_tries_even_the_right_password_waits(client: Client, world: World, frozen: Frozen) -> None:
    assert [log_in(client, password="wrong") for _ in range(6)] == [422] * 5 + [429]
    page = client.submit("/login", {"login": "agent", "password": PASSWORD})
    assert page.status_code == 429
    assert page.headers["Retry-After"] == "900"
    assert "15分" in page.text
    frozen.shift(minutes=15)
    assert log_in(client) == 302


def test_too_many_tries_are_refused_before_the_password_is_hashed(
    client: Client, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(5):
        log_in(client, password="wrong")

    def hashing(*_arguments: object) -> bool:
        raise AssertionError("hashed")

    monkeypatch.setattr(passwords, "matches", hashing)
    assert log_in(client) == 429


def test_someone_who_does_not_exist_costs_the_same_work(
    client: Client, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[str | None] = []

    def check(stored: str | None, _password: str) -> bool:
        checked.append(stored)
        return False

    monkeypatch.setattr(passwords, "matches", check)
    log_in(client, "nobody")
    assert checked == [None]


def test_an_old_hash_is_renewed_at_login(client: Client, world: World) -> None:
    before = queries.credentials("agent")
    log_in(client)
    after = queries.credentials("agent")
    assert before is not None
    assert after is not None
    assert before.password_hash != after.password_hash
    assert not passwords.outdated(after.password_hash)
    assert passwords.matches(after.password_hash, PASSWORD)


@pytest.mark.parametrize(
    ("next_", "leads_to"),
    [
        ("/queues?x=1", "/queues?x=1"),
        ("", "/tickets"),
        ("https://evil.example/", "/tickets"),
        ("//evil.example/", "/tickets"),
        ("/\\evil.example/", "/tickets"),
        ("/a\\b", "/tickets"),
        ("/\t/evil.example", "/tickets"),
        ("javascript:alert(1)", "/tickets"),
        ("queues", "/tickets"),
    ],
)
def test_after_login_one_comes_to_where_one_wanted_but_never_out_of_the_house(
    client: Client, world: World, next_: str, leads_to: str
) -> None:
    answer = client.submit("/login", {"login": "agent", "password": PASSWORD, "next": next_})
    assert answer.headers["Location"] == leads_to


def test_the_place_one_wanted_survives_the_login_page(client: Client, world: World) -> None:
    asked = client.get("/queues?page=2")
    assert asked.status_code == 302
    page = client.get(asked.headers["Location"])
    assert 'value="/queues?page=2"' in page.text


def test_who_is_logged_in_is_not_asked_again(client: Client, world: World, login: Login) -> None:
    login(client, world.users.agent)
    assert client.get("/login?next=/queues").headers["Location"] == "/queues"


def test_logging_in_changes_the_token_of_forms_and_of_the_session(client: Client, world: World, login: Login) -> None:
    login(client, world.users.outsider)
    planted, token = client.get_cookie("unsnag_session"), client.csrf_token()
    assert log_in(client) == 302
    fresh = client.get_cookie("unsnag_session")
    assert planted is not None
    assert fresh is not None
    assert planted.value != fresh.value
    assert client.post("/account/theme", data={"csrf_token": token}).status_code == 400


def test_logging_out_ends_the_session_on_the_server(client: Client, world: World, login: Login) -> None:
    login(client, world.users.agent)
    stolen = client.get_cookie("unsnag_session")
    assert stolen is not None
    assert client.submit("/logout").headers["Location"] == "/login"
    assert client.get_cookie("unsnag_session") is None
    client.set_cookie("unsnag_session", stolen.value)
    assert client.get("/account").status_code == 302


def test_a_link_can_not_log_somebody_out(client: Client, world: World, login: Login) -> None:
    login(client, world.users.agent)
    assert client.get("/logout").status_code == 405
    assert client.get("/account").status_code == 200
