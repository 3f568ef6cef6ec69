"""How fast the program is, on the server it is run on: ``python -m bench [--quick] [--sizes 10000 100000]``.

For each size a new SQLite database is filled and served by gunicorn; pages and forms are asked for over HTTP, each
answer checked. Beside them, in the same run, stand bare views in the same server (see ``bench.bare``).
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from flask import Flask
from sqlalchemy import func, select, text

from bench import bare, floor, report, seed, sweep
from bench.cases import Case, cases, known, log_in
from bench.kept import planted
from bench.load import Person, fetch, measure
from bench.report import Measured, Run
from bench.server import Server, serving
from helpdesk.models import Message, Ticket
from helpdesk.storage import db, session, unit_of_work

SIZES = (10_000, 100_000)
ROUNDS, QUICK_ROUNDS = 200, 60
WARM_UP = 40
CROWD = 8
SWEPT = 20_000
"""Tickets that the sweep is measured on: enough stages that could be due."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, metavar="TICKETS", help="how many tickets")
    parser.add_argument("--quick", action="store_true", help="fewer requests: figures to work by, not to publish")
    parser.add_argument("--folder", type=Path, help="keep filled databases here, and use them again")
    options = parser.parse_args()
    print(f"{report.machine()}; gunicorn with 2 web processes; synchronous=FULL", flush=True)
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        runs = []
        for size in options.sizes:
            runs.append(run(Path(folder), size, options.folder, QUICK_ROUNDS if options.quick else ROUNDS))
            print("\n" + "\n".join(report.lines(runs[-1])), flush=True)
        swept = sweep.run(planted(Path(folder), SWEPT, options.folder))
    print("\n" + "\n".join(row.line() for row in swept))
    verdicts = list(report.verdicts(runs))
    print("\n".join(verdict.line() for verdict in verdicts), flush=True)
    return 0 if all(row.passed for row in swept) and all(verdict.passed for verdict in verdicts) else 1


def run(parent: Path, size: int, store: Path | None, rounds: int) -> Run:
    folder = parent / str(size)
    folder.mkdir()
    app = planted(folder, size, store)
    first = prepare(app, folder)
    with app.app_context():
        asked = cases(known(size), size, first)
    with serving(folder) as server:
        before = written(app)
        measured = {one.name: one for one in _measure(server, asked, rounds)}
        _check_written(before, written(app), rounds)
        memory = server.memory()
    paths = ["/tickets", asked_path(asked, report.TICKET)]
    found = floor.measure(app, seed.AGENT, paths)
    with app.app_context():
        db.engine.dispose()
    return Run(size, measured, found, memory)


def prepare(app: Flask, folder: Path) -> str:
    """The constants of the bare views, and the table that the bare write fills; the number of the first ticket."""
    constants = bare.facts(app)
    (folder / bare.FILE).write_text(json.dumps(constants), encoding="utf-8")
    with app.app_context(), unit_of_work():
        session().execute(text(bare.TABLE))
    return constants["number"]


def asked_path(asked: list[Case], name: str) -> str:
    return next(case for case in asked if case.name == name).asks(1)[0].path


def _measure(server: Server, asked: list[Case], rounds: int) -> Iterator[Measured]:
    people: dict[str, Person] = {}
    for case in asked:
        if case.login not in people:
            people[case.login] = log_in(server.port, case.login)
        person = people[case.login]
        if case.name == report.BOARD and "data-board" not in fetch(server.port, person, "/board")[0]:
            print("  board: not there")
            continue
        measure(server.port, person, case.asks(WARM_UP), CROWD)
        alone = measure(server.port, person, case.asks(rounds), 1)
        yield Measured(case.name, case.beside, alone, measure(server.port, person, case.asks(rounds), CROWD))


def written(app: Flask) -> tuple[int, int]:
    """Tickets, and messages to customers."""
    with app.app_context():
        tickets = session().execute(select(func.count(Ticket.id))).scalar_one()
        messages = session().execute(select(func.count(Message.id)).where(Message.direction == "out")).scalar_one()
        return tickets, messages


def _check_written(before: tuple[int, int], after: tuple[int, int], rounds: int) -> None:
    """A form that was answered well has also been stored."""
    expected = WARM_UP + 2 * rounds
    for what, old, new in zip(("tickets", "replies"), before, after, strict=True):
        if new - old != expected:
            raise SystemExit(f"{new - old} {what} were stored, {expected} were sent")


if __name__ == "__main__":
    sys.exit(main())
