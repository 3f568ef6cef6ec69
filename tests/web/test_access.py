"""Who gets in where: every address of the program for every role."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.routing import Rule

from helpdesk.domain.access import Permission, Role
from helpdesk.models import UserSession
from helpdesk.storage import session, unit_of_work
from helpdesk.web.access import PUBLIC
from tests import tickets
from tests.conftest import Client, Frozen, Login, Statements
from tests.databases import application
from tests.factories import World

PEOPLE = ("agent", "supervisor", "finance", "ops", "admin", "auditor")
JSON = {"Accept": "application/json"}


def addresses(app: Flask) -> list[tuple[str, str, Permission]]:
    """(method, path, permission) of every view that needs one, with values for what stands in the path.

    Addresses of the API have a door of their own: tests/web/api.
    """
    values: dict[str, Any] = {"number": "EX-261123-0001", "filename": "x"}
    found = []
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        permission = getattr(view, "permission", None)
        if isinstance(permission, Permission) and not hasattr(view, "door"):
            methods = sorted((rule.methods or set()) & {"GET", "POST"})
            found += [(method, build(app, rule, values), permission) for method in methods]
    return found


def build(app: Flask, rule: Rule, values: dict[str, Any]) -> str:
    arguments = {name: values.get(name, 1) for name in rule.arguments}
    return app.url_map.bind("localhost").build(rule.endpoint, arguments, method=None)


def asked(client: Client, method: str, path: str) -> Any:
    if method == "GET":
        return client.get(path, headers=JSON)
    return client.submit(path, headers=JSON)


@pytest.mark.parametrize("login_name", PEOPLE)
def test_a_role_gets_in_exactly_where_the_table_says(
    app: Flask, client: Client, world: World, frozen: Frozen, login: Login, login_name: str
) -> None:
    with unit_of_work():
        tickets.ticket(world, frozen.now)
    role = Role(getattr(world.users, login_name).role)
    wrong = []
    for method, path, permission in addresses(app):
        login(client, getattr(world.users, login_name))
        answer = asked(client, method, path)
        denied = answer.status_code == 403 and (answer.json or {}).get("code") == "access.denied"
        if denied == getattr(world.actors, login_name).may(permission) or answer.status_code >= 500:
            wrong.append((role.value, method, path, answer.status_code))
    assert wrong == []


def test_nobody_gets_in_without_logging_in(app: Flask, client: Client, world: World) -> None:
    for method, path, _permission in addresses(app):
        assert asked(client, method, path).status_code == 401, path
        page = client.get(path) if method == "GET" else client.submit(path)
        assert page.status_code == 302, path
        assert page.headers["Location"].startswith("/login"), path


def test_a_view_that_says_nothing_is_refused(tmp_path: Path) -> None:
    app = application(tmp_path, f"sqlite:///{tmp_path / 'empty.sqlite3'}")
    app.add_url_rule("/forgotten", "forgotten", lambda: "secret")
    answer = app.test_client().get("/forgotten")
    assert answer.status_code == 403
    assert "secret" not in answer.text


def test_only_these_views_are_for_everybody(app: Flask) -> None:
    public = {name for name, view in app.view_functions.items() if getattr(view, "permission", None) == PUBLIC}
    assert public == {
        "accounts.login",
        "accounts.set_language",
        "accounts.set_theme",
        "api.openapi",
        "help.answer",
        "help.confirm",
        "help.index",
        "help.order",
        "help.ticket",
        "webhooks.call",
    }


@pytest.mark.parametrize("token", ["", "x", "x" * 43, "x" * 3000, "\u00e9" * 43])
def test_a_token_that_is_none_is_nobody(client: Client, world: World, token: str) -> None:
    client.set_cookie("unsnag_session", token)
    assert client.get("/account").status_code == 302


def test_another_programs_cookie_does_not_hide_the_session(client: Client, world: World, login: Login) -> None:
    login(client, world.users.agent)
    client.set_cookie("remember_token", "1|0123456789abcdef")
    assert client.get("/account").status_code == 200


def test_use_keeps_a_session_alive_and_is_noted_every_few_minutes(
    client: Client, world: World, login: Login, frozen: Frozen, statements: Statements
) -> None:
    login(client, world.users.agent)
    for _ in range(5):
        frozen.shift(hours=11)
        assert client.get("/account").status_code == 200
    frozen.shift(minutes=1)
    with statements() as seen:
        client.get("/account")
    assert not any(statement.startswith("UPDATE") for statement in seen)
    frozen.shift(hours=12)
    assert client.get("/account").status_code == 302


def test_a_login_leads_back_to_pages_only(client: Client, world: World) -> None:
    assert client.get("/queues?a=1").headers["Location"] == "/login?next=/queues?a%3D1"
    assert client.submit("/logout").headers["Location"] == "/login"


def test_who_is_logged_in_is_asked_once_in_a_request(
    client: Client, world: World, login: Login, statements: Statements
) -> None:
    login(client, world.users.auditor)
    with statements() as seen:
        client.get("/queues")
    assert len([statement for statement in seen if "user_session" in statement]) == 1


def test_sessions_are_not_made_by_looking(client: Client, world: World) -> None:
    client.get("/login")
    assert session().scalars(select(UserSession)).all() == []
