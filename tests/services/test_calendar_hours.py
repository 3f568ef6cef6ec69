"""Somebody changes a calendar's hours: a new version, and running clocks follow."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from helpdesk.domain.problems import Conflict, Invalid, NotAllowed, NotFound, Stale
from helpdesk.models import ClockRow, Event, JobRun, Queue, WorkCalendar
from helpdesk.models.calendars import load_calendar
from helpdesk.services import calendars, platform_clocks
from helpdesk.services.calendars import CalendarSettings, Saved
from helpdesk.storage import session, unit_of_work
from tests.factories import World
from tests.services import story
from tests.services.story import clock, do, events, look, opened, refused

HOUR = timedelta(hours=1)
NINE, SIX, EIGHT = 9 * 3600, 18 * 3600, 20 * 3600
OFFICE = CalendarSettings("office", "office", dict.fromkeys(range(5), ((NINE, SIX),)), {}, False)
LONGER = replace(OFFICE, hours=dict.fromkeys(range(5), ((NINE, EIGHT),)))


def changed(world: World, now: datetime, settings: CalendarSettings, version: int = 1, **more: Any) -> Saved:
    actor = more.get("actor", world.actors.ops)
    return do(calendars.change_calendar, world.calendars.office.id, version, settings, actor=actor, now=now)


def test_longer_hours_bring_deadlines_nearer(world: World, now: datetime) -> None:
    """16:00 on Monday: four hours end on Tuesday at eleven; with hours until eight, on Monday at eight."""
    started = now + 6 * HOUR
    number = opened(world, started, type="price_dispute")
    assert clock(number, "solution").due_at == started + 19 * HOUR
    saved = changed(world, started, LONGER)
    assert saved.version == 2
    assert saved.later == 0
    row = clock(number, "solution")
    assert (row.due_at, row.calendar_version) == (started + 4 * HOUR, 2)
    ends = (row.late_after, clock(number, "first_response").late_after)
    assert look(number).burns_at == min(end for end in ends if end)
    assert clock(number, "first_response").calendar_version == 1  # another calendar
    assert [event.params["clocks"] for event in events(number, "clock.recomputed")] == [["queue", "solution"]]
    told = session().execute(select(Event).where(Event.code == "calendar.changed")).scalar_one()
    assert told.params == {"calendar": "office", "version": 2, "fields": ["hours"], "clocks": 2}


def test_an_older_version_stays_as_it_was(world: World, now: datetime) -> None:
    changed(world, now, LONGER)
    office = world.calendars.office.id
    assert load_calendar(office, 1).hours[0] == ((NINE, SIX),)
    assert load_calendar(office, 2).hours[0] == ((NINE, EIGHT),)


def test_special_days_and_names_are_kept_with_the_version(world: World, now: datetime) -> None:
    special = {date(2026, 11, 24): (), date(2026, 11, 28): ((NINE, SIX),)}
    changed(world, now, replace(OFFICE, name_zh="办公室", special_days=special))
    stored = load_calendar(world.calendars.office.id, 2)
    assert dict(stored.overrides) == special
    assert session().get_one(WorkCalendar, world.calendars.office.id).name_zh == "办公室"
    told = session().execute(select(Event).where(Event.code == "calendar.changed")).scalar_one()
    assert told.params["fields"] == ["overrides", "name"]


def test_a_calendar_that_begins_to_observe_holidays_takes_the_published_ones(world: World, now: datetime) -> None:
    rows = [{"date": "2026-11-24", "kind": "off"}]
    do(calendars.import_holidays, rows, actor=world.actors.ops, now=now)
    do(calendars.publish_year, 2026, actor=world.actors.ops, now=now)
    do(calendars.import_holidays, [{"date": "2026-11-25", "kind": "off"}], actor=world.actors.ops, now=now)
    changed(world, now, replace(OFFICE, observes_holidays=True, make_up_hours=((NINE, SIX),)))
    observed = load_calendar(world.calendars.office.id, 2)
    assert observed.public_holidays == {date(2026, 11, 24)}
    assert observed.confirmed_through == date(2026, 12, 31)
    changed(world, now, OFFICE, version=2)
    assert load_calendar(world.calendars.office.id, 3).confirmed_through is None


def test_saving_what_is_there_already_writes_nothing(world: World, now: datetime) -> None:
    before = story.everything()
    assert changed(world, now, OFFICE) == Saved(1)
    assert story.everything() == before


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        (replace(OFFICE, hours={}), "calendar.never_opens"),
        (replace(OFFICE, hours={}, special_days={date(2026, 12, 1): ((NINE, SIX),)}), "calendar.never_opens"),
        (replace(OFFICE, name_en="  "), "calendar.bad_name"),
        (replace(OFFICE, name_zh="长" * 61), "calendar.bad_name"),
        (replace(OFFICE, name_zh="a\nb"), "calendar.bad_name"),
        (replace(OFFICE, hours={0: ((NINE, 90_000),)}), "calendar.bad_interval"),
        (
            replace(OFFICE, special_days={date(2026, 1, 1) + timedelta(days=n): () for n in range(401)}),
            "calendar.too_many_dates",
        ),
    ],
)
def test_settings_that_make_no_calendar_are_refused(
    world: World, now: datetime, settings: CalendarSettings, code: str
) -> None:
    before = story.everything()
    with refused(Invalid, code):
        changed(world, now, settings)
    assert story.everything() == before


def test_a_change_made_on_an_older_version_is_stale(world: World, now: datetime) -> None:
    changed(world, now, LONGER)
    with refused(Stale, "calendar.stale"):
        changed(world, now, OFFICE, version=1)
    with refused(NotFound, "calendar.not_found"):
        do(calendars.change_calendar, 999, 1, OFFICE, actor=world.actors.ops, now=now)


def test_a_supervisor_changes_only_what_no_other_queue_uses(world: World, now: datetime) -> None:
    """Finance and warehouse share the office hours; his own queue works around the clock."""
    with refused(NotAllowed, "calendar.not_yours"):
        changed(world, now, LONGER, actor=world.actors.supervisor)
    always = world.calendars.always.id
    saved = do(calendars.change_calendar, always, 1, LONGER, actor=world.actors.supervisor, now=now)
    assert saved.version == 2
    with unit_of_work() as work:
        work.get_one(Queue, world.queues.warehouse.id).calendar_id = always
    with refused(NotAllowed, "calendar.not_yours"):
        do(calendars.change_calendar, always, 2, OFFICE, actor=world.actors.supervisor, now=now)


def test_a_calendar_that_nobody_uses_is_not_a_supervisors(world: World, now: datetime) -> None:
    spare = do(
        calendars.create_calendar,
        "spare",
        "备用",
        "Spare",
        like=world.calendars.office.id,
        actor=world.actors.ops,
        now=now,
    )
    with refused(NotAllowed, "calendar.not_yours"):
        do(calendars.change_calendar, spare, 1, LONGER, actor=world.actors.supervisor, now=now)
    assert do(calendars.change_calendar, spare, 1, LONGER, actor=world.actors.admin, now=now).version == 2


@pytest.mark.parametrize("name", ["agent", "finance", "auditor"])
def test_others_change_no_hours(world: World, now: datetime, name: str) -> None:
    with refused(NotAllowed, "access.denied"):
        changed(world, now, LONGER, actor=getattr(world.actors, name))


def test_a_new_calendar_begins_with_the_hours_of_another(world: World, now: datetime) -> None:
    like = {"like": world.calendars.office.id, "actor": world.actors.ops, "now": now}
    spare = do(calendars.create_calendar, "spare", "备用", "Spare", **like)
    row = session().get_one(WorkCalendar, spare)
    assert (row.version, load_calendar(spare, 1)) == (1, load_calendar(world.calendars.office.id, 1))
    with refused(Conflict, "calendar.code_taken"):
        do(calendars.create_calendar, "spare", "备用", "Spare", **like)
    with refused(Invalid, "calendar.bad_code"):
        do(calendars.create_calendar, "Spare!", "备用", "Spare", **like)
    with refused(Invalid, "calendar.not_found"):
        do(calendars.create_calendar, "more", "更多", "More", **{**like, "like": 999})
    with refused(NotAllowed, "calendar.change_by_ops"):
        do(calendars.create_calendar, "more", "更多", "More", **{**like, "actor": world.actors.supervisor})


def test_many_clocks_are_left_to_the_job_worker(world: World, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calendars, "MOST_AT_ONCE", 3)
    numbers = [opened(world, now, type="price_dispute") for _ in range(3)]
    assert changed(world, now, LONGER) == Saved(2, 0, 6)
    assert {clock(number, "solution").calendar_version for number in numbers} == {1}
    [run] = calendars.unfinished_runs()
    follow = {"most_tickets": 2, "actor": world.actors.system, "now": now}
    assert do(calendars.follow_on, run, **follow) == 4
    row = session().get_one(JobRun, run)
    assert (row.state, row.done, row.total) == ("running", 4, 6)
    assert do(calendars.follow_on, run, **follow) == 2
    assert do(calendars.follow_on, run, **follow) == 0
    assert session().get_one(JobRun, run, populate_existing=True).state == "done"
    assert {clock(number, "solution").calendar_version for number in numbers} == {2}
    assert calendars.unfinished_runs() == []


def test_the_job_worker_looks_after_a_clock_that_began_on_the_older_version_meanwhile(
    world: World, now: datetime
) -> None:
    number = opened(world, now, type="price_dispute")
    changed(world, now, LONGER)
    with unit_of_work() as work:
        late = work.get_one(ClockRow, clock(number, "solution").id)
        late.calendar_version = 1
    [run] = calendars.unfinished_runs()
    follow = {"most_tickets": 50, "actor": world.actors.system, "now": now}
    assert do(calendars.follow_on, run, **follow) == 1
    assert clock(number, "solution").calendar_version == 2


def test_an_older_run_moves_clocks_to_the_present_version_at_once(
    world: World, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calendars, "MOST_AT_ONCE", 0)
    number = opened(world, now, type="price_dispute")
    changed(world, now, LONGER)
    changed(world, now, OFFICE, version=2)
    first, second = calendars.unfinished_runs()
    follow = {"most_tickets": 50, "actor": world.actors.system, "now": now}
    assert do(calendars.follow_on, first, **follow) == 2
    assert clock(number, "solution").calendar_version == 3
    assert do(calendars.follow_on, second, **follow) == 0
    assert events(number, "clock.recomputed") == []  # the deadline is where it was


def test_the_calendar_of_the_platforms_never_closes_whoever_asks(world: World, now: datetime) -> None:
    calendar, version = do(platform_clocks.around_the_clock, now)
    for actor in (world.actors.ops, world.actors.admin):
        with refused(NotAllowed, "calendar.of_platforms"):
            do(calendars.change_calendar, calendar, version, OFFICE, actor=actor, now=now)
    assert load_calendar(calendar, version).hours[6] == ((0, 24 * 3600),)
    like_it = do(calendars.create_calendar, "nonstop", "不打烊", "Nonstop", like=calendar, actor=actor, now=now)
    assert do(calendars.change_calendar, like_it, 1, OFFICE, actor=actor, now=now).version == 2
