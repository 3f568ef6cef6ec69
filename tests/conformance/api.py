"""The API against its own description: no failure of ours, every answer as it says, whatever is asked.

python -m tests.conformance.api [--examples 200] [--postgresql] [--seed 1]
"""

from __future__ import annotations

import argparse
import itertools
import random
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import Context
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import checks
from schemathesis.generation import GenerationMode
from schemathesis.schemas import APIOperation

from helpdesk import timesource
from helpdesk.domain.tokens import TokenScope
from helpdesk.services import orders, tokens
from helpdesk.services.orders import OrderData
from helpdesk.services.tokens import Wanted
from helpdesk.storage import db, unit_of_work
from tests import databases, factories, tickets

CHECKS = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
    checks.response_headers_conformance,
    checks.negative_data_rejection,
]
PLACES = {"shop": "main", "channel": "tmall"}
"""Codes that exist, in place of those that are made up: nothing would be opened otherwise."""

UNUSED = (HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large, HealthCheck.large_base_example)


@dataclass
class Figures:
    """How often each status was answered, by address."""

    statuses: dict[str, Counter[int]] = field(default_factory=dict)

    @property
    def requests(self) -> int:
        return sum(itertools.chain.from_iterable(counted.values() for counted in self.statuses.values()))


def check(app: Flask, examples: int, number: int = 1) -> Figures:
    """Ask each address ``examples`` times in each way: good and bad values, known and unknown places.

    Raises what is wrong, with the request as a command line. The database of ``app`` is empty but migrated.
    """
    app.config["UNSNAG"] = replace(app.config["UNSNAG"], api_calls_a_minute=1_000_000)
    with app.app_context():
        token, places = _prepare()
        db.session.remove()

    def program(environ: Any, start: Any) -> Any:
        return Context().run(app.wsgi_app, environ, start)

    figures = Figures()
    for result in schemathesis.openapi.from_wsgi("/api/v1/openapi.json", program).get_all_operations():
        operation: Any = result.ok()  # type: ignore[union-attr]  # the document is ours, and whole
        known = {name: places[name] for name in places if f"{{{name}}}" in operation.path}
        for mode, at in itertools.product(GenerationMode, [known, None] if known else [None]):
            _ask(operation, mode, at, token, settings_of(examples), number, figures)
    return figures


def settings_of(examples: int) -> settings:
    """Without a memory of its own, so that a run says the same everywhere."""
    return settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=UNUSED,
    )


def _ask(
    operation: APIOperation[Any, Any, Any, Any],
    mode: GenerationMode,
    at: dict[str, Any] | None,
    token: str,
    limits: settings,
    number: int,
    figures: Figures,
) -> None:
    counted = figures.statuses.setdefault(operation.label, Counter())

    @seed(number)
    @limits
    @given(case=operation.as_strategy(generation_mode=mode, path_parameters=at))
    def ask(case: Any) -> None:
        if mode is GenerationMode.POSITIVE and isinstance(case.body, dict):
            case.body |= {name: value for name, value in PLACES.items() if name in case.body}
        answer = case.call(headers={"Authorization": f"Bearer {token}"})
        counted[answer.status_code] += 1
        case.validate_response(answer, checks=CHECKS)

    try:
        ask()
    except Exception as error:
        if type(error).__name__ not in ("Unsatisfiable", "SkipTest"):  # nothing to be wrong about there
            raise


def _prepare() -> tuple[str, dict[str, Any]]:
    """Somebody who may do everything, and places that exist."""
    now = timesource.now()
    with unit_of_work():
        world = factories.make_world(now)
    with unit_of_work():
        wanted = Wanted("everything", [scope.value for scope in TokenScope])
        token = tokens.create_token(wanted, actor=world.actors.admin, now=now).token
        ticket = tickets.ticket(world, now)
        known = {"shop_id": world.shop.id, "channel_id": world.channels.tmall.id, "number": "T1"}
        orders.upsert_order(OrderData(**known, paid_fen=100), now=now)
        return token, {"number": ticket.number, "shop": world.shop.code, "order_number": "T1"}


@contextmanager
def _database(postgresql: bool) -> Iterator[Flask]:
    with TemporaryDirectory() as name:
        if postgresql:
            with databases.postgresql(Path(name)) as server:
                yield server.app
        else:
            store = databases.SQLite(Path(name))
            yield store.app
            databases.engine_of(store.app).dispose()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=200)
    parser.add_argument("--postgresql", action="store_true")
    parser.add_argument("--seed", type=int, default=None)
    asked = parser.parse_args()
    number = random.randrange(1 << 30) if asked.seed is None else asked.seed
    print(f"seed {number}")
    with _database(asked.postgresql) as app:
        figures = check(app, asked.examples, number)
    for label, counted in figures.statuses.items():
        print(f"{label:44} {dict(sorted(counted.items()))}")
    print(f"{figures.requests} requests, none failed, every answer as described")


if __name__ == "__main__":
    main()
