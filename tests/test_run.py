"""The one command: what it skips, what it says, and that nothing is left running behind it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

import run

SLEEP = "import time; time.sleep(60)"
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('on', flush=True); time.sleep(60)"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project with an environment in which nothing is installed."""
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    for name in ("python", "pip", "pybabel"):
        (tmp_path / ".venv" / "bin" / name).touch()
    for lock in ("requirements.lock", "requirements-dev.lock"):
        (tmp_path / lock).write_text(f"# {lock}\n")
    monkeypatch.setattr(run, "ROOT", tmp_path)
    monkeypatch.setattr(run, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(run, "BIN", tmp_path / ".venv" / "bin")
    monkeypatch.setattr(run, "PYTHON", tmp_path / ".venv" / "bin" / "python")
    monkeypatch.setattr(run, "LOCK", tmp_path / "requirements.lock")
    monkeypatch.setattr(run, "DEV_LOCK", tmp_path / "requirements-dev.lock")
    monkeypatch.setattr(run, "TRANSLATIONS", tmp_path / "translations")
    monkeypatch.setattr(run, "uv", lambda: "")
    return tmp_path


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Titles of the steps that would have been run."""
    titles: list[str] = []
    monkeypatch.setattr(run, "run_step", lambda title, _command: titles.append(title))
    return titles


def test_the_second_start_sets_nothing_up_again(project: Path, steps: list[str]) -> None:
    run.set_up(project / "requirements.lock")
    run.set_up(project / "requirements.lock")
    assert steps == ["installing requirements.lock"]


def test_a_changed_lock_is_installed(project: Path, steps: list[str]) -> None:
    run.set_up(project / "requirements.lock")
    (project / "requirements.lock").write_text("another==1\n")
    run.set_up(project / "requirements.lock")
    assert len(steps) == 2


def test_what_the_checks_need_includes_what_serving_needs(project: Path, steps: list[str]) -> None:
    run.set_up(project / "requirements-dev.lock")
    run.set_up(project / "requirements.lock")
    assert steps == ["installing requirements-dev.lock"]


def test_a_failed_installation_is_tried_again(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_title: str, _command: list[str]) -> None:
        raise run.Failure("no network")

    monkeypatch.setattr(run, "run_step", fail)
    for _ in range(2):
        with pytest.raises(run.Failure):
            run.set_up(project / "requirements.lock")


def test_an_environment_without_pip_is_made_anew(project: Path, steps: list[str]) -> None:
    (project / ".venv" / "bin" / "pip").unlink()
    run.make_environment()
    assert steps == ["making .venv"]


def test_an_environment_that_holds_everything_is_left_alone(project: Path, steps: list[str]) -> None:
    run.set_up(project / "requirements.lock")
    (project / ".venv" / "bin" / "pip").unlink()  # as uv makes it, and uv is gone
    run.set_up(project / "requirements.lock")
    assert steps == ["installing requirements.lock"]


def test_a_broken_environment_is_made_anew(project: Path, steps: list[str]) -> None:
    run.set_up(project / "requirements.lock")
    (project / ".venv" / "bin" / "python").unlink()
    run.set_up(project / "requirements.lock")
    assert steps[1:] == ["making .venv", "installing requirements.lock"]


def test_without_the_venv_package_it_says_what_to_install(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / ".venv" / "bin" / "python").unlink()
    monkeypatch.setitem(sys.modules, "ensurepip", None)
    with pytest.raises(run.Failure, match="apt-get install python3-venv"):
        run.make_environment()


def test_translations_are_compiled_when_the_source_is_newer(project: Path, steps: list[str]) -> None:
    source = project / "translations" / "en" / "LC_MESSAGES" / "messages.po"
    source.parent.mkdir(parents=True)
    source.touch()
    run.compile_translations()
    source.with_suffix(".mo").touch()
    run.compile_translations()
    os.utime(source.with_suffix(".mo"), (1, 1))
    run.compile_translations()
    assert len(steps) == 2


def test_a_failing_step_shows_its_output(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(run.Failure, match="what went wrong"):
        run.run_step("trying", [sys.executable, "-c", "import sys; print('what went wrong'); sys.exit(3)"])
    assert "trying …" in capsys.readouterr().out


def test_a_taken_port_is_said_before_anything_is_set_up(steps: list[str]) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(run.Failure, match=rf"127.0.0.1:{port} can't be used(?s:.*)--port {port + 1}"):
            run.serve(run.parse(["--port", str(port)]))
    assert steps == []


@pytest.mark.parametrize("port", [-1, 0, 65536])
def test_an_impossible_port_is_refused(port: int) -> None:
    with pytest.raises(run.Failure):
        run.check_port("127.0.0.1", port)


def test_when_one_process_dies_the_code_tells_and_the_other_can_be_stopped() -> None:
    healthy = run.start([sys.executable, "-c", SLEEP])
    dying = run.start([sys.executable, "-c", "raise SystemExit(7)"])
    assert run.watch({"web process": healthy, "job worker": dying}) == 7
    run.stop([healthy, dying])
    assert healthy.returncode == -signal.SIGTERM


def test_a_process_that_dies_at_once_is_not_called_ready() -> None:
    dying = run.start([sys.executable, "-c", "raise SystemExit(7)"])
    dying.wait()
    assert not run.is_ready("127.0.0.1", 9, {"web process": dying})


def test_a_process_that_was_killed_is_a_failure_too() -> None:
    child = run.start([sys.executable, "-c", SLEEP])
    child.kill()
    assert run.watch({"job worker": child}) == 1


def test_who_does_not_stop_in_time_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "STOP_WITHIN", 0.2)
    child = subprocess.Popen([sys.executable, "-c", STUBBORN], stdout=subprocess.PIPE, start_new_session=True)
    with child:
        assert child.stdout is not None
        child.stdout.readline()
        run.stop([child])
    assert child.returncode == -signal.SIGKILL


def test_tests_see_nothing_of_this_installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNSNAG_DATABASE_URL", "postgresql://somewhere/precious")
    monkeypatch.setenv("UNSNAG_EVAL_DIR", "kept")
    seen = run.test_environment(tmp_path)
    assert "UNSNAG_DATABASE_URL" not in seen
    assert seen["UNSNAG_EVAL_DIR"] == "kept"


def test_the_tally_counts_checks_and_tests(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    report.write_text('<testsuites><testsuite tests="10" failures="1" errors="1" skipped="3"/></testsuites>')
    tally = run.Tally()
    tally.add("ruff", ok=True, seconds=1)
    tally.add("mypy", ok=False, seconds=2)
    tally.add_tests(ok=False, seconds=3, report=report)
    assert (tally.passed, tally.failed, tally.skipped) == (1 + 5, 1 + 2, 3)


def test_a_pytest_that_did_not_come_to_its_tests_is_one_failure(tmp_path: Path) -> None:
    tally = run.Tally()
    tally.add_tests(ok=False, seconds=2, report=tmp_path / "none.xml")
    assert (tally.passed, tally.failed) == (0, 1)


class Server:
    """``run.py`` as a person starts it, on a database of its own."""

    def __init__(self, folder: Path, **settings: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.lines: list[str] = []
        self.process = subprocess.Popen(
            [sys.executable, "run.py", "--port", str(self.port), "--no-demo"],
            cwd=run.ROOT,
            env={**os.environ, "UNSNAG_DATA": str(folder), "PYTHONUNBUFFERED": "1", **settings},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.reader = threading.Thread(target=self._read)
        self.reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as output:
            self.lines.extend(output)

    def output(self) -> str:
        return "".join(self.lines)

    def wait_for(self, words: str, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while words not in self.output():
            assert self.process.poll() is None, self.output()
            assert time.monotonic() < deadline, self.output()
            time.sleep(0.05)

    def end(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        code = self.process.wait(30)
        self.reader.join(30)
        return code

    def children(self) -> list[int]:
        return [child.pid for child in psutil.Process(self.process.pid).children()]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    made = Server(tmp_path)
    yield made
    if made.process.poll() is None:
        made.end(signal.SIGTERM)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_and_stops_without_leaving_anything_behind(server: Server, number: signal.Signals) -> None:
    server.wait_for(f"http://127.0.0.1:{server.port}")
    children = server.children()
    assert len(children) == 2
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(b"GET /login HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n")
        assert connection.recv(12) == b"HTTP/1.0 200"
    assert server.end(number) == 0, server.output()
    assert [pid for pid in children if psutil.pid_exists(pid)] == []
    assert "Traceback" not in server.output()


@pytest.mark.slow
def test_a_setting_that_cannot_be_used_is_named_and_ends_the_start(tmp_path: Path) -> None:
    server = Server(tmp_path, UNSNAG_TIMEZONE="Mars/Olympus")
    assert server.process.wait(60) == 1
    server.reader.join(30)
    assert "UNSNAG_TIMEZONE: Mars/Olympus is not a time zone" in server.output()
    assert "Traceback" not in server.output()


@pytest.mark.slow
def test_a_dead_job_worker_takes_the_web_process_with_it(server: Server) -> None:
    server.wait_for(f"http://127.0.0.1:{server.port}")
    web, worker = sorted(server.children())
    os.kill(worker, signal.SIGKILL)
    assert server.process.wait(30) == 1
    assert not psutil.pid_exists(web)
    server.reader.join(30)
    assert "the job worker ended with code -9" in server.output()
