from __future__ import annotations

from datetime import date
from itertools import pairwise
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.domain.findings import MAX_FEN, MAX_FINDINGS, Finding, What, chinese_number, findings, only

MONDAY = date(2026, 11, 23)


def found(text: str, what: What) -> list[tuple[str, str]]:
    return [(one.value, one.kind) for one in findings(text, MONDAY) if one.what is what]


@pytest.mark.parametrize(
    ("text", "value", "kind"),
    [
        ("单子是231120-123456789012345", "231120-123456789012345", "pdd"),
        ("2512345678901234567 催一下", "2512345678901234567", "taobao"),
        ("订单号：298765432101", "298765432101", "jd"),
        ("P712345678901234567 什么时候发", "P712345678901234567", "xiaohongshu"),
        ("order number 112-2334455", "112-2334455", ""),
        ("订单号１２３４５６７８", "12345678", ""),
    ],
)
def test_order_numbers_are_known_by_their_form_or_the_word_before(text: str, value: str, kind: str) -> None:
    assert found(text, What.ORDER) == [(value, kind)]


@pytest.mark.parametrize(
    ("text", "value", "kind"),
    [
        ("sf1234567890123到哪了", "SF1234567890123", "sf"),
        ("快递单号 YT1234567890123", "YT1234567890123", "yto"),
        ("JDVA12345678901-1-1- 没动", "JDVA12345678901-1-1", "jd"),
        ("运单773012345678901查不到", "773012345678901", "sto"),
        ("tracking number: 99887766554", "99887766554", ""),
    ],
)
def test_tracking_numbers_are_known_by_their_carrier_or_the_word_before(text: str, value: str, kind: str) -> None:
    assert found(text, What.TRACKING) == [(value, kind)]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("我的电话13812345678", "13812345678"),
        ("+86 138-1234-5678", "13812345678"),
        ("138****5678这个号", "138****5678"),
        ("座机0571-88889999", "0571-88889999".replace("-", "")),
    ],
)
def test_phones_are_found_masked_or_not(text: str, value: str) -> None:
    assert found(text, What.PHONE) == [(value, "")]


def test_part_of_a_longer_number_is_no_phone() -> None:
    assert found("2138123456789012345", What.PHONE) == []


@pytest.mark.parametrize(
    ("text", "fen"),
    [
        ("¥12.5", 1250),
        ("30块", 3000),
        ("30块5", 3050),
        ("三十元", 3000),
        ("一百二十五块钱", 12500),
        ("1,299.00元", 129900),
        ("一块钱", 100),
    ],
)
def test_amounts_are_fen(text: str, fen: int) -> None:
    assert found(text, What.AMOUNT) == [(str(fen), "")]


def test_a_number_is_one_thing_only_and_a_phone_is_no_order() -> None:
    assert [one.what for one in findings("订单号：13812345678", MONDAY)] == [What.PHONE]


@pytest.mark.parametrize("text", ["少了一块", "两块表", "0元", "3元素", "¥99999999", "十块豆腐"])
def test_pieces_and_absurd_sums_are_no_amounts(text: str) -> None:
    assert [value for value, _ in found(text, What.AMOUNT) if int(value) > MAX_FEN] == []
    assert text == "¥99999999" or found(text, What.AMOUNT) == []


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("昨天买的", "2026-11-22"),
        ("大前天", "2026-11-20"),
        ("11月20日下单", "2026-11-20"),
        ("3月1号", "2026-03-01"),
        ("2026/11/2", "2026-11-02"),
        ("周三说发", "2026-11-18"),
        ("周一", "2026-11-23"),
        ("上周五", "2026-11-20"),
        ("下周二", "2026-12-01"),
        ("明天要用", "2026-11-24"),
    ],
)
def test_dates_are_told_from_the_customers_day(text: str, day: str) -> None:
    assert found(text, What.DATE) == [(day, "")]


def test_a_date_without_a_year_may_be_of_last_year() -> None:
    assert [one.value for one in findings("12月30日买的", date(2027, 1, 5))] == ["2026-12-30"]


@pytest.mark.parametrize("text", ["2月30日", "13月1日", "2026-02-31"])
def test_impossible_dates_are_left_alone(text: str) -> None:
    assert found(text, What.DATE) == []


@pytest.mark.parametrize(
    ("written", "number"),
    [("十", 10), ("十五", 15), ("两千", 2000), ("一百二", 120), ("一百零三", 103), ("一二三", 123)],
)
def test_chinese_numbers(written: str, number: int) -> None:
    assert chinese_number(written) == number


def test_one_value_is_offered_and_of_two_none() -> None:
    same = findings("13812345678 再打 13812345678", MONDAY)
    assert only(same, What.PHONE) == Finding(What.PHONE, 0, 11, "13812345678")
    assert only(findings("13812345678或13912345678", MONDAY), What.PHONE) is None
    assert only((), What.PHONE) is None


LETTERS = st.text(alphabet="0123456789-¥.,*SFJDTYorder 单号订月日周上下一二十百千块元昨天：０１٣", max_size=200)


@given(LETTERS | st.text(max_size=200), st.dates())
def test_any_text_gives_spans_that_lie_in_it_and_apart(text: str, today: date) -> None:
    spans = findings(text, today)
    assert len(spans) <= MAX_FINDINGS
    assert all(0 <= one.start < one.end <= len(text) and one.value for one in spans)
    assert all(left.end <= right.start for left, right in pairwise(spans))


@given(st.integers(1, 99_999_999))
def test_every_written_amount_is_read_to_the_fen(fen: int) -> None:
    assert found(f"退了{fen / 100:.2f}元", What.AMOUNT) == [(str(fen), "")]


@pytest.mark.parametrize(
    "piece", ["1", "-1", "一", "SF1", "1 ", "¥1,1,", "order ", "上", "13812345678 ", "1" * 31 + "-"]
)
def test_hostile_text_takes_no_time(piece: str) -> None:
    started = process_time()
    findings((piece * 20_000)[:100_000], MONDAY)
    assert process_time() - started < 0.25
