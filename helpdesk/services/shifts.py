"""Who is on duty when: a person's shifts, day by day, and patterns that repeat from week to week."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select

from helpdesk.domain import shifts as rules
from helpdesk.domain.access import WORKING_ROLES, Actor, Permission, Scope
from helpdesk.domain.problems import Invalid, NotAllowed, NotFound, Problem, Stale
from helpdesk.domain.shifts import Duty
from helpdesk.models import Membership, Shift, User
from helpdesk.services.events import record
from helpdesk.storage import session

WEEK = 7
MOST_PEOPLE = 200
"""Whose shifts are repeated at a time."""


@dataclass(frozen=True, slots=True)
class Repeated:
    """What repeating a week did. ``skipped``: (person, Monday of the week) with shifts that stand there already."""

    shifts: int
    people: int
    skipped: tuple[tuple[int, date], ...]


def set_shifts(
    user_id: int,
    first: date,
    wanted: Iterable[Duty],
    *,
    days: int = WEEK,
    seen: str,
    zone: ZoneInfo,
    actor: Actor,
    now: datetime,
) -> None:
    """Make these the shifts that begin on ``days`` days from ``first`` on the shop's wall (``zone``).

    ``seen`` is the ``fingerprint`` of those that stood there when the form was made: ``Stale`` if they changed
    meanwhile. ``Conflict`` where two overlap, also with the night before or the morning after; nothing changes then.
    """
    require_management(actor, user_id)
    _lock(user_id)
    rules.check_day(first, now.astimezone(zone).date())
    duties = rules.checked(wanted)
    last = first + timedelta(days=days)
    _check_days(duties, first, last, zone)
    standing = _between(user_id, first, last, zone)
    before = {_duty(row) for row in standing}
    if rules.fingerprint(before) != seen:
        raise Stale("shift.stale")
    if before == set(duties):
        return
    gone = [row.id for row in standing if _duty(row) not in duties]
    session().execute(delete(Shift).where(Shift.id.in_(gone)))
    _insert(user_id, [one for one in duties if one not in before])
    record(
        "shift.changed",
        actor=actor,
        now=now,
        user=user_id,
        day=first.isoformat(),
        days=days,
        was=_stamps(before),
        stands=_stamps(duties),
    )


def repeat_week(
    user_ids: Collection[int], week: date, onto: Sequence[date], *, zone: ZoneInfo, actor: Actor, now: datetime
) -> Repeated:
    """Give the shifts of the week (its Monday) to these people in other weeks too, at the same times of day.

    Nothing that stands is changed: who has shifts in a week already, or would work two at once, keeps what he has
    and is named in the result. At most ``MOST_WEEKS`` weeks and ``MOST_PEOPLE`` people at a time.
    """
    if not 0 < len(onto) <= rules.MOST_WEEKS:
        raise Invalid("shift.too_many_weeks", most=rules.MOST_WEEKS)
    if len(user_ids) > MOST_PEOPLE:
        raise Invalid("shift.too_many_people", most=MOST_PEOPLE)
    for target in onto:
        rules.check_day(target, now.astimezone(zone).date())
    total, people, skipped = 0, set(), []
    for user_id in sorted(set(user_ids)):
        require_management(actor, user_id)
        _lock(user_id)
        pattern = [_duty(row) for row in _between(user_id, week, week + timedelta(days=WEEK), zone)]
        for target in onto if pattern else ():
            added = _repeat(user_id, pattern, (target - week).days, target, zone)
            if not added:
                skipped.append((user_id, target))
                continue
            total += len(added)
            people.add(user_id)
            record(
                "shift.repeated",
                actor=actor,
                now=now,
                user=user_id,
                day=target.isoformat(),
                shifts=len(added),
                stands=_stamps(added),
            )
    return Repeated(total, len(people), tuple(skipped))


def manages(actor: Actor, user_id: int) -> bool:
    """Whether the actor says when this person works: ops and admin of all, a supervisor of his queues' members."""
    match actor.scope(Permission.SHIFTS_MANAGE):
        case Scope.ALL:
            return True
        case Scope.OWN:
            his = Membership.queue_id.in_(sorted(actor.queues))
            return session().scalar(select(Membership.user_id).where(Membership.user_id == user_id, his)) is not None
        case _:
            return False


def require_management(actor: Actor, user_id: int) -> None:
    """Raise ``NotAllowed`` unless he does."""
    actor.require(Permission.SHIFTS_MANAGE)
    if not manages(actor, user_id):
        raise NotAllowed("shift.not_yours")


def _lock(user_id: int) -> User:
    """The person, locked: two plans for him must not come to stand on one another."""
    user = session().get(User, user_id, with_for_update=True)
    if user is None or not user.active or user.role not in WORKING_ROLES:
        raise NotFound("account.no_such_user")
    return user


def _check_days(duties: Sequence[Duty], first: date, last: date, zone: ZoneInfo) -> None:
    begun: dict[date, int] = {}
    for one in duties:
        day = rules.local_day(one, zone)
        if not first <= day < last:
            raise Invalid("shift.outside")
        begun[day] = begun.get(day, 0) + 1
    if max(begun.values(), default=0) > rules.MOST_A_DAY:
        raise Invalid("shift.too_many", most=rules.MOST_A_DAY)


def _repeat(user_id: int, pattern: Sequence[Duty], days: int, target: date, zone: ZoneInfo) -> list[Duty]:
    """The pattern in another week; nothing where something stands there or reaches into it."""
    if _between(user_id, target, target + timedelta(days=WEEK), zone):
        return []
    try:
        added = [rules.moved(one, days, zone) for one in pattern]
        _insert(user_id, added)
    except Problem:
        return []
    return added


def _insert(user_id: int, duties: Sequence[Duty]) -> None:
    """Add shifts beside those that stand. ``Conflict`` for one that would overlap."""
    if not duties:
        return
    session().flush()
    around = select(Shift.starts_at, Shift.ends_at).where(
        Shift.user_id == user_id,
        Shift.starts_at < max(one.ends_at for one in duties),
        Shift.ends_at > min(one.starts_at for one in duties),
    )
    rules.checked([*duties, *(Duty(*row) for row in session().execute(around))])
    session().add_all(Shift(user_id=user_id, starts_at=one.starts_at, ends_at=one.ends_at) for one in duties)
    session().flush()


def _between(user_id: int, first: date, last: date, zone: ZoneInfo) -> list[Shift]:
    """Rows that begin from the day ``first`` on and before ``last``."""
    asked = (
        select(Shift)
        .where(
            Shift.user_id == user_id,
            Shift.starts_at >= rules.midnight(first, zone),
            Shift.starts_at < rules.midnight(last, zone),
        )
        .order_by(Shift.starts_at)
    )
    return list(session().scalars(asked))


def _duty(row: Shift) -> Duty:
    return Duty(row.starts_at, row.ends_at)


def _stamps(duties: Iterable[Duty]) -> list[list[str]]:
    return [[one.starts_at.isoformat(), one.ends_at.isoformat()] for one in sorted(duties)]
