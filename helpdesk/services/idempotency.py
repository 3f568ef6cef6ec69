"""The same request is answered the same, and has its effect once.

The answer is stored in the transaction of its effect: after a crash either both are there or neither. A refusal is
not stored, for it changed nothing: the request may come again, repaired, under the same key.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select

from helpdesk.domain.problems import Conflict, Invalid
from helpdesk.models import IdempotentAnswer
from helpdesk.storage import is_postgresql, session

KEEP_ANSWERS = timedelta(hours=24)
LONGEST_KEY = 200
BATCH = 1_000


@dataclass(frozen=True, slots=True)
class Kept:
    """What was answered: the status, the body as it was sent, and headers that belong to it."""

    status: int
    body: str
    headers: Mapping[str, str]


def fingerprint(method: str, path: str, content: bytes) -> str:
    """What makes two requests the same one."""
    head = hashlib.sha256(f"{method} {path}".encode()).digest()
    return hashlib.sha256(head + hashlib.sha256(content).digest()).hexdigest()


def answered(token_id: int, key: str, request: str, *, now: datetime) -> Kept | None:
    """What this token's request with this key was answered, or None: then it is to be carried out now.

    ``request`` is its ``fingerprint``. ``Invalid`` where another request had the key; ``Conflict`` while the same one
    is being carried out elsewhere (on SQLite, where writers wait for each other anyway, it is waited for instead).
    """
    if not 0 < len(key) <= LONGEST_KEY or not key.isascii() or not key.isprintable():
        raise Invalid("api.bad_key", most=LONGEST_KEY)
    if is_postgresql() and not session().scalar(select(func.pg_try_advisory_xact_lock(_lock(token_id, key)))):
        raise Conflict("api.key_in_flight", retry_after=1)
    row = session().scalars(
        select(IdempotentAnswer).where(
            IdempotentAnswer.token_id == token_id,
            IdempotentAnswer.key == key,
        )
    )
    kept = row.one_or_none()
    if kept is None:
        return None
    if kept.at <= now - KEEP_ANSWERS:
        session().delete(kept)
        session().flush()
        return None
    if kept.request_hash != request:
        raise Invalid("api.key_reused")
    return Kept(kept.status, kept.body, kept.headers)


def keep(token_id: int, key: str, request: str, answer: Kept, *, now: datetime) -> None:
    """Store an answer beside the effect that it tells of."""
    session().add(
        IdempotentAnswer(
            token_id=token_id,
            key=key,
            request_hash=request,
            status=answer.status,
            body=answer.body,
            headers=dict(answer.headers),
            at=now,
        )
    )
    session().flush()


def remove_old(now: datetime) -> int:
    """Delete answers of over 24 hours ago, ``BATCH`` at most; returns how many."""
    old = select(IdempotentAnswer.id).where(IdempotentAnswer.at <= now - KEEP_ANSWERS).limit(BATCH)
    removed = delete(IdempotentAnswer).where(IdempotentAnswer.id.in_(session().scalars(old).all()))
    return len(session().scalars(removed.returning(IdempotentAnswer.id)).all())


def _lock(token_id: int, key: str) -> int:
    digest = hashlib.sha256(f"{token_id}:{key}".encode()).digest()
    return int.from_bytes(digest[:8], signed=True)
