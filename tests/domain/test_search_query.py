"""The search box understands words and filters in both languages, and tells what it does not understand."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk.domain.problems import Invalid
from helpdesk.domain.search_query import MAX_LENGTH, SearchQuery, parse_query
from helpdesk.domain.ticket_filter import TicketFilter
from helpdesk.domain.tickets import Priority, Status

VALUES = {
    "type": {"发错货": "wrong_item", "Wrong item": "wrong_item", "少发": "missing", "发票": "invoice"},
    "status": {"待客户": "pending_customer", "待内部": "pending_internal", "pending_customer": "pending_customer"},
    "queue": {"仓库": "warehouse", "Warehouse": "warehouse"},
    "owner": {"我": "me", "me": "me", "未分派": "none", "林晓": "7"},
    "priority": {"P1": "P1", "P2": "P2"},
}


def parsed(text: str) -> SearchQuery:
    return parse_query(text, VALUES)


@pytest.mark.parametrize(
    ("text", "chosen"),
    [
        ("类型:发错货", TicketFilter(type="wrong_item")),
        ("type:wrong", TicketFilter(type="wrong_item")),
        ('type:"wrong item"', TicketFilter(type="wrong_item")),
        ("类型：發錯貨", TicketFilter(type="wrong_item")),
        ("状态:待客户 队列:仓库", TicketFilter(status=Status.PENDING_CUSTOMER, queue="warehouse")),
        ("status:pending_customer queue:WAREHOUSE", TicketFilter(status=Status.PENDING_CUSTOMER, queue="warehouse")),
        ("负责人:我 优先级:p1", TicketFilter(owner="me", priority=Priority.P1)),
        ("负责人:林", TicketFilter(owner="7")),
        ("超时", TicketFilter(overdue=True)),
        ("只看:vip", TicketFilter(vip=True)),
        ("is:overdue 只看:快超时", TicketFilter(overdue=True, soon=True)),
    ],
)
def test_filters_are_understood_in_both_languages(text: str, chosen: TicketFilter) -> None:
    query = parsed(text)
    assert (query.chosen, query.terms, query.misread) == (chosen, (), ())
    assert query.answerable


def test_days_words_and_filters_stand_side_by_side() -> None:
    query = parsed("退款 起:2026-11-01 to:2026-11-30 “太慢” P1")
    assert (query.since, query.until) == (date(2026, 11, 1), date(2026, 11, 30))
    assert query.terms == ("退款", "“太慢”", "p1")
    assert [chip.without for chip in query.chips] == [
        "退款 to:2026-11-30 “太慢” P1",
        "退款 起:2026-11-01 “太慢” P1",
    ]


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ('"超时" 了', ("超时", "了")),
        ('"late  parcel" x', ("late  parcel", "x")),
        ('"未完', ("未完",)),
        ("订单号：20261123001", ("20261123001",)),
        ("12:30 到", ("12:30", "到")),
        ("https://a.example/x", ("https://a.example/x",)),
        ("發貨 发货 ＳＦ１", ("发货", "sf1")),
        ("", ()),
    ],
)
def test_words(text: str, terms: tuple[str, ...]) -> None:
    query = parsed(text)
    assert (query.terms, query.misread) == (terms, ())


def test_an_unknown_filter_is_told_and_searched_for_as_words() -> None:
    query = parsed("颜色:红 退款")
    assert [(one.what, one.written) for one in query.misread] == [("name", "颜色")]
    assert query.terms == ("颜色:红", "退款")
    assert query.answerable


@pytest.mark.parametrize("text", ["状态:待", "状态:没有这个", "状态:", "起:昨天", "is:green", "类型:发 退款"])
def test_a_value_that_is_none_is_told_instead_of_answered(text: str) -> None:
    query = parsed(text)
    assert len(query.misread) == 1
    assert not query.answerable


def test_what_may_have_been_meant_is_offered() -> None:
    assert parsed("状态:待").misread[0].likely == ("待客户", "待内部")


@pytest.mark.parametrize(
    ("text", "short"), [("货", True), ("a 货", True), ("退货 货", False), ("", False), ("超时", False)]
)
def test_single_characters_are_too_short(text: str, short: bool) -> None:
    assert parsed(text).too_short is short


@pytest.mark.parametrize("text", ["很" * (MAX_LENGTH + 1), "a\x00b"])
def test_what_cannot_be_searched_for_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        parsed(text)


@given(st.text(st.sampled_from('类型状态:："超时是 P1a起-20待客户'), max_size=40))
@settings(max_examples=200, deadline=None)
def test_whatever_is_typed_is_understood_or_told(text: str) -> None:
    query = parsed(text)
    assert all(term == term.strip() and term for term in query.terms)
    for chip in query.chips:
        assert len(parsed(chip.without).chips) <= len(query.chips)
