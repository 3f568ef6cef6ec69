"""Tries that are counted, so that nobody guesses for long: at passwords, at the number of somebody's order."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, delete, func, or_, select

from helpdesk.domain.problems import TooMany
from helpdesk.models import LoginAttempt
from helpdesk.storage import is_postgresql, session

LONGEST = timedelta(days=1)
"""No limit looks further back."""

LOCK = 0x756E736E
"""Of PostgreSQL, so that tries are counted one after the other."""


@dataclass(frozen=True, slots=True)
class Limit:
    """So many tries within this time, and no more."""

    most: int
    within: timedelta


def admit(limits: Mapping[str, Limit], problem: str, *, now: datetime) -> None:
    """Count a try under each of the keys. ``TooMany`` of this code, with ``retry_after`` seconds, past a limit.

    A refused try is not counted: whoever waits gets in.
    """
    work = session()
    if is_postgresql():
        work.execute(select(func.pg_advisory_xact_lock(LOCK)))
    work.execute(delete(LoginAttempt).where(LoginAttempt.at <= now - LONGEST))
    recent = (and_(LoginAttempt.key == key, LoginAttempt.at > now - limit.within) for key, limit in limits.items())
    counted = work.execute(
        select(LoginAttempt.key, func.count(), func.min(LoginAttempt.at)).where(or_(*recent)).group_by(LoginAttempt.key)
    )
    free_at = [oldest + limits[key].within for key, tries, oldest in counted if tries >= limits[key].most]
    if free_at:
        raise TooMany(problem, retry_after=max(1, round((max(free_at) - now).total_seconds())))
    work.add_all(LoginAttempt(key=key, at=now) for key in limits)


def forget(key: str) -> None:
    """All tries under this key."""
    session().execute(delete(LoginAttempt).where(LoginAttempt.key == key))


def forget_last(key: str) -> None:
    """The last try under this key: it was right."""
    newest = select(func.max(LoginAttempt.id)).where(LoginAttempt.key == key).scalar_subquery()
    session().execute(delete(LoginAttempt).where(LoginAttempt.id == newest))


def key(kind: str, *parts: str) -> str:
    """What stands in the table for a kind of try by somebody, at something: nobody reads from it who or at what."""
    return hashlib.sha256("\0".join((kind, *parts)).encode()).hexdigest()
