"""Where a ticket goes, and who answers its customer."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from helpdesk.domain.routing import Load, Route, choose_owner, route
from helpdesk.domain.rulebook import parse_rulebook
from tests.domain.small_rulebook import small_document


def test_the_queue_is_the_type_s_and_customer_service_answers() -> None:
    book = parse_rulebook(small_document(), 1)
    assert route(book, "wrong_item") == Route(queue="warehouse", answering_queue="customer_service")
    assert route(book, "other") == Route(queue="customer_service", answering_queue="customer_service")


def test_nobody_is_chosen_where_nobody_is() -> None:
    assert choose_owner({}) is None


@given(st.dictionaries(st.integers(1, 50), st.builds(Load, st.integers(0, 5), st.integers(0, 9)), min_size=1))
def test_the_least_loaded_answers_and_of_equals_whose_latest_is_the_oldest(loads: dict[int, Load]) -> None:
    chosen = choose_owner(loads)
    assert chosen is not None
    least = min(load.tickets for load in loads.values())
    equals = {user: load.latest for user, load in loads.items() if load.tickets == least}
    assert equals[chosen] == min(equals.values())
