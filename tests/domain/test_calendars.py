from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from helpdesk.domain import calendars
from helpdesk.domain.calendars import Calendar, DayKind
from helpdesk.domain.holidays import Holiday, HolidayKind
from helpdesk.domain.problems import Invalid
from seeds import calendar_data

HOUR = 3600
ALL_DAY = [["00:00", "24:00"]]
WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
OFFICE = Calendar.parse({"timezone": "Asia/Shanghai", "hours": {day: [["09:00", "18:00"]] for day in WEEK[:5]}})
SHIPPED = {named.code: named.calendar for named in calendar_data.calendars()}


def shanghai(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Asia/Shanghai"))


def round_the_clock(timezone: str) -> Calendar:
    return Calendar.parse({"timezone": timezone, "hours": dict.fromkeys(WEEK, ALL_DAY)})


# Documents


FULL = {
    "timezone": "Asia/Shanghai",
    "hours": {"mon": [["09:00", "12:00"], ["13:30", "18:00"]], "sun": [["22:00", "24:00"]]},
    "overrides": {"2026-01-04": [["09:00", "18:00"]], "2026-02-01": []},
    "holidays": ["2026-01-01"],
    "breaks": {"2026-01-05": [["10:00", "10:15"]]},
    "confirmed_through": "2026-12-31",
    "observes_holidays": True,
    "make_up_hours": [["09:00", "12:00"]],
    "public_holidays": ["2026-01-02"],
    "make_up_days": ["2026-02-14"],
}


def test_a_document_survives_the_round_trip():
    assert Calendar.parse(FULL).to_document() == FULL
    assert Calendar.parse(Calendar.parse(FULL).to_document()) == Calendar.parse(FULL)


def test_only_the_zone_is_required():
    bare = Calendar.parse({"timezone": "Etc/UTC"})
    assert bare == Calendar("Etc/UTC")
    assert bare.never_opens
    assert Calendar.parse(bare.to_document()) == bare


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ([], "calendar.malformed"),
        ({}, "calendar.unknown_timezone"),
        ({"timezone": None}, "calendar.unknown_timezone"),
        ({"timezone": "Asia/Atlantis"}, "calendar.unknown_timezone"),
        ({"timezone": "../../etc/passwd"}, "calendar.unknown_timezone"),
        ({"timezone": "Asia"}, "calendar.unknown_timezone"),
        ({"timezone": "Etc/UTC", "hours": {"mo": []}}, "calendar.bad_weekday"),
        ({"timezone": "Etc/UTC", "hours": {"mon": [["18:00", "09:00"]]}}, "calendar.interval_reversed"),
        ({"timezone": "Etc/UTC", "holidays": ["soon"]}, "calendar.bad_date"),
        ({"timezone": "Etc/UTC", "confirmed_through": "2026"}, "calendar.bad_date"),
        ({"timezone": "Etc/UTC", "make_up_hours": "all day"}, "calendar.bad_hours"),
    ],
)
def test_a_bad_document_is_refused_by_name(document, code):
    with pytest.raises(Invalid) as refusal:
        Calendar.parse(document)
    assert refusal.value.code == code


def test_values_are_checked_like_documents():
    with pytest.raises(Invalid, match="bad_weekday"):
        Calendar("Etc/UTC", hours={7: ((0, 60),)})
    tidy = Calendar("Etc/UTC", hours={0: ((60, 120), (0, 60)), 1: ()}, breaks={date(2026, 1, 1): ()})
    assert dict(tidy.hours) == {0: ((0, 120),)}
    assert not tidy.breaks


def test_a_value_cannot_be_changed():
    with pytest.raises(TypeError):
        OFFICE.hours[0] = ()  # type: ignore[index]


def test_an_instant_without_a_zone_is_a_mistake_of_the_program():
    with pytest.raises(ValueError, match="zone"):
        calendars.is_open(OFFICE, shanghai("2026-06-01").replace(tzinfo=None))


# Days


def test_a_break_is_taken_from_the_hours_and_a_holiday_wins_over_an_override():
    calendar = Calendar.parse({**FULL, "holidays": ["2026-01-04"]})
    assert calendars.hours_on(calendar, date(2026, 1, 4)) == ()
    assert calendars.hours_on(calendar, date(2026, 1, 5)) == (
        (9 * HOUR, 10 * HOUR),
        (10 * HOUR + 900, 12 * HOUR),
        (13 * HOUR + 1800, 18 * HOUR),
    )


@pytest.mark.parametrize(
    ("day", "kind"),
    [
        (date(2026, 1, 1), DayKind.HOLIDAY),
        (date(2026, 1, 2), DayKind.HOLIDAY),  # of the public table
        (date(2026, 1, 4), DayKind.SPECIAL),
        (date(2026, 2, 1), DayKind.SPECIAL),  # closed by the shop
        (date(2026, 2, 14), DayKind.MAKE_UP),
        (date(2026, 1, 5), DayKind.REGULAR),
        (date(2026, 1, 6), DayKind.CLOSED),
    ],
)
def test_a_day_says_why_it_has_its_hours(day, kind):
    assert calendars.day_kind(Calendar.parse(FULL), day) is kind


def test_a_make_up_day_works_the_make_up_hours_and_the_table_can_be_published_again():
    base = Calendar.parse({**OFFICE.to_document(), "observes_holidays": True, "make_up_hours": [["09:00", "12:00"]]})
    rows = [Holiday(date(2026, 5, 9), HolidayKind.WORK), Holiday(date(2026, 5, 1), HolidayKind.OFF)]
    first = calendars.with_holidays(base, rows, date(2026, 12, 31))
    assert calendars.hours_on(first, date(2026, 5, 9)) == ((9 * HOUR, 12 * HOUR),)
    assert calendars.hours_on(first, date(2026, 5, 1)) == ()
    assert first.confirmed_through == date(2026, 12, 31)
    corrected = calendars.with_holidays(first, rows[:1])
    assert calendars.hours_on(corrected, date(2026, 5, 1)) == ((9 * HOUR, 18 * HOUR),)
    assert calendars.with_holidays(corrected, ()) == base


def test_without_make_up_hours_a_make_up_day_has_those_of_its_weekday():
    base = Calendar.parse({**OFFICE.to_document(), "observes_holidays": True})
    worked = calendars.with_holidays(base, [Holiday(date(2026, 5, 9), HolidayKind.WORK)])
    assert calendars.hours_on(worked, date(2026, 5, 9)) == ()
    assert calendars.day_kind(worked, date(2026, 5, 9)) is DayKind.CLOSED


def test_the_shops_own_hours_stand_above_the_public_table():
    own = {"overrides": {"2026-10-01": [["10:00", "16:00"]], "2026-10-10": []}}
    base = Calendar.parse(
        {**OFFICE.to_document(), **own, "observes_holidays": True, "make_up_hours": [["09:00", "18:00"]]}
    )
    calendar = calendars.with_holidays(base, calendar_data.holidays())
    assert calendars.hours_on(calendar, date(2026, 10, 1)) == ((10 * HOUR, 16 * HOUR),)
    assert calendars.hours_on(calendar, date(2026, 10, 10)) == ()


def test_a_calendar_that_ignores_holidays_stays_as_it_is():
    assert calendars.with_holidays(OFFICE, calendar_data.holidays(), date(2026, 12, 31)) is OFFICE


@pytest.mark.parametrize(
    ("code", "at", "expected"),
    [
        ("customer_service", "2026-02-17T23:59:59", True),
        ("customer_service", "2026-02-18T00:00:00", False),
        ("customer_service", "2026-02-18T09:00:00", True),
        ("warehouse", "2026-02-17T08:30:00", True),
        ("warehouse", "2026-02-17T12:00:00", False),
        ("warehouse", "2026-02-17T13:00:00", True),
        ("warehouse", "2026-02-17T20:00:00", False),
        ("finance", "2026-02-14T13:30:00", True),  # Saturday, make-up workday
        ("finance", "2026-02-14T13:29:59", False),
        ("finance", "2026-02-16T10:00:00", False),  # Monday of the Spring Festival
        ("finance", "2026-02-24T18:29:59", True),
        ("finance", "2026-02-24T18:30:00", False),
    ],
)
def test_the_shipped_calendars_open_and_close_on_the_second(code, at, expected):
    assert calendars.is_open(SHIPPED[code], shanghai(at)) is expected


def test_shipped_holidays_are_confirmed_for_finance_only():
    assert SHIPPED["finance"].confirmed_through == date(2026, 12, 31)
    assert SHIPPED["customer_service"].confirmed_through is None
    assert {named.name_zh for named in calendar_data.calendars()} == {"客服", "仓库", "财务"}


# Arithmetic


def test_what_is_due_at_fridays_closing_holds_until_mondays_opening():
    friday = shanghai("2026-06-05T14:00")
    assert calendars.earliest_reach(OFFICE, friday, 4 * HOUR) == shanghai("2026-06-05T18:00")
    assert calendars.latest_hold(OFFICE, friday, 4 * HOUR) == shanghai("2026-06-08T09:00")


def test_the_next_opening_is_now_when_open():
    assert calendars.next_opening(OFFICE, shanghai("2026-06-05T10:00")) == shanghai("2026-06-05T10:00")
    assert calendars.next_opening(OFFICE, shanghai("2026-06-05T18:00")) == shanghai("2026-06-08T09:00")
    assert calendars.next_opening(Calendar("Etc/UTC"), shanghai("2026-06-05T18:00")) is None


def test_no_seconds_are_reached_at_once_and_held_until_the_opening():
    saturday = shanghai("2026-06-06T10:00")
    assert calendars.earliest_reach(OFFICE, saturday, 0) == saturday
    assert calendars.latest_hold(OFFICE, saturday, 0) == shanghai("2026-06-08T09:00")


def test_a_repeated_hour_counts_twice_and_a_skipped_one_not_at_all():
    night = Calendar.parse({"timezone": "Europe/Berlin", "hours": {"sun": [["00:00", "08:00"]]}})
    autumn, spring = datetime(2026, 10, 24, tzinfo=UTC), datetime(2026, 3, 28, tzinfo=UTC)
    assert calendars.open_seconds(night, autumn, autumn + timedelta(days=3)) == 9 * HOUR
    assert calendars.open_seconds(night, spring, spring + timedelta(days=3)) == 7 * HOUR


def test_clocks_set_back_over_midnight_leave_no_second_uncounted():
    # St. John's once changed at 00:01, back to 23:01 of the day before: two dates interleave
    saturday = Calendar.parse({"timezone": "America/St_Johns", "hours": {"sat": ALL_DAY}})
    start = datetime(2010, 11, 6, 0, 0, tzinfo=ZoneInfo("America/St_Johns"))
    spans = list(calendars.open_intervals(saturday, start, start + timedelta(days=2)))
    assert [(end - begin).total_seconds() for begin, end in spans] == [24 * HOUR, 59 * 60]
    assert calendars.open_seconds(round_the_clock("America/St_Johns"), start, start + timedelta(days=3)) == 73 * HOUR


def test_a_date_that_never_was_has_no_hours():
    # Samoa went from 29 to 31 December 2011
    friday = Calendar.parse({"timezone": "Pacific/Apia", "hours": {"fri": ALL_DAY}})
    start = datetime(2011, 12, 26, tzinfo=UTC)
    assert calendars.next_opening(friday, start) == datetime(2012, 1, 5, 10, tzinfo=UTC)


def test_shifts_that_meet_at_midnight_are_one_stretch():
    start = datetime(2026, 6, 1, 3, tzinfo=UTC)
    spans = list(calendars.open_intervals(round_the_clock("Asia/Shanghai"), start, start + timedelta(days=5)))
    assert spans == [(start, start + timedelta(days=5))]


def test_stretches_are_cut_to_what_was_asked():
    monday = shanghai("2026-06-01T00:00")
    spans = list(calendars.open_intervals(OFFICE, monday + timedelta(hours=10), monday + timedelta(hours=35)))
    assert spans == [
        (shanghai("2026-06-01T10:00"), shanghai("2026-06-01T18:00")),
        (shanghai("2026-06-02T09:00"), shanghai("2026-06-02T11:00")),
    ]
    assert list(calendars.open_intervals(OFFICE, monday, monday + timedelta(hours=1))) == []


def test_time_that_runs_backwards_has_no_seconds():
    monday = shanghai("2026-06-01T12:00")
    assert calendars.open_seconds(OFFICE, monday, monday - timedelta(hours=2)) == 0
    assert calendars.open_seconds(OFFICE, monday, monday) == 0


def test_parts_of_a_second_are_exact_in_instants_and_dropped_in_figures():
    start = shanghai("2026-06-01T09:00:00.250000")
    assert calendars.earliest_reach(OFFICE, start, 1) == start + timedelta(seconds=1)
    assert calendars.open_seconds(OFFICE, start, start + timedelta(seconds=1.9)) == 1


@pytest.mark.parametrize(
    "document",
    [
        {"hours": {}},
        {"hours": {day: [] for day in WEEK}},
        {"hours": {"mon": ALL_DAY}, "overrides": {}, "breaks": {}, "holidays": []},
    ],
)
def test_a_target_beyond_a_century_is_never_reached(document):
    calendar = Calendar.parse({"timezone": "Etc/UTC", **document})
    start = datetime(2026, 1, 1, tzinfo=UTC)
    assert calendars.earliest_reach(calendar, start, 10**9) is None
    assert calendars.latest_hold(calendar, start, 10**9) is None


def test_an_opening_is_looked_for_800_days_ahead_and_no_further():
    start = datetime(2026, 1, 1, 12, tzinfo=UTC)

    def opening_in(days: int) -> Calendar:
        return Calendar("Etc/UTC", overrides={(start + timedelta(days=days)).date(): ((43200, 46800),)})

    assert calendars.earliest_reach(opening_in(800), start, 60) == start + timedelta(days=800, seconds=60)
    assert calendars.earliest_reach(opening_in(801), start, 60) is None
    assert calendars.open_seconds(opening_in(801), start, start + timedelta(days=900)) == 3600


def test_the_ends_of_time_are_no_crash():
    first, last = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    for zone in ("Pacific/Kiritimati", "Pacific/Niue"):
        calendar = round_the_clock(zone)
        assert calendars.earliest_reach(calendar, first, HOUR) == datetime(1, 1, 3, 1, tzinfo=UTC)
        assert calendars.earliest_reach(calendar, last, HOUR) is None
        assert calendars.open_seconds(calendar, last - timedelta(days=9), last) > 5 * 86400


def test_the_cache_of_days_does_not_grow_without_end():
    calendar = round_the_clock("Asia/Shanghai")
    start = datetime(2000, 1, 1, tzinfo=UTC)
    end = start + timedelta(days=calendars.CACHED_DAYS + 10)
    assert calendars.open_seconds(calendar, start, end) == (calendars.CACHED_DAYS + 10) * 86400
    assert len(calendar._days) <= calendars.CACHED_DAYS


# What a person would say of an opening


def test_the_present_opening_or_the_next_one():
    assert calendars.opening(OFFICE, shanghai("2026-06-01T10:00")) == (
        shanghai("2026-06-01T10:00"),
        shanghai("2026-06-01T18:00"),
    )
    assert calendars.opening(OFFICE, shanghai("2026-06-05T18:00")) == (
        shanghai("2026-06-08T09:00"),
        shanghai("2026-06-08T18:00"),
    )
    assert calendars.opening(Calendar("Etc/UTC"), shanghai("2026-06-01T10:00")) is None


def test_an_opening_without_end_is_told_for_a_week():
    start = shanghai("2026-06-01T10:00")
    assert calendars.opening(round_the_clock("Asia/Shanghai"), start) == (start, start + timedelta(days=7))


@pytest.mark.parametrize(
    ("now", "promised"),
    [
        ("2026-06-01T08:00", "2026-06-01T18:00"),
        ("2026-06-01T16:00", "2026-06-01T18:00"),
        ("2026-06-01T16:01", "2026-06-02T18:00"),
        ("2026-06-05T17:00", "2026-06-08T18:00"),
        ("2026-06-06T12:00", "2026-06-08T18:00"),
    ],
)
def test_a_promise_leaves_its_time_before_the_closing(now, promised):
    assert calendars.closing_after(OFFICE, shanghai(now), 2 * HOUR) == shanghai(promised)


def test_a_day_ends_at_midnight_even_where_nobody_closes():
    promised = calendars.closing_after(round_the_clock("Asia/Shanghai"), shanghai("2026-06-01T22:30"), 2 * HOUR)
    assert promised == shanghai("2026-06-03T00:00")
    promised = calendars.closing_after(round_the_clock("Asia/Shanghai"), shanghai("2026-06-01T22:00"), 2 * HOUR)
    assert promised == shanghai("2026-06-02T00:00")


def test_where_nobody_ever_works_nothing_can_be_promised():
    assert calendars.closing_after(Calendar("Etc/UTC"), shanghai("2026-06-01T22:30"), 2 * HOUR) is None
