"""The engine against a brute-force count of minutes, and what must hold whatever happens to a clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpdesk.domain import calendars, clocks
from helpdesk.domain.calendars import Calendar
from helpdesk.domain.clocks import ClockState
from helpdesk.domain.rulebook import Stage

MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

relaxed = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a busy machine is no finding

# A zone, and the UTC day on which something happens to it.
PLACES = [
    ("Asia/Shanghai", "2026-02-14"),
    ("Asia/Kathmandu", "2026-06-01"),
    ("Europe/Berlin", "2026-03-29"),
    ("Europe/Berlin", "2026-10-25"),
    ("America/New_York", "2026-11-01"),
    ("America/Sao_Paulo", "2015-10-18"),
    ("America/St_Johns", "2010-11-07"),
    ("Australia/Lord_Howe", "2026-04-04"),
    ("Africa/Casablanca", "2026-02-15"),
    ("Pacific/Apia", "2011-12-30"),
]


@dataclass(frozen=True)
class Place:
    document: dict[str, Any]
    start: datetime

    @property
    def calendar(self) -> Calendar:
        return Calendar.parse(self.document)


def clock_text(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


quarters = st.integers(0, 96).map(lambda quarter: quarter * 15)
intervals = st.lists(
    st.tuples(quarters, quarters).map(lambda pair: [clock_text(minute) for minute in sorted(pair)]), max_size=3
)


@st.composite
def places(draw: st.DrawFn) -> Place:
    zone, day = draw(st.sampled_from(PLACES))
    middle = datetime.fromisoformat(day).replace(tzinfo=UTC)
    days = st.integers(-2, 2).map(lambda n: (middle + timedelta(days=n)).date().isoformat())
    document = {
        "timezone": zone,
        "hours": draw(st.dictionaries(st.sampled_from(WEEK), intervals, min_size=3)),
        "overrides": draw(st.dictionaries(days, intervals, max_size=2)),
        "breaks": draw(st.dictionaries(days, intervals, max_size=2)),
        "holidays": draw(st.lists(days, max_size=1)),
        "public_holidays": draw(st.lists(days, max_size=1)),
        "make_up_days": draw(st.lists(days, max_size=1)),
        "make_up_hours": draw(st.none() | intervals),
    }
    return Place(document, middle - timedelta(minutes=draw(st.integers(0, 2000))))


def open_by_the_book(document: dict[str, Any], at: datetime) -> bool:
    """The definition itself, on the wall clock of one instant."""
    local = at.astimezone(ZoneInfo(document["timezone"]))
    day, minute = local.date().isoformat(), f"{local:%H:%M}"
    if day in document["holidays"]:
        return False
    hours = document["hours"].get(WEEK[local.weekday()], [])
    if day in document["make_up_days"] and document["make_up_hours"] is not None:
        hours = document["make_up_hours"]
    if day in document["public_holidays"]:
        hours = []
    hours = document["overrides"].get(day, hours)
    inside = any(begin <= minute < end for begin, end in hours)
    return inside and not any(begin <= minute < end for begin, end in document["breaks"].get(day, []))


def minutes_from(start: datetime, count: int) -> list[datetime]:
    return [start + n * MINUTE for n in range(count)]


spans = st.integers(0, 3 * 24 * 60)
offsets = st.integers(0, 4 * 86_400)


@given(places(), spans)
@settings(relaxed, max_examples=60)
def test_open_time_is_what_counting_the_minutes_gives(place, length):
    counted = [open_by_the_book(place.document, at) for at in minutes_from(place.start, length)]
    calendar, end = place.calendar, place.start + length * MINUTE
    assert calendars.open_seconds(calendar, place.start, end) == 60 * sum(counted)
    assert [calendars.is_open(calendar, at) for at in minutes_from(place.start, length)[::7]] == counted[::7]


@given(places(), offsets, offsets)
@relaxed
def test_open_time_adds_up(place, first, second):
    calendar, start = place.calendar, place.start
    middle, end = (start + timedelta(seconds=n) for n in sorted((first, second)))
    parts = calendars.open_seconds(calendar, start, middle) + calendars.open_seconds(calendar, middle, end)
    assert parts == calendars.open_seconds(calendar, start, end)


@given(places(), st.integers(1, 3 * 86_400))
@relaxed
def test_a_target_is_reached_at_its_due_and_passed_one_second_after_it_is_held(place, target):
    calendar, start = place.calendar, place.start
    due = calendars.earliest_reach(calendar, start, target)
    held = calendars.latest_hold(calendar, start, target)
    if due is None:  # nothing but the few dates ahead
        assert held is None
        return
    assert calendars.open_seconds(calendar, start, due) == target
    assert calendars.open_seconds(calendar, start, due - SECOND) == target - 1
    if held is not None:
        assert held >= due
        assert calendars.open_seconds(calendar, start, held) == target
        assert calendars.open_seconds(calendar, start, held + SECOND) == target + 1
        assert calendars.next_opening(calendar, due) == held


@given(places(), offsets)
@relaxed
def test_the_next_opening_is_the_first_open_instant(place, ahead):
    calendar, at = place.calendar, place.start + timedelta(seconds=ahead)
    opening = calendars.next_opening(calendar, at)
    if opening is not None:
        assert calendars.is_open(calendar, opening)
        assert calendars.open_seconds(calendar, at, opening) == 0


@given(places(), offsets)
@relaxed
def test_stretches_are_in_order_apart_and_complete(place, length):
    calendar, end = place.calendar, place.start + timedelta(seconds=length)
    found = list(calendars.open_intervals(calendar, place.start, end))
    edges = [edge for span in found for edge in span]
    assert edges == sorted(set(edges))
    assert calendars.total_seconds(found) == calendars.open_seconds(calendar, place.start, end)


@given(places())
@relaxed
def test_a_calendar_survives_its_document(place):
    calendar = place.calendar
    assert Calendar.parse(calendar.to_document()) == calendar
    assert Calendar.parse(calendar.to_document()).to_document() == calendar.to_document()


# Clocks

MOVES = {
    "pause": clocks.pause,
    "resume": clocks.resume,
    "resolve": clocks.stop,
    "reopen": clocks.reopen,
}
histories = st.lists(st.tuples(st.sampled_from(sorted(MOVES)), st.integers(0, 600)), max_size=8)


def play(place: Place, history: list[tuple[str, int]], target: int, paused: bool = False) -> ClockState:
    """The moves one after another, each some minutes after the one before."""
    at, state = place.start, clocks.start(place.start, target, paused=paused)
    for move, wait in history:
        at += wait * MINUTE
        state = MOVES[move](state, at)
    return state


def count_minutes(place: Place, history: list[tuple[str, int]], paused: bool, length: int) -> list[int]:
    """Elapsed minutes before each minute, by watching the clock's state tick by tick."""
    moves: list[tuple[datetime, str]] = []
    at = place.start
    for move, wait in history:
        at += wait * MINUTE
        moves.append((at, move))
    status, counted, totals = "paused" if paused else "running", 0, []
    for now in minutes_from(place.start, length):
        while moves and moves[0][0] == now:
            status = after(status, moves.pop(0)[1])
        totals.append(counted)
        counted += status == "running" and open_by_the_book(place.document, now)
    return totals


def after(status: str, move: str) -> str:
    table = {
        ("running", "pause"): "paused",
        ("paused", "resume"): "running",
        ("running", "resolve"): "resolved",
        ("paused", "resolve"): "resolved",
        ("resolved", "reopen"): "running",
    }
    return table.get((status, move), status)


@given(places(), histories, st.booleans(), st.integers(0, 900))
@settings(relaxed, max_examples=50)
def test_whatever_happened_the_clock_equals_a_count_of_its_minutes(place, history, paused, target):
    length = 3 * 24 * 60
    totals = count_minutes(place, history[:6], paused, length)
    state = play(place, history[:6], target * 60, paused)
    calendar = place.calendar
    last = sum(wait for _, wait in history[:6])
    end = place.start + (length - 1) * MINUTE
    assert last < length
    assert clocks.elapsed(state, calendar, end) == 60 * totals[-1]
    assert clocks.is_overdue(state, calendar, end) is (totals[-1] > target)
    reached = next((n for n, total in enumerate(totals) if total >= target), None)
    passed = next((n for n, total in enumerate(totals) if total > target), None)
    if reached is not None:
        assert clocks.due_at(state, calendar) == place.start + reached * MINUTE
    if passed is not None:
        assert clocks.late_after(state, calendar) == place.start + (passed - 1) * MINUTE


@given(places(), histories, st.integers(0, 86_400), st.integers(0, 86_400))
@relaxed
def test_a_larger_target_is_never_due_earlier(place, history, one, other):
    small, large = (clocks.due_at(play(place, history, t), place.calendar) for t in sorted((one, other)))
    assert large is None or (small is not None and small <= large)


@given(places(), histories, st.integers(1, 86_400), st.integers(0, 500), st.integers(0, 500))
@relaxed
def test_a_pause_never_makes_a_clock_due_earlier(place, history, target, begin, length):
    state = play(place, history, target)
    moment = place.start + (sum(wait for _, wait in history) + begin) * MINUTE
    running = clocks.resume(state, moment)
    paused = clocks.resume(clocks.pause(running, moment), moment + length * MINUTE)
    before, after_pause = clocks.due_at(running, place.calendar), clocks.due_at(paused, place.calendar)
    assert after_pause is None or (before is not None and before <= after_pause)


@given(places(), histories, st.integers(0, 86_400), st.integers(0, 86_400))
@relaxed
def test_a_new_target_is_as_if_it_had_been_set_at_the_start(place, history, first, second):
    assert clocks.retarget(play(place, history, first), second) == play(place, history, second)


@given(places(), histories, st.integers(1, 86_400), offsets)
@relaxed
def test_overdue_is_after_the_last_instant_in_time_and_nothing_else(place, history, target, ahead):
    state, calendar = play(place, history, target), place.calendar
    now = place.start + sum(wait for _, wait in history) * MINUTE + timedelta(seconds=ahead)
    late = clocks.late_after(state, calendar)
    assert clocks.is_overdue(state, calendar, now) is (late is not None and now > late)
    assert clocks.is_overdue(state, calendar, now) is (clocks.elapsed(state, calendar, now) > target)
    assert clocks.remaining(state, calendar, now) == target - clocks.elapsed(state, calendar, now)


@given(places(), histories, st.integers(0, 86_400))
@relaxed
def test_stages_come_in_order_and_the_due_instant_comes_before_the_last_one(place, history, target):
    state, calendar = play(place, history, target), place.calendar
    stages = [clocks.stage_due(state, calendar, percent) for percent in (50, 75, 100, 150)]
    known = [stage for stage in stages if stage is not None]
    assert known == sorted(known)
    assert stages[: len(known)] == known  # once one is out of reach, so are the later ones
    due, late = clocks.due_at(state, calendar), clocks.late_after(state, calendar)
    assert late is None or (due is not None and due <= late)


@given(places(), histories, st.integers(1, 86_400), offsets)
@settings(relaxed, max_examples=50)
def test_an_explanation_adds_up_to_the_target_or_to_what_has_elapsed(place, history, target, ahead):
    state, calendar = play(place, history, target), place.calendar
    now = place.start + sum(wait for _, wait in history) * MINUTE + timedelta(seconds=ahead)
    steps = clocks.explain(state, calendar, now)
    counted: list[Any] = [step.params["seconds"] for step in steps if step.code == "clock.counted"]
    if not any(step.code == "clock.more" for step in steps):
        reached = clocks.due_at(state, calendar) is not None
        assert sum(counted) == (target if reached else clocks.elapsed(state, calendar, now))


moments = st.one_of(
    st.integers(1, 300).map(lambda percent: Stage("share", percent)),
    offsets.map(lambda seconds: Stage("before", None, -seconds)),
    offsets.map(lambda seconds: Stage("after", None, seconds)),
)


@given(places(), histories, offsets, st.lists(moments, min_size=2, max_size=6))
@relaxed
def test_stages_by_share_and_by_minutes_fire_in_the_order_of_what_has_elapsed(place, history, target, stages):
    state, calendar = play(place, history, target), place.calendar
    reached = sorted(seconds for stage in stages if (seconds := stage.elapsed(target)) is not None)
    dues = [clocks.holds_until(state, calendar, seconds) for seconds in reached]
    known = [due for due in dues if due is not None]
    assert known == sorted(known)
    assert dues == [*known, *[None] * (len(dues) - len(known))], "what comes later is not known before"
    untouched = clocks.start(place.start, target)
    for seconds in reached:
        due = clocks.holds_until(untouched, calendar, seconds)
        assert due is None or clocks.elapsed(untouched, calendar, due) == seconds


@given(places(), histories, offsets, st.integers(1, 300))
@relaxed
def test_a_stage_at_the_target_is_the_same_by_share_and_by_minutes(place, history, target, percent):
    state, calendar = play(place, history, target), place.calendar
    by_share, by_minutes = Stage("a", percent), Stage("b", None, target * percent // 100 - target)
    seconds = by_share.elapsed(target)
    assert by_minutes.elapsed(target) == (seconds or None)
    assert clocks.holds_until(state, calendar, seconds) == clocks.stage_due(state, calendar, percent)


@given(places(), histories, st.integers(60, 4 * 86_400), st.integers(0, 4 * 86_400))
@relaxed
def test_a_stage_before_the_target_is_never_later_than_the_target_nor_one_behind_it_earlier(
    place, history, target, distance
):
    state, calendar = play(place, history, target), place.calendar
    late = clocks.late_after(state, calendar)
    before, behind = (Stage("s", None, sign * distance).elapsed(target) for sign in (-1, 1))
    soon, later = (clocks.holds_until(state, calendar, seconds) for seconds in (before, behind))
    assert (before is None) == (distance >= target)
    if late is not None:
        assert soon is None or soon <= late
        assert later is None or later >= late
    elif before is not None:
        assert later is None
