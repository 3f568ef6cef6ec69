"""Imports and how far they have come."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, or_, select

from helpdesk.domain.access import Actor, Permission
from helpdesk.domain.problems import NotFound
from helpdesk.models import Channel, ImportFile, JobRun, JobRunError, Shop, User
from helpdesk.queries.keyset import Cursor, Key, sorted_page
from helpdesk.storage import session

KIND = "import:"
"""What the kinds of import runs begin with, among the other long work."""

MOST_LISTED = 50
MOST_REMEMBERED = 100
"""Runs that are looked through for a mapping of the same columns."""


@dataclass(frozen=True, slots=True)
class ImportRun:
    """A run at one moment. ``done`` and ``total`` count rows (of orders: orders)."""

    id: int
    kind: str
    state: str
    done: int
    total: int | None
    figures: Mapping[str, Any]
    options: Mapping[str, Any]
    holder: str | None
    lease_until: datetime | None
    file_hash: str
    created_at: datetime
    file_name: str
    by: str  # who began it

    @property
    def bad(self) -> int:
        return int(self.figures.get("bad", 0))


@dataclass(frozen=True, slots=True)
class BadRow:
    row: int
    code: str
    params: Mapping[str, Any]


_RUNS = (
    select(
        JobRun.id,
        JobRun.kind,
        JobRun.state,
        JobRun.done,
        JobRun.total,
        JobRun.figures,
        JobRun.options,
        JobRun.holder,
        JobRun.lease_until,
        JobRun.file_hash,
        JobRun.created_at,
        ImportFile.name,
        User.name,
    )
    .join(ImportFile, ImportFile.hash == JobRun.file_hash)
    .join(User, User.id == JobRun.actor_id)
)


def import_run(run_id: int) -> ImportRun:
    """The run; ``NotFound`` if there is none of that id."""
    row = session().execute(_RUNS.where(JobRun.id == run_id)).one_or_none()
    if row is None:
        raise NotFound("import.no_such_run", run=run_id)
    return ImportRun(*row)


def import_content(file_hash: str) -> bytes:
    """The stored file, as it came."""
    return session().execute(select(ImportFile.content).where(ImportFile.hash == file_hash)).scalar_one()


def bad_rows(run_id: int, limit: int | None = None) -> list[BadRow]:
    """The rows that could not be taken, in the order of the file; the first ``limit``. The run's ``bad`` counts all."""
    rows = session().execute(
        select(JobRunError.row, JobRunError.code, JobRunError.params)
        .where(JobRunError.run_id == run_id)
        .order_by(JobRunError.row)
        .limit(limit)
    )
    return [BadRow(*row) for row in rows]


def resumable_imports(now: datetime) -> list[int]:
    """Runs that nobody works on: not begun, or given up by a process that died."""
    abandoned = and_(JobRun.state == "running", JobRun.lease_until <= now)
    return list(
        session().scalars(
            select(JobRun.id)
            .where(JobRun.kind.startswith(KIND), or_(JobRun.state == "waiting", abandoned))
            .order_by(JobRun.id)
        )
    )


@dataclass(frozen=True, slots=True)
class StoredFile:
    name: str
    content: bytes


def stored_file(file_hash: str, actor: Actor) -> StoredFile:
    """A file that somebody uploaded, for those who may import; ``NotFound`` if there is none."""
    actor.require(Permission.TICKETS_IMPORT)
    row = (
        session().execute(select(ImportFile.name, ImportFile.content).where(ImportFile.hash == file_hash)).one_or_none()
    )
    if row is None:
        raise NotFound("import.no_such_file")
    return StoredFile(*row)


def import_runs(actor: Actor, after: Cursor | None = None) -> tuple[list[ImportRun], Cursor | None]:
    """A page of runs, newest first, and where the next one begins; who may import sees everybody's. One statement."""
    actor.require(Permission.TICKETS_IMPORT)
    runs = sorted_page(
        _RUNS.where(JobRun.kind.startswith(KIND)), [Key("id", JobRun.id.expression, descending=True)], after
    )
    found = [ImportRun(*row) for row in session().execute(runs.limit(MOST_LISTED + 1))]
    page = found[:MOST_LISTED]
    return page, Cursor(id=page[-1].id) if len(found) > MOST_LISTED else None


def remembered_columns(kind: str, headers: Iterable[str]) -> dict[str, str]:
    """What the columns of such a file were last taken for, header -> field: of the newest run that knew all of them."""
    present = set(headers)
    latest = (
        select(JobRun.options)
        .where(JobRun.kind == kind, JobRun.state != "failed")
        .order_by(JobRun.id.desc())
        .limit(MOST_REMEMBERED)
    )
    for options in session().scalars(latest):
        chosen: dict[str, str] = options.get("map", {})
        if chosen and present <= chosen.keys():
            return {header: field for header, field in chosen.items() if header in present}
    return {}


def first_shop_and_channel() -> tuple[str, str]:
    """Codes of the shop and channel that rows without their own belong to, unless an option says otherwise."""
    shop = session().scalar(select(Shop.code).order_by(Shop.id).limit(1))
    channel = session().scalar(select(Channel.code).order_by(Channel.id).limit(1))
    if shop is None or channel is None:
        raise NotFound("import.no_shop_or_channel")
    return shop, channel
