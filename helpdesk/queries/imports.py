"""Imports and how far they have come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, or_, select

from helpdesk.domain.problems import NotFound
from helpdesk.models import Channel, ImportFile, JobRun, JobRunError, Shop
from helpdesk.storage import session

KIND = "import:"
"""What the kinds of import runs begin with, among the other long work."""


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


def first_shop_and_channel() -> tuple[str, str]:
    """Codes of the shop and channel that rows without their own belong to, unless an option says otherwise."""
    shop = session().scalar(select(Shop.code).order_by(Shop.id).limit(1))
    channel = session().scalar(select(Channel.code).order_by(Channel.id).limit(1))
    if shop is None or channel is None:
        raise NotFound("import.no_shop_or_channel")
    return shop, channel
