"""Lists of tickets as values: what a view keeps comes back from its address as it went out."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.domain.problems import Invalid
from helpdesk.domain.ticket_filter import Tab, TicketFilter
from helpdesk.domain.views import (
    SHIPPED,
    SORTS_OF,
    USUAL,
    Column,
    ListView,
    Sort,
    parse_columns,
    parse_list,
)
from tests.domain.test_ticket_filter import filters

MIDNIGHT = datetime(2026, 11, 23, 16, tzinfo=UTC)
columns = st.lists(st.sampled_from(Column), unique=True, max_size=8).map(parse_columns)
views = st.builds(
    ListView,
    chosen=filters,
    tab=st.sampled_from(Tab),
    columns=columns,
    sort=st.sampled_from(Sort),
)


@given(views)
def test_a_list_comes_back_from_its_own_address(view: ListView) -> None:
    assert parse_list(view.to_args(), MIDNIGHT) == view


@given(st.dictionaries(st.sampled_from(["tab", "sort", "columns", "q", "status"]), st.text(max_size=60)))
def test_any_address_gives_a_list_or_a_clear_refusal(args: dict[str, str]) -> None:
    with suppress(Invalid):
        view = parse_list(args)
        assert parse_list(view.to_args()) == view


def test_the_list_of_everything_has_an_empty_address_and_the_usual_columns() -> None:
    assert parse_list({}) == ListView()
    assert ListView().to_args() == {}
    assert ListView().shown == USUAL


@pytest.mark.parametrize(("name", "value"), [("sort", "subject"), ("sort", "-due"), ("columns", "number,secret")])
def test_what_there_is_not_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(Invalid) as refused:
        parse_list({name: value})
    assert (refused.value.code, refused.value.params) == ("filter.bad_value", {"field": name})


def test_columns_stand_once_in_the_order_chosen_and_always_say_what_a_ticket_is_about() -> None:
    assert parse_columns(["number", "created", "number"]) == (Column.SUBJECT, Column.NUMBER, Column.CREATED)
    assert parse_columns(["created", "subject"]) == (Column.CREATED, Column.SUBJECT)
    assert parse_columns([]) == ()


def test_an_order_without_an_index_falls_back_to_the_usual_one() -> None:
    assert parse_list({"sort": "-message"}).order is Sort.MESSAGE_LAST
    assert parse_list({"sort": "-message", "status": "closed"}).order is Sort.DUE
    assert parse_list({"sort": "-created", "status": "closed"}).order is Sort.CREATED_LAST
    assert parse_list({"sort": "priority", "q": "破损"}).order is Sort.DUE
    assert parse_list({"sort": "created", "tab": "assists"}).order is Sort.DUE


def test_each_order_belongs_to_a_column_that_can_be_shown() -> None:
    assert {sort for sorts in SORTS_OF.values() for sort in sorts} == set(Sort)


@pytest.mark.parametrize("code", SHIPPED)
def test_the_views_that_everybody_has_are_lists_of_open_tickets(code: str) -> None:
    view = parse_list(SHIPPED[code], MIDNIGHT)
    assert view.chosen.only_active
    assert view.to_args() == SHIPPED[code]


def test_today_is_what_whoever_asks_says_it_is() -> None:
    assert parse_list({"today": "1"}, MIDNIGHT).chosen == TicketFilter(today=MIDNIGHT)
    with pytest.raises(Invalid):
        parse_list({"today": "1"})
