"""What one version changed in another: word by word, nothing of either lost, soon also on texts made to be slow."""

from __future__ import annotations

import time

from hypothesis import given
from hypothesis import strategies as st

from helpdesk.web.reply_templates.changes import compared

TEXTS = st.text("ab 好您{}\n订order", max_size=40)


def side(pieces: list[tuple[str, str]], left_out: str) -> str:
    return "".join(text for state, text in pieces if state != left_out)


@given(TEXTS, TEXTS)
def test_both_texts_can_be_read_back(old: str, new: str) -> None:
    pieces = compared(old, new)
    assert side(pieces, "ins") == old
    assert side(pieces, "del") == new


@given(TEXTS)
def test_equal_texts_have_no_changes(text: str) -> None:
    assert all(state == "same" for state, _piece in compared(text, text))


def test_words_and_placeholders_are_changed_as_a_whole() -> None:
    assert compared("订单 {order} 已发货", "订单 {tracking} 已发货") == [
        ("same", "订单 "),
        ("del", "{order}"),
        ("ins", "{tracking}"),
        ("same", " 已发货"),
    ]
    assert compared("We looked", "We look") == [("same", "We "), ("del", "looked"), ("ins", "look")]


def test_two_long_texts_of_one_letter_are_compared_soon() -> None:
    began = time.perf_counter()
    compared("好" * 1000 + "坏", "坏" + "好" * 999)
    assert time.perf_counter() - began < 0.5
