"""Who sits at his desk, and how much he has in hand: columns of ``User``, for handing out and for showing the team.

Shifts and absences are asked of ``models.duty``; what follows from it all is said by ``domain.routing.why_away``.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import ColumnElement, Label, ScalarSelect, func, select

from helpdesk.domain.routing import Whereabouts
from helpdesk.domain.tickets import Status
from helpdesk.models.duty import absence_at, is_absent, is_on_shift
from helpdesk.models.shifts import Absence
from helpdesk.models.tickets import Stint, Ticket
from helpdesk.models.users import User, UserSession


class KnownOf(Protocol):
    """A row with ``whereabouts_columns``."""

    presence: Any
    seen_at: Any
    absent: Any
    on_shift: Any


def whereabouts_columns(now: datetime) -> tuple[ColumnElement[Any], ...]:
    """What says whether somebody is there at the moment: presence, seen_at, absent, on_shift."""
    seen_at = (
        select(func.max(UserSession.seen_at))
        .where(UserSession.user_id == User.id, UserSession.expires_at > now)
        .correlate(User)
        .scalar_subquery()
    )
    return (
        User.presence.label("presence"),
        seen_at.label("seen_at"),
        is_absent(now).label("absent"),
        is_on_shift(now).label("on_shift"),
    )


def whereabouts_of(row: KnownOf) -> Whereabouts:
    """The row's columns as the value that the rule judges."""
    return Whereabouts(row.presence, row.seen_at, bool(row.absent), bool(row.on_shift))


def stand_in_column(now: datetime) -> Label[int | None]:
    """``stand_in``: who takes somebody's place while he is away at the moment; those of one person don't overlap."""
    named = select(Absence.stand_in_id).where(absence_at(now), Absence.user_id == User.id).limit(1).correlate(User)
    return named.scalar_subquery().label("stand_in")


def load_column() -> Label[int]:
    """``load``: stays and assists in somebody's hands. What waits for a customer is no work at the moment."""
    counted = _in_hand(func.count()).join(Ticket, Ticket.id == Stint.ticket_id)
    return counted.where(Ticket.status != Status.PENDING_CUSTOMER.value).scalar_subquery().label("load")


def latest_column() -> Label[int]:
    """``latest``: the id of the latest stay or assist in his hands, 0 for none."""
    latest: ScalarSelect[int] = _in_hand(func.coalesce(func.max(Stint.id), 0)).scalar_subquery()
    return latest.label("latest")


def _in_hand(counted: ColumnElement[int]) -> Any:
    held = (Stint.assignee_id == User.id, Stint.left_at.is_(None))
    return select(counted).select_from(Stint).where(*held).correlate(User)
