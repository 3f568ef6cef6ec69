from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask, abort
from sqlalchemy import select
from sqlalchemy.exc import DataError, OperationalError

from helpdesk.domain import problems
from helpdesk.models import User
from helpdesk.storage import session
from helpdesk.web.access import public
from tests.conftest import Client, Login
from tests.databases import application
from tests.factories import World

FAILURES: dict[str, tuple[Exception, int]] = {
    "invalid": (problems.Invalid("ticket.text_required"), 422),
    "denied": (problems.NotAllowed("queue.not_yours"), 403),
    "missing": (problems.NotFound("queue.no_such_queue"), 404),
    "stale": (problems.Stale("queue.stale"), 409),
    "conflict": (problems.Conflict("account.last_admin"), 409),
    "often": (problems.TooMany("login.too_many", retry_after=90), 429),
    "large": (problems.TooLarge("input.too_large", most_mb=2), 413),
    "unknown": (problems.Invalid("no.such_code", secret="x"), 422),
    "unstorable": (DataError("INSERT", {}, Exception("value too long")), 422),
    "too great": (OverflowError("Python int too large to convert to SQLite INTEGER"), 422),
    "database": (OperationalError("SELECT", {}, Exception("could not connect")), 503),
    "broken": (ZeroDivisionError("the stack must not show"), 500),
}


@pytest.fixture(scope="module")
def failing(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """An application whose pages fail in every way there is. It has no database: an error page needs none."""
    folder: Path = tmp_path_factory.mktemp("failing")
    app = application(folder, f"sqlite:///{folder / 'none' / 'x.sqlite3'}")
    app.config["PROPAGATE_EXCEPTIONS"] = False

    def fail(error: Exception) -> Callable[[], str]:
        def view() -> str:
            raise error

        return public(view)

    for name, (error, _status) in FAILURES.items():
        app.add_url_rule(f"/fail/{name}", name, fail(error))
    app.add_url_rule("/fail/teapot", "teapot", public(lambda: abort(418)))
    return app


@pytest.mark.parametrize("name", FAILURES)
def test_a_failure_is_a_page_in_words(failing: Flask, name: str) -> None:
    answer = failing.test_client().get(f"/fail/{name}")
    assert answer.status_code == FAILURES[name][1]
    assert "<h1>" in answer.text
    for hidden in ("Traceback", "must not show", "INSERT", "could not connect", "secret"):
        assert hidden not in answer.text


@pytest.mark.parametrize("name", FAILURES)
def test_a_program_gets_the_same_as_data(failing: Flask, name: str) -> None:
    answer = failing.test_client().get(f"/fail/{name}", headers={"Accept": "application/json"})
    assert answer.content_type == "application/problem+json"
    assert answer.json is not None
    assert answer.json["status"] == answer.status_code == FAILURES[name][1]
    assert answer.json["detail"]
    error = FAILURES[name][0]
    if isinstance(error, problems.Problem):
        assert answer.json["code"] == error.code


def test_a_script_of_the_page_gets_data_and_no_login_page(client: Client, world: World) -> None:
    answer = client.get("/account", headers={"X-Requested-With": "fetch"})
    assert answer.status_code == 401
    assert answer.content_type == "application/problem+json"


def test_the_page_speaks_the_readers_language(failing: Flask) -> None:
    english = failing.test_client().get("/fail/stale", headers={"Accept-Language": "en-GB,en;q=0.9"})
    assert 'lang="en"' in english.text
    assert "别人" not in english.text


def test_how_long_to_wait_is_said_to_programs_too(failing: Flask) -> None:
    answer = failing.test_client().get("/fail/often")
    assert answer.headers["Retry-After"] == "90"
    assert "2分" in answer.text


def test_a_failure_names_the_request_so_that_it_can_be_found_in_the_log(failing: Flask) -> None:
    answer = failing.test_client().get("/fail/broken")
    assert answer.headers["X-Request-Id"] in answer.text


def test_a_method_that_is_not_meant_says_which_are(client: Client, world: World) -> None:
    answer = client.get("/logout")
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]
    assert "<h1>" in answer.text


def test_any_other_refusal_has_a_page(failing: Flask) -> None:
    answer = failing.test_client().get("/fail/teapot")
    assert answer.status_code == 418
    assert "418" in answer.text


def test_a_refused_form_changes_nothing(client: Client, world: World, login: Login) -> None:
    login(client, world.users.admin)
    before = session().execute(select(User.name, User.role, User.version).order_by(User.id)).all()
    client.submit(f"/users/{world.users.agent.id}", {"name": "x", "role": "nobody", "version": "1"})
    client.post(f"/users/{world.users.agent.id}", data={"name": "x", "role": "admin", "version": "1"})
    assert session().execute(select(User.name, User.role, User.version).order_by(User.id)).all() == before
