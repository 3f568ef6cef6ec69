"""``flask worker``: one process that works until it is asked to stop."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
import structlog

from helpdesk.cli.worker import write_logs
from helpdesk.queries.health import worker_alive
from helpdesk.storage import db, unit_of_work
from tests import databases, factories


@pytest.fixture
def store(tmp_path: Path) -> databases.SQLite:
    store = databases.SQLite(tmp_path)
    with store.app.app_context():
        with unit_of_work():
            factories.make_world(datetime(2026, 11, 1, tzinfo=UTC))
        db.engine.dispose()
    return store


def start_worker(store: databases.SQLite) -> subprocess.Popen[str]:
    settings = {
        **os.environ,
        "FLASK_APP": "app.py",
        "PYTHONUNBUFFERED": "1",
        "UNSNAG_DATA": str(store.path.parent),
        "UNSNAG_DATABASE_URL": f"sqlite:///{store.path}",
    }
    command = [sys.executable, "-m", "flask", "worker"]
    return subprocess.Popen(command, env=settings, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def next_event(worker: subprocess.Popen[str], event: str) -> dict[str, object]:
    """The next line of the log that tells of this event; the log is a JSON object per line."""
    assert worker.stderr is not None
    for line in worker.stderr:
        entry: dict[str, object] = json.loads(line)
        if entry["event"] == event:
            return entry
    raise AssertionError(f"the worker ended with code {worker.wait()} and never said: {event}")


def alive(store: databases.SQLite) -> bool:
    with store.app.app_context():
        answer = worker_alive(datetime.now(UTC))
        db.session.remove()
        db.engine.dispose()
    return answer


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_works_until_it_is_asked_to_stop_and_gives_its_lease_back(
    store: databases.SQLite, number: signal.Signals
) -> None:
    with start_worker(store) as worker:
        assert next_event(worker, "job worker started")["leading"] is True
        assert alive(store)
        worker.send_signal(number)
        asked = time.monotonic()
        next_event(worker, "job worker stopped")
        assert worker.wait(timeout=10) == 0
        assert time.monotonic() - asked < 8
    assert not alive(store)


def test_a_second_one_by_mistake_waits(store: databases.SQLite) -> None:
    with start_worker(store) as first:
        next_event(first, "job worker started")
        with start_worker(store) as second:
            assert next_event(second, "job worker started")["leading"] is False
            second.terminate()
            assert second.wait(timeout=10) == 0
        assert alive(store)
        first.terminate()
        assert first.wait(timeout=10) == 0


def test_a_traceback_in_the_log_tells_no_values(capsys: pytest.CaptureFixture[str]) -> None:
    """Customers' words and robots' tokens are values of variables."""
    before = structlog.get_config()
    try:
        write_logs("INFO")
        try:
            token = "t0" + "ken"
            raise ZeroDivisionError
        except ZeroDivisionError:
            structlog.get_logger().exception("job failed")
    finally:
        structlog.configure(**before)
    entry = json.loads(capsys.readouterr().err)
    assert entry["exception"][0]["exc_type"] == "ZeroDivisionError"
    assert token not in json.dumps(entry)
