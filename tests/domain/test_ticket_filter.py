"""The filter of lists, drill-down and saved views: what it lets in, and that it comes back as it went out."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.domain.problems import Invalid
from helpdesk.domain.ticket_filter import MAX_QUERY, MAX_WORDS, Tab, TicketFilter, parse_filter, parse_tab
from helpdesk.domain.tickets import Priority, Status, TicketClass

codes = st.from_regex(r"[a-z0-9][a-z0-9_-]{0,39}", fullmatch=True)
printable = st.text(st.characters(categories=("L", "N", "P", "S")), max_size=10)
filters = st.builds(
    TicketFilter,
    type=st.just("") | codes,
    klass=st.none() | st.sampled_from(TicketClass),
    queue=st.just("") | codes,
    channel=st.just("") | codes,
    shop=st.just("") | codes,
    status=st.none() | st.sampled_from(Status),
    priority=st.none() | st.sampled_from(Priority),
    owner=st.sampled_from(["", "me", "none"]) | st.integers(1, 999_999_999).map(str),
    overdue=st.booleans(),
    soon=st.booleans(),
    stuck=st.booleans(),
    waiting=st.integers(0, 90),
    unconfirmed=st.booleans(),
    vip=st.booleans(),
    tag=printable,
    q=st.lists(printable.filter(bool), max_size=4).map(" ".join),
)


@given(filters)
def test_a_filter_comes_back_from_its_own_address(chosen: TicketFilter) -> None:
    assert parse_filter(chosen.to_args()) == chosen


@given(st.dictionaries(st.sampled_from([*TicketFilter().__slots__, "class"]), st.text(max_size=90)))
def test_any_address_gives_a_filter_or_a_clear_refusal(args: dict[str, str]) -> None:
    with suppress(Invalid):
        chosen = parse_filter(args)
        assert parse_filter(chosen.to_args()) == chosen


def test_an_empty_address_asks_nothing_and_unknown_names_are_left_alone() -> None:
    assert parse_filter({"utm_source": "mail", "type": "", "overdue": ""}).asks_nothing
    assert TicketFilter().to_args() == {}
    assert not TicketFilter(overdue=True).asks_nothing


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("type", "Wrong Item"),
        ("type", "x" * 41),
        ("class", "D"),
        ("queue", "a;b"),
        ("status", "gone"),
        ("priority", "P9"),
        ("owner", "0"),
        ("owner", "99999999999"),
        ("owner", "you"),
        ("overdue", "maybe"),
        ("unconfirmed", "2"),
        ("waiting", "0"),
        ("waiting", "91"),
        ("waiting", "３"),
        ("today", "1"),  # nobody said when it ends
        ("q", "a\x00b"),
    ],
)
def test_a_value_outside_the_list_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(Invalid) as refused:
        parse_filter({name: value})
    assert (refused.value.code, refused.value.params) == ("filter.bad_value", {"field": name})


def test_search_words_are_bounded() -> None:
    with pytest.raises(Invalid) as refused:
        parse_filter({"q": "长" * (MAX_QUERY + 1)})
    assert refused.value.code == "filter.query_too_long"
    chosen = parse_filter({"q": "  a  b a c d e f g h  "})
    assert chosen.q == "a b a c d e f g h"
    assert chosen.words == ("a", "b", "c", "d", "e", "f")
    assert len(chosen.words) == MAX_WORDS


def test_what_a_copied_number_brings_along_unseen_is_dropped() -> None:
    assert parse_filter({"q": "\u200b20261122001\ufeff"}).q == "20261122001"


@pytest.mark.parametrize("q", ["EX-261122-0042", "ex-261122-0042", "20261122001", "SF1234567890", "A_1-23"])
def test_numbers_are_told_from_words(q: str) -> None:
    assert TicketFilter(q=q).looks_like_number


@pytest.mark.parametrize("q", ["", "发错货", "12", "iPhone", "wrong item 123", "张三123", "a1b2"])
def test_words_are_told_from_numbers(q: str) -> None:
    assert not TicketFilter(q=q).looks_like_number


def test_lists_show_what_is_still_to_be_done_unless_something_else_is_asked_for() -> None:
    assert TicketFilter().only_active
    assert TicketFilter(status=Status.PENDING_CUSTOMER).only_active
    assert not TicketFilter(status=Status.RESOLVED).only_active
    assert not TicketFilter(q="发错货").only_active
    assert TicketFilter(q="发错货", status=Status.OPEN).only_active
    assert TicketFilter(q="发错货", overdue=True).only_active


def test_tabs_have_fixed_names() -> None:
    assert parse_tab("") is Tab.ALL
    assert parse_tab("assists") is Tab.ASSISTS
    with pytest.raises(Invalid):
        parse_tab("everything")
