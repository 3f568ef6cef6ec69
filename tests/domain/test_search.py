"""Grams find every text that contains a word, whatever its script, width or case; snippets show it as written."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from helpdesk.domain import search

LETTERS = st.sampled_from("发發错錯货貨退款一abcABC0123４５Ａ，。 -_😡👍️‍　ﬁ㎏İé")
TEXTS = st.text(LETTERS | st.characters(exclude_categories=["Cs"]), max_size=60)


@given(TEXTS, st.integers(0, 50), st.integers(1, 12))
@example("乾坤大挪移", 0, 1)
@settings(max_examples=400, deadline=None)
def test_every_part_of_a_text_asks_only_for_grams_that_the_text_has(text: str, start: int, length: int) -> None:
    part = search.fold(text[start : start + length]).strip()
    assert set(search.asked_grams(part)) <= search.grams(text)
    assert search.says(search.fold(text), [part])


@given(TEXTS)
@settings(max_examples=200, deadline=None)
def test_folding_twice_is_folding_once(text: str) -> None:
    folded = search.fold(text)
    assert search.grams(folded) == search.grams(text)


@given(TEXTS, st.lists(st.text(LETTERS, min_size=1, max_size=3), max_size=3), st.integers(8, 70))
@settings(max_examples=200, deadline=None)
def test_a_snippet_is_a_piece_of_the_text_and_what_is_lit_is_a_word(text: str, words: list[str], width: int) -> None:
    terms = [term for word in words if (term := search.fold(word))]
    parts = search.snippet(text, terms, width)
    shown = "".join(part.text for part in parts).removeprefix("…").removesuffix("…")
    assert shown in text
    for part in parts:
        if part.lit:
            assert search.fold(part.text)


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("收到發錯貨了", "发错货"),
        ("收到发错货了", "發錯貨"),
        ("ＳＦ１２３４５６", "sf1234"),
        ("运单 SF1234567890 没动", "7890"),
        ("kuaidi YTO-0042", "to-00"),
        ("太慢了😡😡", "😡😡"),
        ("P1退款", "1退"),
    ],
)
def test_scripts_widths_cases_and_middles_of_words_are_found(text: str, term: str) -> None:
    folded = search.fold(term)
    assert search.asked_grams(term)
    assert set(search.asked_grams(term)) <= search.grams(text)
    assert search.says(search.fold(text), [folded])


@pytest.mark.parametrize("term", ["", "货", "a", "-", "，。", "货 款"])
def test_single_characters_cannot_be_looked_up(term: str) -> None:
    assert search.asked_grams(term) == []


def test_a_long_number_asks_for_its_end_first() -> None:
    assert search.asked_grams("202611230042")[:2] == ["042", "300"]


def test_a_snippet_stands_around_the_hit_and_says_where_it_is_cut() -> None:
    parts = search.snippet("很" * 50 + "發錯貨" + "啊" * 50, ["发错货"], 20)
    assert [(part.text, part.lit) for part in parts] == [
        ("…", False),
        ("很" * 5, False),
        ("發錯貨", True),
        ("啊" * 12, False),
        ("…", False),
    ]


def test_overlapping_hits_are_lit_as_one() -> None:
    assert search.snippet("发错货了", ["发错", "错货"]) == (search.Part("发错货", lit=True), search.Part("了"))


def test_a_buyer_is_found_by_name_pinyin_initials_id_and_the_end_of_the_phone() -> None:
    found = search.customer_grams("李小雷", "tb_8821", "138-1234-5678")
    for term in ("李小", "小雷", "8821"):
        assert set(search.asked_grams(term)) <= found
    assert search.pinyin_gram("LXL") in found
    assert search.pinyin_gram("lixiaolei") in found
    assert search.tail_gram("5678") in found
    assert not set(search.asked_grams("1234")) <= found


@pytest.mark.parametrize(
    ("term", "phone", "same"),
    [
        ("5678", "138 1234 5678", True),
        ("13812345678", "138-1234-5678", True),
        ("345678", "13812345678", False),  # a guess at what is masked
        ("678", "13812345678", False),
        ("a5678", "13812345678", False),
        ("", "", False),
    ],
)
def test_a_phone_is_found_by_its_last_four_digits_or_all_of_them(term: str, phone: str, same: bool) -> None:
    assert search.is_phone_of(term, phone) is same


def test_a_latin_name_has_no_pinyin() -> None:
    assert search.pinyin_of("Anna") == ()
    assert search.tail_gram("12a4") == ""
    assert search.pinyin_gram("a1") == ""


def test_hits_outside_the_snippet_are_left_out() -> None:
    parts = search.snippet("发错货" + "很" * 100 + "发错货", ["发错货"], 20)
    assert [part.text for part in parts if part.lit] == ["发错货"]
