"""Four processes work off one run and are killed at random: each ticket is changed once, and none is forgotten."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from helpdesk.domain.bulk import Deed, Kind
from helpdesk.services import bulk_runs
from helpdesk.storage import db, unit_of_work
from tests import databases, factories, tickets

TICKETS, AT_ONCE, KILLS = 400, 4, 4

WORK = """
import sys, time
from sqlalchemy.exc import OperationalError
from app import app
from helpdesk import timesource
from helpdesk.jobs.work_bulk import work_bulk
print("ready", flush=True)
sys.stdin.readline()
with app.app_context():
    while True:
        try:
            found = work_bulk(timesource.now)
        except OperationalError:  # a busy machine, and others write: at the next tick
            continue
        if not found:
            time.sleep(0.02)
"""
"""What the job worker does at each tick, without the lease that lets one at a time do it."""


def start(database: Path) -> subprocess.Popen[str]:
    settings = {
        **{name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")},
        "UNSNAG_DATA": str(database.parent),
        "UNSNAG_DATABASE_URL": f"sqlite:///{database}",
    }
    worker = subprocess.Popen(
        [sys.executable, "-c", WORK],
        env=settings,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert worker.stdout is not None
    assert worker.stdout.readline() == "ready\n"
    return worker


def begin(worker: subprocess.Popen[str]) -> None:
    assert worker.stdin is not None
    worker.stdin.write("\n")
    worker.stdin.flush()


def kill(worker: subprocess.Popen[str]) -> None:
    worker.send_signal(signal.SIGKILL)
    worker.communicate()


def asked(database: Path, statement: str) -> int:
    engine = create_engine(f"sqlite:///{database}")
    with engine.connect() as connection:
        found: int = connection.execute(text(statement)).scalar_one()
    engine.dispose()
    return found


def waiting(database: Path) -> int:
    return asked(database, "SELECT count(*) FROM bulk_row WHERE state = 'waiting'")


@pytest.mark.slow
def test_workers_killed_in_the_middle_change_each_ticket_once(tmp_path: Path) -> None:
    now, store = datetime.now(UTC), databases.SQLite(tmp_path)
    with store.app.app_context():
        with unit_of_work():
            world = factories.make_world(now)
            ids = [tickets.ticket(world, now, owner=world.users.agent).id for _ in range(TICKETS)]
        boss = world.actors.supervisor
        with unit_of_work():
            run_id = bulk_runs.choose(ids, chosen={}, actor=boss, now=now)
        with unit_of_work():
            bulk_runs.plan(run_id, Deed(Kind.PRIORITY, "P1"), version=1, actor=boss)
            bulk_runs.start(run_id, version=2, actor=boss, now=now)
        db.engine.dispose()
    chance = random.Random(11)
    workers = [start(store.path) for _ in range(AT_ONCE)]
    try:
        for worker in workers:
            begin(worker)
        for _ in range(KILLS):
            time.sleep(chance.uniform(0.05, 0.3))
            place = chance.randrange(AT_ONCE)
            kill(workers[place])
            workers[place] = start(store.path)
            begin(workers[place])
        until = time.monotonic() + 120
        while asked(store.path, "SELECT count(*) FROM bulk_run WHERE state = 'waiting'"):
            assert time.monotonic() < until, f"{waiting(store.path)} tickets are left"
            time.sleep(0.1)
    finally:
        for worker in workers:
            kill(worker)
    found = {
        "changed": "SELECT count(*) FROM ticket WHERE priority = 'P1' AND version = 2",
        "told": "SELECT count(*) FROM event WHERE code = 'ticket.priority'",
        "operations": "SELECT count(*) FROM operation",
        "done": "SELECT count(*) FROM bulk_row WHERE state = 'done' AND operation_id IS NOT NULL",
    }
    assert {name: asked(store.path, statement) for name, statement in found.items()} == dict.fromkeys(found, TICKETS)
