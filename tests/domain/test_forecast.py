"""When a queue begins to be late: examples that can be checked by hand, and what holds for all."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk.domain.calendars import Calendar
from helpdesk.domain.forecast import ENOUGH, HORIZON, STEP, Backlog, Pace, forecast, pace_of, slot_of

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)  # Monday, 10:00 in Shanghai
HOUR = timedelta(hours=1)
WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ALWAYS = Calendar.parse({"timezone": "Asia/Shanghai", "hours": {day: [["00:00", "24:00"]] for day in WEEK}})
OFFICE = Calendar.parse({"timezone": "Asia/Shanghai", "hours": {day: [["09:00", "18:00"]] for day in WEEK[:5]}})
SLOTS = [(weekend, hour) for weekend in (False, True) for hour in range(24)]


def steady(arrivals: float, solves: float, target: int | None = 4 * 3600, solved: int = 500) -> Pace:
    """The same rate at any hour."""
    return Pace(dict.fromkeys(SLOTS, arrivals), dict.fromkeys(SLOTS, solves), solved, 14, target)


def backlog(*due_in: timedelta, late: int = 0) -> Backlog:
    return Backlog(late, tuple(NOW + ahead for ahead in due_in), len(due_in) + late)


def test_work_that_is_solved_faster_than_it_falls_due_is_never_late() -> None:
    told = forecast(steady(2, 3), backlog(HOUR, 2 * HOUR, 3 * HOUR), ALWAYS, NOW)
    assert (told.at, told.enough, told.open, told.solved, told.days) == (None, True, 3, 500, 14)
    assert told.arrivals_per_hour == pytest.approx(2)
    assert told.solves_per_hour == pytest.approx(3)


def test_the_first_deadline_that_cannot_be_kept_is_told() -> None:
    """One is in hand and two are solved by 11:00: of the five due then two stay, whatever comes later."""
    told = forecast(steady(0, 2), backlog(*[HOUR] * 5, 8 * HOUR), ALWAYS, NOW)
    assert told.at == NOW + HOUR


def test_what_is_just_solved_in_time_is_in_time() -> None:
    assert forecast(steady(0, 2), backlog(*[HOUR] * 3), ALWAYS, NOW).at is None
    assert forecast(steady(0, 2), backlog(*[HOUR] * 4), ALWAYS, NOW).at == NOW + HOUR


def test_a_single_ticket_at_a_slow_pace_is_in_hand() -> None:
    assert forecast(steady(0, 0.5), backlog(HOUR / 2), ALWAYS, NOW).at is None


def test_what_is_late_already_is_done_first_and_pushes_the_rest() -> None:
    in_time = [3 * HOUR] * 4
    assert forecast(steady(0, 2), backlog(*in_time), ALWAYS, NOW).at is None
    assert forecast(steady(0, 2), backlog(*in_time, late=4), ALWAYS, NOW).at == NOW + 3 * HOUR


def test_late_work_alone_is_no_forecast_as_nothing_more_is_missed() -> None:
    assert forecast(steady(0, 0), backlog(late=50), ALWAYS, NOW).at is None


def test_more_arrivals_than_solves_are_late_once_their_target_has_passed() -> None:
    told = forecast(steady(6, 2, target=2 * 3600), backlog(), ALWAYS, NOW)
    assert told.at is not None
    assert abs(told.at - (NOW + 3 * HOUR)) <= HOUR / 4  # six of an hour are due by then, six are solved


def test_nothing_is_solved_while_the_queue_is_closed() -> None:
    """18:00 is eight hours off: sixteen and the one in hand, then nothing more until the next morning at 9."""
    tomorrow = 24 * HOUR - timedelta(minutes=30)  # 09:30: another one by then
    enough, too_much = [8 * HOUR] * 17 + [tomorrow], [8 * HOUR] * 17 + [tomorrow] * 3
    assert forecast(steady(0, 2), backlog(*enough), OFFICE, NOW).at is None
    assert forecast(steady(0, 2), backlog(*too_much), OFFICE, NOW).at == NOW + tomorrow
    assert forecast(steady(0, 2), backlog(*enough), OFFICE, NOW).solves_per_hour == pytest.approx(2)


def test_a_quiet_hour_cannot_be_saved_up_for_a_busy_one() -> None:
    """Nothing is there to do until noon; what comes then has only the pace of the hours after it."""
    arrivals = dict.fromkeys(SLOTS, 0.0) | {(False, 12): 12.0}
    pace = replace(steady(0, 3, target=3600), arrivals=arrivals)
    told = forecast(pace, backlog(), ALWAYS, NOW)
    assert told.at is not None
    assert NOW + 3 * HOUR < told.at < NOW + 4 * HOUR


def test_too_few_solved_tickets_say_nothing() -> None:
    told = forecast(steady(9, 1, solved=ENOUGH - 1), backlog(*[HOUR] * 9), ALWAYS, NOW)
    assert (told.at, told.enough, told.solved, told.open) == (None, False, ENOUGH - 1, 9)
    assert forecast(steady(9, 1, solved=ENOUGH), backlog(*[HOUR] * 9), ALWAYS, NOW).enough


def test_what_falls_due_after_the_horizon_is_not_walked_to() -> None:
    assert forecast(steady(0, 0), backlog(HORIZON + STEP, HORIZON + STEP), ALWAYS, NOW).at is None
    assert forecast(steady(0, 0), backlog(HORIZON, HORIZON), ALWAYS, NOW).at == NOW + HORIZON


def test_arrivals_without_a_known_target_fall_due_beyond_the_horizon() -> None:
    assert forecast(steady(100, 1, target=None), backlog(), ALWAYS, NOW).at is None


rates = st.floats(0, 20, allow_nan=False)
hourly = st.lists(rates, min_size=len(SLOTS), max_size=len(SLOTS))
ahead = st.lists(st.integers(1, 26 * 60).map(lambda minutes: timedelta(minutes=minutes)), max_size=40)
situations = st.builds(
    lambda arrivals, solves, target, due, late: (
        Pace(dict(zip(SLOTS, arrivals, strict=True)), dict(zip(SLOTS, solves, strict=True)), 100, 14, target),
        backlog(*due, late=late),
    ),
    hourly,
    hourly,
    st.integers(600, 8 * 3600),
    ahead,
    st.integers(0, 20),
)
calendars = st.sampled_from([ALWAYS, OFFICE])
FAR = datetime.max.replace(tzinfo=UTC)


def instant(pace: Pace, waiting: Backlog, calendar: Calendar) -> datetime:
    return forecast(pace, waiting, calendar, NOW).at or FAR


@settings(max_examples=60, deadline=None)
@given(situations, calendars, st.floats(0, 10), st.sampled_from(SLOTS))
def test_more_arrivals_never_make_it_later(
    situation: tuple[Pace, Backlog], calendar: Calendar, more: float, slot: tuple[bool, int]
) -> None:
    pace, waiting = situation
    busier = replace(pace, arrivals={**pace.arrivals, slot: pace.arrivals[slot] + more})
    assert instant(busier, waiting, calendar) <= instant(pace, waiting, calendar)


@settings(max_examples=60, deadline=None)
@given(situations, calendars, st.floats(0, 10), st.sampled_from(SLOTS))
def test_more_solving_never_makes_it_earlier(
    situation: tuple[Pace, Backlog], calendar: Calendar, more: float, slot: tuple[bool, int]
) -> None:
    pace, waiting = situation
    faster = replace(pace, solves={**pace.solves, slot: pace.solves[slot] + more})
    assert instant(faster, waiting, calendar) >= instant(pace, waiting, calendar)


@settings(max_examples=60, deadline=None)
@given(situations, calendars, st.integers(1, 24 * 60))
def test_one_more_ticket_never_makes_it_later_and_the_instant_lies_within_the_horizon(
    situation: tuple[Pace, Backlog], calendar: Calendar, minutes: int
) -> None:
    pace, waiting = situation
    more = replace(waiting, due=(*waiting.due, NOW + timedelta(minutes=minutes)), open=waiting.open + 1)
    told = instant(pace, more, calendar)
    assert told <= instant(pace, waiting, calendar)
    assert told == FAR or NOW < told <= NOW + HORIZON


def test_the_pace_is_the_mean_of_the_same_hours_workdays_and_weekends_apart() -> None:
    since = NOW - timedelta(days=14)
    hours = [since + place * HOUR for place in range(14 * 24)]
    arrivals = {at: (3 if slot_of(ALWAYS, at) == (False, 10) else 1) for at in hours}
    solves = {at: (5 if slot_of(ALWAYS, at)[0] else 2) for at in hours}
    pace = pace_of(arrivals, solves, ALWAYS, since, NOW, 7200)
    assert pace.arrivals[False, 10] == pytest.approx(3)
    assert pace.arrivals[False, 11] == pytest.approx(1)
    assert pace.solves[True, 3] == pytest.approx(5)
    assert pace.solves[False, 3] == pytest.approx(2)
    assert (pace.days, pace.solved, pace.target_seconds) == (14, sum(solves.values()), 7200)


def test_the_rate_of_solving_is_one_of_open_time_and_closed_hours_have_none() -> None:
    since = NOW - timedelta(days=14)
    half = Calendar.parse({"timezone": "Asia/Shanghai", "hours": {day: [["09:30", "18:00"]] for day in WEEK[:5]}})
    hours = [since + place * HOUR for place in range(14 * 24)]
    pace = pace_of({}, dict.fromkeys(hours, 1), half, since, NOW, None)
    assert pace.solves[False, 9] == pytest.approx(2)  # one in each half hour
    assert pace.solves[False, 10] == pytest.approx(1)
    assert (False, 20) not in pace.solves
    assert (True, 10) not in pace.solves
    assert pace.solved == 14 * 24
