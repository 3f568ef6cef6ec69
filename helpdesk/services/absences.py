"""Who is away, and who stands in for him."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from helpdesk.domain import shifts as rules
from helpdesk.domain.access import WORKING_ROLES, Actor
from helpdesk.domain.problems import Conflict, Invalid, NotFound, Stale
from helpdesk.domain.shifts import Duty
from helpdesk.models import Absence, Membership, User
from helpdesk.services import outbox
from helpdesk.services.events import record
from helpdesk.services.shifts import require_management
from helpdesk.storage import session


def add_absence(
    user_id: int,
    starts_at: datetime,
    ends_at: datetime,
    *,
    kind: str,
    stand_in_id: int | None,
    actor: Actor,
    now: datetime,
) -> int:
    """Somebody is away from one instant to another (UTC); return the absence's id. His stand-in, if named, is told.

    ``Conflict`` for a time in which he is away already. The stand-in is an active colleague of one of his queues who
    is there himself all that time; that also keeps two people from standing in for each other.
    """
    require_management(actor, user_id)
    away = Duty(starts_at, ends_at)
    rules.check_absence(away, kind, now)
    _lock(user_id, stand_in_id)
    if _away(user_id, away):
        raise Conflict("absence.overlap")
    if stand_in_id is not None:
        _check_stand_in(user_id, stand_in_id, away)
    absence = Absence(user_id=user_id, starts_at=starts_at, ends_at=ends_at, kind=kind, stand_in_id=stand_in_id)
    session().add(absence)
    session().flush()
    begins, ends = starts_at.isoformat(), ends_at.isoformat()
    record(
        "absence.added",
        actor=actor,
        now=now,
        absence=absence.id,
        user=user_id,
        kind=kind,
        begins=begins,
        ends=ends,
        stand_in=stand_in_id,
    )
    if stand_in_id is not None:
        params = {"absence": absence.id, "user": user_id, "begins": begins, "ends": ends}
        outbox.put(
            "notice",
            _key(absence),
            ticket_id=None,
            payload={
                "code": "absence.stand_in",
                "params": params,
                "notify": [f"user:{stand_in_id}"],
                "actor": actor.id,
            },
            now=now,
        )
    return absence.id


def cancel_absence(absence_id: int, version: int, *, actor: Actor, now: datetime) -> int:
    """He is there after all, or back early; return whose absence it was. A stand-in not told yet won't be.

    ``Stale`` if it was cancelled meanwhile; ``Conflict`` for one that is over: what was stays as it was.
    """
    absence = session().get(Absence, absence_id, with_for_update=True)
    if absence is None:
        raise NotFound("absence.not_found")
    require_management(actor, absence.user_id)
    if absence.version != version or absence.cancelled_at is not None:
        raise Stale("absence.stale")
    if absence.ends_at <= now:
        raise Conflict("absence.over")
    absence.cancelled_at = now
    absence.version += 1
    outbox.withdraw(_key(absence), now=now)
    record("absence.cancelled", actor=actor, now=now, absence=absence.id, user=absence.user_id)
    return absence.user_id


def _key(absence: Absence) -> str:
    """Of the notice to the stand-in."""
    return f"absence:{absence.id}:stand_in"


def _lock(user_id: int, stand_in_id: int | None) -> None:
    """Both people, locked in one order: else each could become the other's stand-in at once."""
    wanted = {user_id} if stand_in_id is None else {user_id, stand_in_id}
    asked = select(User.id).where(User.id.in_(wanted), User.role != "system").order_by(User.id).with_for_update()
    found = set(session().scalars(asked))
    if user_id not in found:
        raise NotFound("account.no_such_user")
    if stand_in_id is not None and stand_in_id not in found:
        raise Invalid("absence.bad_stand_in")


def _check_stand_in(user_id: int, stand_in_id: int, away: Duty) -> None:
    if stand_in_id == user_id:
        raise Invalid("absence.own_stand_in")
    his, theirs = aliased(Membership), aliased(Membership)
    common = (
        select(func.count())
        .select_from(theirs)
        .join(his, his.queue_id == theirs.queue_id)
        .join(User, User.id == theirs.user_id)
        .where(
            theirs.user_id == stand_in_id,
            his.user_id == user_id,
            User.active,
            User.role.in_([role.value for role in WORKING_ROLES]),
        )
    )
    if not session().scalar(common):
        raise Invalid("absence.bad_stand_in")
    if _away(stand_in_id, away):
        raise Conflict("absence.stand_in_away")


def _away(user_id: int, during: Duty) -> bool:
    asked = select(Absence.id).where(
        Absence.user_id == user_id,
        Absence.cancelled_at.is_(None),
        Absence.starts_at < during.ends_at,
        Absence.ends_at > during.starts_at,
    )
    return session().scalar(asked.limit(1)) is not None
