"""The figures of the learning curve are what they say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from helpdesk.domain.rulebook import parse_rulebook
from seeds.rulebook_document import document
from tests.conformance.learning_curve import asked, by_type, figures, shuffled

ANSWERS: list[tuple[Mapping[str, Any], list[str]]] = [
    ({"type": "damaged", "acceptable": ["quality"]}, ["quality", "damaged"]),
    ({"type": "damaged"}, ["other", "damaged"]),
    ({"type": "invoice"}, ["invoice"]),
    ({"type": "other"}, ["invoice"]),
    ({"type": "other", "acceptable": ["invoice"]}, ["invoice"]),
    ({"type": "other"}, ["other"]),
]


def test_alternates_count_as_right_and_rare_types_as_much_as_frequent_ones() -> None:
    assert figures(ANSWERS) == {
        "top1": 4 / 6,
        "top3": 5 / 6,
        "macro": (1 / 2 + 1 + 2 / 3) / 3,
        "false_alarm": 1 / 3,
        "missed": 1 / 3,
    }
    assert by_type(ANSWERS, "damaged") == (1, 2)


def test_a_draw_is_the_same_each_time_and_loses_nothing() -> None:
    gold = [{"id": str(number)} for number in range(50)]
    assert shuffled(gold, 1) == shuffled(gold, 1) != shuffled(gold, 2)
    assert sorted(one["id"] for one in shuffled(gold, 1)) == sorted(one["id"] for one in gold)


def test_every_message_is_answered_with_the_types_it_was_given() -> None:
    gold = [{"id": "a", "type": "damaged", "text": "杯子碎了"}, {"id": "b", "type": "other", "text": "谢谢"}]
    answers = asked(gold, parse_rulebook(document(), version=1), None)
    assert [(one["id"], types[0]) for one, types in answers] == [("a", "damaged"), ("b", "other")]
