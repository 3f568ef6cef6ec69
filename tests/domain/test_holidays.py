from __future__ import annotations

from datetime import date, timedelta

import chinese_calendar
import holidays as holidays_package
import pytest

from helpdesk.domain.holidays import Holiday, HolidayKind, last_confirmed_day, parse_holidays, year_to_confirm
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
