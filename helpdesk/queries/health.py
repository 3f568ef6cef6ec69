"""Whether the machinery behind the pages is alive."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from helpdesk.models import Lease
from helpdesk.models.jobs import JOB_WORKER
from helpdesk.storage import plain_rows

UNTIL = select(Lease.until).where(Lease.name == JOB_WORKER)


def worker_alive(now: datetime) -> bool:
    """Whether a job worker holds its lease at ``now``. One statement; the banner on every page asks it."""
    until = plain_rows(UNTIL).scalar_one_or_none()
    return until is not None and until > now
