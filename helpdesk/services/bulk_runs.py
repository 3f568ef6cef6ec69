"""Deeds on many tickets: chosen, planned, worked off row by row, and taken back.

Each row is claimed and done in one transaction, so a crash loses nothing and repeats nothing, and several workers
share a run without a lease: whoever has a row locked does it, the others leave it alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

import structlog
from sqlalchemy import ColumnElement, delete, func, or_, select, update
from sqlalchemy.exc import OperationalError

from helpdesk.domain.access import Actor, Permission
from helpdesk.domain.bulk import MOST, NEEDS, Deed, foresee, offered, parse, to_document
from helpdesk.domain.problems import Conflict, Invalid, NotAllowed, NotFound, Problem, Stale
from helpdesk.models import BulkRow, BulkRun, Ticket
from helpdesk.models.scope import readable
from helpdesk.services import bulk_deeds, operations
from helpdesk.services.events import record
from helpdesk.storage import insert_all_once, savepoint, session

log = structlog.get_logger(__name__)

AT_ONCE = 10
"""Rows of one transaction."""

LOOKED_AT = 500
"""Tickets that are looked at with one statement."""

UNDO_WITHIN = timedelta(hours=24)
KEEP_DRAFTS = timedelta(days=1)
MOST_DRAFTS = 10
"""Of one person: the oldest go first."""

KEEP_RUNS = timedelta(days=90)
T = TypeVar("T")
NEXT = {"waiting": "done", "undoing": "undone"}
"""Where a run that is being worked off gets to."""


def choose(ids: Sequence[int], *, chosen: Mapping[str, str], actor: Actor, now: datetime) -> int:
    """Keep the tickets that were chosen; returns the run. ``chosen``: the filter they come from, unless ticked.

    Those that the actor doesn't see are left out. ``Invalid`` for none and for too many.
    """
    if not offered(actor):
        raise NotAllowed("access.denied", permission=Permission.TICKETS_WORK.value)
    if len(ids) > MOST:
        raise Invalid("bulk.too_many", limit=MOST)
    seen: list[int] = []
    for some in _some(list(dict.fromkeys(ids))):
        found = set(session().scalars(select(Ticket.id).where(Ticket.id.in_(some), readable(actor))))
        seen += [ticket_id for ticket_id in some if ticket_id in found]
    if not seen:
        raise Invalid("bulk.nothing_chosen")
    _forget_drafts(actor)
    run = BulkRun(actor_id=actor.id, deed={}, chosen=dict(chosen), created_at=now)
    session().add(run)
    session().flush()
    new: dict[str, Any] = {"run_id": run.id, "version": 0, "state": "waiting", "params": {}}
    insert_all_once(BulkRow, [{**new, "ticket_id": ticket_id} for ticket_id in seen])
    return run.id


def plan(run_id: int, deed: Deed, *, version: int, actor: Actor) -> None:
    """Say what the deed would do to each ticket, and remember the versions that this was seen on. Changes no ticket."""
    run = _load(run_id, actor)
    _check_draft(run, version)
    if deed.kind not in offered(actor):
        raise NotAllowed("access.denied", permission=NEEDS[deed.kind][0].value)
    ground = bulk_deeds.ground(deed)
    rows = session().execute(select(BulkRow.id, BulkRow.ticket_id).where(BulkRow.run_id == run.id)).all()
    for some in _some(rows):
        seen = bulk_deeds.look([row.ticket_id for row in some], deed, actor)
        planned = []
        for row in some:
            values: dict[str, Any] = {"id": row.id, "version": 0, "state": "refused", "code": None, "params": {}}
            try:
                if row.ticket_id not in seen:
                    raise NotFound("ticket.not_found", number="")
                values["version"], ticket = seen[row.ticket_id]
                values["state"] = "waiting" if foresee(deed, ticket, ground, actor) else "unchanged"
            except Problem as problem:
                values |= _why(problem)
            planned.append(values)
        session().execute(update(BulkRow), planned)
    run.deed = to_document(deed)
    run.version += 1


def start(run_id: int, *, version: int, actor: Actor, now: datetime) -> int:
    """Let it be done as it was planned; returns how many tickets are to be changed. Once: then ``Conflict``."""
    run = _load(run_id, actor)
    _check_draft(run, version)
    if not run.deed:
        raise Invalid("bulk.choose_a_deed")
    to_do = _count(run_id, "waiting")
    if not to_do:
        raise Invalid("bulk.nothing_to_do")
    run.state, run.started_at = "waiting", now
    kind = run.deed["kind"]
    record("bulk.started", actor=_acting(run_id, actor), now=now, run=run_id, kind=kind, tickets=to_do)
    return to_do


def work(run_id: int, *, actor: Actor, now: datetime) -> int:
    """Work off the next few rows, or take them back; returns how many, 0 when none is left to take.

    ``actor`` is whose run it is, as he stands now. Call it in a transaction of its own.
    """
    run = session().get(BulkRun, run_id)
    if run is None or run.state not in NEXT or run.actor_id != actor.id:
        return 0
    back, doer = run.state == "undoing", _acting(run_id, actor)
    wanted = "done" if back else "waiting"
    rows = session().execute(
        select(BulkRow, Ticket.number)
        .join(Ticket, Ticket.id == BulkRow.ticket_id)
        .where(BulkRow.run_id == run_id, BulkRow.state == wanted)
        .order_by(BulkRow.id.desc() if back else BulkRow.id)
        .limit(AT_ONCE)
        .with_for_update(of=BulkRow, skip_locked=True)
    )
    found = [(row, number) for row, number in rows]
    deed = parse(run.deed)
    for row, number in found:
        if back:
            _take_back(row, doer, now)
        else:
            _carry_out(row, number, deed, doer, now)
    session().flush()
    if not _count(run_id, wanted):
        _set(BulkRun.id == run_id, BulkRun.state == run.state, state=NEXT[run.state], finished_at=now)
    return len(found)


def cancel(run_id: int, *, actor: Actor, now: datetime) -> None:
    """Stop: what was done stays, the rest is left alone. ``Conflict`` once it is over."""
    _load(run_id, actor)
    if not _set(BulkRun.id == run_id, BulkRun.state == "waiting", state="cancelled", finished_at=now):
        raise Conflict("bulk.over")
    session().execute(
        update(BulkRow).where(BulkRow.run_id == run_id, BulkRow.state == "waiting").values(state="skipped")
    )


def undo(run_id: int, *, actor: Actor, now: datetime) -> int:
    """Take back all of it that was done; returns how many tickets. Within a day, and once: else ``Conflict``."""
    run = _load(run_id, actor)
    if run.state not in {"done", "cancelled"}:
        raise Conflict("bulk.not_to_undo")
    if run.started_at is None or now - run.started_at > UNDO_WITHIN:
        raise Conflict("bulk.undo_too_late")
    done = _count(run_id, "done")
    if not done:
        raise Conflict("bulk.not_to_undo")
    run.state, run.finished_at = "undoing", None
    record("bulk.undone", actor=_acting(run_id, actor), now=now, run=run_id, tickets=done)
    return done


def give_up(run_id: int, *, now: datetime) -> None:
    """Whose run it is has gone: nobody does the rest in his name."""
    _set(BulkRun.id == run_id, BulkRun.state == "waiting", state="cancelled", finished_at=now)
    _set(BulkRun.id == run_id, BulkRun.state == "undoing", state="done", finished_at=now)
    session().execute(
        update(BulkRow).where(BulkRow.run_id == run_id, BulkRow.state == "waiting").values(state="skipped")
    )


def remove_old(now: datetime) -> int:
    """Delete drafts after a day and runs after 90; returns how many. What they did stays in the events."""
    old = list(
        session().scalars(
            select(BulkRun.id)
            .where(
                or_(
                    (BulkRun.state == "draft") & (BulkRun.created_at < now - KEEP_DRAFTS),
                    BulkRun.state.in_(("done", "cancelled", "undone")) & (BulkRun.created_at < now - KEEP_RUNS),
                )
            )
            .limit(LOOKED_AT)
        )
    )
    _remove(old)
    return len(old)


def _forget_drafts(actor: Actor) -> None:
    """Make room for a new one: nobody fills the database by choosing."""
    drafts = (
        select(BulkRun.id).where(BulkRun.actor_id == actor.id, BulkRun.state == "draft").order_by(BulkRun.id.desc())
    )
    _remove(list(session().scalars(drafts.offset(MOST_DRAFTS - 1))))


def _remove(runs: Sequence[int]) -> None:
    if runs:
        session().execute(delete(BulkRow).where(BulkRow.run_id.in_(runs)))
        session().execute(delete(BulkRun).where(BulkRun.id.in_(runs)))


def _carry_out(row: BulkRow, number: str, deed: Deed, actor: Actor, now: datetime) -> None:
    try:
        with savepoint():
            changed, operation = bulk_deeds.carry_out(deed, number, row.version, actor=actor, now=now)
            if operation is not None:
                operations.mark(operation, actor.source)
    except Problem as problem:
        row.state, row.code, row.params = "refused", problem.code, _plain(problem)
        return
    except OperationalError:
        raise  # the database was away, or two got in each other's way: all of it again
    except Exception:
        log.exception("bulk row failed", run=row.run_id, ticket=number)
        row.state, row.code = "refused", "bulk.failed"
        return
    row.state, row.operation_id = ("done" if changed else "unchanged"), operation


def _take_back(row: BulkRow, actor: Actor, now: datetime) -> None:
    try:
        if row.operation_id is None:
            raise Conflict("bulk.note_stays")
        with savepoint():
            operations.undo(row.operation_id, actor=actor, now=now)
    except Problem as problem:
        row.state, row.code, row.params = "kept", problem.code, _plain(problem)
        return
    except OperationalError:
        raise
    except Exception:
        log.exception("bulk row not undone", run=row.run_id, row=row.id)
        row.state, row.code = "kept", "bulk.failed"
        return
    row.state = "undone"


def _acting(run_id: int, actor: Actor) -> Actor:
    """The same person, with the run as the source of every event that he leaves."""
    return replace(actor, source=f"bulk:{run_id}")


def _load(run_id: int, actor: Actor) -> BulkRun:
    """His own run, locked."""
    mine = select(BulkRun).where(BulkRun.id == run_id, BulkRun.actor_id == actor.id).with_for_update()
    run = session().execute(mine).scalar_one_or_none()
    if run is None:
        raise NotFound("bulk.not_found")
    return run


def _check_draft(run: BulkRun, version: int) -> None:
    if run.state != "draft":
        raise Conflict("bulk.begun_already")
    if run.version != version:
        raise Stale("bulk.stale")


def _count(run_id: int, state: str) -> int:
    return (
        session()
        .execute(select(func.count()).select_from(BulkRow).where(BulkRow.run_id == run_id, BulkRow.state == state))
        .scalar_one()
    )


def _why(problem: Problem) -> dict[str, Any]:
    return {"code": problem.code, "params": _plain(problem)}


def _plain(problem: Problem) -> dict[str, Any]:
    return {name: value if isinstance(value, int) else str(value) for name, value in problem.params.items()}


def _some(whole: Sequence[T]) -> Iterator[Sequence[T]]:
    """As many at a time as one statement looks at."""
    return (whole[at : at + LOOKED_AT] for at in range(0, len(whole), LOOKED_AT))


def _set(*conditions: ColumnElement[bool], **values: Any) -> bool:
    changed = session().scalars(
        update(BulkRun).where(*conditions).values(**values).returning(BulkRun.id),
        execution_options={"synchronize_session": False},
    )
    return changed.one_or_none() is not None
