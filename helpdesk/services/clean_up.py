"""Removing what has served its time."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete

from helpdesk.models import LoginAttempt, UserSession
from helpdesk.storage import session

KEEP_LOGIN_ATTEMPTS = timedelta(days=1)
"""Far longer than any throttle looks back."""


def remove_ended(now: datetime) -> int:
    """Delete sessions that ended before ``now`` (UTC) and old tries to log in; returns how many."""
    ended = delete(UserSession).where(UserSession.expires_at < now).returning(UserSession.id)
    old = delete(LoginAttempt).where(LoginAttempt.at < now - KEEP_LOGIN_ATTEMPTS).returning(LoginAttempt.id)
    return sum(len(session().scalars(statement).all()) for statement in (ended, old))
