"""The program as an installation runs it: web process and job worker on a data folder of their own, with the demo."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.databases import compile_translations

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 60
PASSWORDS = "passwords.json"

OPENED = datetime(2026, 11, 24, 2, 20, tzinfo=UTC)
"""When a site is opened, by its own clock: Tuesday, 10:20 in Shanghai, within everybody's working hours."""


@dataclass(frozen=True)
class Site:
    """A running installation."""

    url: str
    data: Path
    passwords: Mapping[str, str]  # of the demo's people, by login
    ahead: float  # seconds between our clock and its own

    def flask(self, *command: str) -> str:
        """Run a ``flask`` command on this installation; returns what it printed."""
        return flask(self.data, *command, ahead=self.ahead)

    def numbers(self, condition: str) -> list[str]:
        """Numbers of the tickets for which an SQL condition on ``ticket`` holds, what burns first first."""
        statement = f"SELECT number FROM ticket WHERE {condition} ORDER BY urgency DESC, burns_at, id"  # noqa: S608
        return [row[0] for row in self.rows(statement)]

    def number(self, condition: str) -> str:
        """The first of them."""
        return self.numbers(condition)[0]

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """What stands in the database, for choosing a ticket and for looking behind the page. Read only.

        ``now()`` is the site's own moment.
        """
        with closing(sqlite3.connect(f"file:{self.data / 'unsnag.sqlite3'}?mode=ro", uri=True)) as connection:
            connection.create_function("now", 0, self._now)
            return connection.execute(statement).fetchall()

    def _now(self) -> str:
        return f"{datetime.fromtimestamp(time.time() + self.ahead, UTC):%Y-%m-%d %H:%M:%S}"


@contextmanager
def running_site(data: Path) -> Iterator[Site]:
    """Serve the demo in the folder, which is planted unless it stands there; both processes end with the block."""
    if not (data / PASSWORDS).exists():
        plant(data)
    passwords = json.loads((data / PASSWORDS).read_text(encoding="utf-8"))
    port = free_port()
    ahead = OPENED.timestamp() - time.time()
    serving = at(ahead, "helpdesk.serving", "--port", str(port))
    with process(serving, data), process(at(ahead, "flask", "worker"), data):
        site = Site(f"http://127.0.0.1:{port}", data, passwords, ahead)
        wait_until_ready(site.url)
        yield site


def plant(data: Path) -> None:
    """Set up the demo in the folder, as it is when a site is opened; planting it takes part of the time before."""
    compile_translations()
    passwords = {}
    for line in flask(data, "prepare", ahead=OPENED.timestamp() - time.time() - 120).splitlines():
        _role, login, password, *_name = line.split()
        passwords[login] = password
    (data / PASSWORDS).write_text(json.dumps(passwords), encoding="utf-8")


def at(ahead: float, module: str, *arguments: str) -> list[str]:
    """Command line of one of our programs that lives so many seconds later."""
    return [sys.executable, "-m", "tests.browser.at", str(ahead), module, *arguments]


def flask(data: Path, *command: str, ahead: float) -> str:
    result = subprocess.run(
        at(ahead, "flask", *command), cwd=ROOT, env=environment(data), capture_output=True, text=True
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def environment(data: Path) -> dict[str, str]:
    """Nothing of this machine's own installation."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("UNSNAG_", "COVERAGE_"))}
    ours = {
        "UNSNAG_DATA": str(data),
        "UNSNAG_LOG_LEVEL": "WARNING",
        "UNSNAG_ALLOW_INTERNAL_TARGETS": "1",  # robots are servers of the tests
    }
    return {**inherited, "FLASK_APP": "app.py", **ours}


def free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        port: int = asked.getsockname()[1]
        return port


@contextmanager
def process(command: list[str], data: Path) -> Iterator[None]:
    with (data / "processes.log").open("a", encoding="utf-8") as log:
        started = subprocess.Popen(command, cwd=ROOT, env=environment(data), stdout=log, stderr=subprocess.STDOUT)
        try:
            yield
        finally:
            started.terminate()
            try:
                started.wait(10)
            except subprocess.TimeoutExpired:
                started.kill()
                started.wait()


def wait_until_ready(url: str) -> None:
    until = time.monotonic() + START_SECONDS
    while True:
        try:
            with urllib.request.urlopen(f"{url}/login", timeout=5):  # noqa: S310  our own address
                return
        except (urllib.error.URLError, ConnectionError):
            if time.monotonic() > until:
                raise
            time.sleep(0.1)
