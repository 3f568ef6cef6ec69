"""Fixtures for everybody: an application on an empty database, people, a client.

What asks for ``app`` (directly or through ``world``, ``client``) in tests/services, queries, models and
jobs runs on SQLite and on PostgreSQL; elsewhere on SQLite alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import Context
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

import coverage
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event
from werkzeug.test import TestResponse
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from helpdesk import timesource
from helpdesk.models import User
from helpdesk.storage import db, unit_of_work
from tests import databases, factories
from tests.factories import World

Login: TypeAlias = Callable[[FlaskClient, User], FlaskClient]
Statements: TypeAlias = Callable[[], AbstractContextManager[list[str]]]

ON_BOTH = ("services", "queries", "models", "jobs")


SHARING = ("tests/browser/test_pages.py", "tests/browser/", "tests/seeds/test_demo")
"""Tests that share an installation with the demo, which takes long to plant."""


class SharingTogether(LoadScopeScheduling):
    """Each test goes where there is room, but those that share an installation stay in one process."""

    def _split_scope(self, nodeid: str) -> str:
        return next((shared for shared in SHARING if nodeid.startswith(shared)), nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> SharingTogether:
    return SharingTogether(config, log)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Coverage is counted where it is cheap: tracing makes Python two and a half times slower.

    The same code runs on SQLite in the same test; what a browser's pages and the demo do has tests of its own.
    """
    counting = coverage.Coverage.current()
    uncounted = any(item.get_closest_marker(name) for name in ("postgresql", "browser")) or "seeds" in item.path.parts
    if counting and uncounted:
        counting.stop()
    try:
        return (yield)
    finally:
        if counting and uncounted:
            counting.start()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "database" not in metafunc.fixturenames:
        return
    kinds: list[Any] = ["sqlite"]
    if metafunc.module.__name__.split(".")[1] in ON_BOTH:
        kinds.append(pytest.param("postgresql", marks=pytest.mark.postgresql))
    metafunc.parametrize("database", kinds, indirect=True, scope="session")


@pytest.fixture(scope="session")
def database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[databases.Database]:
    """The migrated database that tests share, one after the other."""
    folder = tmp_path_factory.mktemp(request.param)
    if request.param == "sqlite":
        yield databases.SQLite(folder)
    else:
        with databases.postgresql(folder) as server:
            yield server


@pytest.fixture
def app(database: databases.Database) -> Iterator[Flask]:
    """The application on an empty database, in an application context."""
    database.empty()
    with database.app.app_context():
        yield database.app
        db.session.remove()


@pytest.fixture
def now() -> datetime:
    """Monday 2026-11-23, 10:00 in Shanghai: within everybody's working hours."""
    return datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


@pytest.fixture
def world(app: Flask, now: datetime) -> World:
    """A shop with its queues and people; see ``factories.make_world``. Stored and committed."""
    with unit_of_work():
        return factories.make_world(now)


@dataclass
class Frozen:
    """What ``timesource.now()`` answers."""

    now: datetime

    def shift(self, **duration: float) -> None:
        """``frozen.shift(hours=1)``: time goes on."""
        self.now += timedelta(**duration)


@pytest.fixture
def frozen(now: datetime, monkeypatch: pytest.MonkeyPatch) -> Frozen:
    """Time stands still at ``now`` until the test moves it on."""
    time = Frozen(now)
    monkeypatch.setattr(timesource, "now", lambda: time.now)
    return time


class Client(FlaskClient):
    """A browser. Each request has a context of its own, as in a server; the test's reads start anew after it."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        db.session.remove()
        return Context().run(super().open, *args, **kwargs)

    def csrf_token(self) -> str:
        """What a form of this browser would send as ``csrf_token``."""
        return factories.csrf_token(self)

    def submit(self, path: str, data: dict[str, Any] | None = None, **kwargs: Any) -> TestResponse:
        """POST a form with its token."""
        return self.post(path, data={"csrf_token": self.csrf_token(), **(data or {})}, **kwargs)


@pytest.fixture
def client(app: Flask, frozen: Frozen, monkeypatch: pytest.MonkeyPatch) -> Client:
    """A browser of somebody who has not logged in, at the time ``frozen``."""
    monkeypatch.setattr(app, "test_client_class", Client)
    client = app.test_client()
    assert isinstance(client, Client)
    return client


@pytest.fixture
def login(now: datetime) -> Login:
    """``login(client, world.users.agent)``: the client is that person from now on. Returns the client."""

    def do(client: FlaskClient, user: User) -> FlaskClient:
        with unit_of_work():
            name, token = factories.open_session(user, now)
        client.set_cookie(name, token)
        return client

    return do


@pytest.fixture
def statements(app: Flask) -> Statements:
    """``with statements() as seen: ...``: the SQL sent meanwhile, without BEGIN and its like."""

    @contextmanager
    def record() -> Iterator[list[str]]:
        seen: list[str] = []

        def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
            if not statement.startswith(("BEGIN", "PRAGMA", "SAVEPOINT", "RELEASE")):
                seen.append(statement)

        event.listen(db.engine, "before_cursor_execute", note)
        try:
            yield seen
        finally:
            event.remove(db.engine, "before_cursor_execute", note)

    return record
