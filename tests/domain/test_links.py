"""How one ticket has to do with another."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.domain.links import STORED, Relation, is_ancestor, opposite, relation_of


@pytest.mark.parametrize("relation", Relation)
def test_a_relation_seen_twice_from_the_other_side_is_itself(relation: Relation) -> None:
    kind, forward = STORED[relation]
    assert relation_of(kind, forward=forward) is relation
    assert opposite(opposite(relation)) is relation
    assert STORED[opposite(relation)][0] == kind


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=12))
def test_parents_that_pass_the_check_never_form_a_circle(wanted: list[tuple[int, int]]) -> None:
    above: dict[int, set[int]] = {ticket: set() for ticket in range(7)}
    for parent, child in wanted:
        if not is_ancestor(child, parent, lambda ids: [up for one in ids for up in above[one]]):
            above[child].add(parent)
    while above:
        roots = [ticket for ticket, parents in above.items() if not parents & above.keys()]
        assert roots, "a circle is left"
        above = {ticket: parents for ticket, parents in above.items() if ticket not in roots}
