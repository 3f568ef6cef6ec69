"""kill -9 in the middle of an import: nothing that was said to be committed is lost, nothing comes twice."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from helpdesk.services.imports import LEASE_SECONDS
from helpdesk.storage import db, unit_of_work
from tests import databases, factories

ROWS = 2_000
KILL_AFTER = 500
SHORT = ("发错货了", "少发一件", "杯子碎了", "三天没有物流", "退款没到账", "想改地址")


@pytest.fixture
def stored_in(tmp_path: Path) -> Path:
    """A migrated database with a shop and its rules, in a file that no process of this test has open."""
    store = databases.SQLite(tmp_path)
    with store.app.app_context():
        with unit_of_work():
            factories.make_world(datetime(2026, 11, 1, tzinfo=UTC))
        db.engine.dispose()
    return store.path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "tickets.csv"
    lines = (f"m{n},{SHORT[n % len(SHORT)]} {n}" for n in range(ROWS))
    path.write_text("编号,内容\n" + "\n".join(lines) + "\n", encoding="utf-8")
    return path


def start_import(database: Path, file: Path) -> subprocess.Popen[str]:
    settings = {
        **{name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")},
        "FLASK_APP": "app.py",
        "PYTHONUNBUFFERED": "1",
        "UNSNAG_DATA": str(database.parent),
        "UNSNAG_DATABASE_URL": f"sqlite:///{database}",
    }
    command = [sys.executable, "-m", "flask", "import", "tickets", str(file)]
    return subprocess.Popen(command, env=settings, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def figures(database: Path) -> dict[str, int]:
    engine = create_engine(f"sqlite:///{database}")
    with engine.connect() as connection:
        answers = {
            name: connection.execute(text(statement)).scalar_one()
            for name, statement in {
                "tickets": "SELECT count(*) FROM ticket",
                "messages": "SELECT count(*) FROM message",
                "events": "SELECT count(DISTINCT external_id) FROM inbound",
                "torn": "SELECT count(*) FROM inbound WHERE ticket_id IS NULL",
                "without_clock": "SELECT count(*) FROM ticket t"
                " WHERE NOT EXISTS (SELECT 1 FROM clock c WHERE c.ticket_id = t.id)",
                "done": "SELECT done FROM job_run",
                "sound": "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'",
            }.items()
        }
    engine.dispose()
    return answers


@pytest.mark.slow
def test_a_killed_import_loses_nothing_it_acknowledged_and_completes_without_duplicates(
    stored_in: Path, file: Path
) -> None:
    acknowledged = 0
    with start_import(stored_in, file) as killed:
        assert killed.stdout is not None
        for line in killed.stdout:
            if found := re.fullmatch(r"committed (\d+)\n", line):
                acknowledged = int(found[1])
            if acknowledged >= KILL_AFTER:
                killed.send_signal(signal.SIGKILL)
                break
        acknowledged = max([acknowledged, *map(int, re.findall(r"committed (\d+)\n", killed.stdout.read()))])
    assert killed.returncode == -signal.SIGKILL

    left = figures(stored_in)
    assert KILL_AFTER <= acknowledged <= left["tickets"] < ROWS
    assert left["done"] == left["tickets"] == left["messages"] == left["events"]
    assert (left["torn"], left["without_clock"], left["sound"]) == (0, 0, 1)

    with start_import(stored_in, file) as again:
        output, _ = again.communicate(timeout=LEASE_SECONDS + 300)
    assert again.returncode == 0, output
    assert f"done {ROWS} of {ROWS} created={ROWS}" in output
    assert f"committed {left['done'] + 50}\n" in output, "it began anew instead of going on"

    whole = figures(stored_in)
    assert whole["tickets"] == whole["messages"] == whole["events"] == ROWS
    assert (whole["torn"], whole["without_clock"], whole["sound"]) == (0, 0, 1)
