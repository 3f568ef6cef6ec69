"""The cheapest conceivable: a page's statements sent straight to the driver, a row committed, a message matched."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from statistics import median
from time import perf_counter
from typing import Any

from flask import Flask
from sqlalchemy import event

from bench import bare, seed
from helpdesk.domain.decisions import OrderFacts, classify
from helpdesk.models.rulebooks import published_rulebook
from helpdesk.storage import db

ROUNDS = 50


@dataclass(frozen=True, slots=True)
class Floor:
    """Milliseconds, the median of many rounds."""

    pages: dict[str, float]  # all statements of a page, by its path
    main: dict[str, float]  # of them the slowest
    commit: float
    match: float


def measure(app: Flask, login: str, paths: list[str]) -> Floor:
    """Without HTTP, Python's share of the page or anybody beside it."""
    pages, slowest = {}, {}
    for path in paths:
        times = [_milliseconds(lambda one=one: _send(app, *one)) for one in _statements(app, login, path)]
        pages[path], slowest[path] = sum(times), max(times)
    with app.app_context():
        return Floor(pages, slowest, _milliseconds(_commit), _match())


def _statements(app: Flask, login: str, path: str) -> list[tuple[str, Any]]:
    """What the page asks the database, with its parameters."""
    seen: list[tuple[str, Any]] = []

    def note(_connection: object, _cursor: object, statement: str, parameters: Any, *_rest: object) -> None:
        if statement.startswith(("SELECT", "WITH")):
            seen.append((statement, parameters))

    client = app.test_client()
    client.set_cookie("unsnag_session", seed.token(login))
    assert client.get(path).status_code == 200, path
    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", note)
        client.get(path)
        event.remove(db.engine, "before_cursor_execute", note)
    return seen


def _send(app: Flask, statement: str, parameters: Any) -> None:
    with app.app_context(), closing(db.engine.raw_connection()) as connection:
        cursor = connection.cursor()
        cursor.execute(statement, parameters)
        cursor.fetchall()
        cursor.close()


def _commit() -> None:
    with db.engine.execution_options(begin="IMMEDIATE").begin() as connection:
        connection.exec_driver_sql(bare.INSERT.replace(":text", "'x'"))


def _match() -> float:
    """To decide what a message is about: the mean over the seeded sentences."""
    book, facts = published_rulebook(), OrderFacts(known=True, shipped=True)
    times = [_milliseconds(lambda text=text: classify(text, facts, book)) for text in seed.WORDS]
    return sum(times) / len(times)


def _milliseconds(work: Callable[[], object]) -> float:
    seconds = []
    for _ in range(ROUNDS):
        began = perf_counter()
        work()
        seconds.append(perf_counter() - began)
    return 1000 * median(seconds)
