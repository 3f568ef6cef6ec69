"""Removing what has served its time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, select

from helpdesk.models import Envelope, ImportFile, JobRun, LoginAttempt, Outbox, UserSession
from helpdesk.services import tries
from helpdesk.storage import session

KEEP_SENT = timedelta(days=90)
"""How long one can look up what was sent. What is dead stays until somebody gives it up."""

KEEP_LOOSE_FILES = timedelta(days=1)

ENDED = ("done", "withdrawn")
BATCH = 500


def remove_ended(now: datetime) -> int:
    """Delete sessions that ended before ``now`` (UTC) and old tries to log in; returns how many."""
    ended = delete(UserSession).where(UserSession.expires_at < now).returning(UserSession.id)
    old = delete(LoginAttempt).where(LoginAttempt.at < now - tries.LONGEST).returning(LoginAttempt.id)
    return sum(len(session().scalars(statement).all()) for statement in (ended, old))


def remove_loose_files(now: datetime) -> int:
    """Delete uploaded files that nobody began to import within a day before ``now`` (UTC); returns how many."""
    asked_for = select(JobRun.id).where(JobRun.file_hash == ImportFile.hash).exists()
    loose = (
        delete(ImportFile).where(ImportFile.stored_at < now - KEEP_LOOSE_FILES, ~asked_for).returning(ImportFile.hash)
    )
    return len(session().scalars(loose).all())


def old_sendings(now: datetime) -> tuple[list[int], list[int]]:
    """Ids of outbox rows and envelopes that ended over ``KEEP_SENT`` before ``now`` (UTC): ``BATCH`` of each at most.

    An envelope stays as long as something says that it was carried by it. Reads only: looking for them makes no
    writer wait.
    """
    rows = select(Outbox.id).where(Outbox.state.in_(ENDED), Outbox.done_at < now - KEEP_SENT)
    envelopes = select(Envelope.id).where(
        Envelope.state.in_(ENDED),
        Envelope.done_at < now - KEEP_SENT,
        ~select(Outbox.id).where(Outbox.envelope_id == Envelope.id).exists(),
    )
    return (
        list(session().scalars(rows.order_by(Outbox.id).limit(BATCH))),
        list(session().scalars(envelopes.order_by(Envelope.id).limit(BATCH))),
    )


def remove_sendings(rows: Sequence[int], envelopes: Sequence[int]) -> int:
    """Delete those that ``old_sendings`` named; returns how many. Two job workers delete each of them once."""
    old = delete(Outbox).where(Outbox.id.in_(rows), Outbox.state.in_(ENDED)).returning(Outbox.id)
    empty = delete(Envelope).where(Envelope.id.in_(envelopes), Envelope.state.in_(ENDED)).returning(Envelope.id)
    return sum(len(session().scalars(statement).all()) for statement in (old, empty))
