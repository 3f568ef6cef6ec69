"""The same tickets by API from several processes at once: each is opened once, and nobody gets an error.

Half of the events come with an Idempotency-Key, too. python -m tests.faults.api_keys [--keys 1000] [--processes 4]
[--postgresql]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from flask import Flask
from sqlalchemy import func, select

from helpdesk import create_app, timesource
from helpdesk.config import Settings
from helpdesk.models import IdempotentAnswer, Inbound, Message, Ticket
from helpdesk.services import tokens
from helpdesk.services.tokens import Wanted
from helpdesk.storage import db, session, unit_of_work
from tests import databases, factories

TEXTS = ("发错货了", "少发一件", "杯子碎了", "三天没有物流", "退款没到账", "想改地址")
MOST_TRIES = 100


@dataclass(frozen=True)
class Figures:
    """What came of it. ``answers``: how often each status and outcome was answered; ``waits``: 409 and Retry-After."""

    tickets: int
    messages: int
    events: int
    kept: int
    answers: dict[str, int]
    waits: int
    seconds: float


COUNTED = {"tickets": Ticket, "messages": Message, "events": Inbound, "kept": IdempotentAnswer}


def race(keys: int, processes: int, app: Flask, url: str) -> Figures:
    """Let ``processes`` send the same ``keys`` to the database of ``app``, which lies at ``url``."""
    now = timesource.now()
    with app.app_context():
        with unit_of_work():
            world = factories.make_world(now)
        with unit_of_work():
            made = tokens.create_token(Wanted("race", ["tickets:create"]), actor=world.actors.admin, now=now)
        place = f"{world.shop.code} {world.channels.tmall.code}"
        db.session.remove()
    begun = time.monotonic()
    senders = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.faults.api_keys", "--send", url, made.token, place, str(keys), str(n)],
            stdout=subprocess.PIPE,
            text=True,
        )
        for n in range(processes)
    ]
    answers: Counter[str] = Counter()
    for sender in senders:
        output, _ = sender.communicate()
        assert sender.returncode == 0, output
        answers.update(json.loads(output.splitlines()[-1]))
    seconds = time.monotonic() - begun
    with app.app_context():
        counted = {
            name: session().execute(select(func.count()).select_from(model)).scalar_one()
            for name, model in COUNTED.items()
        }
        db.session.remove()
    waits = answers.pop("409 api.key_in_flight", 0)
    return Figures(**counted, answers=dict(answers), waits=waits, seconds=seconds)


def send(url: str, token: str, place: str, keys: int, number: int) -> Counter[str]:
    """One sender: all keys in an order of its own; told to wait, it asks again."""
    shop, channel = place.split()
    with TemporaryDirectory() as folder:
        settings = Settings(
            data=Path(folder),
            database_url=url,
            secret_key="for tests, long enough",
            api_calls_a_minute=100_000,
            log_level="ERROR",
        )
        client = create_app(settings).test_client()
        answers: Counter[str] = Counter()
        for key in sorted(range(keys), key=lambda key: (key * 7919 + number * 31) % 997):
            headers = {"Authorization": f"Bearer {token}"}
            if key % 2:
                headers["Idempotency-Key"] = f"k{key}"
            body = {"external_id": f"e{key}", "text": f"{TEXTS[key % 6]} {key}", "shop": shop, "channel": channel}
            for _ in range(MOST_TRIES):
                answer = client.post("/api/v1/tickets", json=body, headers=headers)
                told = answer.get_json()
                answers[f"{answer.status_code} {told.get('outcome') or told.get('code')}"] += 1
                if answer.status_code != 409:
                    break
                time.sleep(0.05)  # rather than Retry-After's second: the other one is nearly done
        return answers


@contextmanager
def _database(postgresql: bool) -> Iterator[tuple[Flask, str]]:
    with TemporaryDirectory() as name:
        folder = Path(name)
        if postgresql:
            with databases.postgresql(folder) as server:
                yield server.app, server.app.config["SQLALCHEMY_DATABASE_URI"]
        else:
            store = databases.SQLite(folder)
            yield store.app, f"sqlite:///{store.path}"
            databases.engine_of(store.app).dispose()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keys", type=int, default=1_000)
    parser.add_argument("--processes", type=int, default=4)
    parser.add_argument("--postgresql", action="store_true")
    parser.add_argument("--send", nargs=5, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.send:
        url, token, place, keys, number = asked.send
        print(json.dumps(send(url, token, place, int(keys), int(number))))
        return
    with _database(asked.postgresql) as (app, url):
        print(race(asked.keys, asked.processes, app, url))


if __name__ == "__main__":
    main()
