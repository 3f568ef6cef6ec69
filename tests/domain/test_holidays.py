from __future__ import annotations

from datetime import date, timedelta

import chinese_calendar
import holidays as holidays_package
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.domain.holidays import (
    Holiday,
    HolidayKind,
    compare,
    english_name,
    holiday_of,
    kind_said,
    last_confirmed_day,
    names_of,
    parse_holidays,
    sift_holidays,
    year_to_confirm,
)
from helpdesk.domain.hours import MAX_DATES
from helpdesk.domain.problems import Invalid
from seeds import calendar_data

DAYS = [date(2025, 1, 1) + timedelta(days=n) for n in range(730)]


def test_the_seeded_table_agrees_with_two_independent_packages_on_all_730_days():
    table = {row.day: row.kind for row in calendar_data.holidays()}
    other = holidays_package.country_holidays("CN", years=[2025, 2026])

    def worked(day: date) -> bool:
        return table.get(day, HolidayKind.OFF if day.weekday() >= 5 else HolidayKind.WORK) is HolidayKind.WORK

    ours = [worked(day) for day in DAYS]
    assert ours == [chinese_calendar.is_workday(day) for day in DAYS]
    assert ours == [other.is_working_day(day) for day in DAYS]
    assert (sum(ours[:365]), sum(ours[365:])) == (248, 248)
    assert DAYS[-1] == date(2026, 12, 31)


def test_every_seeded_row_is_named_in_both_languages():
    rows = calendar_data.holidays()
    assert {row.day.year for row in rows} == set(calendar_data.confirmed_years()) == {2025, 2026}
    assert all(row.name_zh and row.name_en for row in rows)
    assert all(row.day.weekday() >= 5 for row in rows if row.kind is HolidayKind.WORK)


def test_rows_are_read_in_order_of_date():
    rows: list[dict[str, str | None]] = [
        {"date": "2027-02-06", "kind": "off", "name_zh": "春节", "name_en": "Spring Festival"},
        {"date": " 2027-01-03 ", "kind": "work", "name_zh": None},
    ]
    assert parse_holidays(rows) == (
        Holiday(date(2027, 1, 3), HolidayKind.WORK),
        Holiday(date(2027, 2, 6), HolidayKind.OFF, "春节", "Spring Festival"),
    )


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ({"date": "2027-01-01", "kind": "holiday"}, "holiday.bad_kind"),
        ({"date": "2027-01-01"}, "holiday.bad_kind"),
        ({"date": "01/01/2027", "kind": "off"}, "holiday.bad_date"),
        ({"kind": "off"}, "holiday.bad_date"),
        ({"date": "2027-01-01", "kind": "off", "name_en": "x" * 41}, "holiday.name_too_long"),
        ({"date": "2026-01-01", "kind": "off"}, "holiday.twice"),
    ],
)
def test_a_bad_row_is_named_by_its_number(row, code):
    with pytest.raises(Invalid) as refusal:
        parse_holidays([{"date": "2026-01-01", "kind": "off"}, row])
    assert refusal.value.code == code
    assert refusal.value.params["row"] == 2


def test_a_table_has_a_limit():
    row = {"date": "2026-01-01", "kind": "off"}
    endless = ({**row, "date": (date(2026, 1, 1) + timedelta(days=n)).isoformat()} for n in range(MAX_DATES + 1))
    with pytest.raises(Invalid, match="too_many_dates"):
        parse_holidays(endless)


@pytest.mark.parametrize(
    ("years", "last"),
    [
        ([], date.min),
        ([2026], date(2026, 12, 31)),
        ([2026, 2025], date(2026, 12, 31)),
        ([2025, 2027], date(2025, 12, 31)),
    ],
)
def test_confirmed_years_count_as_far_as_they_are_unbroken(years, last):
    assert last_confirmed_day(years) == last


@pytest.mark.parametrize(
    ("today", "years", "missing"),
    [
        (date(2026, 11, 30), [2025, 2026], None),
        (date(2026, 12, 1), [2025, 2026], 2027),
        (date(2026, 12, 1), [2026, 2027], None),
        (date(2027, 1, 1), [2025, 2026], 2027),
        (date(2026, 12, 31), [], 2026),
    ],
)
def test_next_years_holidays_are_asked_for_from_the_first_of_december(today, years, missing):
    assert year_to_confirm(today, years) == missing


def test_each_bad_row_is_named_by_its_place_in_the_file_and_the_others_are_read():
    rows = [
        (2, {"date": "2027-01-01", "kind": "off"}),
        (4, {"date": "2027-13-01", "kind": "off"}),
        (5, {"date": "2027-01-01", "kind": "work"}),
        (9, {"date": "9999-01-01", "kind": "off"}),
        (10, {"date": "1999-12-31", "kind": "off"}),
        (11, {"date": "2027-01-02", "kind": "off", "name_zh": "元\x07旦"}),
    ]
    holidays, problems = sift_holidays(rows)
    assert [holiday.day for holiday in holidays] == [date(2027, 1, 1)]
    assert [(problem.params["row"], problem.code) for problem in problems] == [
        (4, "holiday.bad_date"),
        (5, "holiday.twice"),
        (9, "holiday.year_out_of_range"),
        (10, "holiday.year_out_of_range"),
        (11, "holiday.bad_name"),
    ]


days = st.builds(
    Holiday,
    st.dates(date(2027, 1, 1), date(2027, 1, 9)),
    st.sampled_from(HolidayKind),
    st.sampled_from(["元旦", "春节"]),
)
tables = st.lists(days, max_size=6, unique_by=lambda holiday: holiday.day)


@given(tables, tables)
def test_a_comparison_says_how_to_come_from_one_table_to_the_other(present, wanted):
    found = compare(present, wanted)
    table = {one.day: one for one in present}
    for one in found.removed:
        assert table.pop(one.day) == one
    for before, after in found.changed:
        assert table[before.day] == before
        table[after.day] = after
    for one in found.added:
        assert table.setdefault(one.day, one) == one
    assert table == {one.day: one for one in wanted}
    assert found.same == len(table) - len(found.added) - len(found.changed)
    assert found.is_empty == (set(present) == set(wanted))


@given(days)
def test_a_day_comes_back_from_its_row(holiday):
    assert holiday_of(holiday.to_row()) == holiday


def test_english_names_are_those_of_the_shipped_table():
    for row in calendar_data.holidays():
        if "、" not in row.name_zh:
            assert english_name(row.name_zh, row.kind) == row.name_en
    assert english_name("店庆", HolidayKind.OFF) == ""


@pytest.mark.parametrize(
    ("summary", "kind"),
    [
        ("国庆节（休）", HolidayKind.OFF),
        ("国庆节放假", HolidayKind.OFF),
        ("春节（调休放假）", HolidayKind.OFF),
        ("New Year's Day holiday", HolidayKind.OFF),
        ("春节（班）", HolidayKind.WORK),
        ("春节调休上班", HolidayKind.WORK),
        ("Make-up workday for a holiday", HolidayKind.WORK),
        ("植树节，不放假", None),
        ("重阳节", None),
        ("", None),
    ],
)
def test_a_feed_says_whether_a_day_is_off_or_worked(summary, kind):
    assert kind_said(summary) is kind


def test_an_exchange_alone_may_mean_both():
    with pytest.raises(Invalid, match="unclear"):
        kind_said("春节调休")


@pytest.mark.parametrize(
    ("summary", "kind", "names"),
    [
        ("国庆节（休）", HolidayKind.OFF, ("国庆节", "National Day")),
        ("【班】 春节", HolidayKind.WORK, ("春节调休上班", "Spring Festival make-up workday")),
        ("春节调休", HolidayKind.WORK, ("春节调休上班", "Spring Festival make-up workday")),
        ("休  店庆", HolidayKind.OFF, ("店庆", "")),
        ("店庆 班", HolidayKind.WORK, ("店庆调休上班", "")),
        ("Founders' day (holiday)", HolidayKind.OFF, ("Founders' day", "Founders' day")),
    ],
)
def test_names_come_without_the_mark(summary, kind, names):
    assert names_of(summary, kind) == names
