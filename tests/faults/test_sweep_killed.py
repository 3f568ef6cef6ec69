"""Four processes sweep at once after a day of downtime, and are killed at random: nothing is lost, nothing doubled."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, insert, text

from helpdesk.models import ClockRow, ClockStage, Membership, RuleBookRow, Stint, Ticket
from helpdesk.storage import db, session, unit_of_work
from tests import databases, factories
from tests.factories import World

TICKETS, HANDED_ON = 3_000, 300
DOWN_FOR = timedelta(hours=26)
AT_ONCE, KILLS = 4, 4
SHARES = {"half": 50, "warning": 75, "breach": 100, "overrun": 150}
HANDING_ON = {"code": "handed", "percent": 120, "notify": ["supervisor"], "reassign": "next"}
STAGES = TICKETS * len(SHARES) + HANDED_ON

SWEEP = """
import sys, time
from sqlalchemy.exc import OperationalError
from app import app
from helpdesk import timesource
from helpdesk.jobs.sla_tick import sla_tick
print("ready", flush=True)
sys.stdin.readline()
with app.app_context():
    while True:
        try:
            found = sla_tick(timesource.now())
        except OperationalError:  # a busy machine, and others write: at the next tick
            continue
        if not found:
            time.sleep(0.02)
"""
"""What the job worker does at each tick, without the lease that lets one at a time do it."""


class Sweeper:
    """A process that has started, and sweeps as soon as it is told to."""

    def __init__(self, database: Path) -> None:
        settings = {
            **{name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")},
            "UNSNAG_DATA": str(database.parent),
            "UNSNAG_DATABASE_URL": f"sqlite:///{database}",
        }
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        self.process = subprocess.Popen([sys.executable, "-c", SWEEP], env=settings, text=True, **pipes)

    def wait(self) -> None:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line == "ready\n", self.process.stderr and self.process.stderr.read()

    def go(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("go\n")
        self.process.stdin.flush()

    def end(self) -> None:
        """Whatever the test found: no process and no pipe of it outlives the test."""
        if self.process.returncode is None:
            self.process.kill()
            self.process.communicate()

    def kill(self) -> str:
        """What it had to complain of before its death."""
        self.process.send_signal(signal.SIGKILL)
        complaint = self.process.communicate()[1]
        assert self.process.returncode == -signal.SIGKILL, complaint
        return str(complaint)


@pytest.fixture
def stored_in(tmp_path: Path) -> Path:
    """3,000 open tickets whose clocks ran out while nobody swept; the file is open in no process of this test."""
    store = databases.SQLite(tmp_path)
    now = datetime.now(UTC)  # what the processes of this test go by
    with store.app.app_context():
        with unit_of_work():
            fill(factories.make_world(now - timedelta(days=2)), now)
        db.engine.dispose()
    return store.path


def fill(world: World, now: datetime) -> None:
    row = session().get_one(RuleBookRow, 1)
    row.document = {**row.document, "queue_stages": {"customer_service": [HANDING_ON]}}
    for number in range(8):
        person = factories.user(f"p{number}", now)
        session().add(Membership(user_id=person.id, queue_id=world.queues.customer_service.id))
        session().flush()
        factories.open_session(person, now)
    started = now - DOWN_FOR - timedelta(hours=1)
    _insert(Ticket, [_ticket(world, number, started) for number in range(1, TICKETS + 1)])
    _insert(Stint, [_stint(world, number, started) for number in range(1, TICKETS + 1)])
    _insert(ClockRow, [_clock(world, number, started) for number in range(1, TICKETS + 1)])
    shares = [{"code": code, "percent": percent} for code, percent in SHARES.items()]
    _insert(
        ClockStage,
        [
            {
                "clock_id": number,
                "stage_code": stage["code"],
                "percent": stage["percent"],
                "due_at": started + timedelta(seconds=36 * int(str(stage["percent"])) + number % 1800),
            }
            for number in range(1, TICKETS + 1)
            for stage in (*shares, *([HANDING_ON] if number <= HANDED_ON else []))
        ],
    )


def _insert(model: Any, rows: list[dict[str, Any]]) -> None:
    session().execute(insert(model), rows)


def _ticket(world: World, number: int, at: datetime) -> dict[str, Any]:
    return {
        "id": number,
        "number": f"EX-{number:06}",
        "shop_id": world.shop.id,
        "channel_id": world.channels.tmall.id,
        "subject": "late",
        "type": "logistics_stuck",
        "klass": "B",
        "tier": "auto",
        "rule_version": 1,
        "queue_id": world.queues.customer_service.id,
        "owner_id": world.users.agent.id,
        "status": "open",
        "burns_at": at + timedelta(hours=1),
        "created_at": at,
    }


def _stint(world: World, number: int, at: datetime) -> dict[str, Any]:
    return {
        "id": number,
        "ticket_id": number,
        "kind": "stay",
        "queue_id": world.queues.customer_service.id,
        "assignee_id": world.users.agent.id,
        "entered_at": at,
    }


def _clock(world: World, number: int, at: datetime) -> dict[str, Any]:
    due = at + timedelta(hours=1)
    return {
        "id": number,
        "ticket_id": number,
        "kind": "solution",
        "cycle": 1,
        "rule_version": 1,
        "calendar_id": world.calendars.always.id,
        "calendar_version": 1,
        "target_seconds": 3600,
        "started_at": at,
        "pauses": [],
        "due_at": due,
        "late_after": due,
    }


def figures(database: Path) -> dict[str, int]:
    asked = {
        "unfired": "SELECT count(*) FROM clock_stage WHERE fired_at IS NULL",
        "events": "SELECT count(*) FROM event WHERE code = 'sla.stage'",
        "distinct": "SELECT count(DISTINCT json_extract(params, '$.clock_id') || json_extract(params, '$.stage'))"
        " FROM event WHERE code = 'sla.stage'",
        "notices": "SELECT count(*) FROM outbox WHERE key LIKE 'stage:%'",
        "handed_on": "SELECT count(*) FROM event WHERE code IN ('ticket.assignee', 'sla.refused')",
        "tickets_handed_on": "SELECT count(DISTINCT ticket_id) FROM event WHERE code = 'ticket.assignee'",
        "calm": "SELECT count(*) FROM ticket WHERE urgency < 3",
        "sound": "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'",
    }
    engine = create_engine(f"sqlite:///{database}")
    with engine.connect() as connection:
        found = {name: int(connection.execute(text(statement)).scalar_one()) for name, statement in asked.items()}
    engine.dispose()
    return found


def unfired(database: Path) -> int:
    engine = create_engine(f"sqlite:///{database}")
    with engine.connect() as connection:
        left = connection.execute(text("SELECT count(*) FROM clock_stage WHERE fired_at IS NULL")).scalar_one()
    engine.dispose()
    return int(left)


@pytest.fixture
def crew(stored_in: Path) -> Iterator[list[Sweeper]]:
    sweepers = [Sweeper(stored_in) for _ in range(AT_ONCE + KILLS)]
    yield sweepers
    for one in sweepers:
        one.end()


@pytest.mark.slow
def test_killed_sweeps_lose_and_double_nothing_and_catch_up_within_a_minute(
    stored_in: Path, crew: list[Sweeper], capsys: pytest.CaptureFixture[str]
) -> None:
    dice = random.Random(2026)
    for one in crew:
        one.wait()
    at_work, spare = crew[:AT_ONCE], crew[AT_ONCE:]
    began = time.monotonic()
    for one in at_work:
        one.go()
    left_at_kills, complaints = [STAGES], []
    for relief in spare:
        while unfired(stored_in) == left_at_kills[-1] and time.monotonic() - began < 60:
            time.sleep(0.01)  # something has been stored since the last death
        time.sleep(dice.uniform(0, 0.1))
        complaints.append(at_work.pop(dice.randrange(len(at_work))).kill())
        left_at_kills.append(unfired(stored_in))
        relief.go()
        at_work.append(relief)
    while unfired(stored_in) and time.monotonic() - began < 60:
        time.sleep(0.1)
    took = time.monotonic() - began
    complaints += [one.kill() for one in at_work]
    with capsys.disabled():
        print(f"\n{STAGES:,} stages in {took:.1f} s by {AT_ONCE} processes; left at each kill: {left_at_kills}")
    assert complaints == [""] * len(crew)
    assert left_at_kills[-1] > 0, "they were killed in the midst of it"
    assert figures(stored_in) == {
        "unfired": 0,
        "events": STAGES,
        "distinct": STAGES,
        "notices": STAGES,
        "handed_on": HANDED_ON,
        "tickets_handed_on": HANDED_ON,
        "calm": 0,
        "sound": 1,
    }
    assert took < 60
