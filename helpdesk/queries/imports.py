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
    file_name: str

    @property
    def bad(self) -> int:
        return int(self.figures.get("bad", 0))


@dataclass(frozen=True, slots=True)
class BadRow:
    row: int
    code: str
    params: Mapping[str, Any]


def import_run(run_id: int) -> ImportRun:
    """The run; ``NotFound`` if there is none of that id."""
    row = (
        session()
        .execute(
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
                ImportFile.name,
            )
            .join(ImportFile, ImportFile.hash == JobRun.file_hash)
            .where(JobRun.id == run_id)
        )
        .one_or_none()
    )
    if row is None:
        raise NotFound("import.no_such_run", run=run_id)
    return ImportRun(*row)


def import_content(file_hash: str) -> bytes:
    """The stored file, as it came."""
    return session().execute(select(ImportFile.content).where(ImportFile.hash == file_hash)).scalar_one()


def bad_rows(run_id: int) -> list[BadRow]:
    """The rows that could not be taken, in the order of the file."""
    rows = session().execute(
        select(JobRunError.row, JobRunError.code, JobRunError.params)
        .where(JobRunError.run_id == run_id)
        .order_by(JobRunError.row)
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


@dataclass(frozen=True, slots=True)
class Listed:
    """A run in the list of runs."""

    id: int
    kind: str
    state: str
    done: int
    total: int | None
    figures: Mapping[str, Any]
    created_at: datetime
    finished_at: datetime | None
    file_name: str
    by: str


def import_runs(actor: Actor, before: int | None = None) -> tuple[list[Listed], int | None]:
    """A page of runs, newest first, and the next page's key; those who may import see each other's. One statement."""
    actor.require(Permission.TICKETS_IMPORT)
    runs = (
        select(
            JobRun.id,
            JobRun.kind,
            JobRun.state,
            JobRun.done,
            JobRun.total,
            JobRun.figures,
            JobRun.created_at,
            JobRun.finished_at,
            ImportFile.name,
            User.name,
        )
        .join(ImportFile, ImportFile.hash == JobRun.file_hash)
        .join(User, User.id == JobRun.actor_id)
        .where(JobRun.kind.startswith(KIND))
        .order_by(JobRun.id.desc())
        .limit(MOST_LISTED + 1)
    )
    if before is not None:
        runs = runs.where(JobRun.id < before)
    found = [Listed(*row) for row in session().execute(runs)]
    return found[:MOST_LISTED], found[MOST_LISTED - 1].id if len(found) > MOST_LISTED else None


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
