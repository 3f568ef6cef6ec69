"""How fast stages of SLA clocks fire: ``python -m bench.sweep [TICKETS]``.

On the data of ``bench.seed``, through the job worker's own function, on SQLite with synchronous=FULL: each stage with
its event and its outbox row. Stages that take the ticket out of somebody's hands are timed apart.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median
from time import perf_counter

from flask import Flask
from sqlalchemy import delete, func, select, update

from bench import seed
from helpdesk import timesource
from helpdesk.domain.access import Actor, Role
from helpdesk.jobs.sla_tick import sla_tick
from helpdesk.models import ClockRow, ClockStage, Event, Outbox, RuleBookRow, Stint, User, UserSession
from helpdesk.services import rulebooks
from helpdesk.storage import session, unit_of_work

PLAIN, DEEDS, IDLE = 20_000, 400, 200
"""How many stages of each sort fire, and how often nothing is due."""

BEFORE = timedelta(days=400)
"""When what is to fire was due: before anything that is really due in the data."""

HANDED_ON = "bench_handed_on"


@dataclass(frozen=True, slots=True)
class Row:
    """One figure. ``limit`` None: for orientation only; else at least that many a second, or at most so many ms."""

    what: str
    figure: float
    unit: str
    limit: float | None = None

    @property
    def passed(self) -> bool:
        if self.limit is None:
            return True
        return self.figure >= self.limit if self.unit == "a second" else self.figure <= self.limit

    def line(self) -> str:
        verdict = "    " if self.limit is None else "pass" if self.passed else "FAIL"
        bound = "at least" if self.unit == "a second" else "at most"
        limit = "" if self.limit is None else f"   {bound} {self.limit:g}"
        return f"  {verdict}  {self.what:<58} {self.figure:>9,.1f} {self.unit}{limit}"


def run(app: Flask) -> list[Row]:
    """The figures on this application's database, which ``bench.seed`` has filled. It is used up by it."""
    with app.app_context():
        sla_tick(timesource.now())  # what is due in the data itself
        idle = median(_milliseconds(lambda: sla_tick(timesource.now())) for _ in range(IDLE))
        plain = _fire(PLAIN, lambda: _make_due(PLAIN))
        deeds = _fire(DEEDS, _make_deeds_due)
    return [
        Row("sweep, stages with event and notice", plain, "a second", 5_000),
        Row("sweep, stages that put the ticket into other hands", deeds, "a second"),
        Row("sweep, nothing due", idle, "ms", 2),
    ]


def _fire(wanted: int, prepare: Callable[[], None]) -> float:
    """Stages a second. Each must have left its event and its outbox row, else the figure means nothing."""
    prepare()
    before = _written()
    began = perf_counter()
    fired = sla_tick(timesource.now())
    seconds = perf_counter() - began
    events, notices, refused = (after - count for after, count in zip(_written(), before, strict=True))
    if not (fired == wanted == events and notices >= wanted and not refused):
        raise RuntimeError(f"{fired} fired of {wanted}: {events} events, {notices} outbox rows, {refused} refused")
    return fired / seconds


def _written() -> tuple[int, ...]:
    """Stages in events, rows in the outbox, and deeds that could not be done."""
    counts = (
        select(func.count()).select_from(Event).where(Event.code == "sla.stage"),
        select(func.count()).select_from(Outbox),
        select(func.count()).select_from(Event).where(Event.code == "sla.refused"),
    )
    return tuple(session().execute(count).scalar_one() for count in counts)


def _make_due(wanted: int) -> None:
    """So many stages of open clocks, as if nobody had swept since; the oldest first, a second apart.

    Of too few open ones in a small database some have fired before: as if they hadn't.
    """
    with unit_of_work() as work:
        open_clock = ClockRow.met_at.is_(None) & ClockRow.cancelled_at.is_(None)
        ids = work.scalars(
            select(ClockStage.id)
            .join(ClockRow, ClockRow.id == ClockStage.clock_id)
            .where(open_clock)
            .order_by(ClockStage.id)
            .limit(wanted)
        ).all()
        work.execute(delete(Outbox))
        start = timesource.now() - BEFORE
        work.execute(
            update(ClockStage),
            [{"id": id, "fired_at": None, "due_at": start + timedelta(seconds=n)} for n, id in enumerate(ids)],
        )


def _make_deeds_due() -> None:
    """Stages of a new version of the rules that hand a late ticket to somebody else of its queue; all are there.

    They were due lately: what was handed on since then stays where it is.
    """
    stage = {"code": HANDED_ON, "percent": 120, "notify": ["supervisor"], "reassign": "next"}
    with unit_of_work() as work:
        ops = work.execute(select(User.id).where(User.login == seed.OPS)).scalar_one()
        version = work.execute(select(RuleBookRow.version).where(RuleBookRow.status == "published")).scalar_one()
        stages = [*work.get_one(RuleBookRow, version).document["stages"], stage]
        actor = Actor(ops, Role.OPS)
        now = timesource.now()
        new = rulebooks.publish_section("stages", stages, expected_version=version, actor=actor, now=now)
        _seat_everybody(now)
        in_hand = select(Stint.ticket_id).where(Stint.left_at.is_(None), Stint.assignee_id.is_not(None))
        clocks = work.scalars(
            select(ClockRow.id)
            .where(
                ClockRow.kind == "solution",
                ClockRow.met_at.is_(None),
                ClockRow.cancelled_at.is_(None),
                ClockRow.ticket_id.in_(in_hand),
            )
            .order_by(ClockRow.id)
            .limit(DEEDS)
        ).all()
        work.execute(update(ClockRow).where(ClockRow.id.in_(clocks)).values(rule_version=new))
        work.add_all(
            ClockStage(clock_id=id, stage_code=HANDED_ON, percent=120, due_at=now - timedelta(seconds=DEEDS - n))
            for n, id in enumerate(clocks)
        )


def _seat_everybody(now: datetime) -> None:
    for person in session().scalars(select(User.id).where(User.role == Role.AGENT.value)).all():
        hours = {"created_at": now, "seen_at": now, "expires_at": now + timedelta(hours=1)}
        session().add(UserSession(token_hash=f"bench {person}", user_id=person, address="", agent="", **hours))


def _milliseconds(work: Callable[[], object]) -> float:
    began = perf_counter()
    work()
    return 1000 * (perf_counter() - began)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.sweep", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("tickets", type=int, nargs="?", default=20_000)
    parser.add_argument("--folder", type=Path, help="where the database is made (default: a temporary folder)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        rows = run(seed.plant(Path(folder), options.tickets))
    print("\n".join(row.line() for row in rows))
    return 0 if all(row.passed for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
