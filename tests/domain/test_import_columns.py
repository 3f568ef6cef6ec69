"""Columns are found by many names; cells are read exactly or refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.domain.import_columns import (
    MAX_FEN,
    ORDER_COLUMNS,
    TICKET_COLUMNS,
    match_columns,
    read_count,
    read_fen,
    read_identifier,
    read_instant,
    read_status,
    read_text,
    require_columns,
)
from helpdesk.domain.problems import Invalid

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


def test_columns_are_found_by_their_chinese_and_english_names() -> None:
    found = match_columns(["内容", "订单号", "Customer Name", "手机号", "时间", "备注"], TICKET_COLUMNS, {})
    assert found == {
        "内容": "text",
        "订单号": "order_number",
        "Customer Name": "customer_name",
        "手机号": "phone",
        "时间": "created_at",
    }


@pytest.mark.parametrize("header", ["实付金额(元)", "实付金额（元）", "Paid Amount", "PAID", " paid_amount "])
def test_case_blanks_and_units_in_brackets_do_not_matter(header: str) -> None:
    assert match_columns([header], ORDER_COLUMNS, {}) == {header: "paid"}


def test_a_person_s_choice_wins_over_names() -> None:
    assert match_columns(["内容", "客户原话"], TICKET_COLUMNS, {"客户原话": "text"}) == {"客户原话": "text"}


def test_a_column_can_be_taken_from_the_field_its_name_means() -> None:
    assert match_columns(["内容", "标题"], TICKET_COLUMNS, {"标题": "text"}) == {"标题": "text"}


@pytest.mark.parametrize(
    ("headers", "chosen", "code"),
    [
        (["内容"], {"内容": "colour"}, "import.unknown_field"),
        (["内容"], {"原话": "text"}, "import.unknown_column"),
        (["内容", "问题描述"], {}, "import.column_twice"),
        (["a", "b"], {"a": "text", "b": "text"}, "import.column_twice"),
    ],
)
def test_what_is_ambiguous_or_unknown_is_refused(headers: list[str], chosen: dict[str, str], code: str) -> None:
    with pytest.raises(Invalid) as refusal:
        match_columns(headers, TICKET_COLUMNS, chosen)
    assert refusal.value.code == code


def test_required_columns_must_be_there() -> None:
    require_columns(["text", "phone"], ["text"])
    with pytest.raises(Invalid, match=r"import\.column_missing"):
        require_columns(["phone"], ["text"])


@pytest.mark.parametrize("columns", [TICKET_COLUMNS, ORDER_COLUMNS], ids=["tickets", "orders"])
def test_no_name_means_two_fields(columns: dict[str, tuple[str, ...]]) -> None:
    for field, names in columns.items():
        for name in (field, *names):
            assert match_columns([name], columns, {}) == {name: field}


@pytest.mark.parametrize(
    ("text", "fen"),
    [
        ("129", 12_900),
        ("¥1,299.00", 129_900),
        ("￥39.9", 3_990),
        ("39.90 元", 3_990),
        ("CNY 0.01", 1),
        ("0", 0),
        ("1e2", 10_000),
        ("", None),
        ("  ", None),
    ],
)
def test_yuan_are_read_as_fen(text: str, fen: int | None) -> None:
    assert read_fen(text, "paid") == fen


@pytest.mark.parametrize("text", ["-1", "12.345", "abc", "1.2.3", "NaN", "Infinity", "1e30", f"{MAX_FEN // 100 + 1}"])
def test_what_is_not_an_exact_amount_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as refusal:
        read_fen(text, "paid")
    assert refusal.value.code == "import.bad_amount"


@given(st.integers(0, MAX_FEN))
def test_every_amount_survives_being_written_in_yuan(fen: int) -> None:
    assert read_fen(f"¥{fen // 100:,}.{fen % 100:02}", "paid") == fen


@given(st.text(max_size=30))
def test_any_cell_gives_a_value_or_a_refusal(text: str) -> None:
    for read in (
        lambda: read_fen(text, "paid"),
        lambda: read_count(text, "quantity"),
        lambda: read_instant(text, "created_at", SHANGHAI, NOW),
        lambda: read_identifier(text, "number", 60),
    ):
        try:
            read()
        except Invalid as refusal:
            assert refusal.code.startswith("import.")  # noqa: PT017  a value is as good


@pytest.mark.parametrize(("text", "count"), [("3", 3), ("", 1), (" 2 ", 2), ("4.0", 4)])
def test_quantities_are_whole_and_one_by_default(text: str, count: int) -> None:
    assert read_count(text, "quantity") == count


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "1000001", "many", "²"])
def test_what_is_no_quantity_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        read_count(text, "quantity")


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-11-22 10:30", datetime(2026, 11, 22, 2, 30, tzinfo=UTC)),
        ("2026/11/2 8:05:09", datetime(2026, 11, 2, 0, 5, 9, tzinfo=UTC)),
        ("2026年11月2日 8时05分", datetime(2026, 11, 2, 0, 5, tzinfo=UTC)),
        ("2026.11.02", datetime(2026, 11, 1, 16, 0, tzinfo=UTC)),
        ("2026-11-22T10:30:00Z", datetime(2026, 11, 22, 10, 30, tzinfo=UTC)),
        ("2026-11-22T10:30:00.123+08:00", datetime(2026, 11, 22, 2, 30, tzinfo=UTC)),
        ("2026-11-22 10:30:00 -0500", datetime(2026, 11, 22, 15, 30, tzinfo=UTC)),
        ("", None),
    ],
)
def test_a_time_without_an_offset_is_in_the_shop_s_zone(text: str, instant: datetime | None) -> None:
    assert read_instant(text, "created_at", SHANGHAI, NOW) == instant


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("yesterday", "import.bad_time"),
        ("2026-02-30", "import.bad_time"),
        ("2026-11-22 25:00", "import.bad_time"),
        ("1999-12-31", "import.bad_time"),
        ("0001-01-01 00:00", "import.bad_time"),
        ("45000.5", "import.bad_time"),
        ("2026-11-23 10:30", "import.time_ahead"),
    ],
)
def test_what_is_no_past_time_is_refused(text: str, code: str) -> None:
    with pytest.raises(Invalid) as refusal:
        read_instant(text, "created_at", SHANGHAI, NOW)
    assert refusal.value.code == code


@given(st.datetimes(datetime(2000, 1, 2), datetime(2026, 11, 1)), st.integers(-12 * 60, 14 * 60))  # noqa: DTZ001
def test_iso_instants_are_read_as_they_are(naive: datetime, minutes: int) -> None:
    moment = naive.replace(microsecond=0, tzinfo=timezone(timedelta(minutes=minutes)))
    assert read_instant(moment.isoformat(), "created_at", SHANGHAI, NOW) == moment


def test_an_order_number_that_a_spreadsheet_cut_short_is_refused() -> None:
    for cut in ("2.02611E+17", "1.234567890123457e+17"):
        with pytest.raises(Invalid, match=r"import\.digits_lost"):
            read_identifier(cut, "order_number", 60)


@pytest.mark.parametrize(("text", "number"), [("'2026112300017", "2026112300017"), (" E12 ", "E12"), ("1E5X", "1E5X")])
def test_an_identifier_is_kept_digit_by_digit(text: str, number: str) -> None:
    assert read_identifier(text, "order_number", 60) == number


def test_a_text_has_a_limit() -> None:
    assert read_text("  好  ", "subject", 1) == "好"
    with pytest.raises(Invalid, match=r"import\.too_long"):
        read_text("很长", "subject", 1)


@pytest.mark.parametrize(("word", "code"), [("已发货", "shipped"), ("交易成功", "completed"), ("SHIPPED", "shipped")])
def test_the_channels_words_for_a_status_become_a_code(word: str, code: str) -> None:
    assert read_status(word, "status") == code


@pytest.mark.parametrize("columns", [TICKET_COLUMNS, ORDER_COLUMNS], ids=["tickets", "orders"])
def test_the_guide_lists_every_name_of_every_column(columns: dict[str, tuple[str, ...]]) -> None:
    guide = (Path(__file__).parents[2] / "docs" / "importing.md").read_text(encoding="utf-8")
    missing = [name for field, names in columns.items() for name in (field, *names) if name not in guide]
    assert missing == []
