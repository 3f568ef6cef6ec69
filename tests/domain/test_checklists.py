"""What has to be done before a ticket may be resolved."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.domain.checklists import LONGEST_ITEM, MOST_ITEMS, Item, check_done, missing, read_items
from helpdesk.domain.problems import Invalid
from helpdesk.domain.rulebook import Label

CALL = Item(1, Label("给客户回电话", "Call the customer back"))
PHOTO = Item(2, Label("核对照片", "Check the photos"))
GIFT = Item(3, Label("送优惠券", "Add a voucher"), required=False)


def row(zh: str, en: str = "", id_: int | None = None, *, required: bool = True) -> Item:
    return Item(id_, Label(zh, en), required)


def test_items_are_trimmed_and_empty_rows_left_out() -> None:
    items = read_items([row(" 回电话 ", " Call "), row(" ", ""), row("看照片", required=False)])
    assert [(item.name.zh, item.name.en, item.required) for item in items] == [
        ("回电话", "Call", True),
        ("看照片", "看照片", False),
    ]


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([row("长" * (LONGEST_ITEM + 1))], "checklist.bad_item"),
        ([row("短", "x" * (LONGEST_ITEM + 1))], "checklist.bad_item"),
        ([row("", "English alone")], "checklist.bad_item"),
        ([row("坏\x00字")], "checklist.bad_item"),
        ([row("两行\n字")], "checklist.bad_item"),
        ([row(f"第{n}项") for n in range(MOST_ITEMS + 1)], "checklist.too_many"),
        ([row("回电话"), row(" 回电话")], "checklist.same_item"),
    ],
)
def test_what_can_be_no_list_is_refused(rows: list[Item], code: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_items(rows)
    assert refused.value.code == code


def test_a_list_may_be_empty_and_may_be_full() -> None:
    assert read_items([]) == ()
    assert len(read_items(row(f"第{n}项") for n in range(MOST_ITEMS))) == MOST_ITEMS


@pytest.mark.parametrize(
    ("ticked", "open_"),
    [
        (set(), (CALL, PHOTO)),
        ({1}, (PHOTO,)),
        ({3}, (CALL, PHOTO)),
        ({1, 2}, ()),
        ({1, 2, 3, 99}, ()),
    ],
)
def test_only_required_items_are_missed(ticked: set[int], open_: tuple[Item, ...]) -> None:
    assert missing([CALL, PHOTO, GIFT], ticked) == open_


def test_what_is_left_is_named_in_both_languages() -> None:
    check_done(())
    with pytest.raises(Invalid) as refused:
        check_done((CALL,))
    assert refused.value.code == "checklist.not_done"
    assert refused.value.params == {"items": [{"zh": "给客户回电话", "en": "Call the customer back"}]}


@given(
    st.lists(st.tuples(st.integers(1, 30), st.booleans()), unique_by=lambda pair: pair[0]), st.sets(st.integers(1, 30))
)
def test_a_tick_more_never_leaves_more_to_do(pairs: list[tuple[int, bool]], ticked: set[int]) -> None:
    items = [row(f"第{id_}项", id_=id_, required=required) for id_, required in pairs]
    left = missing(items, ticked)
    for item in items:
        assert item.id is not None
        assert set(missing(items, ticked | {item.id})) == set(left) - {item}
