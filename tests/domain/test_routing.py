"""Where a ticket goes, and who answers its customer."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from helpdesk.domain.routing import Route, choose_owner, route
from helpdesk.domain.rulebook import parse_rulebook
from tests.domain.small_rulebook import small_document


def test_the_queue_is_the_type_s_and_customer_service_answers() -> None:
    book = parse_rulebook(small_document(), 1)
    assert route(book, "wrong_item") == Route(queue="warehouse", answering_queue="customer_service")
    assert route(book, "other") == Route(queue="customer_service", answering_queue="customer_service")


def test_nobody_is_chosen_where_nobody_is() -> None:
    assert choose_owner({}) is None


@given(st.dictionaries(st.integers(1, 50), st.integers(0, 20), min_size=1))
def test_the_least_loaded_answers_and_the_first_of_equals(loads: dict[int, int]) -> None:
    chosen = choose_owner(loads)
    assert chosen is not None
    assert loads[chosen] == min(loads.values())
    assert chosen == min(user for user, load in loads.items() if load == loads[chosen])
