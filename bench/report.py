"""What was measured, in lines, and what it had to be."""

from __future__ import annotations

import os
import platform
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bench.floor import Floor
from bench.load import Timing

QUEUE, ALL_QUEUES, TICKET, BOARD, CREATE = "queue page", "queue page, all queues", "ticket page", "board", "create"
TIMES_BARE = {QUEUE: 5.0, ALL_QUEUES: 5.0, TICKET: 5.0, BOARD: 8.0, CREATE: 5.0}
GROWTH = 1.3


@dataclass(frozen=True, slots=True)
class Measured:
    """Of one case: at 1 and at 8 connections."""

    name: str
    beside: str
    alone: Timing
    crowd: Timing


@dataclass(frozen=True, slots=True)
class Run:
    """All of one size. ``memory``: resident bytes of each web process at the end."""

    size: int
    cases: dict[str, Measured]
    floor: Floor
    memory: Sequence[int]


@dataclass(frozen=True, slots=True)
class Verdict:
    what: str
    found: float
    limit: float

    @property
    def passed(self) -> bool:
        return self.found <= self.limit

    def line(self) -> str:
        return f"  {'pass' if self.passed else 'FAIL'}  {self.what:<58} {self.found:>6.2f}   at most {self.limit:g}"


def machine() -> str:
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{os.cpu_count()} cores ({platform.machine()}), {python}, SQLite {sqlite3.sqlite_version}"


def lines(run: Run) -> Iterator[str]:
    """Milliseconds; then requests a second."""
    yield f"{'':<26}{'1 connection':^26}{'8 connections':^26}{'':>7}{'':>6}{'beside bare':^15}"
    yield (
        f"{f'{run.size:,} tickets':<26}"
        + 2 * f"{'p50':>8}{'p95':>8}{'req/s':>8}  "
        + f"{'cpu':>7}{'SQL':>6}{'p50':>8}{'cpu':>7}"
    )
    for case in run.cases.values():
        times = f"{times_bare(run, case):>7.1f}x{times_bare(run, case, 'cpu'):>6.1f}x" if case.beside else ""
        figures = "".join(f"{one.p50:>8.2f}{one.p95:>8.2f}{one.rate:>8.0f}  " for one in (case.alone, case.crowd))
        yield f"  {case.name:<24}{figures}{case.alone.cpu:>7.2f}{case.alone.statements:>6}{times}"
    for path, milliseconds in run.floor.pages.items():
        yield f"  SQL alone of {path}: {milliseconds:.2f} ms, the slowest statement {run.floor.main[path]:.2f} ms"
    yield f"  one row committed: {run.floor.commit:.2f} ms; one message matched: {run.floor.match:.2f} ms"
    yield f"  memory of the web processes: {' and '.join(f'{size / 2**20:.0f} MB' for size in run.memory)}"


def times_bare(run: Run, case: Measured, figure: str = "p50") -> float:
    """How many times as long as what stands beside it. Creating also has to match the message."""
    bare: float = getattr(run.cases[case.beside].alone, figure)
    mine: float = getattr(case.alone, figure)
    return mine / (bare + run.floor.match if case.name == CREATE else bare)


def verdicts(runs: Sequence[Run]) -> Iterator[Verdict]:
    """The limits hold at the largest size; growth is from the smallest to it."""
    least, most = min(runs, key=lambda run: run.size), max(runs, key=lambda run: run.size)
    for name, limit in TIMES_BARE.items():
        if name in most.cases:
            case = most.cases[name]
            yield Verdict(f"{name} at {most.size:,}, times the {case.beside}", times_bare(most, case), limit)
    if least is most:
        return
    for name in TIMES_BARE:
        if name in most.cases and name in least.cases:
            growth = most.cases[name].alone.p50 / least.cases[name].alone.p50
            yield Verdict(f"{name}, {most.size:,} against {least.size:,} tickets", growth, GROWTH)
