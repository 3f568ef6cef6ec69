"""How words are written down, and what of them is found in a text."""

from __future__ import annotations

from typing import Any

import pytest

from helpdesk.domain.lexicon import Lexicon
from helpdesk.domain.word_search import SHARE, Hit, How
from helpdesk.domain.words import GAP, slots_of


def lexicon(*strong: str, exceptions: Any = (), confusions: Any = None, **others: list[str]) -> Lexicon:
    """``strong`` are words of type wrong_item; ``others`` are lists of normal words by type."""
    words: dict[str, dict[str, list[str]]] = {"wrong_item": {"strong": list(strong)}}
    for type_code, phrases in others.items():
        words.setdefault(type_code, {})["normal"] = phrases
    return Lexicon.parse({"words": words, "exceptions": list(exceptions), "confusions": confusions or {}})


def lit(words: Lexicon, text: str) -> list[tuple[str, str]]:
    return [(hit.phrase, hit.how.value) for hit in words.find(text).hits]


@pytest.mark.parametrize(
    ("written", "slots"),
    [
        ("发错货", (("发错货",),)),
        ("{发|寄}错", (("发", "寄"), ("错",))),
        ("错{货|}", (("错",), ("货", ""))),
        ("少…件", (("少",), GAP, ("件",))),
        ("{發|发}錯", (("发",), ("错",))),
        ("my {new |}address", (("my ",), ("new ", ""), ("address",))),
        ("{is|was} {late|slow}", (("is", "was"), (" ",), ("late", "slow"))),
    ],
)
def test_a_written_word_is_a_row_of_choices(written: str, slots: tuple[tuple[str, ...], ...]) -> None:
    assert slots_of(written) == slots


@pytest.mark.parametrize(
    "written", ["", "…", "…错", "错…", "{发|寄错", "发}错", "{a{b}c}", "{|}", "{发|}{错|}", "!!", "{发|，}错"]
)
def test_a_word_that_could_be_nothing_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match=r"unbalanced|needs letters|without letters"):
        slots_of(written)


def test_a_family_lights_each_of_its_phrases() -> None:
    words = lexicon("{发|寄}错{货|}")
    assert lit(words, "你们寄错货啦") == [("寄错货", "exact")]
    assert lit(words, "又发错") == [("发错", "exact")]
    assert lit(words, "装错货") == []
    assert lit(lexicon("{别|}发错"), "发错") == [("发错", "exact")]


def test_a_gap_admits_a_few_letters_and_lights_only_the_parts() -> None:
    words = lexicon("买的…发成", "ordered…got")
    (hit,) = words.find("买的红色发成蓝色").hits
    assert (hit.how, hit.phrase, hit.ranges) == (How.PATTERN, "买的…发成", ((0, 2), (4, 6)))
    assert lit(words, "买的是一件很好看的大红外套发成") == []
    assert lit(words, "i ordered a red one and got blue") == [("ordered…got", "pattern")]


def test_a_slip_that_sounds_alike_is_found_below_the_exact_word() -> None:
    words = lexicon("发错货")
    (slip,), (exact,) = words.find("发措货").hits, words.find("发错货").hits
    assert slip.how is How.PINYIN
    assert slip.phrase == "发错货"
    assert slip.points < exact.points


def test_two_letters_count_only_as_they_are_written() -> None:
    assert lit(lexicon("换货"), "环获") == []


def test_gaps_and_exceptions_count_only_as_they_are_written() -> None:
    words = lexicon("发错货", "买的…发成", exceptions=[{"phrases": ["没有发错"]}])
    assert lit(words, "卖的红色发成") == []
    assert lit(words, "没有发措货") == [("发错货", "pinyin")]


def test_known_slips_are_read_as_what_is_meant() -> None:
    words = lexicon("漏发", confusions={"露发": "漏发"})
    assert lit(words, "你们露发了") == [("漏发", "exact")]


def test_latin_words_count_as_whole_words() -> None:
    words = lexicon("late", "kd")
    assert lit(words, "a plate") == []
    assert lit(words, "lately") == []
    assert lit(words, "it is late") == [("late", "exact")]
    assert lit(words, "我的kd呢") == [("kd", "exact")]


def test_the_longer_phrase_counts_whatever_its_type() -> None:
    words = lexicon("错货", freight_dispute=["退货运费"], return_request=["退货"])
    assert lit(words, "退货运费谁出") == [("退货运费", "exact")]
    assert lit(words, "退货运费和退货") == [("退货运费", "exact"), ("退货", "exact")]


def test_the_same_letters_may_speak_for_two_types_but_once_for_each() -> None:
    words = lexicon("{错货|发错货}", "发错货", quality=["发错货"])
    assert [hit.word.type for hit in words.find("发错货").hits] == ["wrong_item", "quality"]


def test_of_the_same_letters_the_word_worth_most_is_kept() -> None:
    words = Lexicon.parse(
        {"words": {"quality": {"weak": ["发霉了"], "strong": ["发{霉了|臭了}"], "normal": ["{发霉}了"]}}}
    )
    (hit,) = words.find("发霉了").hits
    assert hit.word.points == 3.0


def test_a_word_spelt_right_beats_one_that_only_sounds_like_it() -> None:
    words = lexicon("取消单", return_request=["取小单"])
    assert lit(words, "取小单") == [("取小单", "exact")]


def test_a_word_at_the_end_of_the_text_is_found_as_it_is_written() -> None:
    assert lit(lexicon("想{换|换一下|换货|换个大的}{吗|}"), "我想换货") == [("想换货", "exact")]


def test_a_word_of_the_same_type_stands_within_a_longer_one_if_it_is_worth_more() -> None:
    words = Lexicon.parse({"words": {"invoice": {"decisive": ["发票"], "weak": ["发票呢"]}}})
    assert lit(words, "发票呢") == [("发票呢", "exact"), ("发票", "exact")]


def test_longer_phrases_say_more() -> None:
    words = lexicon("错", "错货", "发错货", "发错货了")
    points = [words.find(text).hits[0].points for text in ("错", "错货", "发错货", "发错货了")]
    assert points == pytest.approx([2.4, 2.7, 3.0, 3.3])


def test_an_exception_takes_its_letters_out() -> None:
    words = lexicon("发错", exceptions=[{"phrases": ["没有发错"]}])
    assert lit(words, "没有发错") == []
    assert lit(words, "没有发错这回又发错") == [("发错", "exact")]


def test_a_phrase_that_contains_the_exception_stands() -> None:
    words = lexicon("没坏但发错货", exceptions=[{"phrases": ["没坏"]}])
    assert lit(words, "没坏但发错货") == [("没坏但发错货", "exact")]


def test_an_exception_may_hold_for_some_types_only() -> None:
    words = lexicon("发错", quality=["发错"], exceptions=[{"phrases": ["没有发错"], "types": ["quality"]}])
    assert [hit.word.type for hit in words.find("没有发错").hits] == ["wrong_item"]


@pytest.mark.parametrize("text", ["不是发错货是少件", "不是发错货而是别的", "不要发错货只要对的"])
def test_in_a_contrast_what_is_denied_does_not_count(text: str) -> None:
    assert lit(lexicon("发错货"), text) == []


@pytest.mark.parametrize("text", ["是不是发错货是吧", "不是发错货了吗"])
def test_a_question_is_no_contrast(text: str) -> None:
    assert lit(lexicon("发错货"), text) == [("发错货", "exact")]


def near(words: Lexicon, text: str) -> list[Hit]:
    return words.find_near(words.find(text))


def test_a_longer_phrase_is_found_although_a_letter_is_wrong() -> None:
    (hit,) = near(lexicon("快递一直没更新"), "这快递一直不更新啊")
    assert (hit.how, hit.phrase) == (How.FUZZY, "快递一直没更新")
    assert 0 < hit.points < 3.0 * SHARE[How.FUZZY]


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("发错货", "发借货"),  # under four letters
        ("快递一直没更新", "递一直没更"),  # a text shorter than the word
        ("delivery delayed", "delivery waived today"),  # Latin letters need to agree more
        ("快递…没更新", "快递没有更新"),  # words with gaps already admit something else
        ("{甲|乙|丙|丁|戊}{子|丑|寅|卯|辰}快递没更新", "甲子快递没跟新"),  # a large family
    ],
)
def test_what_is_not_sought_nearly(word: str, text: str) -> None:
    assert near(lexicon(word), text) == []


def test_near_hits_respect_exceptions() -> None:
    assert near(lexicon("快递一直没更新", exceptions=[{"phrases": ["没有问题"]}]), "快递一直没有问题") == []


def test_a_latin_phrase_with_a_slip_is_near() -> None:
    assert [hit.phrase for hit in near(lexicon("delivery is delayed"), "my delivery is delayd")] == [
        "delivery is delayed"
    ]


def test_nothing_is_near_where_nothing_agrees() -> None:
    assert near(lexicon("快递一直没更新"), "") == []


def test_the_types_spoken_of_include_those_of_exceptions() -> None:
    words = lexicon("发错", quality=["差"], exceptions=[{"phrases": ["没坏"], "types": ["damaged"]}])
    assert words.type_codes() == {"wrong_item", "quality", "damaged"}


@pytest.mark.parametrize(
    ("document", "error"),
    [
        ({}, KeyError),
        ({"words": {"quality": {"heavy": ["坏"]}}}, KeyError),
        ({"words": {"quality": {"strong": [""]}}}, ValueError),
        ({"words": {}, "confusions": {"露": "漏发"}}, ValueError),
        ({"words": {}, "confusions": {"": ""}}, ValueError),
        ({"words": {}, "exceptions": [{"types": []}]}, KeyError),
    ],
)
def test_a_malformed_document_is_refused(document: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        Lexicon.parse(document)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("paid for an apple and got a pear", True),
        ("paid for and got", False),
        ("paid for an apple and forgot", False),
    ],
)
def test_latin_parts_of_a_pattern_are_whole_words_on_both_sides_of_the_gap(text: str, found: bool) -> None:
    lexicon = Lexicon.parse({"words": {"wrong_item": {"strong": ["paid for an…got"]}}})
    assert bool(lexicon.find(text).hits) is found
