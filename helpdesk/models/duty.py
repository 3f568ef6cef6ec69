"""Who is on duty, as SQL conditions on ``User``: for what hands out tickets and what shows the team alike.

Somebody without any shift around the present has no rota at all and counts as always on duty.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, exists, or_

from helpdesk.models.shifts import Absence, Shift
from helpdesk.models.users import User

ROTA = timedelta(days=7)
"""Shifts within so long before or after say that somebody works by a rota."""

LONGEST_SHIFT = timedelta(hours=18)
"""More than any shift lasts: lets the index find those of the present."""


def is_absent(now: datetime) -> ColumnElement[bool]:
    """On leave, ill or elsewhere at the moment."""
    return exists().where(absence_at(now), Absence.user_id == User.id).correlate(User)


def absence_at(now: datetime) -> ColumnElement[bool]:
    """Rows of ``Absence`` that hold at the moment."""
    return and_(Absence.cancelled_at.is_(None), Absence.starts_at <= now, Absence.ends_at > now)


def shift_at(now: datetime) -> ColumnElement[bool]:
    """Rows of ``Shift`` that run at the moment."""
    return and_(Shift.starts_at <= now, Shift.starts_at > now - LONGEST_SHIFT, Shift.ends_at > now)


def is_on_shift(now: datetime) -> ColumnElement[bool]:
    """Within a shift of his, or works without a rota."""
    his = exists().where(Shift.user_id == User.id)
    running = his.where(shift_at(now)).correlate(User)
    rota = his.where(Shift.starts_at > now - ROTA, Shift.starts_at < now + ROTA).correlate(User)
    return or_(running, ~rota)


def is_on_duty(now: datetime) -> ColumnElement[bool]:
    """On shift and not absent. Whether he sits at his desk is another question: presence and session say that."""
    return and_(is_on_shift(now), ~is_absent(now))
