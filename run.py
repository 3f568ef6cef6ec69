#!/usr/bin/env python3
"""The one command. Needs nothing but Python 3.11.

    python3 run.py [--host H] [--port P] [--no-demo]    set up what changed, then serve
    python3 run.py test [pytest arguments]              set up what changed, then run every check

Serving is two processes, as in a large installation: the web process and the job worker. Ctrl-C stops both.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import IO, NoReturn
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / "bin"
PYTHON = BIN / "python"
LOCK = ROOT / "requirements.lock"
DEV_LOCK = ROOT / "requirements-dev.lock"
TRANSLATIONS = ROOT / "helpdesk" / "translations"
LEAST_PYTHON = (3, 11)
LEAST_DOMAIN_COVERAGE = 100  # percent, branches too; the whole program's own floor stands in pyproject.toml
READY_WITHIN = 600  # seconds until the web process has to answer; the first time it seeds the demo
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
STOP_WITHIN = 10  # seconds from the request to stop until a process is killed
SETTINGS_OF_AN_INSTALLATION = ("UNSNAG_DATA", "UNSNAG_DATABASE_URL", "UNSNAG_SECRET_KEY", "UNSNAG_TRUSTED_HOSTS")
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")


class Failure(Exception):  # noqa: N818  said to a person, not caught by a program
    """Why the command can't go on, in words for whoever typed it."""


class Stopped(BaseException):
    """Somebody asked the command to stop."""


def main(arguments: Sequence[str]) -> int:
    check_machine()
    for number in STOP_SIGNALS:
        signal.signal(number, _stop)
    try:
        if arguments[:1] == ["test"]:
            return test(arguments[1:])
        return serve(parse(arguments))
    except Failure as failure:
        print(f"\n✗ {failure}", file=sys.stderr)
        return 1
    except Stopped:
        print("\nstopped")
        return 130


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="run.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default %(default)s)")
    parser.add_argument("--port", type=int, default=5000, help="port to listen on (default %(default)s)")
    parser.add_argument("--no-demo", action="store_true", help="no demo tickets in an empty database")
    return parser.parse_args(arguments)


def check_machine() -> None:
    if sys.version_info < LEAST_PYTHON:
        sys.exit(f"Unsnag needs Python 3.11 or newer; this is {sys.version.split()[0]} ({sys.executable}).")
    if os.name != "posix":
        sys.exit("Unsnag runs on Linux and macOS; on Windows use WSL.")


def _stop(_number: int, _frame: FrameType | None) -> NoReturn:
    raise Stopped


# ---------------------------------------------------------------------------------------------------------------------
# Set up: each step only when what it depends on has changed


def set_up(lock: Path) -> None:
    if not is_installed(lock):
        make_environment()
        install(lock)
    compile_translations()


def is_installed(lock: Path) -> bool:
    """Whether ``.venv`` works and holds what the lock lists: a stamp in it remembers."""
    stamp = stamp_of(lock)
    return PYTHON.exists() and stamp.exists() and stamp.read_text(encoding="ascii") == digest(lock)


def stamp_of(lock: Path) -> Path:
    return VENV / f"{lock.name}.installed"


def make_environment() -> None:
    """A ``.venv`` that works: with pip in it, unless uv does the installing."""
    if PYTHON.exists() and ((BIN / "pip").exists() or uv()):
        return
    if uv():
        run_step("making .venv", [uv(), "venv", "--quiet", "--clear", "--python", sys.executable, str(VENV)])
        return
    try:
        import ensurepip  # noqa: F401  Debian ships it apart
    except ImportError:
        version = ".".join(map(str, sys.version_info[:2]))
        raise Failure(
            "Python's venv module is incomplete on this machine. On Debian and Ubuntu:\n"
            f"  sudo apt-get install python3-venv     (or python{version}-venv)"
        ) from None
    run_step("making .venv", [sys.executable, "-m", "venv", "--clear", str(VENV)])


def install(lock: Path) -> None:
    """Bring in what the lock lists, by hash."""
    pip = (
        [uv(), "pip", "install", "--quiet", "--python", str(PYTHON)]
        if uv()
        else [str(PYTHON), "-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"]
    )
    run_step(f"installing {lock.name}", [*pip, "--require-hashes", "--requirement", str(lock)])
    for done in (LOCK, DEV_LOCK) if lock == DEV_LOCK else (lock,):  # the larger one holds all of the other
        stamp_of(done).write_text(digest(done), encoding="ascii")


def compile_translations() -> None:
    stale = [
        source
        for source in TRANSLATIONS.glob("*/LC_MESSAGES/*.po")
        if not source.with_suffix(".mo").exists() or source.with_suffix(".mo").stat().st_mtime < source.stat().st_mtime
    ]
    if stale:
        run_step("compiling translations", [str(BIN / "pybabel"), "-q", "compile", "-d", str(TRANSLATIONS)])


def uv() -> str:
    """Path of uv; empty where it isn't installed."""
    return shutil.which("uv") or ""


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def run_step(title: str, command: Sequence[str]) -> None:
    """Run one step of setting up, quietly; its output is shown when it fails."""
    with timed(title), tempfile.TemporaryFile(mode="w+", encoding="utf-8", errors="replace") as output:
        if call(command, environment(), output):
            output.seek(0)
            raise Failure(f"{title} failed:\n{output.read().strip()}\n\ncommand: {' '.join(command)}")


@contextmanager
def timed(title: str) -> Iterator[None]:
    print(f"· {title} …", end="", flush=True)
    began = time.monotonic()
    try:
        yield
    except BaseException:
        print()
        raise
    print(f" {time.monotonic() - began:.1f} s", flush=True)


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, "FLASK_APP": "app.py", "PYTHONUNBUFFERED": "1", **more}


# ---------------------------------------------------------------------------------------------------------------------
# Serve


def serve(options: argparse.Namespace) -> int:
    began = time.monotonic()
    check_port(options.host, options.port)
    set_up(LOCK)
    children: dict[str, subprocess.Popen[bytes]] = {}
    try:
        # The web process prepares the database itself: a command of its own would load the program once more.
        print("· preparing the database", flush=True)
        demo = ["--no-demo"] if options.no_demo else []
        address = ["--host", options.host, "--port", str(options.port)]
        children["web process"] = start([str(PYTHON), "-m", "helpdesk.serving", "--prepare", *demo, *address])
        if is_ready(options.host, options.port, children):
            children["job worker"] = start([str(PYTHON), "-m", "flask", "worker"])
            say_hello(options, time.monotonic() - began)
        return watch(children)
    except Stopped:
        if not children:
            raise
        print("\n· stopping …", end="", flush=True)
        return 0
    finally:
        for number in STOP_SIGNALS:  # an impatient second Ctrl-C must not leave a child behind
            signal.signal(number, signal.SIG_IGN)
        stop(children.values())
        print(" stopped", flush=True)


def check_port(host: str, port: int) -> None:
    """Say at once, not after a minute of setting up, that somebody else listens there."""
    if not 0 < port < 65536:
        raise Failure(f"--port {port}: a port is a number from 1 to 65535.")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise Failure(
            f"{host}:{port} can't be used: {error}.\n"
            f"  Does Unsnag run already? Another port: python3 run.py --port {port + 1}"
        ) from None


def start(command: Sequence[str]) -> subprocess.Popen[bytes]:
    """A child in a process group of its own: a Ctrl-C reaches this process alone, which then stops both in order."""
    return subprocess.Popen(command, cwd=ROOT, env=environment(), start_new_session=True)


def is_ready(host: str, port: int, children: Mapping[str, subprocess.Popen[bytes]]) -> bool:
    """Wait until the web process answers. False: a child has died meanwhile, and ``watch`` says which."""
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  compared with, not bound to
    deadline = time.monotonic() + READY_WITHIN
    while time.monotonic() < deadline:
        if dead(children):
            return False
        try:
            socket.create_connection((reachable, port), timeout=1).close()
            return True
        except OSError:
            time.sleep(0.05)
    raise Failure(f"The web process did not answer within {READY_WITHIN} s.")


def say_hello(options: argparse.Namespace, seconds: float) -> None:
    host = f"[{options.host}]" if ":" in options.host else options.host
    print(f"\n  Unsnag 异常工单台   http://{host}:{options.port}   (ready after {seconds:.1f} s; Ctrl-C stops)")
    if options.host not in {"127.0.0.1", "localhost", "::1"}:
        print("  Other machines reach it by the names in UNSNAG_TRUSTED_HOSTS only (see README).")
    print(flush=True)


def dead(children: Mapping[str, subprocess.Popen[bytes]]) -> list[str]:
    return [name for name, child in children.items() if child.poll() is not None]


def watch(children: Mapping[str, subprocess.Popen[bytes]]) -> int:
    """Wait until a child ends by itself, which neither should; the exit code tells that one did."""
    while not (ended := dead(children)):
        time.sleep(0.2)
    codes = {name: children[name].returncode for name in ended}
    print("\n✗ " + ", ".join(f"the {name} ended with code {code}" for name, code in codes.items()), file=sys.stderr)
    return next((code for code in codes.values() if code > 0), 1)


def stop(children: Iterable[subprocess.Popen[bytes]]) -> None:
    """Ask every child to end, wait, then kill what is left of its group."""
    running = [child for child in children if child.poll() is None]
    for child in running:
        send(child, signal.SIGTERM)
    deadline = time.monotonic() + STOP_WITHIN
    for child in running:
        try:
            child.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            send(child, signal.SIGKILL)
            child.wait()


def send(child: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(child.pid, number)


# ---------------------------------------------------------------------------------------------------------------------
# Check


@dataclass
class Tally:
    """What passed, failed and was skipped. A check counts as one; pytest counts as its tests."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    lines: list[str] = field(default_factory=list)

    def add(self, title: str, ok: bool, seconds: float) -> None:
        self.passed += ok
        self.failed += not ok
        self._say(title, ok, seconds)

    def add_tests(self, ok: bool, seconds: float, report: Path) -> None:
        """Count the tests of a JUnit file. A pytest that failed without a failing test is one failure."""
        failed_before = self.failed
        suites = ElementTree.parse(report).getroot().iter("testsuite") if report.exists() else ()  # noqa: S314  own file
        for suite in suites:
            tests, skipped = int(suite.get("tests", 0)), int(suite.get("skipped", 0))
            failed = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
            self.passed += tests - skipped - failed
            self.failed += failed
            self.skipped += skipped
        if not ok and self.failed == failed_before:
            self.failed += 1
        self._say("pytest", ok, seconds)

    def _say(self, title: str, ok: bool, seconds: float) -> None:
        self.lines.append(f"  {'✓' if ok else '✗'} {title:<28} {seconds:6.1f} s")
        print(self.lines[-1], flush=True)


def test(arguments: Sequence[str]) -> int:
    set_up(DEV_LOCK)
    with tempfile.TemporaryDirectory(prefix="unsnag-test-") as folder:
        env = test_environment(Path(folder))
        if arguments:
            return call([str(PYTHON), "-m", "pytest", *arguments], env)
        return check_everything(Path(folder), env)


def test_environment(folder: Path) -> dict[str, str]:
    """Nothing of this machine's installation reaches a test."""
    inherited = {name: value for name, value in environment().items() if name not in SETTINGS_OF_AN_INSTALLATION}
    runtime = folder / "runtime"  # where PostgreSQL puts its socket
    runtime.mkdir(mode=0o700)
    return {**inherited, "XDG_RUNTIME_DIR": str(runtime), "UNSNAG_CHROMIUM": chromium()}


def chromium() -> str:
    """Path of a Chromium; empty where there is none."""
    named = os.environ.get("UNSNAG_CHROMIUM", "")
    return next((path for name in (named, *CHROMIUM_NAMES) if name and (path := shutil.which(name))), "")


def check_everything(folder: Path, env: Mapping[str, str]) -> int:
    began = time.monotonic()
    tally = Tally()
    for title, command in QUICK_CHECKS.items():
        check(tally, title, command, env)
    if env["UNSNAG_CHROMIUM"]:
        print(f"\n· pytest, with browser tests in {env['UNSNAG_CHROMIUM']}")
    elif env.get("CI"):
        print("\n✗ CI without Chromium: browser tests can't run")
        tally.add("Chromium for browser tests", ok=False, seconds=0)
    else:
        print("\n! NO CHROMIUM FOUND: browser tests are SKIPPED (Debian: apt-get install chromium fonts-noto-cjk)")
    report = folder / "report.xml"
    coverage = {**env, "COVERAGE_FILE": str(folder / "coverage")}
    pytest = ["coverage", "run", "-m", "pytest", *PYTEST_OPTIONS, f"--junitxml={report}"]
    pytest_began = time.monotonic()
    code = call([str(BIN / pytest[0]), *pytest[1:]], coverage)
    tally.add_tests(code == 0, time.monotonic() - pytest_began, report)
    check(tally, "coverage combine", ["coverage", "combine", "-q"], coverage)
    check(tally, "coverage of helpdesk.domain", DOMAIN_COVERAGE, coverage)
    check(tally, "coverage", ["coverage", "report"], coverage)
    print("\n" + "\n".join(tally.lines))
    print(
        f"\n{tally.passed} passed, {tally.failed} failed, {tally.skipped} skipped in {time.monotonic() - began:.1f} s"
    )
    return 1 if tally.failed else 0


def check(tally: Tally, title: str, command: Sequence[str], env: Mapping[str, str]) -> None:
    """Run one check with the environment's tools. It speaks only when it fails."""
    began = time.monotonic()
    with tempfile.TemporaryFile(mode="w+", encoding="utf-8", errors="replace") as output:
        code = call([str(BIN / command[0]), *command[1:]], env, output)
        tally.add(title, code == 0, time.monotonic() - began)
        if code:
            output.seek(0)
            print(output.read().rstrip(), flush=True)


def call(command: Sequence[str], env: Mapping[str, str], output: IO[str] | None = None) -> int:
    """Run a command to its end, also when this one is stopped meanwhile."""
    process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=output, stderr=subprocess.STDOUT if output else None)
    try:
        return process.wait()
    except BaseException:
        process.terminate()
        process.wait()
        raise


QUICK_CHECKS: Mapping[str, Sequence[str]] = {
    "ruff check": ["ruff", "check", "."],
    "ruff format": ["ruff", "format", "--check", "."],
    "mypy": ["mypy"],
    "import-linter": ["lint-imports", "--no-logo", "--no-cache"],
    "djlint": ["djlint", "--lint", "--quiet", "templates"],
    "translations": ["python", "-m", "tests.arch.translations"],
}
# Hypothesis' profile "ci": the same examples every time, and no deadline for a machine that has other work too.
# Browser tests are two groups, each with an installation of its own: what people do, and every page looked at.
PYTEST_OPTIONS = ["-q", "-n", "2", "--dist", "loadscope", "--hypothesis-profile=ci"]
DOMAIN_COVERAGE = ["coverage", "report", "--include=helpdesk/domain/*", f"--fail-under={LEAST_DOMAIN_COVERAGE}"]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
