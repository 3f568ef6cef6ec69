"""Leases: one holder at a time may act under a name.

A lease is a row with an end. Taking and renewing are one conditional update, so two processes that
try together agree on one; a holder that dies is followed by another when the row has run out.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import or_, update

from helpdesk.models import Lease
from helpdesk.storage import insert_once, session

MAX_SECONDS = 3600


def acquire(name: str, holder: str, *, seconds: int, now: datetime) -> bool:
    """Take the lease, or renew it if ``holder`` has it, for ``seconds`` from ``now`` (UTC). False: somebody has it."""
    if not 0 < seconds <= MAX_SECONDS:
        raise ValueError(f"a lease of {seconds} s")
    until = now + timedelta(seconds=seconds)
    taken = session().execute(
        update(Lease)
        .where(Lease.name == name, or_(Lease.holder == holder, Lease.until <= now))
        .values(holder=holder, until=until, beat_at=now)
        .returning(Lease.name)
    )
    if taken.scalar_one_or_none() is not None:
        return True
    return insert_once(Lease, name=name, holder=holder, until=until, beat_at=now) is not None


def release(name: str, holder: str, *, now: datetime) -> bool:
    """Give the lease back at once, so that nobody has to wait for its end. False: it was somebody else's."""
    given_back = session().execute(
        update(Lease).where(Lease.name == name, Lease.holder == holder).values(until=now).returning(Lease.name)
    )
    return given_back.scalar_one_or_none() is not None
