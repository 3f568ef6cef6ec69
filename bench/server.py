"""The real server: gunicorn with two web processes, as the README starts it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[1]
PROCESSES, THREADS = 2, 8
START_SECONDS = 60


@dataclass(frozen=True)
class Server:
    port: int
    process: subprocess.Popen[bytes]

    def memory(self) -> list[int]:
        """Resident bytes of each web process."""
        return sorted(child.memory_info().rss for child in psutil.Process(self.process.pid).children())


@contextmanager
def serving(folder: Path) -> Iterator[Server]:
    """Serve the database in the folder; its log is ``server.log`` beside it."""
    port = _free_port()
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("UNSNAG_")}
    env = {**inherited, "UNSNAG_DATA": str(folder), "UNSNAG_LOG_LEVEL": "WARNING", "PYTHONWARNINGS": "ignore"}
    gunicorn = [sys.executable, "-m", "gunicorn", "--worker-class", "gthread", "--bind", f"127.0.0.1:{port}"]
    size = ["--workers", str(PROCESSES), "--threads", str(THREADS)]
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen([*gunicorn, *size, "bench.wsgi:app"], cwd=ROOT, env=env, stdout=log, stderr=log)
    try:
        _wait_until_it_listens(port, process, folder)
        yield Server(port, process)
    finally:
        process.terminate()
        process.wait(30)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_until_it_listens(port: int, process: subprocess.Popen[bytes], folder: Path) -> None:
    for _ in range(START_SECONDS * 20):
        if process.poll() is not None:
            break
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise SystemExit(f"the server did not start:\n{(folder / 'server.log').read_text(errors='replace')}")
