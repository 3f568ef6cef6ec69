from __future__ import annotations

from contextlib import suppress
from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.domain import hours
from helpdesk.domain.problems import Invalid

NINE, NOON, SIX = 9 * 3600, 12 * 3600, 18 * 3600

lists = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)).map(lambda pair: tuple(sorted(pair))), max_size=6)


def seconds(intervals: hours.Intervals) -> set[int]:
    return {second for begin, end in intervals for second in range(begin, end)}


@given(lists)
def test_a_union_has_the_same_seconds_in_order_and_apart(intervals):
    merged = hours.union(intervals)
    assert seconds(merged) == seconds(tuple(intervals))
    assert all(before[1] < after[0] for before, after in pairwise(merged))


@given(lists, lists)
def test_breaks_take_exactly_their_seconds_away(open_hours, breaks):
    left = hours.subtract(hours.union(open_hours), hours.union(breaks))
    assert seconds(left) == seconds(tuple(open_hours)) - seconds(tuple(breaks))
    assert left == hours.union(left)


def test_touching_and_overlapping_intervals_are_one():
    assert hours.parse_intervals([["12:00", "18:00"], ["09:00", "12:00"], ["10:00", "11:00"]]) == ((NINE, SIX),)


def test_an_interval_without_length_is_none():
    assert hours.parse_intervals([["09:00", "09:00"]]) == ()


def test_the_day_ends_at_24_and_seconds_are_kept():
    text = [["00:00", "08:30:15"], ["23:59:59", "24:00"]]
    assert hours.parse_intervals(text) == ((0, 30615), (86399, 86400))
    assert hours.show_intervals(hours.parse_intervals(text)) == text


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("09:00-18:00", "calendar.bad_hours"),
        ([["09:00"]], "calendar.bad_hours"),
        (["09:00", "18:00"], "calendar.bad_hours"),
        ([["9h", "18:00"]], "calendar.bad_time"),
        ([["09:00", 18]], "calendar.bad_time"),
        ([["09:00", "24:01"]], "calendar.bad_time"),
        ([["09:00", "24:00:01"]], "calendar.bad_time"),
        ([["09:00", "18:60"]], "calendar.bad_time"),
        ([["09:00", "١٨:00"]], "calendar.bad_time"),
        ([["22:00", "06:00"]], "calendar.interval_reversed"),
        ([["00:00", "00:01"]] * 97, "calendar.too_many_intervals"),
    ],
)
def test_bad_hours_are_refused_by_name(value, code):
    with pytest.raises(Invalid) as refusal:
        hours.parse_intervals(value)
    assert refusal.value.code == code


@pytest.mark.parametrize("interval", [(-1, 5), (5, 86401), (7, 6)])
def test_values_outside_the_day_are_refused(interval):
    with pytest.raises(Invalid, match="bad_interval"):
        hours.union([interval])


def test_a_week_is_read_by_name_and_shown_from_monday():
    document = {"sun": [["10:00", "12:00"]], "mon": [["09:00", "12:00"]]}
    week = hours.parse_week(document)
    assert week == {6: ((36000, 43200),), 0: ((NINE, NOON),)}
    assert list(hours.show_week(week)) == ["mon", "sun"]
    assert hours.parse_week(None) == {}


@pytest.mark.parametrize(
    ("read", "value", "code"),
    [
        (hours.parse_week, {"monday": []}, "calendar.bad_weekday"),
        (hours.parse_week, {1: []}, "calendar.bad_weekday"),
        (hours.parse_week, [["09:00", "18:00"]], "calendar.malformed"),
        (hours.parse_dated, "2026-01-01", "calendar.malformed"),
        (hours.parse_dated, {"2026-02-30": []}, "calendar.bad_date"),
        (hours.parse_dates, {"2026-01-01": []}, "calendar.malformed"),
        (hours.parse_dates, ["20260101"], "calendar.bad_date"),
        (hours.parse_dates, ["2026-W01-1"], "calendar.bad_date"),
        (hours.parse_dates, [20260101], "calendar.bad_date"),
        (hours.parse_dates, ["2026-01-01"] * 4001, "calendar.too_many_dates"),
        (hours.parse_date, None, "calendar.bad_date"),
    ],
)
def test_bad_tables_are_refused_by_name(read, value, code):
    with pytest.raises(Invalid) as refusal:
        read(value)
    assert refusal.value.code == code


def test_dates_are_shown_in_order():
    days = hours.parse_dates(["2026-10-01", "2026-01-01"])
    assert hours.show_dates(days) == ["2026-01-01", "2026-10-01"]
    table = {"2026-02-14": [["09:00", "18:00"]], "2026-01-04": []}
    assert list(hours.show_dated(hours.parse_dated(table))) == ["2026-01-04", "2026-02-14"]
    assert hours.parse_date("2026-01-04") == date(2026, 1, 4)


# Periods as people write them.

MINUTES = st.integers(0, 24 * 60 - 1).map(lambda minute: minute * 60)
written = st.tuples(MINUTES, st.one_of(MINUTES.filter(bool), st.just(hours.DAY_SECONDS))).filter(
    lambda pair: pair[0] != pair[1]
)
weeks = st.dictionaries(st.integers(0, 6), st.lists(written, max_size=4))


@given(st.lists(written, max_size=hours.MAX_PERIODS))
def test_any_list_of_periods_is_read_back_as_it_is_shown(periods):
    assert hours.read_periods(hours.show_periods(periods)) == tuple(periods)


@given(weeks)
def test_a_week_that_is_shown_and_typed_again_is_the_same_week(typed):
    week = hours.week_of(typed)
    shown = {day: hours.show_periods(periods) for day, periods in hours.periods_of(week).items()}
    assert sorted(shown) == list(range(7))
    assert hours.week_of({day: hours.read_periods(text) for day, text in shown.items()}) == week


@given(st.integers(0, 6), written.filter(lambda pair: pair[0] > pair[1]))
def test_an_overnight_shift_is_two_intervals_on_neighbouring_days(day, period):
    begin, end = period
    morning = {(day + 1) % 7: ((0, end),)}
    assert hours.week_of({day: [period]}) == {day: ((begin, hours.DAY_SECONDS),)} | morning
    assert hours.periods_of(hours.week_of({day: [period]}))[day] == (period,)


@given(weeks)
def test_a_typed_week_loses_no_second_and_invents_none(typed):
    expected = set()
    for day, periods in typed.items():
        for begin, end in periods:
            long = end - begin if begin < end else end - begin + hours.DAY_SECONDS
            expected |= {(day * 86400 + begin + second) % (7 * 86400) for second in range(0, long, 60)}
    week = hours.week_of(typed)
    found = {day * 86400 + second for day, open_ in week.items() for b, e in open_ for second in range(b, e, 60)}
    assert found == expected


def test_a_day_around_the_clock_stays_a_day():
    always = dict.fromkeys(range(7), ((0, hours.DAY_SECONDS),))
    assert {hours.show_periods(periods) for periods in hours.periods_of(always).values()} == {"00:00-24:00"}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("9-12,13:30-18", "09:00-12:00 13:30-18:00"),
        (" 9：00 至 12：00、13:30～18:30 ", "09:00-12:00 13:30-18:30"),
        ("9:00 – 12:00；13:30 — 18:30", "09:00-12:00 13:30-18:30"),
        ("22:00-06:00", "22:00-06:00"),
        ("22:00-0:00", "22:00-24:00"),
        ("09:00-24:00", "09:00-24:00"),
        ("09:00:30-18:00", "09:00:30-18:00"),
        ("", ""),
        ("休", ""),
        (" Closed ", ""),
    ],
)
def test_periods_are_read_as_people_write_them(text, shown):
    assert hours.show_periods(hours.read_periods(text)) == shown


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("9", "calendar.bad_hours"),
        ("morning", "calendar.bad_hours"),
        ("09:00-", "calendar.bad_hours"),
        ("-5-10", "calendar.bad_hours"),
        ("九点-十二点", "calendar.bad_hours"),
        ("9:00-12:00-15:00", "calendar.bad_hours"),
        ("9:0-12:00", "calendar.bad_hours"),
        ("09:60-12:00", "calendar.bad_time"),
        ("09:00-25:00", "calendar.bad_time"),
        ("09:00-24:01", "calendar.bad_time"),
        ("09:00-09:00", "calendar.no_length"),
        ("24:00-06:00", "calendar.no_length"),
        ("9-10 " * 25, "calendar.too_many_intervals"),
    ],
)
def test_a_piece_that_is_no_period_is_refused_by_name(text, code):
    with pytest.raises(Invalid) as refusal:
        hours.read_periods(text)
    assert refusal.value.code == code


@given(st.text(max_size=60))
def test_no_text_breaks_the_reader(text):
    periods: tuple[hours.Period, ...] = ()
    with suppress(Invalid):
        periods = hours.read_periods(text)
    assert hours.read_periods(hours.show_periods(periods)) == periods


def test_a_single_date_has_hours_of_its_own_only():
    assert hours.day_of(hours.read_periods("9-12 11-14")) == ((NINE, 14 * 3600),)
    with pytest.raises(Invalid) as refusal:
        hours.day_of(hours.read_periods("22:00-06:00"))
    assert (refusal.value.code, refusal.value.params["begin"]) == ("calendar.overnight_on_date", "22:00")
