"""Which words help, harm or sleep, and how a lexicon changes by one word."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.domain.decisions import OrderFacts, Span, classify
from helpdesk.domain.lexicon import Lexicon
from helpdesk.domain.problems import Conflict, Invalid
from helpdesk.domain.rulebook import parse_rulebook
from helpdesk.domain.word_health import (
    Health,
    Judged,
    Tally,
    dead_words,
    dropped,
    effect,
    is_harmful,
    lower_bound,
    resembles,
    restored,
    spells,
    weight_of,
    with_word,
    without_word,
)
from helpdesk.domain.words import slots_of
from tests.domain.small_rulebook import small_document as document

NOON = datetime(2026, 11, 23, 4, tzinfo=UTC)


def judged(type_code: str, final: str | None, *words: tuple[str, str], how: str = "exact", hours: int = 0) -> Judged:
    spans = tuple(Span(0, 2, word, of, how) for of, word in words)
    return Judged(type_code, spans, final, NOON + timedelta(hours=hours))


def counted(*decisions: Judged) -> dict[tuple[str, str], Health]:
    tally = Tally()
    tally.add(decisions)
    return tally.words


def test_accepted_where_the_type_was_the_words_own() -> None:
    health = counted(
        judged("damaged", "damaged", ("damaged", "碎了")),
        judged("damaged", "quality", ("damaged", "碎了"), hours=3),
        judged("damaged", None, ("damaged", "碎了"), hours=1),
    )
    assert health["damaged", "碎了"] == Health(3, 1, 1, NOON + timedelta(hours=3))


def test_a_word_beside_another_types_decision_is_not_to_blame() -> None:
    health = counted(judged("quality", "quality", ("quality", "坏"), ("damaged", "碎了")))
    assert health["damaged", "碎了"] == Health(1, 0, 0, NOON)


def test_a_word_that_lost_but_was_right_is_accepted() -> None:
    health = counted(judged("quality", "damaged", ("quality", "坏"), ("damaged", "碎了")))
    assert health["damaged", "碎了"].accepted == 1
    assert health["quality", "坏"].corrected == 1


def test_a_word_counts_once_in_a_decision_and_learned_letters_never() -> None:
    health = counted(
        judged("damaged", None, ("damaged", "碎了"), ("damaged", "碎了")),
        judged("damaged", None, ("damaged", "碎"), how="learned"),
    )
    assert {key: one.fired for key, one in health.items()} == {("damaged", "碎了"): 1}


@pytest.mark.parametrize(
    ("accepted", "corrected", "harmful"), [(0, 3, False), (0, 4, True), (10, 30, True), (20, 22, False), (0, 0, False)]
)
def test_harm_takes_evidence(accepted: int, corrected: int, harmful: bool) -> None:
    assert is_harmful(accepted, corrected) == harmful


@given(st.integers(0, 5000), st.integers(0, 5000))
def test_the_bound_is_a_share_below_the_plain_one_and_grows_with_evidence(hits: int, misses: int) -> None:
    trials = hits + misses
    bound = lower_bound(hits, trials)
    assert 0.0 <= bound <= 1.0
    if trials:
        assert bound <= hits / trials + 1e-9
        assert lower_bound(2 * hits, 2 * trials) >= bound - 1e-12


def lexicon(*words: str) -> Lexicon:
    return Lexicon.parse({"words": {"damaged": {"strong": list(words)}}})


def test_a_family_lives_while_one_of_its_phrases_is_lit() -> None:
    book = lexicon("{摔|压}{坏|烂}", "少…件", "碎了", "{|全}裂了", "一直没用上")
    fired = ["压烂", "少件", "少…件", "裂了"]
    assert [word.written for word in dead_words(book.words, fired)] == ["碎了", "一直没用上"]
    assert len(dead_words(book.words, [])) == 5


@given(st.data())
def test_every_phrase_of_a_family_is_spelled_by_it(data: st.DataObject) -> None:
    word = data.draw(st.sampled_from(["{发|寄}错…货", "{摔|}坏了", "{a|b c} d…e", "漏发"]))
    slots = slots_of(word)
    phrase = "".join("…" if not slot else data.draw(st.sampled_from(list(slot))) for slot in slots)
    assert spells(slots, phrase)
    assert spells(slots, phrase.replace("…", ""))
    assert not spells(slots, phrase + "尾")


def small() -> dict[str, Any]:
    found: dict[str, Any] = document()["lexicon"]
    return found


def type_with_words() -> tuple[str, str]:
    return "wrong_item", "发错货"


def test_a_new_word_decides_and_its_retirement_undoes_that() -> None:
    before = parse_rulebook(document(), 1)
    code = next(iter(small()["words"]))
    changed = with_word(small(), code, "壶嘴豁了", "strong")
    after = parse_rulebook({**document(), "lexicon": changed}, 2)
    text = "壶嘴豁了怎么办"
    assert classify(text, OrderFacts(), before).type == "other"
    assert classify(text, OrderFacts(), after).type == code
    assert weight_of(changed, code, "壶嘴豁了") == "strong"
    back = without_word(changed, code, "壶嘴豁了")
    assert weight_of(back, code, "壶嘴豁了") is None
    assert back["words"][code].get("strong", []) == small()["words"][code].get("strong", [])


def test_a_phrase_of_a_family_is_silenced_and_the_family_stays() -> None:
    given_words = {"words": {"damaged": {"strong": ["{摔|压}坏了"]}}}
    quiet = without_word(given_words, "damaged", "摔坏了")
    assert quiet["words"] == given_words["words"]
    read = Lexicon.parse(quiet)
    assert read.find("摔坏了").hits == ()
    assert [hit.phrase for hit in read.find("压坏了").hits] == ["压坏了"]
    again = restored(quiet, "damaged", "摔坏了", None)
    with pytest.raises(Conflict):
        restored(again, "damaged", "摔坏了", None)
    assert again["words"] == given_words["words"]
    assert [hit.phrase for hit in Lexicon.parse(again).find("摔坏了").hits] == ["摔坏了"]


def test_an_adoption_taken_back_leaves_the_family_alone() -> None:
    family = {"words": {"damaged": {"strong": ["{摔|压}坏了"]}}}
    more = with_word(family, "damaged", "摔坏了", "decisive")
    assert dropped(more, "damaged", "摔坏了")["words"]["damaged"] == {"strong": ["{摔|压}坏了"], "decisive": []}
    with pytest.raises(Conflict):
        dropped(family, "damaged", "摔坏了")


def test_a_word_is_neither_added_nor_retired_twice() -> None:
    code, word = type_with_words()
    with pytest.raises(Conflict):
        with_word(small(), code, word, "normal")
    gone = without_word(small(), code, word)
    with pytest.raises(Conflict):
        without_word(gone, code, word)


@pytest.mark.parametrize("phrase", ["", "123", "{没关|上", "…头", "长" * 61, "{a|b}…"])
def test_what_no_text_could_light_is_refused(phrase: str) -> None:
    with pytest.raises(Invalid):
        with_word(small(), "damaged", phrase, "strong")


def test_a_weight_that_is_none_is_refused() -> None:
    with pytest.raises(Invalid):
        with_word(small(), "damaged", "豁了", "enormous")


def test_the_document_given_is_never_changed() -> None:
    code, word = type_with_words()
    mine = small()
    with_word(mine, code, "新词一个", "weak")
    without_word(mine, code, word)
    assert mine == small()


def test_only_texts_that_share_letters_are_tried() -> None:
    assert resembles("发错货", "你们给我发措货了")
    assert resembles("{发|寄}错…货", "错")
    assert not resembles("发错货", "物流一直不动")
    assert not resembles("{发|寄}错…货", "物流一直不动")


def test_an_effect_is_judged_by_what_people_said() -> None:
    before = parse_rulebook(document(), 1)
    code = next(iter(small()["words"]))
    after = parse_rulebook({**document(), "lexicon": with_word(small(), code, "壶嘴豁了", "strong")}, 2)
    was, becomes = (classify("壶嘴豁了", OrderFacts(), book) for book in (before, after))
    verdicts = {}
    for truth in (code, "other", None, "no_such"):
        found = effect("EX-1", was, becomes, truth)
        assert found
        verdicts[truth] = found.verdict
    assert verdicts == {code: "better", "other": "worse", None: "open", "no_such": "open"}
    assert effect("EX-1", was, was, code) is None


def test_a_word_that_was_silenced_speaks_again_when_it_is_taken_up() -> None:
    silenced = {
        "words": {"damaged": {"strong": ["摔坏了"]}},
        "exceptions": [{"types": ["damaged"], "phrases": ["摔坏了"]}],
    }
    changed = with_word(silenced, "damaged", "摔坏了", "strong")
    assert changed == {**silenced, "exceptions": []}
    with pytest.raises(Conflict):
        with_word(changed, "damaged", "摔坏了", "strong")
