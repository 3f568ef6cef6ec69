from __future__ import annotations

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
