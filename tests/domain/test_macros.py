"""What templates do: read from what is stored or sent, and nothing that can't be done gets in."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.domain.macros import MOST_ACTIONS, Action, parse, to_document
from helpdesk.domain.problems import Invalid

ALL = [
    {"kind": "tag", "tag": "少件"},
    {"kind": "transfer", "queue": "warehouse"},
    {"kind": "propose", "policy": "wrong_item_coupon"},
    {"kind": "priority", "priority": "P1"},
    {"kind": "tag", "tag": "催过"},
]


def test_every_kind_is_read_in_its_order_and_written_as_it_was() -> None:
    actions = parse(ALL)
    assert actions[:2] == (Action("tag", "少件"), Action("transfer", "warehouse"))
    assert to_document(actions) == ALL
    assert parse([]) == ()


def test_space_around_a_value_does_not_count() -> None:
    assert parse([{"kind": "tag", "tag": " 少件 "}]) == (Action("tag", "少件"),)


@pytest.mark.parametrize(
    "entry",
    [
        "tag",
        None,
        {},
        {"kind": "tag"},
        {"kind": "shout", "tag": "x"},
        {"kind": ["tag"], "tag": "x"},
        {"kind": "tag", "queue": "x"},
        {"kind": "tag", "tag": "x", "queue": "y"},
        {"kind": "tag", "tag": 1},
        {"kind": "tag", "tag": " "},
        {"kind": "tag", "tag": "长" * 31},
        {"kind": "tag", "tag": "a\nb"},
        {"kind": "transfer", "queue": "q" * 61},
        {"kind": "priority", "priority": "P9"},
    ],
    ids=str,
)
def test_what_is_no_action_is_refused(entry: Any) -> None:
    with pytest.raises(Invalid) as caught:
        parse([entry])
    assert caught.value.code == "template.bad_action"


@pytest.mark.parametrize("document", [None, "tag", {"kind": "tag"}, [ALL[0]] * (MOST_ACTIONS + 1)], ids=str)
def test_what_is_no_list_of_a_few_is_refused(document: Any) -> None:
    with pytest.raises(Invalid, check=lambda problem: problem.code == "template.bad_actions"):
        parse(document)


@pytest.mark.parametrize(
    "document",
    [
        [ALL[0], ALL[0]],
        [ALL[1], {"kind": "transfer", "queue": "finance"}],
        [ALL[3], {"kind": "priority", "priority": "P2"}],
    ],
    ids=["the same tag", "two queues", "two priorities"],
)
def test_two_that_cannot_both_be_done_are_refused(document: Any) -> None:
    with pytest.raises(Invalid, check=lambda problem: problem.code == "template.action_twice"):
        parse(document)


@given(
    st.recursive(
        st.none() | st.text(max_size=5) | st.integers(),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["kind", "tag", "queue"]), inner),
    )
)
def test_any_document_is_read_or_refused(document: Any) -> None:
    try:
        actions = parse(document)
    except Invalid:
        return
    assert parse(to_document(actions)) == actions
