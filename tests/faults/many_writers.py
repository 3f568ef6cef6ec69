"""Twenty people write without a pause on SQLite, in several processes: nobody is told that the database is locked.

python -m tests.faults.many_writers [--writers 20] [--processes 4] [--seconds 120]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from helpdesk import create_app, timesource
from helpdesk.config import Settings
from helpdesk.domain.access import Actor
from helpdesk.models import Channel, Note, Shop, Ticket
from helpdesk.queries.actors import system_actor
from helpdesk.services import intake, tickets
from helpdesk.services.intake import TicketRequest
from helpdesk.storage import db, session, unit_of_work
from tests import databases, factories

TEXTS = ("发错货了", "少发一件", "杯子碎了", "三天没有物流", "退款没到账", "想改地址")


@dataclass(frozen=True)
class Figures:
    """What was stored, by the database and by those who wrote; who was refused; the longest wait of one, in seconds."""

    tickets: int
    notes: int
    done: dict[str, int]
    refused: int
    longest: float


def crowd(writers: int, processes: int, seconds: float, store: databases.SQLite) -> Figures:
    """Let ``writers`` write for so long, spread over ``processes``."""
    now = timesource.now()
    with store.app.app_context():
        with unit_of_work():
            factories.make_world(now)
        db.session.remove()
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.faults.many_writers", "--write", str(store.path), str(seconds)]
            + [str(number) for number in range(part, writers, processes)],
            stdout=subprocess.PIPE,
            text=True,
        )
        for part in range(processes)
    ]
    done: Counter[str] = Counter()
    refused, longest = 0, 0.0
    for process in running:
        output, _ = process.communicate()
        assert process.returncode == 0, output
        told = json.loads(output.splitlines()[-1])
        done.update(told["done"])
        refused += told["refused"]
        longest = max(longest, told["longest"])
    with store.app.app_context():
        opened = session().execute(select(func.count()).select_from(Ticket)).scalar_one()
        noted = session().execute(select(func.count()).select_from(Note)).scalar_one()
        db.session.remove()
    return Figures(opened, noted, dict(done), refused, longest)


class Writer(threading.Thread):
    """One of them: a ticket, a note on it, and so on."""

    def __init__(self, app: Flask, number: int, until: float) -> None:
        super().__init__()
        self.app, self.number, self.until = app, number, until
        self.done: Counter[str] = Counter()
        self.refused = 0
        self.longest = 0.0

    def run(self) -> None:
        with self.app.app_context():
            actor = system_actor("test")
            shop = session().scalars(select(Shop.id).order_by(Shop.id).limit(1)).one()
            channel = session().scalars(select(Channel.id).order_by(Channel.id).limit(1)).one()
            db.session.remove()
            turn = 0
            while time.monotonic() < self.until:
                turn += 1
                began = time.monotonic()
                try:
                    self._write(turn, shop, channel, actor)
                except OperationalError:
                    self.refused += 1
                self.longest = max(self.longest, time.monotonic() - began)
            db.session.remove()

    def _write(self, turn: int, shop: int, channel: int, actor: Actor) -> None:
        now = timesource.now()
        wanted = TicketRequest(
            text=f"{TEXTS[turn % 6]} {self.number} {turn}",
            source="crowd",
            external_id=f"{self.number}-{turn}",
            shop_id=shop,
            channel_id=channel,
        )
        with unit_of_work():
            number = intake.open_ticket(wanted, actor=actor, now=now).number
        self.done["tickets"] += 1
        with unit_of_work():
            tickets.add_note(tickets.load(number, actor), "已经看过", actor=actor, now=now)
        self.done["notes"] += 1


def write(path: Path, seconds: float, numbers: list[int]) -> dict[str, object]:
    with TemporaryDirectory() as folder:
        app = create_app(Settings(Path(folder), f"sqlite:///{path}", "for tests, long enough", log_level="ERROR"))
        writers = [Writer(app, number, time.monotonic() + seconds) for number in numbers]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
    done: Counter[str] = Counter()
    for writer in writers:
        done.update(writer.done)
    refused, longest = sum(one.refused for one in writers), max(one.longest for one in writers)
    return {"done": done, "refused": refused, "longest": longest}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--writers", type=int, default=20)
    parser.add_argument("--processes", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--write", nargs="+", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.write:
        path, seconds, *numbers = asked.write
        print(json.dumps(write(Path(path), float(seconds), [int(number) for number in numbers])))
        return
    with TemporaryDirectory() as name:
        store = databases.SQLite(Path(name))
        print(crowd(asked.writers, asked.processes, asked.seconds, store))
        databases.engine_of(store.app).dispose()


if __name__ == "__main__":
    main()
