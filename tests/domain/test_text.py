"""What stays of a message, and the way back to it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.domain.text import NORMALISER_VERSION, normalise, sound, syllable


@pytest.mark.parametrize(
    ("written", "letters"),
    [
        ("包裹,还没。到！！", "包裹还没到"),
        ("發 錯 貨 了", "发错货了"),
        ("退款　多久", "退款多久"),
        ("ＡＢＣ　ｏｒｄｅｒ", "abc order"),
        ("订单[订单x]第[数字x]件", "订单第件"),
        ("[图片] 碎了😭😭", "图片碎了"),
        ("3月15日买的2件", "月日买的件"),
        ("我要打12315", "我要打12315"),
        ("单号123151", "单号"),
        ("It isn't here -- WHERE'S it?", "it isnt here wheres it"),
        ("see https://example.com/a?b=1 再说", "see再说"),
        ("@Shop where is it", "where is it"),
        ("寄到a@b.cn吧", "寄到a b cn吧"),
        ("谢谢#E-s12", "谢谢"),
        ("kd到了ma", "kd到了ma"),
        ("㈱ﬁne", "株fine"),
        ("", ""),
        ("123 ...", ""),
    ],
)
def test_only_letters_stay(written: str, letters: str) -> None:
    assert normalise(written).text == letters


def test_a_stretch_of_letters_leads_back_to_the_unaltered_text() -> None:
    written = "這單，發 錯.貨了"
    found = normalise(written)
    start = found.text.index("发错货")
    first, last = found.original_span(start, start + 3)
    assert written[first:last] == "發 錯.貨"


def test_a_character_that_unfolds_leads_back_as_a_whole() -> None:
    found = normalise("重㎏的")
    assert found.text == "重kg的"
    assert found.original_span(1, 2) == (1, 2)
    assert found.original_span(2, 3) == (1, 2)


def test_lone_surrogates_are_noise_and_the_rest_is_still_converted() -> None:
    assert normalise("退\ud800貨").text == "退货"


def test_a_phrase_whose_length_the_converter_changes_is_converted_letter_by_letter(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Shortening:
        def convert(self, text: str) -> str:
            return {"貨": "货", "錯": "错误"}.get(text, "短")

    monkeypatch.setattr("helpdesk.domain.text._SIMPLIFIED", Shortening())
    assert normalise("錯貨").text == "錯货"


@pytest.mark.parametrize(("char", "reading"), [("货", "huo"), ("获", "huo"), ("a", "a"), ("€", "€")])
def test_a_syllable_has_no_tone_and_other_characters_are_their_own(char: str, reading: str) -> None:
    assert syllable(char) == reading


def test_texts_that_sound_alike_have_one_sound_of_the_same_length() -> None:
    assert sound("发措获ok") == sound("法错货ok")
    assert sound("发货") != sound("发票")
    assert len(sound("发措获ok")) == 5


def test_the_normaliser_names_its_version() -> None:
    assert NORMALISER_VERSION >= 1


@given(st.text())
def test_every_letter_knows_where_it_stood(written: str) -> None:
    found = normalise(written)
    assert len(found.text) == len(found.origin)
    assert list(found.origin) == sorted(found.origin)
    assert all(0 <= i < len(written) for i in found.origin)


@given(st.text())
def test_what_was_normalised_stays_as_it_is(written: str) -> None:
    once = normalise(written).text
    assert normalise(once).text == once
