"""Working hours that people change, holidays as the State Council publishes them, and the clocks that follow.

Rows of a year are worked on first and change nothing yet; publishing the year makes them final. Whatever changes a
calendar writes its next version, and running clocks move to it: a few at once, many by the job worker.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import chain

from sqlalchemy import ColumnElement, delete, func, select

from helpdesk.domain.access import Actor, Permission, Scope
from helpdesk.domain.calendars import Calendar, with_holidays
from helpdesk.domain.holidays import FIRST_YEAR, LAST_YEAR, Holiday, HolidayKind, last_confirmed_day, parse_holidays
from helpdesk.domain.hours import Intervals
from helpdesk.domain.problems import Conflict, Invalid, NotAllowed, NotFound, Stale
from helpdesk.models import CalendarVersion, ClockRow, HolidayYear, JobRun, Queue, WorkCalendar
from helpdesk.models import Holiday as HolidayRow
from helpdesk.models.calendars import load_calendar, published_holidays
from helpdesk.models.clocks import is_behind
from helpdesk.services import clocks, outbox
from helpdesk.services.events import record
from helpdesk.services.platform_clocks import AROUND_THE_CLOCK
from helpdesk.storage import insert_once, session

CODE = re.compile(r"[a-z][a-z0-9_]{1,39}")
LONGEST_NAME = 60
MOST_SPECIAL_DAYS = 400
MOST_AT_ONCE = 500
"""Running clocks that move in the request that changes their calendar; more are left to the job worker."""

RUN_KIND = "calendar"
"""Of the job run that moves a calendar's clocks to a version."""


@dataclass(frozen=True, slots=True)
class CalendarSettings:
    """What a person sets of a calendar.

    ``hours`` by weekday (Monday is 0); ``special_days`` have hours of their own, none for closed; a make-up workday
    has ``make_up_hours``, None for those of its weekday.
    """

    name_zh: str
    name_en: str
    hours: Mapping[int, Intervals]
    special_days: Mapping[date, Intervals]
    observes_holidays: bool
    make_up_hours: Intervals | None = None


@dataclass(frozen=True, slots=True)
class Saved:
    """The calendar's version after a change; how many running clocks moved to it, and how many follow later."""

    version: int
    clocks: int = 0
    later: int = 0


@dataclass(frozen=True, slots=True)
class Published:
    """What publishing a year moved: codes of calendars with a new version, clocks that moved, and that follow later."""

    calendars: tuple[str, ...]
    clocks: int
    later: int = 0


def may_change(actor: Actor, code: str, queues: Collection[int]) -> bool:
    """Whether the actor sets the hours of a calendar with this code, that these queues use.

    Ops and admin of any but the platforms' own, which never closes; a supervisor where no queue but his own uses it.
    """
    if code == AROUND_THE_CLOCK:
        return False
    scope = actor.scope(Permission.CALENDARS_MANAGE)
    return scope is Scope.ALL or (scope is Scope.OWN and bool(queues) and set(queues) <= actor.queues)


def require_change(actor: Actor, code: str, queues: Collection[int]) -> None:
    """Raise ``NotAllowed`` unless ``may_change``, with the reason."""
    actor.require(Permission.CALENDARS_MANAGE)
    if code == AROUND_THE_CLOCK:
        raise NotAllowed("calendar.of_platforms")
    if not may_change(actor, code, queues):
        raise NotAllowed("calendar.not_yours")


def require_all(actor: Actor) -> None:
    """Raise ``NotAllowed`` unless the actor decides for every queue: over holidays, and which calendars there are."""
    actor.require(Permission.CALENDARS_MANAGE)
    if actor.scope(Permission.CALENDARS_MANAGE) is not Scope.ALL:
        raise NotAllowed("calendar.change_by_ops")


def create_calendar(code: str, name_zh: str, name_en: str, *, like: int, actor: Actor, now: datetime) -> int:
    """A new calendar with the hours of another one; returns its id. ``Conflict`` for a code that is taken."""
    require_all(actor)
    if not CODE.fullmatch(code):
        raise Invalid("calendar.bad_code")
    _check_names(name_zh, name_en)
    model = session().get(WorkCalendar, like)
    if model is None:
        raise Invalid("calendar.not_found")
    if session().scalar(select(WorkCalendar.id).where(WorkCalendar.code == code)):
        raise Conflict("calendar.code_taken", calendar=code)
    row = WorkCalendar(code=code, name_zh=name_zh.strip(), name_en=name_en.strip(), version=0)
    session().add(row)
    session().flush()
    _write_version(row, load_calendar(model.id, model.version), now)
    record("calendar.created", actor=actor, now=now, calendar=code)
    return row.id


def change_calendar(
    calendar_id: int, version: int, settings: CalendarSettings, *, actor: Actor, now: datetime
) -> Saved:
    """Change a calendar as seen at ``version``; writes its next version and moves running clocks to it.

    ``Stale`` if it was changed meanwhile, ``NotAllowed`` where a queue that isn't the actor's uses it, ``Invalid`` for
    hours that never open. Nothing is written where nothing is different.
    """
    row = _locked(calendar_id)
    queues = session().scalars(select(Queue.id).where(Queue.calendar_id == calendar_id)).all()
    require_change(actor, row.code, queues)
    if row.version != version:
        raise Stale("calendar.stale")
    _check_names(settings.name_zh, settings.name_en)
    present = load_calendar(calendar_id, version)
    wanted = with_settings(present, settings)
    names = settings.name_zh.strip(), settings.name_en.strip()
    fields = _changed_fields(present, wanted) + (["name"] if names != (row.name_zh, row.name_en) else [])
    if not fields:
        return Saved(version)
    row.name_zh, row.name_en = names
    _write_version(row, wanted, now)
    moved, later = _follow(row, actor=actor, now=now)
    record(
        "calendar.changed",
        actor=actor,
        now=now,
        calendar=row.code,
        version=row.version,
        fields=fields,
        clocks=moved + later,
    )
    return Saved(row.version, moved, later)


def import_holidays(
    rows: Iterable[Mapping[str, str | None]],
    *,
    actor: Actor,
    now: datetime,
    keep_others: bool = False,
    versions: Mapping[int, int] | None = None,
) -> tuple[int, ...]:
    """Store the holiday table of the years that occur in ``rows`` (date, kind, name_zh, name_en); returns them.

    The rows are the whole table of each of these years: what was there before is replaced, unless ``keep_others``
    (then only the days named change). No calendar changes until the year is published. ``Invalid`` names the bad row,
    and nothing is stored; ``Stale`` if a year is not at the version (0: not there) that ``versions`` says.
    """
    require_all(actor)
    holidays = parse_holidays(rows)
    years = tuple(sorted({holiday.day.year for holiday in holidays}))
    for year in years:
        _touch(year, None if versions is None else versions.get(year, 0))
        if not keep_others:
            session().execute(delete(HolidayRow).where(_in_year(year)))
    _store(holidays)
    record("holidays.imported", actor=actor, now=now, years=list(years), rows=len(holidays))
    return years


def set_holiday(holiday: Holiday, version: int, *, actor: Actor, now: datetime) -> None:
    """Add a day to its year's table as seen at ``version`` (0: no table yet), or change what it is."""
    require_all(actor)
    parse_holidays([dict(zip(("date", "kind", "name_zh", "name_en"), holiday.to_row(), strict=True))])
    _touch(holiday.day.year, version)
    was = session().scalar(select(HolidayRow.kind).where(HolidayRow.day == holiday.day))
    _store([holiday])
    kind = holiday.kind.value
    record(
        "holidays.changed", actor=actor, now=now, date=holiday.day.isoformat(), kind=kind, changes={"kind": [was, kind]}
    )


def remove_holiday(day: date, version: int, *, actor: Actor, now: datetime) -> None:
    """Take a day out of its year's table as seen at ``version``: it is a weekday like any other."""
    require_all(actor)
    _touch(day.year, version)
    was = session().scalar(select(HolidayRow.kind).where(HolidayRow.day == day))
    if was is None:
        raise NotFound("holiday.no_such_day", date=day.isoformat())
    session().execute(delete(HolidayRow).where(HolidayRow.day == day))
    record("holidays.changed", actor=actor, now=now, date=day.isoformat(), kind=None, changes={"kind": [was, None]})


def publish_year(year: int, *, actor: Actor, now: datetime, version: int | None = None) -> Published:
    """The year's holidays are final: write new versions of the calendars that observe them, and move running clocks.

    Publishing again after a correction moves what the correction moves, and nothing if there is none. ``Invalid`` if
    no holiday of that year is known (an empty year is a forgotten import); ``Stale`` if its table was changed since
    ``version``.
    """
    require_all(actor)
    known = FIRST_YEAR <= year <= LAST_YEAR
    rows = session().scalars(select(HolidayRow).where(_in_year(year)).order_by(HolidayRow.day)).all() if known else ()
    if not rows:
        raise Invalid("holiday.year_unknown", year=year)
    status = _touch(year, version)
    status.status = "confirmed"
    status.published = [_value(row).to_row() for row in rows]
    session().flush()
    changed: list[str] = []
    moved = later = 0
    calendars = select(WorkCalendar).order_by(WorkCalendar.id).with_for_update(key_share=True)
    for calendar in session().scalars(calendars).all():
        present = load_calendar(calendar.id, calendar.version)
        renewed = observing(present)
        if renewed != present:
            _write_version(calendar, renewed, now)
            at_once, behind = _follow(calendar, actor=actor, now=now)
            changed.append(calendar.code)
            moved, later = moved + at_once, later + behind
    record("holidays.published", actor=actor, now=now, year=year, calendars=changed, clocks=moved + later)
    return Published(tuple(changed), moved, later)


def warn_unconfirmed(year: int, today: date, *, now: datetime) -> bool:
    """Tell ops and admins that a year's holidays are not published; False if they were told in this week already."""
    week = today.isocalendar()
    key = f"calendar.unconfirmed:{year}:{week.year}-W{week.week:02}"
    payload = {"code": "calendar.unconfirmed", "params": {"year": year}, "notify": ["role:ops", "role:admin"]}
    return outbox.put("notice", key, ticket_id=None, payload=payload, now=now) is not None


def unfinished_runs() -> list[int]:
    """Changes of calendars that clocks still follow, or that nobody has looked after yet."""
    waiting = JobRun.state.in_(("waiting", "running"))
    return list(session().scalars(select(JobRun.id).where(JobRun.kind == RUN_KIND, waiting).order_by(JobRun.id)))


def follow_on(run_id: int, *, most_tickets: int, actor: Actor, now: datetime) -> int:
    """Move the clocks of the next tickets to the calendar's present version; returns how many clocks.

    0 when none is left, and the run is done; also while somebody else works on it. Call it in a transaction of its own.
    """
    run = session().get(JobRun, run_id, with_for_update={"skip_locked": True})
    if run is None or run.state == "done":
        return 0
    calendar = session().get_one(WorkCalendar, run.options["calendar"])
    moved = clocks.recompute_on_calendar(calendar.id, calendar.version, actor=actor, now=now, most_tickets=most_tickets)
    run.done += moved
    run.total = max(run.total or 0, run.done)
    run.state, run.finished_at = ("running", None) if moved else ("done", now)
    return moved


def with_settings(present: Calendar, settings: CalendarSettings) -> Calendar:
    """The calendar as these settings would make it, with the published holidays. ``Invalid`` if it would never open."""
    if len(settings.special_days) > MOST_SPECIAL_DAYS:
        raise Invalid("calendar.too_many_dates", limit=MOST_SPECIAL_DAYS)
    wanted = replace(
        present,
        hours=settings.hours,
        overrides=settings.special_days,
        make_up_hours=settings.make_up_hours,
        observes_holidays=settings.observes_holidays,
        public_holidays=frozenset(),
        make_up_days=frozenset(),
        confirmed_through=None,
    )
    if not wanted.hours:
        raise Invalid("calendar.never_opens")
    return observing(wanted)


def observing(calendar: Calendar) -> Calendar:
    """The calendar with the published holidays, if it observes any."""
    tables = published_holidays()
    return with_holidays(calendar, chain.from_iterable(tables.values()), last_confirmed_day(tables))


def _changed_fields(present: Calendar, wanted: Calendar) -> list[str]:
    """Names of the settings that differ; a table of holidays that is newer than the calendar's is one of them."""
    named = ("hours", "overrides", "make_up_hours", "observes_holidays", "public_holidays", "make_up_days")
    fields = [name for name in named if getattr(present, name) != getattr(wanted, name)]
    return fields or (["confirmed_through"] if present != wanted else [])


def _check_names(*names: str) -> None:
    for name in names:
        if not 0 < len(name.strip()) <= LONGEST_NAME or not name.strip().isprintable():
            raise Invalid("calendar.bad_name", most=LONGEST_NAME)


def _locked(calendar_id: int) -> WorkCalendar:
    """Others may still start clocks on it (they refer to the row), but nobody else changes it."""
    row = session().get(WorkCalendar, calendar_id, with_for_update={"key_share": True})
    if row is None:
        raise NotFound("calendar.not_found")
    return row


def _write_version(row: WorkCalendar, calendar: Calendar, now: datetime) -> None:
    row.version += 1
    session().add(
        CalendarVersion(calendar_id=row.id, version=row.version, document=calendar.to_document(), created_at=now)
    )
    session().flush()


def _follow(row: WorkCalendar, *, actor: Actor, now: datetime) -> tuple[int, int]:
    """Move the running clocks to the calendar's version: (moved, left to the job worker).

    The run is written even when all moved: the job worker looks once more for a clock that another process started on
    the older version at this very moment.
    """
    behind = session().scalar(select(func.count()).select_from(ClockRow).where(is_behind(row.id, row.version))) or 0
    moved = 0
    if behind <= MOST_AT_ONCE:
        moved = clocks.recompute_on_calendar(row.id, row.version, actor=actor, now=now)
    session().add(
        JobRun(
            kind=RUN_KIND,
            key=f"{row.id}:{row.version}",
            options={"calendar": row.id, "version": row.version},
            actor_id=actor.id,
            state="waiting",
            done=moved,
            total=max(behind, moved),
            figures={},
            created_at=now,
        )
    )
    return moved, max(behind - moved, 0)


def _touch(year: int, version: int | None) -> HolidayYear:
    """The year's row, locked and counted on; ``Stale`` if it is not what the change was made on (0: not there)."""
    insert_once(HolidayYear, year=year, status="draft", version=0, published=[])
    row = session().get_one(HolidayYear, year, with_for_update=True, populate_existing=True)
    if version is not None and version != row.version:
        raise Stale("holiday.stale", year=year)
    row.version += 1
    session().flush()
    return row


def _store(holidays: Iterable[Holiday]) -> None:
    for one in holidays:
        session().merge(HolidayRow(day=one.day, kind=one.kind.value, name_zh=one.name_zh, name_en=one.name_en))
    session().flush()


def _value(row: HolidayRow) -> Holiday:
    return Holiday(row.day, HolidayKind(row.kind), row.name_zh, row.name_en)


def _in_year(year: int) -> ColumnElement[bool]:
    return HolidayRow.day.between(date(year, 1, 1), date(year, 12, 31))
