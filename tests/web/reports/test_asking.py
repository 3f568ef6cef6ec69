"""The address of a report: what it asks for, and what is refused."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.domain.problems import Invalid
from helpdesk.domain.reports import Dimension, Period, Question, month_of
from helpdesk.web.reports.asking import Asked, parse

TODAY = date(2026, 11, 23)


def test_an_address_without_anything_asks_for_this_month_by_type_in_wall_time() -> None:
    asked = parse({}, TODAY)
    assert asked.question == Question(
        Period(date(2026, 11, 1), date(2026, 11, 30)),
        Dimension.TYPE,
        Period(date(2026, 10, 1), date(2026, 10, 31)),
    )
    assert asked.time == "wall"


@pytest.mark.parametrize(("day", "month"), [(1, 10), (7, 10), (8, 11)])
def test_in_the_first_week_of_a_month_people_ask_for_the_one_before(day: int, month: int) -> None:
    assert parse({}, date(2026, 11, day)).period.month == date(2026, month, 1)


def test_a_period_of_days_is_compared_with_as_many_days_before_it() -> None:
    asked = parse({"from": "2026-11-02", "to": "2026-11-08"}, TODAY)
    assert asked.against == Period(date(2026, 10, 26), date(2026, 11, 1))


def test_days_go_before_a_month() -> None:
    asked = parse({"month": "2026-01", "from": "2026-11-02", "to": "2026-11-08"}, TODAY)
    assert asked.period == Period(date(2026, 11, 2), date(2026, 11, 8))


@pytest.mark.parametrize(
    ("args", "first", "last"),
    [
        ({"month": "2026-10", "vs": "2025-10"}, "2025-10-01", "2025-10-31"),
        ({"month": "2024-02", "vs": "year"}, "2023-02-01", "2023-02-28"),
        ({"from": "2024-02-29", "to": "2024-03-03", "vs": "year"}, "2023-02-28", "2023-03-03"),
        ({"month": "2026-10", "vs_from": "2026-06-05", "vs_to": "2026-06-20"}, "2026-06-05", "2026-06-20"),
    ],
)
def test_any_other_period_can_be_compared_with(args: dict[str, str], first: str, last: str) -> None:
    assert parse(args, TODAY).against == Period(date.fromisoformat(first), date.fromisoformat(last))


@pytest.mark.parametrize(
    ("args", "code"),
    [
        ({"month": "2026-13"}, "report.bad_month"),
        ({"month": "0001-01"}, "report.bad_month"),
        ({"month": "9999-12"}, "report.bad_month"),
        ({"month": "２０２６-10"}, "report.bad_month"),
        ({"month": "2026-10' OR 1=1"}, "report.bad_month"),
        ({"from": "2026-10-01"}, "report.bad_day"),
        ({"from": "2026-10-01", "to": "2026-10-32"}, "report.bad_day"),
        ({"from": "20261001", "to": "2026-10-31"}, "report.bad_day"),
        ({"from": "2026-10-05", "to": "2026-10-01"}, "report.period_reversed"),
        ({"from": "2001-01-01", "to": "2051-01-01"}, "report.period_too_long"),
        ({"vs": "last"}, "report.bad_month"),
        ({"by": "subject; DROP TABLE ticket"}, "report.unknown_cut"),
        ({"by": "all"}, "report.unknown_cut"),
        ({"time": "cpu"}, "report.unknown_time"),
        ({"channel": "1e9"}, "report.bad_filter"),
        ({"queue": "99999999999"}, "report.bad_filter"),
        ({"agent": "-1"}, "report.bad_filter"),
        ({"class": "A'--"}, "report.bad_filter"),
        ({"type": "x" * 41}, "report.bad_filter"),
        ({"sku": "x" * 81}, "report.bad_filter"),
        ({"warehouse": "a\x00b"}, "report.bad_filter"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_its_reason(args: dict[str, str], code: str) -> None:
    with pytest.raises(Invalid) as refused:
        parse(args, TODAY)
    assert refused.value.code == code


def test_what_is_left_empty_or_unknown_asks_for_nothing() -> None:
    assert parse({"month": " ", "by": "", "channel": "", "sort": "opened; --", "utm_source": "mail"}, TODAY) == parse(
        {}, TODAY
    )


def test_a_filter_is_put_on_replaced_and_taken_off() -> None:
    plain = parse({"month": "2026-10"}, TODAY)
    of_type = plain.within(Dimension.TYPE, "wrong_item").within(Dimension.TYPE, "damaged")
    assert of_type.args == {"month": "2026-10", "type": "damaged"}
    assert of_type.within(Dimension.TYPE, None) == plain


def test_tickets_without_any_value_can_be_asked_for() -> None:
    asked = parse({"warehouse": "-"}, TODAY)
    assert asked.only == {Dimension.WAREHOUSE: ""}
    assert asked.args["warehouse"] == "-"


@given(
    period=st.dates(date(2003, 1, 1), date(2190, 1, 1)).flatmap(
        lambda first: st.one_of(
            st.just(month_of(first)),
            st.integers(0, 700).map(lambda days: Period(first, date.fromordinal(first.toordinal() + days))),
        )
    ),
    other=st.none() | st.dates(date(2003, 1, 1), date(2190, 1, 1)).map(month_of),
    by=st.sampled_from(Dimension),
    time=st.sampled_from(["wall", "work"]),
    only=st.fixed_dictionaries(
        {},
        optional={
            Dimension.CHANNEL: st.integers(1, 2**31 - 1).map(str),
            Dimension.CLASS: st.sampled_from("ABC"),
            Dimension.SKU: st.sampled_from(["CUP-01", "杯子 大号", "A&B=C", ""]),
        },
    ),
)
def test_the_address_of_what_is_asked_asks_for_the_same(
    period: Period, other: Period | None, by: Dimension, time: str, only: dict[Dimension, str]
) -> None:
    question = Question(period, by, other or period.before(), tuple(sorted(only.items())))
    asked = Asked(question, time, TODAY)
    assert parse(asked.args, TODAY) == asked
