"""Imports: a stored file and a run that is worked off in short transactions.

The progress is written in the transaction of the rows it counts, so a crash loses nothing that was
reported and repeats nothing that was stored. Whoever works on a run holds its lease, and each batch
checks that it still does: a process that was thought dead and comes back stores nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, or_, select, update
from sqlalchemy.exc import DataError, IntegrityError

from helpdesk.domain.access import Actor, Permission
from helpdesk.domain.imports import ORDERS, Unit
from helpdesk.domain.problems import Conflict, Invalid, Problem
from helpdesk.models import ImportFile, JobRun, JobRunError
from helpdesk.services import import_rows
from helpdesk.services.import_rows import Known
from helpdesk.storage import insert_once, savepoint, session

BATCH_ROWS = 50
LEASE_SECONDS = 15


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run has come. ``state`` is ``running`` or ``cancelled``."""

    run_id: int
    kind: str
    options: Mapping[str, Any]
    state: str
    done: int
    figures: Mapping[str, int]


def store_file(name: str, content: bytes, *, actor: Actor, now: datetime) -> str:
    """Keep a file as it came; returns the hash it is known by. One that no run asks for is removed after a day."""
    actor.require(Permission.TICKETS_IMPORT)
    file_hash = hashlib.sha256(content).hexdigest()
    stored = insert_once(ImportFile, hash=file_hash, name=name[-200:], content=content, stored_at=now)
    if stored is None:  # it was there; one that was emptied when a customer was forgotten comes back whole
        emptied = update(ImportFile).where(ImportFile.hash == file_hash, ImportFile.content == b"")
        session().execute(emptied.values(name=name[-200:], content=content, stored_at=now))
    return file_hash


def create_run(
    kind: str,
    *,
    name: str,
    content: bytes,
    options: Mapping[str, Any],
    total: int,
    actor: Actor,
    now: datetime,
    again: bool = False,
) -> int:
    """Store the file and its run; the same file with the same options is the same run. Returns the run's id.

    A run that was cancelled or has failed waits again from where it stood; ``again`` works a finished one
    through anew (rows taken before are recognised). ``NotAllowed`` unless the actor may import.
    """
    file_hash = store_file(name, content, actor=actor, now=now)
    key = hashlib.sha256(json.dumps([file_hash, dict(options)], sort_keys=True).encode()).hexdigest()
    run_id = insert_once(
        JobRun,
        kind=kind,
        key=key,
        file_hash=file_hash,
        options=dict(options),
        actor_id=actor.id,
        state="waiting",
        done=0,
        total=total,
        figures={},
        cancel=False,
        created_at=now,
    )
    if run_id is not None:
        return run_id
    run_id = session().execute(select(JobRun.id).where(JobRun.kind == kind, JobRun.key == key)).scalar_one()
    _wake(run_id, again)
    return run_id


def run_again(run_id: int, *, actor: Actor) -> None:
    """Go on with a run that was cancelled or has failed; work a finished one through anew; leave others alone."""
    actor.require(Permission.TICKETS_IMPORT)
    _wake(run_id, again=True)


def _wake(run_id: int, again: bool) -> None:
    _set(JobRun.id == run_id, JobRun.state.in_(("cancelled", "failed")), state="waiting", cancel=False)
    if again and _set(JobRun.id == run_id, JobRun.state == "done", state="waiting", done=0, figures={}):
        session().execute(delete(JobRunError).where(JobRunError.run_id == run_id))


def claim(run_id: int, holder: str, now: datetime, *, instead_of: str | None = None) -> Progress | None:
    """Take the run for LEASE_SECONDS; None when it is finished or somebody else works on it.

    ``instead_of`` is a holder that the caller knows to be dead: his lease need not run out first.
    """
    abandoned = and_(JobRun.state == "running", or_(JobRun.lease_until <= now, JobRun.holder == instead_of))
    free = or_(JobRun.state == "waiting", abandoned)
    if not _set(JobRun.id == run_id, free, state="running", holder=holder, lease_until=_lease(now), finished_at=None):
        return None
    run = session().get_one(JobRun, run_id, populate_existing=True)
    figures = {name: count for name, count in run.figures.items() if name != "error"}
    return Progress(run.id, run.kind, run.options, run.state, run.done, figures)


def work_batch(run: Progress, units: Sequence[Unit], *, holder: str, actor: Actor, now: datetime) -> Progress:
    """Take the next units; call it in a transaction of its own. Bad ones are recorded, the others stored.

    ``Conflict`` when the lease was lost to somebody else: then nothing of the batch is stored.
    """
    if _set(_held(run, holder), JobRun.cancel.is_(True), state="cancelled", holder=None, finished_at=now):
        return Progress(run.run_id, run.kind, run.options, "cancelled", run.done, run.figures)
    done = run.done + len(units)
    if not _set(_held(run, holder), done=done, lease_until=_lease(now)):
        raise Conflict("import.lease_lost", run=run.run_id)
    known = import_rows.load_known(run.options, now)
    figures = Counter(run.figures)
    for unit in units:
        figures[_take(run, unit, known, actor)] += 1
    _set(JobRun.id == run.run_id, figures=dict(figures))
    return Progress(run.run_id, run.kind, run.options, "running", done, figures)


def finish(run: Progress, holder: str, now: datetime) -> None:
    """All rows were worked off."""
    if not _set(_held(run, holder), state="done", holder=None, lease_until=None, finished_at=now):
        raise Conflict("import.lease_lost", run=run.run_id)


def give_back(run: Progress, holder: str) -> None:
    """Stop working on the run without finishing it; the next one goes on where it stands."""
    _set(_held(run, holder), state="waiting", holder=None, lease_until=None)


def fail(run: Progress, holder: str, error: str, now: datetime) -> None:
    """Something that isn't a bad row went wrong; ``error`` names it. The run waits for somebody to start it again."""
    figures = {**run.figures, "error": error}
    _set(_held(run, holder), state="failed", holder=None, lease_until=None, finished_at=now, figures=figures)


def request_cancel(run_id: int, *, actor: Actor) -> bool:
    """Ask a run to stop after its present batch; one that waits stops at its first. False: it is finished."""
    actor.require(Permission.TICKETS_IMPORT)
    return _set(JobRun.id == run_id, JobRun.state.in_(("waiting", "running")), cancel=True)


def _take(run: Progress, unit: Unit, known: Known, actor: Actor) -> str:
    """Store one unit, or record why not; returns what it counts as."""
    try:
        if unit.problem is not None:
            raise unit.problem
        with savepoint():
            if run.kind == ORDERS:
                return import_rows.take_order(unit.cells, known)
            return import_rows.take_ticket(unit.cells[0], known, actor)
    except Problem as problem:
        refused = problem
    except (DataError, IntegrityError):
        refused = Invalid("import.refused_by_database")
    params = {name: value if isinstance(value, int) else str(value) for name, value in refused.params.items()}
    insert_once(JobRunError, run_id=run.run_id, row=unit.row, code=refused.code, params=params)
    return "bad"


def _lease(now: datetime) -> datetime:
    return now + timedelta(seconds=LEASE_SECONDS)


def _held(run: Progress, holder: str) -> ColumnElement[bool]:
    """The run as this holder last saw it."""
    return and_(JobRun.id == run.run_id, JobRun.holder == holder, JobRun.state == "running", JobRun.done == run.done)


def _set(*conditions: ColumnElement[bool], **values: Any) -> bool:
    changed = session().scalars(
        update(JobRun).where(*conditions).values(**values).returning(JobRun.id),
        execution_options={"synchronize_session": False},
    )
    return changed.one_or_none() is not None
