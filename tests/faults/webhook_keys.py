"""The same events from several processes at once: each becomes one ticket, and nobody gets an error.

python -m tests.faults.webhook_keys [--keys 1000] [--processes 4] [--postgresql]
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
from helpdesk.domain.signatures import sign
from helpdesk.models import Inbound, Message, Ticket, Webhook, WebhookCall
from helpdesk.services import webhooks
from helpdesk.storage import db, session, unit_of_work
from tests import databases, factories

TEXTS = ("发错货了", "少发一件", "杯子碎了", "三天没有物流", "退款没到账", "想改地址")


@dataclass(frozen=True)
class Figures:
    """What came of it. ``answers``: how often each status and outcome was answered, in all processes."""

    tickets: int
    messages: int
    events: int
    calls: int
    answers: dict[str, int]
    seconds: float


def race(keys: int, processes: int, app: Flask, url: str) -> Figures:
    """Let ``processes`` send the same ``keys`` to the database of ``app``, which lies at ``url``."""
    now = timesource.now()
    with app.app_context():
        with unit_of_work():
            world = factories.make_world(now)
        with unit_of_work():
            where = {"shop_id": world.shop.id, "channel_id": world.channels.tmall.id}
            made = webhooks.create_webhook("race", actor=world.actors.admin, now=now, **where)
        code = session().scalars(select(Webhook.code).where(Webhook.id == made.id)).one()
        db.session.remove()
    begun = time.monotonic()
    senders = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.faults.webhook_keys", "--send", url, code, made.secret, str(keys), str(n)],
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
        tickets, messages, events, calls = (
            session().execute(select(func.count()).select_from(model)).scalar_one()
            for model in (Ticket, Message, Inbound, WebhookCall)
        )
        db.session.remove()
    return Figures(tickets, messages, events, calls, dict(answers), seconds)


def send(url: str, code: str, secret: str, keys: int, number: int) -> Counter[str]:
    """One sender: all keys in an order of its own, in bytes of its own, so that no signature is another's."""
    with TemporaryDirectory() as folder:
        settings = Settings(
            data=Path(folder),
            database_url=url,
            secret_key="for tests, long enough",
            webhook_calls_a_minute=100_000,
            log_level="ERROR",
        )
        client = create_app(settings).test_client()
        answers: Counter[str] = Counter()
        for key in sorted(range(keys), key=lambda key: (key * 7919 + number * 31) % 997):
            said = {"event": "message", "external_id": f"k{key}", "text": f"{TEXTS[key % 6]} {key}"}
            body = json.dumps(said).encode() + b" " * number
            at = int(timesource.now().timestamp())
            headers = {"X-Unsnag-Timestamp": str(at), "X-Unsnag-Signature": sign(secret, at, body)}
            answer = client.post(f"/hooks/{code}", data=body, headers=headers)
            told = answer.get_json()
            answers[f"{answer.status_code} {told.get('outcome') or told.get('code')}"] += 1
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
        url, code, secret, keys, number = asked.send
        print(json.dumps(send(url, code, secret, int(keys), int(number))))
        return
    with _database(asked.postgresql) as (app, url):
        print(race(asked.keys, asked.processes, app, url))


if __name__ == "__main__":
    main()
