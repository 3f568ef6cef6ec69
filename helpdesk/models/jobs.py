"""The job worker's lease, and long work with its progress."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.storage import Base

JOB_WORKER = "job_worker"
"""The lease of the process that runs the jobs. Its renewal is the heartbeat that pages look at."""


class Lease(Base):
    """Who may act under a name until when. The job worker's heartbeat is its renewal."""

    __tablename__ = "lease"

    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    holder: Mapped[str] = mapped_column(String(80))
    until: Mapped[datetime]
    beat_at: Mapped[datetime]


class ImportFile(Base):
    """An uploaded file, stored as it came; personal text."""

    __tablename__ = "import_file"

    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    content: Mapped[bytes] = mapped_column(LargeBinary)
    stored_at: Mapped[datetime]


class JobRun(Base):
    """Long work in short transactions. The same file with the same options is the same run."""

    __tablename__ = "job_run"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'running', 'done', 'failed', 'cancelled')", name="state"),
        UniqueConstraint("kind", "key"),
        Index("ix_job_run_state", "state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    key: Mapped[str] = mapped_column(String(64))
    file_hash: Mapped[str | None] = mapped_column(ForeignKey("import_file.hash"))
    options: Mapped[dict[str, Any]]
    actor_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    state: Mapped[str] = mapped_column(String(10), default="waiting")
    done: Mapped[int] = mapped_column(default=0)  # rows worked off: where a resumed run goes on
    total: Mapped[int | None]
    figures: Mapped[dict[str, Any]]  # created, appended, repeated, bad
    cancel: Mapped[bool] = mapped_column(default=False)
    holder: Mapped[str | None] = mapped_column(String(80))
    lease_until: Mapped[datetime | None]
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class JobRunError(Base):
    """A row that could not be taken, with the reason as code + parameters."""

    __tablename__ = "job_run_error"
    __table_args__ = (UniqueConstraint("run_id", "row"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("job_run.id"))
    row: Mapped[int]
    code: Mapped[str] = mapped_column(String(60))
    params: Mapped[dict[str, Any]]
