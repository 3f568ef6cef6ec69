"""What the learner makes of corrections: nothing below a hundred, never worse than the rules, always explained."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from time import process_time

import pytest

from helpdesk.domain.decisions import OrderFacts, classify, example_of
from helpdesk.domain.learner import (
    MIN_EXAMPLES,
    Example,
    Model,
    best,
    cross_validate,
    features_of,
    learn,
    train,
)
from helpdesk.domain.lexicon import Lexicon
from helpdesk.domain.rulebook import RuleBook, parse_rulebook
from seeds.rulebook_document import document

UNKNOWN = OrderFacts()
# Words of a shop's own that no rule book knows.
HOUSE = {
    "damaged": ("壶嘴豁了个口", "壶嘴豁口了", "壶嘴有个豁口"),
    "invoice": ("抬头开成老公司了", "抬头要换新公司", "抬头不是我们公司"),
    "other": ("壶能放洗碗机吗", "壶能放电磁炉吗", "这壶能煮茶吗"),
}


@pytest.fixture(scope="module")
def book() -> RuleBook:
    return parse_rulebook(document(), version=1)


@pytest.fixture(scope="module")
def silent(book: RuleBook) -> RuleBook:
    """Rules without a word: all that is right was learned."""
    return replace(book, lexicon=Lexicon((), (), {}))


def corrections(book: RuleBook, count: int) -> list[Example]:
    dice = random.Random(1)
    return [
        example_of(dice.choice(HOUSE[code]) + dice.choice(("", "呢", "，怎么办", "！")), UNKNOWN, book, code)
        for code in (dice.choice(list(HOUSE)) for _ in range(count))
    ]


def test_below_a_hundred_corrections_it_keeps_silent(silent: RuleBook) -> None:
    model, trial = learn(corrections(silent, MIN_EXAMPLES - 1), version=1)
    assert model is None
    assert trial.weight == 0.0


def test_it_learns_the_words_of_the_house(silent: RuleBook) -> None:
    model, trial = learn(corrections(silent, 150), version=7)
    assert model
    assert trial.blended > trial.rules
    decision = classify("壶嘴豁口了，怎么退", UNKNOWN, silent, model)
    assert decision.type == "damaged"
    assert decision.model_version == 7
    assert classify("壶能放烤箱吗", UNKNOWN, silent, model).type == "other"


def test_a_decision_shows_the_letters_it_was_learned_from(silent: RuleBook) -> None:
    model, _ = learn(corrections(silent, 150), version=7)
    text = "你好，壶嘴豁口了"
    spans = [span for span in classify(text, UNKNOWN, silent, model).spans if span.how == "learned"]
    assert spans
    for span in spans:
        assert text[span.start : span.end] == span.word
        assert span.type == "damaged"


def test_where_corrections_are_noise_the_rules_stay_alone(book: RuleBook) -> None:
    dice = random.Random(2)
    texts = ("收到的杯子碎了", "发票抬头开错了", "快递三天没有更新", "发错货了")
    clear = {text: classify(text, UNKNOWN, book).type for text in texts}
    noise = [example_of(text, UNKNOWN, book, clear[text]) for text in texts for _ in range(25)]
    nonsense = [
        example_of("".join(dice.choices("天地玄黄宇宙洪荒", k=6)), UNKNOWN, book, dice.choice(list(HOUSE)))
        for _ in range(60)
    ]
    model, trial = learn([*noise, *nonsense], version=1)
    assert trial.blended >= trial.rules or model is None


def test_the_same_corrections_give_the_same_model(silent: RuleBook) -> None:
    examples = corrections(silent, 120)
    assert train(examples) == train(list(examples))


def test_a_stored_model_decides_as_the_fresh_one(silent: RuleBook) -> None:
    model, _ = learn(corrections(silent, 150), version=3)
    assert model
    stored = Model.parse(model.to_document(), version=3)
    assert classify("壶嘴豁口", UNKNOWN, silent, stored) == classify("壶嘴豁口", UNKNOWN, silent, model)


def test_what_the_rules_are_sure_of_a_model_of_other_things_leaves_alone(book: RuleBook, silent: RuleBook) -> None:
    model, _ = learn(corrections(silent, 150), version=1)
    for text in ("你们发错货了，我要的是白色", "物流五天没更新了", "少发了一件"):
        assert classify(text, UNKNOWN, book, model).type == classify(text, UNKNOWN, book).type


def test_no_text_makes_it_fail(book: RuleBook, silent: RuleBook) -> None:
    model, _ = learn(corrections(silent, 150), version=1)
    for text in ("", " ", "😀😀", "a" * 5000, "壶" * 2000, "\ud800", "#壶", "[订单x]"):
        assert classify(text, UNKNOWN, book, model).type in book.types


def test_cross_validation_asks_about_messages_it_has_not_seen() -> None:
    """Each message is of a type of its own: who has not seen it can't know it."""
    examples = [
        Example(features_of(chr(0x4E00 + n) * 3, ()), {f"t{m}": 0.0 for m in range(100)}, f"t{n}") for n in range(100)
    ]
    assert cross_validate(examples).blended <= 0.05


def test_the_rules_points_count_beside_the_learned_ones() -> None:
    example = Example(frozenset({"x"}), {"a": 1.0, "b": 0.5}, "b")
    assert best(example, Model(1, {}, 1.0)) == "a"
    assert best(example, Model(1, {"x": {"b": 0.6}}, 1.0)) == "b"
    assert best(example, Model(1, {"x": {"b": 0.6}}, 0.5)) == "a"


@pytest.mark.parametrize("count", [400])
def test_hundreds_of_corrections_are_learned_in_seconds(silent: RuleBook, count: int) -> None:
    """A bound far above what it takes, so that a slip into quadratic work shows."""
    examples: Sequence[Example] = corrections(silent, count)
    began = process_time()
    learn(examples, version=1)
    assert process_time() - began < 30
