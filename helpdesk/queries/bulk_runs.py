"""Deeds on many tickets: what is planned, how far it has come, what became of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select

from helpdesk.domain.access import Actor
from helpdesk.domain.problems import NotFound
from helpdesk.models import BulkRow, BulkRun, Ticket
from helpdesk.storage import session

MOST_LISTED = 50


@dataclass(frozen=True, slots=True)
class BulkView:
    """A run; ``counts`` are its tickets by what became of them."""

    id: int
    state: str
    version: int
    deed: Mapping[str, str]
    chosen: Mapping[str, str]
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    counts: Mapping[str, int]

    def count(self, *states: str) -> int:
        return sum(self.counts.get(state, 0) for state in states)

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def to_do(self) -> int:
        """Tickets that were planned to be changed, whatever became of them since."""
        return self.total - self.count("unchanged", "refused")


@dataclass(frozen=True, slots=True)
class BulkLine:
    number: str
    state: str
    code: str | None
    params: Mapping[str, Any]


_COLUMNS = (
    *(BulkRun.id, BulkRun.state, BulkRun.version, BulkRun.deed, BulkRun.chosen),
    *(BulkRun.created_at, BulkRun.started_at, BulkRun.finished_at),
)


def bulk_run(run_id: int, actor: Actor) -> BulkView:
    """The actor's own run; ``NotFound`` for others. Two statements."""
    row = session().execute(select(*_COLUMNS).where(BulkRun.id == run_id, BulkRun.actor_id == actor.id)).one_or_none()
    if row is None:
        raise NotFound("bulk.not_found")
    return _view(row, _counts([run_id]))


def bulk_runs(actor: Actor) -> list[BulkView]:
    """His runs, newest first. Two statements."""
    rows = (
        session()
        .execute(
            select(*_COLUMNS)
            .where(BulkRun.actor_id == actor.id, BulkRun.state != "draft")
            .order_by(BulkRun.id.desc())
            .limit(MOST_LISTED)
        )
        .all()
    )
    counts = _counts([row.id for row in rows])
    return [_view(row, counts) for row in rows]


def bulk_lines(run_id: int, *states: str, limit: int | None = None) -> list[BulkLine]:
    """The tickets of a run in the order in which they were chosen; of those states only, where some are named."""
    wanted = select(Ticket.number, BulkRow.state, BulkRow.code, BulkRow.params).join(
        Ticket, Ticket.id == BulkRow.ticket_id
    )
    wanted = wanted.where(BulkRow.run_id == run_id)
    if states:
        wanted = wanted.where(BulkRow.state.in_(states))
    return [BulkLine(*row) for row in session().execute(wanted.order_by(BulkRow.id).limit(limit))]


def going_runs() -> list[tuple[int, int]]:
    """(run, whose) of those that wait to be worked off or taken back, oldest first."""
    rows = session().execute(
        select(BulkRun.id, BulkRun.actor_id).where(BulkRun.state.in_(("waiting", "undoing"))).order_by(BulkRun.id)
    )
    return [(row.id, row.actor_id) for row in rows]


def _view(row: Row[Any], counts: Mapping[int, Mapping[str, int]]) -> BulkView:
    return BulkView(**row._mapping, counts=counts.get(row.id, {}))


def _counts(ids: list[int]) -> dict[int, dict[str, int]]:
    counts: dict[int, dict[str, int]] = {}
    rows = session().execute(
        select(BulkRow.run_id, BulkRow.state, func.count().label("rows"))
        .where(BulkRow.run_id.in_(ids))
        .group_by(BulkRow.run_id, BulkRow.state)
    )
    for row in rows:
        counts.setdefault(row.run_id, {})[row.state] = row.rows
    return counts
