from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.domain import shifts
from helpdesk.domain.problems import Conflict, Invalid
from helpdesk.domain.shifts import Duty, Part

SHANGHAI = ZoneInfo("Asia/Shanghai")
BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = date(2026, 11, 23)
HOUR = timedelta(hours=1)
START = datetime(2026, 11, 23, tzinfo=UTC)


def span(begin: float, end: float) -> Duty:
    """In hours from ``START``."""
    return Duty(START + begin * HOUR, START + end * HOUR)


duties = st.tuples(st.integers(0, 96), st.integers(1, 16)).map(lambda it: span(it[0], it[0] + it[1]))


@pytest.mark.parametrize(
    ("start", "end", "hours"),
    [("09:00", "18:00", 9), ("22:00", "06:00", 8), ("16:00", "24:00", 8), ("0:00", "8:30", 8.5)],
)
def test_a_shift_begins_on_its_day_and_may_end_on_the_next(start: str, end: str, hours: float) -> None:
    made = shifts.duty(MONDAY, start, end, SHANGHAI)
    assert shifts.local_day(made, SHANGHAI) == MONDAY
    assert made.ends_at - made.starts_at == hours * HOUR
    assert shifts.duty(MONDAY, *shifts.times(made, SHANGHAI), SHANGHAI) == made


@pytest.mark.parametrize("text", ["", "9", "25:00", "24:01", "12:60", "12:0", "noon", "１２:00", "09:00:00"])
def test_what_is_no_time_of_day_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as told:
        shifts.minutes(text)
    assert told.value.code == "shift.bad_time"


@pytest.mark.parametrize(
    ("start", "end", "code"),
    [
        ("09:00", "09:00", "shift.too_long"),
        ("06:00", "22:01", "shift.too_long"),
        ("24:00", "08:00", "shift.bad_time"),
    ],
)
def test_a_shift_is_at_most_sixteen_hours_and_never_a_whole_day(start: str, end: str, code: str) -> None:
    with pytest.raises(Invalid) as told:
        shifts.duty(MONDAY, start, end, SHANGHAI)
    assert told.value.code == code
    assert shifts.duty(MONDAY, "06:00", "22:00", SHANGHAI)


@pytest.mark.parametrize(
    ("text", "times"),
    [
        ("9-18", "09:00-18:00"),
        ("22:00-06:00 08:00-12:00", "08:00-12:00 22:00-06:00"),
        ("16:00–24:00", "16:00-24:00"),
        ("", ""),
        ("休", ""),
    ],
)
def test_shifts_are_read_as_people_write_them(text: str, times: str) -> None:
    found = shifts.read(MONDAY, text, SHANGHAI)
    assert shifts.written(found, SHANGHAI) == times
    assert shifts.read(MONDAY, times, SHANGHAI) == tuple(sorted(found))


def test_times_stay_on_the_wall_where_clocks_change() -> None:
    before = shifts.duty(date(2026, 10, 21), "22:00", "06:00", BERLIN)
    after = shifts.moved(before, 7, BERLIN)
    assert shifts.times(after, BERLIN) == ("22:00", "06:00")
    assert after.starts_at - before.starts_at == timedelta(days=7, hours=1)
    night = shifts.moved(before, 3, BERLIN)  # the one in which an hour comes twice
    assert night.ends_at - night.starts_at == 9 * HOUR


@given(
    st.dates(date(2026, 1, 1), date(2027, 12, 31)), st.integers(-200, 200), st.integers(0, 1439), st.integers(1, 960)
)
def test_moving_there_and_back_changes_nothing(day: date, days: int, start: int, length: int) -> None:
    end = (start + length) % 1440
    made = shifts.duty(day, f"{start // 60:02}:{start % 60:02}", f"{end // 60:02}:{end % 60:02}", SHANGHAI)
    there = shifts.moved(made, days, SHANGHAI)
    assert there.starts_at - made.starts_at == timedelta(days=days)
    assert shifts.moved(there, -days, SHANGHAI) == made


@given(st.lists(duties, max_size=6))
def test_shifts_of_one_person_stand_together_exactly_if_no_two_overlap(several: list[Duty]) -> None:
    clash = any(
        one.starts_at < other.ends_at and other.starts_at < one.ends_at
        for place, one in enumerate(several)
        for other in several[place + 1 :]
    )
    if clash:
        with pytest.raises(Conflict) as told:
            shifts.checked(several)
        assert told.value.code == "shift.overlap"
    else:
        assert shifts.checked(several) == tuple(sorted(several))


def test_the_fingerprint_knows_the_shifts_not_their_order() -> None:
    one, other = span(0, 8), span(10, 12)
    assert shifts.fingerprint([one, other]) == shifts.fingerprint([other, one])
    assert len({shifts.fingerprint(it) for it in ([], [one], [other], [one, other], [span(0, 8.5)])}) == 5


def test_a_week_begins_on_monday_and_a_day_at_midnight_on_the_wall() -> None:
    assert {shifts.monday(MONDAY + timedelta(days=n)) for n in range(7)} == {MONDAY}
    assert shifts.midnight(MONDAY, SHANGHAI) == datetime(2026, 11, 22, 16, tzinfo=UTC)


def test_a_day_more_than_a_year_off_is_a_mistake() -> None:
    shifts.check_day(MONDAY + timedelta(days=400), MONDAY)
    for far in (-401, 401):
        with pytest.raises(Invalid) as told:
            shifts.check_day(MONDAY + timedelta(days=far), MONDAY)
        assert told.value.code == "shift.too_far"


@pytest.mark.parametrize(
    ("away", "kind", "code"),
    [
        (span(0, 8), "holiday", "absence.bad_kind"),
        (span(8, 8), "leave", "absence.backwards"),
        (span(9, 8), "leave", "absence.backwards"),
        (span(-8, 0), "sick", "absence.over"),
        (span(0, 24 * 366 + 1), "leave", "absence.too_long"),
        (span(24 * 401, 24 * 402), "leave", "shift.too_far"),
    ],
)
def test_an_absence_that_can_t_be_is_refused(away: Duty, kind: str, code: str) -> None:
    with pytest.raises(Invalid) as told:
        shifts.check_absence(away, kind, START)
    assert told.value.code == code


def test_an_absence_may_have_begun_already() -> None:
    shifts.check_absence(span(-8, 8), "sick", START)


@pytest.mark.parametrize(
    ("away", "who"),
    [
        ({1: 2}, 2),
        ({1: None}, None),
        ({1: 2, 2: 3}, 3),
        ({1: 2, 2: None}, None),
        ({2: 3}, None),
        ({1: 2, 2: 1}, None),
        ({1: 2, 2: 3, 3: 2}, None),
    ],
)
def test_the_stand_in_is_the_first_of_the_chain_who_is_there(away: dict[int, int | None], who: int | None) -> None:
    assert shifts.last_stand_in(1, away) == who


@given(st.dictionaries(st.integers(1, 6), st.none() | st.integers(1, 8)), st.integers(1, 6))
def test_a_stand_in_is_never_away_himself(away: dict[int, int | None], user: int) -> None:
    found = shifts.last_stand_in(user, away)
    assert found is None or found not in away


def test_gaps_show_as_parts_with_nobody() -> None:
    hours = [(START + 9 * HOUR, START + 24 * HOUR)]
    found = list(shifts.coverage(hours, [span(8, 17), span(12, 20)]))
    assert found == [
        Part(START + 9 * HOUR, START + 12 * HOUR, 1),
        Part(START + 12 * HOUR, START + 17 * HOUR, 2),
        Part(START + 17 * HOUR, START + 20 * HOUR, 1),
        Part(START + 20 * HOUR, START + 24 * HOUR, 0),
    ]
    assert list(shifts.coverage([], [span(0, 8)])) == []


@given(st.lists(duties, max_size=6), st.lists(st.tuples(st.integers(0, 50), st.integers(1, 20)), max_size=1))
def test_coverage_counts_who_is_there_at_each_instant(several: list[Duty], opening: Sequence[tuple[int, int]]) -> None:
    hours = [(START + begin * HOUR, START + (begin + length) * HOUR) for begin, length in opening]
    parts = list(shifts.coverage(hours, several))
    assert sum((part.ends_at - part.starts_at for part in parts), timedelta()) == sum(
        (closes - opens for opens, closes in hours), timedelta()
    )
    for part in parts:
        for instant in (part.starts_at, part.ends_at - timedelta(microseconds=1)):
            assert part.people == sum(one.starts_at <= instant < one.ends_at for one in several)


@given(st.lists(duties, max_size=4), st.lists(duties, max_size=4))
def test_what_is_left_of_shifts_beside_absences(several: list[Duty], away: list[Duty]) -> None:
    left = list(shifts.without(several, away))
    assert not any(shifts.overlaps(one, away) for one in left)
    for hour in range(120):
        instant = START + hour * HOUR
        there = any(one.starts_at <= instant < one.ends_at for one in several)
        gone = any(one.starts_at <= instant < one.ends_at for one in away)
        assert any(one.starts_at <= instant < one.ends_at for one in left) == (there and not gone)


def test_a_handover_leaves_no_seam() -> None:
    hours = [(START + 9 * HOUR, START + 18 * HOUR)]
    assert list(shifts.coverage(hours, [span(9, 13), span(13, 18)])) == [Part(START + 9 * HOUR, START + 18 * HOUR, 1)]
    assert list(shifts.coverage([(START, START)], [])) == []


def test_a_shift_in_the_hour_that_a_change_of_clocks_leaves_out_is_refused() -> None:
    with pytest.raises(Invalid) as told:
        shifts.duty(date(2026, 3, 29), "02:30", "03:15", BERLIN)
    assert told.value.code == "shift.bad_time"
